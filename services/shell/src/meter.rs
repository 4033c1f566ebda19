// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU time of threads and processes.

use crate::names::Names;
use crate::source::Source;
use core::cmp::Reverse;
use crossgate::CallError;
use crossgate_abi::{MAX_PROCESSES, MAX_THREADS};
use heapless::Vec;

/// The CPU times of threads and processes at the last reading, in ms.
pub struct Meter {
    threads: [u32; MAX_THREADS],
    processes: [u32; MAX_PROCESSES],
    /// The time of the last reading, in ms since start.
    at: u32,
}

/// The share of the time in which each thread and each process ran, in thousandths.
pub struct Shares {
    threads: [u16; MAX_THREADS],
    processes: [u16; MAX_PROCESSES],
}

impl Meter {
    /// Creates a meter whose last reading is the start of the system.
    pub const fn new() -> Meter {
        Meter { threads: [0; MAX_THREADS], processes: [0; MAX_PROCESSES], at: 0 }
    }

    /// Returns the share of each thread and each process in the time since the last reading. `None` if the kernel does
    /// not count CPU time.
    pub fn look(
        &mut self,
        names: Names,
        source: &impl Source,
    ) -> Result<Option<Shares>, CallError> {
        let now = (source.now() / 1_000) as u32;
        let passed = now.wrapping_sub(self.at).max(1);
        self.at = now;
        let share = |before: &mut u32, time: core::time::Duration| {
            let time = time.as_millis() as u32;
            let used = u64::from(time.wrapping_sub(core::mem::replace(before, time)));
            (used * 1_000 / u64::from(passed)).min(1_000) as u16
        };
        let mut shares = Shares { threads: [0; MAX_THREADS], processes: [0; MAX_PROCESSES] };
        let threads = self.threads.iter_mut().zip(&mut shares.threads);
        for ((before, of), index) in threads.zip(0..names.0.threads.len() as u8) {
            let Some(time) = source.cpu_time_of_thread(index)? else { return Ok(None) };
            *of = share(before, time);
        }
        let processes = self.processes.iter_mut().zip(&mut shares.processes);
        for ((before, of), index) in processes.zip(names.processes()) {
            let Some(time) = source.cpu_time_of_process(index)? else { return Ok(None) };
            *of = share(before, time);
        }
        Ok(Some(shares))
    }
}

impl Shares {
    pub fn of_thread(&self, index: u8) -> u16 {
        self.threads.get(usize::from(index)).copied().unwrap_or(0)
    }

    pub fn of_process(&self, index: u8) -> u16 {
        self.processes.get(usize::from(index)).copied().unwrap_or(0)
    }
}

/// Sorts indices by share, the largest first.
pub fn by_share(indices: core::ops::Range<u8>, share: impl Fn(u8) -> u16) -> Vec<u8, MAX_THREADS> {
    let mut sorted: Vec<u8, MAX_THREADS> = indices.take(MAX_THREADS).collect();
    sorted.sort_unstable_by_key(|&index| (Reverse(share(index)), index));
    sorted
}
