// SPDX-License-Identifier: MIT OR Apache-2.0
//! The decisions of a supervisor: which process restarts, and which stops.
//!
//! The policy of the wiring (`on_fault`) takes effect at once when a process crashes. The process that the wiring names
//! with `supervisor NOTIFICATION;` may decide otherwise, then or at any time: it supervises all processes. With
//! `on_fault = stop` the crashed process stays as it was and waits for the supervisor's decision (a debugger can look
//! at it).
//!
//! ```no_run
//! # use crossgate::{Notification, fault::{FaultRecord, Faults}, supervise};
//! /// Lets a process restart three times, and then stops it.
//! fn supervisor(faulted: Notification) -> ! {
//!     let mut faults = Faults::new();
//!     let mut chances = [3; 32];
//!     loop {
//!         faulted.wait();
//!         for record in faults.by_ref().filter(FaultRecord::is_crash) {
//!             let chances = &mut chances[usize::from(record.process % 32)];
//!             if *chances > 0 {
//!                 *chances -= 1;
//!                 let _ = supervise::restart(record.process);
//!             }
//!         }
//!     }
//! }
//! ```

use crate::CallError;
use crate::arch::system_call;
use crossgate_abi::{Status, Word, number};

/// Restarts a process, whatever it does: its memory gets its initial values, its threads restart at their entry points,
/// and its visitors return to their callers with [`ServerFaulted`](CallError::ServerFaulted). The count of its crashes
/// restarts at 0, too.
///
/// # Errors
/// [`NotPermitted`](CallError::NotPermitted) if the caller does not supervise, or if there is no such
/// process.
pub fn restart(process: u8) -> Result<(), CallError> {
    decide(number::RESTART, process)
}

/// Stops a process, whatever it does. Calls to it fail with [`ServerDown`](CallError::ServerDown).
///
/// # Errors
/// As for [`restart`].
pub fn stop(process: u8) -> Result<(), CallError> {
    decide(number::STOP, process)
}

fn decide(number: Word, process: u8) -> Result<(), CallError> {
    match Status(system_call(number, [process.into()]).status) {
        Status::OK => Ok(()),
        status => Err(CallError::from_status(status).unwrap_or(CallError::NotPermitted)),
    }
}
