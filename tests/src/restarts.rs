// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that a test restarts, calls to them, and the number of their lives.

use crate::report::expect;
use crossgate::{CallError, interface, supervise};
use crossgate_abi::table::System;

/// Returns the index of the process of this name. If there is none, returns an index that no process has.
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

/// Repeats a call until its server does not restart during the call.
pub fn settled<T, F>(mut call: impl FnMut() -> Result<Result<T, F>, CallError>) -> Result<T, F> {
    loop {
        match call() {
            Ok(result) => return result,
            Err(error) => expect("the error of a call that fails", error, CallError::ServerFaulted),
        }
    }
}

/// The interface of a process that counts the lives of another process.
#[interface]
pub trait Lives {
    /// Returns the number of the lives before this one.
    fn next(&mut self) -> u32;
}

/// The object of the counting process, with the number of lives so far.
#[derive(Debug)]
pub struct Count(pub u32);

impl Lives for Count {
    fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0 - 1
    }
}
