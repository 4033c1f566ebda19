// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port in a few lines keeps all guarantees, and each flaw breaks the expected one.

extern crate std;

use super::*;
use crossgate_abi::inspect::dump;
use crossgate_abi::power::Depth;
use crossgate_kernel::thread::Thread;
use crossgate_kernel::time::NEVER;
use crossgate_protection::armv8m::ArmV8M;
use std::vec;
use std::vec::Vec;

const SIZE: Word = size_of::<Word>();
/// The start of the machine's memory.
const START: Word = 0x1000;
const PIECE: Word = 64;
const MEMORY: ProcessMemory = ProcessMemory {
    start: START,
    end: START + 0x1_8080,
    shared_start: START,
    shared_end: START,
    image: IMAGE,
    data_end: START + 0x80,
    kept_start: START + 0x1_8000,
};
const STACK: Span = Span { start: START + 0x2_0000, end: START + 0x2_0400 };
const IMAGE: Word = START + 0x3_0000;
const END: Word = IMAGE + 0x80;

/// The flaw of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    RunsBackwards,
    ForgetsTime,
    WritesTwoWords,
    DropsWrites,
    ResetsKept,
    ForgetsInitialValues,
    LeavesZeroes,
    ResetsBackwards,
    LargePieces,
    SeesUse,
    SeesNoUse,
    CountsAll,
    ReadsTheStart,
}

/// A port with a flaw. Flaws of functions without a machine are in its type.
struct Flawed<const STARTS_BELOW: bool> {
    flaw: Flaw,
    now: u64,
    words: Vec<Word>,
}

impl<const STARTS_BELOW: bool> Flawed<STARTS_BELOW> {
    fn new(flaw: Flaw) -> Self {
        let mut words = vec![0; (END - START) / SIZE];
        for (index, word) in words.iter_mut().enumerate().skip((IMAGE - START) / SIZE) {
            *word = index;
        }
        Flawed { flaw, now: 5, words }
    }

    fn at(&mut self, address: Word) -> &mut Word {
        &mut self.words[(address - START) / SIZE]
    }
}

extern "C" fn begin() -> ! {
    unreachable!("nothing runs here")
}

/// The size of the registers that the port would save.
const CONTEXT_SIZE: Word = 64;

impl<const STARTS_BELOW: bool> Port for Flawed<STARTS_BELOW> {
    type Unit = ArmV8M;
    const ENTRY_SIZE: Word = 128;
    const BEGIN: extern "C" fn() -> ! = begin;

    fn context_end(stack_pointer: Word) -> Word {
        stack_pointer + CONTEXT_SIZE
    }

