// SPDX-License-Identifier: MIT OR Apache-2.0
//! The run time of threads and processes.
//!
//! The time from one call of [`account`](crate::Kernel::account) to the next is counted for the thread that ran, and
//! for the process that it was in. So the port has to call `account` at each switch of threads, and at each call and
//! return, too. If the wiring counts time, a port makes no call by itself, not even a plain one: each gate has the code
//! [`CARE`](crossgate_abi::table::Gate::CARE), which leaves the call to the core. The core also makes the returns,
//! because each return has to restore a deadline.
//!
//! Times are read in whole µs, and the errors do not add up: if one interval is a µs too long, the next one is a µs too
//! short.

use crossgate_abi::{ProcessId, ThreadId};

/// The run time of each thread and each process.
pub struct Usage {
    /// The run time of each thread, in µs.
    pub(crate) threads: &'static mut [u64],
    /// The run time of each process, in µs.
    pub(crate) processes: &'static mut [u64],
    /// The time up to which all time is counted, in µs since start.
    since: u64,
    /// The thread that has run since then.
    running: ThreadId,
    /// The process in which that thread has run. (The idle thread is in no process.)
    process: ProcessId,
}

impl Usage {
    /// The initial value of the static that [`new`](Self::new) fills.
    pub const NONE: Usage = Usage::new(&mut [], &mut []);

    /// Returns the counters: one for each thread, and one for each process.
    #[inline]
    pub const fn new(threads: &'static mut [u64], processes: &'static mut [u64]) -> Usage {
        Usage { threads, processes, since: 0, running: ThreadId::IDLE, process: ProcessId::NOBODY }
    }

    /// Counts the time for the thread and the process that ran up to now. From now on `next` runs, in `process`.
    #[inline]
    pub(crate) fn charge(&mut self, now: u64, next: ThreadId, process: ProcessId) {
        let time = now - self.since;
        if let Some(total) = self.threads.get_mut(self.running.index()) {
            *total = total.wrapping_add(time);
        }
        if let Some(total) = self.processes.get_mut(self.process.index()) {
            *total = total.wrapping_add(time);
        }
        (self.since, self.running, self.process) = (now, next, process);
    }
}
