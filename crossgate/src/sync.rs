// SPDX-License-Identifier: MIT OR Apache-2.0
//! Locks, channels and other ways to wait, for all threads in one process: its own threads, and *visitors*, which are
//! threads of other processes in a call.
//!
//! | type | for |
//! |---|---|
//! | [`Mutex`] | one thread at a time with a value; with priority inheritance |
//! | [`Condvar`] | waiting until a value behind a mutex has changed |
//! | [`RwLock`] | many readers or one writer of a value |
//! | [`Semaphore`] | a limited number of threads at a time, or a count of things that are available |
//! | [`Channel`] | passing values on, first in, first out |
//! | [`OnceLock`], [`LazyLock`] | a value that is made once, when it is first needed |
//! | [`atomic`] | the atomic types of `core`, also on CPUs without atomic instructions |
//!
//! None of these types makes a system call as long as no thread waits or has to wait. For a mutex (and for `OnceLock`
//! and `LazyLock`, which contain a mutex) the kernel makes the threads wait, with priority inheritance, and nothing
//! else is needed. For the other types, threads wait for notifications of the process, which the wiring has to declare.
//! Each waiting thread uses one of these notifications until it runs again. So there have to be as many notifications
//! as threads that may wait at the same time, including visitors. The thread that has waited longest is woken first.
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
//! All of these types are in the memory of the process, and are reset when the process restarts. So if a process
//! crashes while a thread holds a lock, the lock is free after the restart.

pub mod atomic;
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
