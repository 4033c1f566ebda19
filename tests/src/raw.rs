// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls without the library, with any words.

use crate::arch;
use crossgate_abi::table::System;
use crossgate_abi::{ARGUMENT_WORDS, Word, number};

pub use crate::reply::Reply;

/// Executes the system call instruction, with these registers.
#[must_use]
pub fn trap(selector: Word, words: [Word; ARGUMENT_WORDS]) -> Reply {
    arch::trap(selector, words)
}

/// Makes system call `number`.
#[must_use]
pub fn system_call(number: Word, words: [Word; ARGUMENT_WORDS]) -> Reply {
    trap(number::system_call(number), words)
}

/// Calls method `method` of the service whose first gate is `gate`.
#[must_use]
pub fn call(gate: usize, method: usize, words: [Word; ARGUMENT_WORDS]) -> Reply {
    trap(number::call(gate, method), words)
}

/// Returns from the current call, without the server's stub.
pub fn leave(status: Word, words: [Word; 2]) -> ! {
    arch::leave(status, words)
}

/// Returns the first gate of the service of this name: its handle as a word.
#[must_use]
pub fn service(system: &System, name: &str) -> usize {
    let service = system.services.get(index(system, name));
    service.map_or(usize::MAX >> 1, |service| service.gate.into())
}

/// Returns the index of the service of this name.
#[must_use]
pub fn index(system: &System, name: &str) -> usize {
    system.services.iter().position(|service| service.name == name).unwrap_or(usize::MAX)
}
