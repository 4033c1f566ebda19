// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of a process.

use crate::{Machine, expect};
use crossgate_abi::Word;
use crossgate_abi::table::ProcessMemory;
use crossgate_kernel::port::Port;

/// A value that memory does not have by itself.
const PATTERN: Word = 0xa5c3_961e;
/// The greatest size of a piece in bytes, because interrupts wait while it is reset.
const LARGEST_PIECE: Word = 64 * 1024;

const SIZE: Word = size_of::<Word>();

pub fn reads_what_was_written<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let start = machine.memory().start;
    for value in [PATTERN, 0, Word::MAX] {
        machine.set_word(start + SIZE, !value);
        machine.port().write_word(start, value);
        expect(machine.port().read_word(start) == value, "another value is read")?;
        expect(machine.word(start) == value, "the value is not in memory")?;
        expect(machine.word(start + SIZE) == !value, "the next word has changed, too")?;
    }
    Ok(())
}

pub fn resets<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let memory = machine.memory();
    check_parts(&memory)?;
    for address in words(memory.start, memory.end) {
        machine.set_word(address, PATTERN ^ address);
    }
    reset(machine, &memory)?;
    for address in words(memory.start, memory.data_end) {
        let initial = machine.word(memory.image + (address - memory.start));
        expect(machine.word(address) == initial, "a static does not have its initial value")?;
    }
    for address in words(memory.data_end, memory.kept_start) {
        expect(machine.word(address) == 0, "a static without an initial value is not 0")?;
    }
    for address in words(memory.kept_start, memory.end) {
        expect(machine.word(address) == PATTERN ^ address, "a kept static has changed")?;
    }
    Ok(())
}

pub fn resets_in_pieces<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let memory = machine.memory();
    expect(reset(machine, &memory)? <= LARGEST_PIECE, "a piece is too large")
}

/// Resets the memory, piece by piece. Returns the size of the largest piece.
fn reset<M: Machine>(machine: &mut M, memory: &ProcessMemory) -> Result<Word, &'static str> {
    let (mut from, mut largest) = (0, 0);
    while let Some(next) = machine.port().reset(memory, from) {
        expect(next > from, "the next piece does not start after the one before")?;
        expect(next.is_multiple_of(SIZE), "a piece ends within a word")?;
        largest = largest.max(next - from);
        from = next;
    }
    Ok(largest.max((memory.kept_start - memory.start).saturating_sub(from)))
}

/// Checks that the memory of the machine has all parts that the checks need.
fn check_parts(memory: &ProcessMemory) -> Result<(), &'static str> {
    let ProcessMemory { start, data_end, kept_start, end, .. } = *memory;
    let has_all = start < data_end && data_end < kept_start && kept_start < end;
    expect(has_all, "the memory of the machine's process lacks a part")
}

/// Returns the words that lie completely in a range.
fn words(start: Word, end: Word) -> impl Iterator<Item = Word> {
    (start.next_multiple_of(SIZE)..end & !(SIZE - 1)).step_by(SIZE)
}
