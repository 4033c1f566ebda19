// SPDX-License-Identifier: MIT OR Apache-2.0
//! Locks, channels and other means to wait, for the threads of one process and for its visitors.
//!
//! | type | for |
//! |---|---|
//! | [`Mutex`] | one thread at a time with a value; with priority inheritance |
//! | [`Condvar`] | waiting until a value behind a mutex has changed |
//! | [`RwLock`] | many readers or one writer of a value |
//! | [`Semaphore`] | a limited number of threads at a time, or a count of things that are available |
//! | [`Channel`] | passing values on, first in, first out |
//! | [`OnceLock`], [`LazyLock`] | a value that is made once, when it is first needed |
//!
//! None of them makes a system call if no thread has to wait and none waits. For a mutex (and for `OnceLock` and
//! `LazyLock`, which contain one) the kernel makes the threads wait, with priority inheritance, and nothing else is
//! needed. For the others the threads wait for notifications of the process, which the wiring has to declare. Each
//! waiting thread takes one of these notifications for itself until it runs again, so there have to be as many as there
//! are threads that may wait there, visitors included. The thread that has waited longest is woken first.
//!
//! ```
//! # use crossgate::{Notification, testing::Wiring};
//! use crossgate::sync::{Condvar, Mutex};
//!
//! /// object belt: Concurrent<Belt> = Belt::new(MOVED) => [...];   with   notification MOVED;
//! pub struct Belt { parts: Mutex<u32>, moved: Condvar<1> }
//!
//! impl Belt {
//!     pub const fn new(moved: Notification) -> Belt {
//!         Belt { parts: Mutex::new(0), moved: Condvar::new([moved]) }
//!     }
//!     pub fn put(&self) {
//!         *self.parts.lock() += 1;
//!         self.moved.notify_one();
//!     }
//!     pub fn take(&self) {
//!         *self.moved.wait_while(self.parts.lock(), |parts| *parts == 0) -= 1;
//!     }
//! }
//! let wiring = Wiring::new();
//! let home = wiring.test();
//! let belt = home.object(Belt::new(home.notification()));
//! let taker = home.thread(2, || belt.take());
//! wiring.run(|| {
//!     belt.put();
//!     taker.join();
//! });
//! ```
//!
//! All of them lie in the memory of the process, and restart with it: if a process crashes while it holds a lock, the
//! lock is reset, too.

mod channel;
mod condvar;
mod mutex;
mod once;
mod raw;
mod read_write;
mod semaphore;
#[cfg(test)]
mod tests;
mod waiters;

pub use channel::Channel;
pub use condvar::Condvar;
pub use mutex::{Mutex, MutexGuard};
pub use once::{LazyLock, OnceLock};
#[doc(hidden)]
pub use raw::RawMutex;
pub use read_write::{ReadGuard, RwLock, WriteGuard};
pub use semaphore::{Permit, Semaphore};
