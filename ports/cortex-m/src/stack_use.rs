// SPDX-License-Identifier: MIT OR Apache-2.0
//! The amount of stack that a thread has used. If some process may inspect, the stacks are painted before threads start,
//! and words that still have this value are unused.

use crossgate_abi::Word;
use crossgate_abi::inspect::STACK_PAINT;
use crossgate_abi::table::System;
use crossgate_protection::Span;

/// The number of bytes of a stack that one call of `look` checks.
const LOOK: Word = 28 * size_of::<u32>();

/// Paints the stacks of all threads.
///
/// # Safety
/// No thread has started.
pub unsafe fn paint_stacks(system: &System) {
    for thread in system.threads {
        for word in thread.stack_range().step_by(size_of::<u32>()) {
            // SAFETY: the address is that of a word of a stack of the wiring, on which nothing runs yet.
            unsafe { (word as *mut u32).write_volatile(STACK_PAINT) };
        }
    }
}

/// Carries out [`Port::stack_use`](crossgate_kernel::port::Port::stack_use) for a stack that was painted.
pub fn look(stack: Span, from: Word) -> [Word; 2] {
    let mut word = stack.end.min(stack.start.saturating_add(from & !3));
    let end = stack.end.min(word.saturating_add(LOOK));
    while word < end {
        // SAFETY: the address is that of a word of a stack of the wiring; the thread that uses it is not running.
        if unsafe { (word as *const u32).read_volatile() } != STACK_PAINT {
            return [stack.end - word, 0];
        }
        word += size_of::<u32>();
    }
    [0, if end < stack.end { end - stack.start } else { 0 }]
}
