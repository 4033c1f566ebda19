// SPDX-License-Identifier: MIT OR Apache-2.0
//! The dead state of this CPU and its port.
//!
//! | dead | because |
//! |---|---|
//! | the last word of the window when a method is entered | it only keeps the stack pointer a multiple of 8 |
//! | the address and the other attributes of a region that is disabled | its enable bit comes with them |
//! | the number of the region that was written last | code that writes a region names it |

use super::moment::Moment;
use crate::arch::load;
use crossgate_abi::table::{Gate, System};
use crossgate_protection::Span;

/// The number of bytes that the CPU has pushed at the stack pointer of the current thread.
pub const FRAME: usize = 32;
/// The offset of the program counter among them.
const PROGRAM_COUNTER: usize = 24;

/// Passes the dead memory of this port to `tell`.
pub fn tell(moment: &Moment, system: &System, tell: &mut impl FnMut(Span)) {
    // Of the two words above the first frame of a method only the first is an argument.
    let counter = load(moment.registers.thread_stack() + PROGRAM_COUNTER);
    let is_entry = |gate: &Gate| gate.entry as usize as u32 & !1 == counter;
    if system.gates.iter().any(is_entry) {
        tell(Span { start: moment.window().end - 4, end: moment.window().end });
    }
}
