// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stack of a thread.

use crate::{Machine, expect};
use crossgate_abi::Word;
use crossgate_kernel::port::Port;
use crossgate_protection::Span;

/// A value that a stack does not have by itself.
const PATTERN: Word = 0x5a3c_69e1;
/// The lowest bits of the stack pointer, with which a port may mark a thread that has not run.
const MARKS: Word = 7;

pub fn starts_at_the_end<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let stack = machine.stack();
    let pointer = M::Port::first_context(M::Port::BEGIN, stack.end);
    let size = M::Port::context_end(pointer) - pointer;
    expect(M::Port::ENTRY_SIZE >= size, "an entry has no room for a context")?;
    let pointer = pointer & !MARKS;
    let lowest = stack.end - M::Port::ENTRY_SIZE;
    expect((lowest..=stack.end).contains(&pointer), "the context lies elsewhere")
}

pub fn is_unused_at_first<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    // Values that a first context has left at its end count as used.
    let stack = machine.stack();
    let used = used(machine, stack)?;
    expect(used <= M::Port::ENTRY_SIZE, "a part of the stack counts as used")
}

pub fn counts_used_words<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let stack = machine.stack();
    let word = (stack.start + (stack.end - stack.start) / 2) & !MARKS;
    let before = used(machine, stack)?;
    machine.set_word(word, PATTERN);
    let after = used(machine, stack)?;
    expect(after > before, "the word does not count as used")?;
    expect(after <= stack.end - word, "words below the used word count as used, too")
}

pub fn reads_a_word<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let stack = machine.stack();
    let word = (stack.start + (stack.end - stack.start) / 2) & !MARKS;
    machine.set_word(word, PATTERN);
    expect(machine.port().stack_word(stack, word) == PATTERN, "another word was read")
}

/// Returns the number of bytes of a stack that were used, as the port reports piece by piece.
fn used<M: Machine>(machine: &mut M, stack: Span) -> Result<Word, &'static str> {
    let (mut used, mut from) = (0, 0);
    loop {
        let [more, next] = machine.port().stack_use(stack, from);
        used += more;
        if next == 0 {
            return Ok(used);
        }
        expect(next > from, "the next piece does not start after the one before")?;
        from = next;
    }
}
