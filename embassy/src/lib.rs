// SPDX-License-Identifier: MIT OR Apache-2.0
//! Async tasks in a process: [Embassy](https://embassy.dev)'s executor on a Crossgate thread, and the code that wakes
//! its tasks.
//!
//! Embassy's crates are used unchanged: `#[embassy_executor::task]`, `embassy_time::Timer`, `embassy_sync::channel`,
//! `embassy_futures::select`. This crate provides the parts that they expect of a platform:
//!
//! | Embassy expects | here |
//! |---|---|
//! | an executor that sleeps | [`Executor`]: its thread waits for a notification of the process |
//! | a time driver | the system call for the time, and a timeout of that wait: no alarm and no extra thread |
//! | interrupts that wake tasks | [`wait`]: a task waits for a notification, to which the wiring binds an interrupt |
//! | devices with `embedded-io-async`, pins with `Wait` | [`Io`], made of a device of `embedded-io` or a pin, and a notification |
//! | buses with `embedded-hal-async` | [`Offloaded`], made of a bus of `embedded-hal`: a thread of a pool makes the transactions |
//! | a way to run blocking work elsewhere | [`Blocking`]: a call runs on a thread of a [pool](crossgate::pool) |
//! | a lock between threads | [`ProcessRawMutex`], for `embassy_sync` |
//!
//! ```no_run
//! use crossgate::Notification;
//! use crossgate_embassy::Executor;
//! use embassy_time::Timer;
//!
//! #[embassy_executor::task]
//! async fn blink() {
//!     loop {
//!         Timer::after_secs(1).await;
//!         // ... toggle a lamp ...
//!     }
//! }
//!
//! static EXECUTOR: Executor = Executor::new();
//!
//! // process lamp { notification BELL; thread main (priority = 3, stack = 1024) = lamp(BELL); }
//! pub fn lamp(bell: Notification) -> ! {
//!     EXECUTOR.run(bell, |spawner| spawner.spawn(blink().unwrap()))
//! }
//! ```
//!
//! A process may have several executors, on threads of different priorities, and each process has its own statics of
//! this crate and of Embassy's: the linker copies them.
#![no_std]

mod blocking;
mod bus;
mod executor;
mod io;
mod mutex;
mod run;
mod timers;
mod wait;

#[cfg(not(target_has_atomic = "32"))]
use crossgate_critical_section as _;

pub use blocking::Blocking;
pub use bus::{AsyncBus, BusError, OPERATIONS, Offloaded};
pub use executor::Executor;
pub use io::Io;
pub use mutex::ProcessRawMutex;
pub use wait::{Wait, wait};
