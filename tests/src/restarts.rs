// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that a test restarts, and calls of them.

use crate::report::expect;
use crossgate::{CallError, supervise};
use crossgate_abi::table::System;

/// Returns the index of the process of this name; one that no process has if there is none.
#[must_use]
pub fn process(system: &System, name: &str) -> u8 {
    let index = system.processes.iter().position(|process| process.name == name);
    index.map_or(u8::MAX, |index| index as u8)
}

/// Restarts the process of this name, for the supervisor.
#[track_caller]
pub fn restart(system: &System, name: &str) {
    expect("a restart", supervise::restart(process(system, name)), Ok(()));
}

/// Repeats a call until the process that serves it does not restart within it.
pub fn settled<T, F>(mut call: impl FnMut() -> Result<Result<T, F>, CallError>) -> Result<T, F> {
    loop {
        match call() {
            Ok(result) => return result,
            Err(error) => expect("why a call fails", error, CallError::ServerFaulted),
        }
    }
}
