// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers and the stack of a thread when it crashed.

use crate::context::{Context, STACK_POINTER};
use crossgate_abi::Word;
use crossgate_abi::inspect::dump::REGISTER_COUNT;
use crossgate_kernel::thread::Thread;
use crossgate_protection::{Span, Unit};

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
    registers[STACK_POINTER].checked_next_multiple_of(size_of::<Word>()).unwrap_or(0)
}

/// Returns the registers of a thread from its saved context.
fn saved(
    context: Word,
    window: Span,
    read: impl Fn(Word) -> Word,
) -> Option<[Word; REGISTER_COUNT]> {
    Span::new(context, Context::SIZE).filter(|&place| window.contains(place))?;
    context.is_multiple_of(align_of::<Context>()).then(|| Context::dumped(context, read))
}
