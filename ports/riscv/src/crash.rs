// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread when it crashed.

use crate::context::Context;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump::REGISTER_COUNT;
use crossgate_protection::Span;

/// The registers of the last thread that has faulted, in the order of a [`Context`]. [`entry`](crate::entry) writes them.
#[unsafe(no_mangle)]
pub static mut __crossgate_faulted: [Word; REGISTER_COUNT] = [0; REGISTER_COUNT];

const _: () =
    assert!(Context::SIZE == REGISTER_COUNT * size_of::<Word>(), "a dump has all registers");
/// The index of the stack pointer among the registers.
const STACK_POINTER: usize = 2;

/// Returns the registers of the thread that has just faulted.
pub fn faulted() -> [Word; REGISTER_COUNT] {
    // SAFETY: only the entry of a trap writes the static, and traps do not nest.
    unsafe { (&raw const __crossgate_faulted).read() }
}

/// Returns the stack pointer of the thread that has just faulted.
pub fn stack_pointer() -> Word {
    faulted()[STACK_POINTER]
}

/// Carries out [`Port::dump`](crossgate_kernel::port::Port::dump). If the thread has not faulted, its registers were
/// saved at `context`.
pub fn dump(
    has_faulted: bool,
    context: Word,
    window: Span,
    registers: &mut [Word; REGISTER_COUNT],
) -> Word {
    let is_saved = Span::new(context, Context::SIZE).is_some_and(|saved| window.contains(saved))
        && context.is_multiple_of(align_of::<Context>());
    *registers = if has_faulted {
        faulted()
    } else if is_saved {
        // SAFETY: the words lie in the stack of a thread that is not running.
        unsafe { (context as *const [Word; REGISTER_COUNT]).read() }
    } else {
        [0; REGISTER_COUNT]
    };
    registers[STACK_POINTER]
}
