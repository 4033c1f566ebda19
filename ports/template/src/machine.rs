// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hardware as the core sees it.

use crate::{clock, context, memory, missing, start};
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;
use crossgate_abi::power::Depth;
use crossgate_abi::table::ProcessMemory;
use crossgate_kernel::port::Port;
use crossgate_kernel::thread::Thread;
use crossgate_protection::Span;
use crossgate_protection::armv7m::ArmV7M;

/// The hardware, and the state of the port itself.
#[derive(Debug)]
pub struct Machine;

impl Port for Machine {
    // The kind of protection unit: an existing type, or a new type in `crossgate-protection`, whose tests check its
    // properties.
    type Unit = ArmV7M;

    // The bytes of stack that are needed to enter a method, and to save the registers at its first system call.
    const ENTRY_SIZE: Word = 2 * context::SIZE;

    fn context_end(stack_pointer: Word) -> Word {
        stack_pointer + context::SIZE
    }

    fn stack_register(start: Word) -> Word {
        start
    }

    fn bounds(stack: Span) -> [Word; 2] {
        [stack.start, stack.end]
    }

    const BEGIN: extern "C" fn() -> ! = start::begin;

    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word> {
        memory::reset(memory, from)
    }

    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word {
        context::first(entry, stack_end)
    }

    fn reset_system(&mut self) {
        missing("reset the CPU, as a power cycle does")
    }

    fn now(&mut self) -> u64 {
        clock::now()
    }

    fn set_timer(&mut self, at: u64) {
        clock::set_timer(at);
    }

    fn interrupt_is_pending(&self) -> bool {
        missing("return whether an interrupt is pending, or `false` if interrupts may wait longer")
    }

    fn sleep(&mut self, _depth: Depth, _until: u64) -> Depth {
        missing("let the CPU sleep until an interrupt is pending, at a depth that it has")
    }

    fn read_word(&mut self, _address: Word) -> Word {
        missing("read a word of a process, at an address that the core has checked")
    }

    fn write_word(&mut self, _address: Word, _value: Word) {
        missing("write a word of a process, at an address that the core has checked")
    }

    fn stack_use(&mut self, _stack: Span, _from: Word) -> [Word; 2] {
        missing("look for the lowest word of a part of the stack that has changed since boot")
    }

    fn dump(
        &mut self,
        _thread: &Thread<ArmV7M>,
        _window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
    ) -> Word {
        // The port keeps no registers of a thread that crashed, which is allowed.
        registers.fill(0);
        0
    }

    fn stack_word(&mut self, _stack: Span, _address: Word) -> Word {
        missing("read a word of a stack, at an address that the core has checked")
    }

    fn mask(&mut self, _line: u16, _mask: bool) {
        missing(
            "mask a line of the interrupt controller, or clear its pending interrupt and unmask it",
        )
    }
}
