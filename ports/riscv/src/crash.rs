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

/// Returns the registers of a context. If the fast path has saved it, which bit 0 of the program counter tells, only some
/// registers were saved. The words of the others are 0: what lies there is of an earlier callee.
fn known(mut registers: [Word; REGISTER_COUNT]) -> [Word; REGISTER_COUNT] {
    /// The registers that the fast path saves besides the program counter: sp, gp, tp, s0 to s11.
    const SAVED: u32 = 1 << 2 | 1 << 3 | 1 << 4 | 0b11 << 8 | 0x3ff << 18;
    let [program_counter, others @ ..] = &mut registers;
    if *program_counter & 1 != 0 {
        *program_counter -= 1;
        for (word, number) in others.iter_mut().zip(1..) {
            if SAVED >> number & 1 == 0 {
                *word = 0;
            }
        }
    }
    registers
}

/// Returns the registers of the thread that has just faulted.
fn faulted() -> [Word; REGISTER_COUNT] {
    // SAFETY: only the entry of a trap writes the static, and traps do not nest.
    unsafe { (&raw const __crossgate_faulted).read() }
}

/// Returns one of the registers x1 to x31 of the thread that has just faulted, without a copy of the others; 0 for any
/// other number.
pub fn register(number: usize) -> Word {
    if number >= REGISTER_COUNT {
        return 0;
    }
    // SAFETY: as in `faulted`, and the number is that of a register.
    unsafe { (&raw const __crossgate_faulted).cast::<Word>().add(number).read() }
}

/// Returns the stack pointer of the thread that has just faulted.
pub fn stack_pointer() -> Word {
    register(STACK_POINTER)
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
        known(unsafe { (context as *const [Word; REGISTER_COUNT]).read() })
    } else {
        [0; REGISTER_COUNT]
    };
    registers[STACK_POINTER]
}
