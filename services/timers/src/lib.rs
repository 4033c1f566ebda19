// SPDX-License-Identifier: MIT OR Apache-2.0
//! Software timers, one-shot and periodic. One thread can run thousands of them.
//!
//! - [`Queue`] keeps timers in the order in which they expire, and returns those that have expired. It never waits, and
//!   gets the time from its caller.
//! - [`Timers`] is a queue for the threads of one process: one thread [runs](Timers::run) the timers, and any thread
//!   starts timers.
//! - [`Alarms`] is a service with the timers of one client, which is another process. When a timer expires, the server
//!   signals a notification of the client. One thread [serves](serve) all clients.
//!
//! A periodic timer does not drift: it expires at the multiples of its period from its start, however late the thread
//! is. If the thread is so late that further multiples have passed, the timer expires only once, and the queue counts
//! the missed multiples.
//!
//! The service in the wiring, for a client `control` that has `notification ALARM;`:
//!
//! ```text
//! process timers {
//!     notification CHANGED;
//!     lost_clients CHANGED; // the timers of a client that crashes stop
//!     object control (stack = 320): Concurrent<Alarms<16>> = Alarms::new(ALARM, CHANGED) =>
//!         [CONTROL_TIMER: dyn Timer];
//!     thread main (priority = 20, stack = 1024) = timers::serve([&*control], CHANGED);
//! }
//! process control {
//!     notification ALARM;
//!     thread main (priority = 5, stack = 1024) = control::main(CONTROL_TIMER, ALARM);
//! }
//! ```
//!
//! Each client has an object with its own timers, so no client can use up or stop the timers of another client.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod alarms;
mod queue;
mod timers;

pub use alarms::{Alarms, Expire, serve};
pub use queue::{Expired, Full, Id, Queue};
pub use timers::Timers;
