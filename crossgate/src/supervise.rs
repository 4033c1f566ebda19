// SPDX-License-Identifier: MIT OR Apache-2.0
//! The decisions of a supervisor: the processes that restart, and the processes that stop.
//!
//! The policy of the wiring (`on_fault`) takes effect at once when a process crashes. A process with `supervisor
//! NOTIFICATION;` in the wiring supervises all processes: at any time it may restart or stop any of them. With
//! `on_fault = stop` the memory of a crashed process does not change until the supervisor decides, so a debugger can
//! examine it.
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

/// Restarts a process in any state: its memory gets its initial values, and its threads restart at their entry points.
/// Threads of other processes that are in it return to their callers with [`ServerFaulted`](CallError::ServerFaulted).
/// The count of its crashes is also set to 0.
///
/// # Errors
/// [`NotPermitted`](CallError::NotPermitted) if the caller does not supervise, or if there is no such
/// process.
pub fn restart(process: u8) -> Result<(), CallError> {
    decide(number::RESTART, process)
}

/// Stops a process in any state. Calls to it fail with [`ServerDown`](CallError::ServerDown).
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
