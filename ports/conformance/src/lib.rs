// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guarantees of [`Port`], as checks that run on any implementation.
//!
//! The kernel core relies on the guarantees of a port, and the core's own tests run on a port that keeps them by
//! construction. A new port is right if the core's tests pass and the port keeps its guarantees. The core's tests have
//! the same results on every machine, but only the machine itself can show that the guarantees are kept. [`promises`]
//! lists the guarantees that a program can observe from outside, each with a function that checks it. These functions
//! run inside the kernel of a [`Machine`], before its first thread or instead of any thread. They use the port with the
//! kernel's rights, and leave values in memory that no thread would expect.
//!
//! Two guarantees are not here: that memory which a thread may not use is closed (the system tests attack that), and
//! the abilities of a protection unit (the properties of `crossgate-protection`).
#![no_std]
#![forbid(unsafe_code)]

mod memory;
mod stack;
mod time;

#[cfg(test)]
mod tests;

use crossgate_abi::Word;
use crossgate_abi::table::ProcessMemory;
use crossgate_kernel::port::Port;
use crossgate_protection::Span;

/// A machine whose port is checked.
pub trait Machine {
    /// The port.
    type Port: Port;

    /// Returns the port, as the core uses it.
    fn port(&mut self) -> &mut Self::Port;

    /// Returns the memory of a process in which no thread is. It has statics with initial values, statics that are 0 at
    /// start, and statics that are kept. It is open as the memory of the current process.
    fn memory(&self) -> ProcessMemory;

    /// Returns a stack that no thread has used since boot. (Some process of the firmware has to say `inspects` in the
    /// wiring.)
    fn stack(&self) -> Span;

    /// Reads the word at an address in that memory, its image, or that stack, with the kernel's rights.
    fn word(&mut self, address: Word) -> Word;

    /// Writes a word there.
    fn set_word(&mut self, address: Word, value: Word);
}

/// A guarantee of a port.
pub struct Promise<M: ?Sized> {
    /// The guarantee, as a sentence.
    pub text: &'static str,
    /// Checks the guarantee. The error says which part is broken.
    pub check: fn(&mut M) -> Result<(), &'static str>,
}

/// Returns all guarantees, in the order in which a port is best written.
#[must_use]
pub fn promises<M: Machine>() -> [Promise<M>; 10] {
    let promise = |text, check| Promise { text, check };
    [
        promise("time does not run backwards", time::runs_forwards),
        promise("the timer accepts any time", time::takes_any_time),
        promise("a line that does not exist may be masked", time::masks_any_line),
        promise("a word is read as it was written", memory::reads_what_was_written),
        promise("a reset gives initial values, and leaves kept statics alone", memory::resets),
        promise("a reset is done in small pieces", memory::resets_in_pieces),
        promise("a first context lies at the end of its stack", stack::starts_at_the_end),
        promise("an unused stack is reported as unused", stack::is_unused_at_first),
        promise(
            "a used word counts as used, and so do all words above it",
            stack::counts_used_words,
        ),
        promise("a word of a stack is read from its place", stack::reads_a_word),
    ]
}

/// Checks all guarantees, and reports the result of each. Returns the number of broken ones.
pub fn check<M: Machine>(
    machine: &mut M,
    mut tell: impl FnMut(&'static str, Result<(), &'static str>),
) -> usize {
    let mut broken = 0;
    for Promise { text, check } in promises::<M>() {
        let result = check(machine);
        broken += usize::from(result.is_err());
        tell(text, result);
    }
    broken
}

/// Returns an error with the text `otherwise` if the condition is false.
fn expect(is_so: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if is_so { Ok(()) } else { Err(otherwise) }
}
