// SPDX-License-Identifier: MIT OR Apache-2.0
//! The timer interface: a process starts timers, and is signalled when they expire.
//!
//! A process to which the wiring gives a `Handle<dyn Timer>` has its own timers at the server. They are numbered from 0
//! on. When timers have expired, the server signals a notification of the process, and the process asks which:
//!
//! ```
//! use core::time::Duration;
//! use crossgate::{CallError, Handle, Notification};
//! use crossgate_timer::Timer;
//!
//! const BLINK: u16 = 0;
//! const TIMEOUT: u16 = 1;
//!
//! fn wait(timer: Handle<dyn Timer>, alarm: Notification) -> Result<(), CallError> {
//!     let _ = timer.start_periodic(BLINK, Duration::from_millis(500))?;
//!     let _ = timer.start(TIMEOUT, Duration::from_secs(10))?;
//!     loop {
//!         alarm.wait();
//!         while let Some(number) = timer.next_expired()? {
//!             match number {
//!                 BLINK => { /* switch the light */ }
//!                 _ => return Ok(()),
//!             }
//!         }
//!     }
//! }
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::{Wire, interface};

/// The timers of one process.
#[interface]
pub trait Timer {
    /// Starts timer `number`, which expires once, after this time. If the timer runs already, it starts again. If it
    /// has expired and the caller has not asked for this yet, the server forgets the expiry.
    fn start(&self, number: u16, after: Duration) -> Result<(), TimerError>;
    /// Starts timer `number`, which expires again and again, at the multiples of `every` from now on. `every` must be
    /// at least [`SHORTEST`]. If the timer expires several times before the client asks, the server reports that once.
    fn start_periodic(&self, number: u16, every: Duration) -> Result<(), TimerError>;
    /// Stops timer `number`. Returns `true` if the timer was running.
    fn cancel(&self, number: u16) -> bool;
    /// Stops all timers, and forgets which timers have expired.
    fn clear(&self);
    /// Returns the number of the next timer that has expired and was not returned yet, in the order in which the timers
    /// expired.
    fn next_expired(&self) -> Option<u16>;
}

/// The shortest period of a periodic timer.
pub const SHORTEST: Duration = Duration::from_millis(1);

/// The reason why a timer does not start.
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerError {
    /// The process does not have that many timers.
    NoSuchTimer,
    /// The period is less than [`SHORTEST`].
    TooShort,
}
