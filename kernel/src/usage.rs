// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time that threads and processes have run.
//!
//! The time from one [account](crate::Kernel::account) to the next is that of the thread that ran, and of the process
//! that it was in. So the port has to account for each switch, and for each call and return too. A port that makes
//! some of them by itself does not, if the wiring has it so: the gates leave each call to the core, as one that wants
//! [care](crossgate_abi::table::Gate::CARE), and here each frame gets to remember a deadline, which has the core take
//! the way back, too.
//!
//! Times are read in whole µs, and none is lost: what one stretch has too much, the next has too little.

use crossgate_abi::{ProcessId, ThreadId};

/// The time for which each thread and each process has run.
pub struct Usage {
    /// The time of each thread, in µs, ...
    pub(crate) threads: &'static mut [u64],
    /// ... and of each process.
    pub(crate) processes: &'static mut [u64],
    /// Since when the time is to be counted, in µs since start, ...
    since: u64,
    /// ... which thread has run since, ...
    running: ThreadId,
    /// ... and in which process. (The idle one is in nobody's.)
    process: ProcessId,
}

impl Usage {
    /// Memory for [it](Self::new).
    pub const NONE: Usage = Usage::new(&mut [], &mut []);

    /// With a place for each thread, and for each process.
    pub const fn new(threads: &'static mut [u64], processes: &'static mut [u64]) -> Usage {
        Usage { threads, processes, since: 0, running: ThreadId::IDLE, process: ProcessId::NOBODY }
    }

    /// The thread and the process that ran up to now have the time, and others run from now on.
    pub(crate) fn charge(&mut self, now: u64, next: ThreadId, process: ProcessId) {
        let time = now - self.since;
        let thread = self.threads.get_mut(self.running.index());
        let place = self.processes.get_mut(self.process.index());
        for total in [thread, place].into_iter().flatten() {
            *total = total.wrapping_add(time);
        }
        (self.since, self.running, self.process) = (now, next, process);
    }
}
