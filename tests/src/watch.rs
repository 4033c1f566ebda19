// SPDX-License-Identifier: MIT OR Apache-2.0
//! The witness' view of faults.

use crate::report::{expect, fail};
use core::time::Duration;
use crossgate::Notification;
use crossgate::fault::{Faults, Refusals};
use crossgate_abi::table::System;
use crossgate_abi::{Cause, FaultRecord};

/// The time that a fault may take to occur.
const PATIENCE: Duration = Duration::from_secs(2);

/// Follows the faults of a firmware, one by one.
///
/// The thread of the witness has to be more urgent than the threads that fault, because the kernel keeps only the last
/// records.
pub struct Watch {
    system: &'static System,
    faulted: Notification,
    faults: Faults,
    refusals: Refusals,
}

impl Watch {
    /// Creates a watch over `system`, which signals `faulted`.
    #[must_use]
    pub fn new(system: &'static System, faulted: Notification) -> Watch {
        Watch { system, faulted, faults: Faults::new(), refusals: Refusals::new() }
    }

    /// Waits for the next fault, which has to be a fault of `process` with this cause.
    #[track_caller]
    pub fn expect(&mut self, process: &str, cause: Cause) -> FaultRecord {
        let record = self.next(process);
        expect(process, record.cause, cause);
        record
    }

    /// Waits for the next fault of `process`, with one of these causes.
    #[track_caller]
    pub fn expect_one_of(&mut self, process: &str, causes: &[Cause]) -> FaultRecord {
        let record = self.next(process);
        expect(process, causes.contains(&record.cause), true);
        record
    }

    /// Waits for the next fault of `process`, with any cause.
    #[track_caller]
    pub fn expect_any(&mut self, process: &str) -> FaultRecord {
        self.next(process)
    }

    /// Waits for the next fault of `process`, with this cause, at a known address.
    #[track_caller]
    pub fn expect_at(&mut self, process: &str, cause: Cause, address: usize) -> FaultRecord {
        let record = self.expect(process, cause);
        expect(process, record.address, address);
        record
    }

    /// Returns the next fault, which has to be a fault of `process`.
    #[track_caller]
    fn next(&mut self, process: &str) -> FaultRecord {
        if self.faulted.wait_timeout(PATIENCE).is_err() {
            fail(format_args!("expected a fault of {process}, but there is none"));
        }
        let Some(record) = self.faults.next().or_else(|| self.refusals.next()) else {
            fail(format_args!("a fault was signalled, but has no record"));
        };
        let name = self.system.processes.get(usize::from(record.process));
        expect("the process that faults", name.map_or("?", |process| process.name), process);
        record
    }

    /// Fails if there was another fault.
    #[track_caller]
    pub fn expect_no_more(&mut self) {
        if let Some(record) = self.faults.next().or_else(|| self.refusals.next()) {
            let name = self.system.processes.get(usize::from(record.process));
            let name = name.map_or("?", |process| process.name);
            fail(format_args!("expected no fault, got one of {name}: {record:x?}"));
        }
    }
}

/// Runs a thread for tests in which no process must fault. Ends the test if one faults. The thread has to be the most
/// urgent one.
pub fn allow_no_fault(system: &'static System, faulted: Notification) -> ! {
    faulted.wait();
    Watch::new(system, faulted).expect_no_more();
    fail(format_args!("a fault was signalled, but has no record"))
}
