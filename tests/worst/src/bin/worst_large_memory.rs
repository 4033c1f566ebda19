// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process with a large memory crashes, and all of its memory is reset. Half of the memory has values other than 0.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, Signal, interface};
use system_tests::report::expect;
use worst_cases::{crash, end};

/// The number of words of each kind: 8 KiB in total.
const WORDS: usize = 1024;

/// The memory of a process.
struct Memory {
    zeroes: [AtomicU32; WORDS],
    ones: [AtomicU32; WORDS],
}

/// The access of a client to this memory.
#[interface]
trait Remember {
    /// Overwrites the last words of each kind; returns their previous sum.
    fn overwrite(&self) -> u32;
}

impl Remember for Memory {
    fn overwrite(&self) -> u32 {
        let last = |words: &[AtomicU32; WORDS]| words[WORDS - 1].swap(7, Ordering::Relaxed);
        last(&self.zeroes) + last(&self.ones)
    }
}

worst_cases::judged! {
    1;
    process server {
        object memory: Concurrent<Memory> = Memory {
            zeroes: [const { AtomicU32::new(0) }; WORDS],
            ones: [const { AtomicU32::new(1) }; WORDS],
        } => [MEMORY: dyn Remember];
        thread saboteur (priority = 30, stack = 512) = crash();
    }
    process client { thread main (priority = 1, stack = 1024) = call(MEMORY, DONE); }
}

fn call(memory: Handle<dyn Remember>, done: Signal) -> ! {
    expect("its initial values", memory.overwrite(), Ok(1));
    expect("what was written", memory.overwrite(), Ok(14));
    crossgate::time::sleep(worst_cases::SOON * 5 / 4);
    expect("its initial values again", memory.overwrite(), Ok(1));
    end(done)
}