    fn stack_register(start: Word) -> Word {
        start
    }
    fn bounds(stack: Span) -> [Word; 2] {
        [stack.start, stack.end]
    }
    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word> {
        let size = if self.flaw == Flaw::ResetsKept { memory.end } else { memory.kept_start }
            - memory.start;
        let piece = if self.flaw == Flaw::LargePieces { size } else { PIECE };
        let to = size.min(from + piece);
        for offset in (from..to).step_by(SIZE) {
            let has_value = memory.start + offset < memory.data_end;
            let initial = if has_value { *self.at(memory.image + offset) } else { 0 };
            match (has_value, self.flaw) {
                (true, Flaw::ForgetsInitialValues) | (false, Flaw::LeavesZeroes) => {}
                _ => *self.at(memory.start + offset) = initial,
            }
        }
        let next = if self.flaw == Flaw::ResetsBackwards { from } else { to };
        (to < size).then_some(next)
    }
    fn first_context(_: extern "C" fn() -> !, stack_end: Word) -> Word {
        stack_end - if STARTS_BELOW { 2 * Self::ENTRY_SIZE } else { CONTEXT_SIZE }
    }
    fn reset_system(&mut self) {}
    fn now(&mut self) -> u64 {
        self.now =
            if self.flaw == Flaw::RunsBackwards { self.now.wrapping_sub(1) } else { self.now + 1 };
        self.now
    }
    fn set_timer(&mut self, at: u64) {
        if self.flaw == Flaw::ForgetsTime && at == NEVER - 1 {
            self.now = 0;
        }
    }
    fn interrupt_is_pending(&self) -> bool {
        false
    }
    fn sleep(&mut self, _: Depth, _: u64) -> Depth {
        unreachable!("these tests don't sleep")
    }
    fn read_word(&mut self, address: Word) -> Word {
        *self.at(address)
    }
    fn write_word(&mut self, address: Word, value: Word) {
        if self.flaw != Flaw::DropsWrites {
            *self.at(address) = value;
        }
        if self.flaw == Flaw::WritesTwoWords {
            *self.at(address + SIZE) = value;
        }
    }
    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2] {
        let start = stack.start + from;
        let end = stack.end.min(start + PIECE);
        let is_used = |&address: &Word| self.words[(address - START) / SIZE] != 0;
        let lowest = (start..end).step_by(SIZE).find(is_used);
        match (lowest, self.flaw) {
            (Some(_), Flaw::SeesNoUse) => [0, 0],
            (Some(_), Flaw::CountsAll) => [stack.end - stack.start, 0],
            (Some(lowest), _) => [stack.end - lowest, 0],
            (None, Flaw::SeesUse) => [stack.end - start, 0],
            (None, _) => [0, if end < stack.end { end - stack.start } else { 0 }],
        }
    }
    fn dump(&mut self, _: &Thread<ArmV8M>, _: Span, _: &mut [Word; dump::REGISTER_COUNT]) -> Word {
        0
    }
    fn stack_word(&mut self, stack: Span, address: Word) -> Word {
        *self.at(if self.flaw == Flaw::ReadsTheStart { stack.start } else { address })
    }
    fn mask(&mut self, _: u16, _: bool) {}
}

impl<const STARTS_BELOW: bool> Machine for Flawed<STARTS_BELOW> {
    type Port = Self;
    fn port(&mut self) -> &mut Self {
        self
    }
    fn memory(&self) -> ProcessMemory {
        MEMORY
    }
    fn stack(&self) -> Span {
        STACK
    }
    fn word(&mut self, address: Word) -> Word {
        *self.at(address)
    }
    fn set_word(&mut self, address: Word, value: Word) {
        *self.at(address) = value;
    }
}

/// Returns the guarantees that a machine breaks.
fn broken(machine: &mut impl Machine) -> Vec<&'static str> {
    let mut broken = Vec::new();
    let count = check(machine, |text, result| {
        if result.is_err() {
            broken.push(text);
        }
    });
    assert_eq!(count, broken.len());
    broken
}

#[test]
fn a_good_port_keeps_all_promises() {
    assert_eq!(broken(&mut Flawed::<false>::new(Flaw::None)), [""; 0]);
}

#[test]
fn each_flaw_breaks_its_promise() {
    for (flaw, promise) in [
        (Flaw::RunsBackwards, "time does not run backwards"),
        (Flaw::ForgetsTime, "the timer accepts any time"),
        (Flaw::WritesTwoWords, "a word is read as it was written"),
        (Flaw::DropsWrites, "a word is read as it was written"),
        (Flaw::ResetsKept, "a reset gives initial values, and leaves kept statics alone"),
        (Flaw::ForgetsInitialValues, "a reset gives initial values, and leaves kept statics alone"),
        (Flaw::LeavesZeroes, "a reset gives initial values, and leaves kept statics alone"),
        (Flaw::ResetsBackwards, "a reset is done in small pieces"),
        (Flaw::LargePieces, "a reset is done in small pieces"),
        (Flaw::SeesUse, "an unused stack is reported as unused"),
        (Flaw::SeesNoUse, "a used word counts as used, and so do all words above it"),
        (Flaw::CountsAll, "a used word counts as used, and so do all words above it"),
        (Flaw::ReadsTheStart, "a word of a stack is read from its place"),
    ] {
        let broken = broken(&mut Flawed::<false>::new(flaw));
        assert!(broken.contains(&promise), "{flaw:?} breaks {broken:?}");
    }
    let broken = broken(&mut Flawed::<true>::new(Flaw::None));
    assert_eq!(broken, ["a first context lies at the end of its stack"]);
}
