// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers and the stack of a thread when it crashed.

use crate::context::Context;
use core::mem::offset_of;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump::REGISTER_COUNT;
use crossgate_kernel::thread::Thread;
use crossgate_protection::{Span, Unit};

/// The index of the stack pointer among the registers of a dump.
const STACK_POINTER: usize = 4;
const WORD: usize = size_of::<Word>();

/// Writes a dump of a thread, as [`Port::dump`](crossgate_kernel::port::Port::dump) describes. If the thread has just
/// faulted, `faulted` has its registers; otherwise its saved registers are used. `read` reads a word of its stack.
pub fn dump<U: Unit>(
    faulted: Option<[Word; REGISTER_COUNT]>,
    thread: &Thread<U>,
    window: Span,
    registers: &mut [Word; REGISTER_COUNT],
    read: impl Fn(Word) -> Word,
) -> Word {
    let known = faulted.or_else(|| saved(thread.stack_pointer, window, read));
    *registers = known.unwrap_or([0; REGISTER_COUNT]);
    registers[STACK_POINTER].checked_next_multiple_of(WORD).unwrap_or(0)
}

/// Returns the registers of a thread from its saved context.
fn saved(
    context: Word,
    window: Span,
    read: impl Fn(Word) -> Word,
) -> Option<[Word; REGISTER_COUNT]> {
    let place = Span::new(context, Context::SIZE).filter(|&place| window.contains(place))?;
    if !context.is_multiple_of(align_of::<Context>()) {
        return None;
    }
    let words = |field: usize| move |index: usize| context + field + index * WORD;
    let argument = words(offset_of!(Context, words));
    let kept = words(offset_of!(Context, saved));
    let [rdi, rsi, rdx, rcx] = core::array::from_fn(|index| read(argument(index)));
    let [r15, r14, r13, r12, rbx, rbp] = core::array::from_fn(|index| read(kept(index)));
    let rax = read(context + offset_of!(Context, selector));
    let rip = read(context + offset_of!(Context, return_address));
    let rsp = place.end;
    // Registers that were not saved are 0, because their values may not belong to this thread.
    Some([rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, 0, 0, 0, 0, r12, r13, r14, r15, rip])
}
