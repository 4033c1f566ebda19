// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attempts to access memory.

use crate::arch;
use crate::report::expect;
use core::ops::Range;
use crossgate_abi::CallError;
use crossgate_abi::table::{System, ThreadRow};

pub use arch::kernel_memory;

/// Reads a word. If the process may not read it, the process is stopped here.
#[must_use]
pub fn load(address: usize) -> u32 {
    arch::load(address)
}

/// Writes a word. If the process may not write it, the process is stopped here.
pub fn store(address: usize, word: u32) {
    arch::store(address, word);
}

/// Makes calls with ever less stack left, until a call is refused for this reason. Until then the server always has
/// enough.
#[inline(never)]
pub fn call_with_ever_less_stack(call: &mut dyn FnMut() -> Result<(), CallError>) {
    let room = core::hint::black_box([0_u8; 24]);
    match call() {
        Ok(()) => call_with_ever_less_stack(call),
        error => expect("a call with little stack", error, Err(CallError::StackTooSmall)),
    }
    core::hint::black_box(room);
}

/// Returns the memory of the process of this name.
#[must_use]
pub fn memory_of(system: &'static System, name: &str) -> Range<usize> {
    let process = arch::placed(system).processes.iter().find(|process| process.name == name);
    process.map_or(0..0, |process| process.memory.start..process.memory.end)
}

/// Returns the stack of the first thread with this name and priority.
#[must_use]
pub fn stack_of(system: &'static System, name: &str, priority: u8) -> Range<usize> {
    let thread = arch::placed(system)
        .threads
        .iter()
        .find(|thread| thread.name == name && thread.priority == priority);
    thread.map_or(0..0, ThreadRow::stack_range)
}
