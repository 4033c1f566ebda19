// SPDX-License-Identifier: MIT OR Apache-2.0
//! The dead state of this port.
//!
//! | dead | because |
//! |---|---|
//! | the registers with which the slow path enters a method | they are written each time before they are read |
//! | the last bytes of the registers of a lease | they only fill up a word |
//! | the registers that a plain call does not save, in the context of the caller | a mark in the context says that the return clears them |

use super::super::kernel::kernel;
use super::moment::Moment;
use super::registers::{A0, A4, FREE, T0, T1};
use crate::arch::{load, store};
use board::port::exit::{START, Start};
use board::port::kernel::lease::Lease;
use core::mem::offset_of;
use crossgate_abi::table::System;
use crossgate_protection::Span;
use crossgate_protection::pmp::Range;

/// The number of bytes that the CPU has pushed at the stack pointer of the current thread: none.
pub const FRAME: usize = 0;
/// The bit of a saved program counter that marks the context of a plain call.
const PLAIN: u32 = 1;

/// Passes the dead memory of this port to `tell`.
pub fn tell(_: &Moment, _: &System, tell: &mut impl FnMut(Span)) {
    let start = (&raw const START).addr();
    tell(Span { start, end: start + size_of::<Start>() });
    kernel().parts(&mut |name, _, leases| {
        if name == "thread.leases" {
            for lease in (leases.start..leases.end).step_by(size_of::<Lease<Range>>()) {
                let registers = lease + Lease::<Range>::REGISTERS;
                let start = registers + offset_of!(Range, configuration) + size_of::<u8>();
                tell(Span { start, end: registers + size_of::<Range>() });
            }
        }
    });
}

/// Returns whether the context at this address is that of a plain call.
pub fn is_plain(context: usize) -> bool {
    load(context) & PLAIN != 0
}

/// Marks this context as that of a plain call.
pub fn make_plain(context: usize) {
    store(context, load(context) | PLAIN);
    spoil(context);
}

/// Writes arbitrary values to the dead registers of the context of a plain call.
pub fn spoil(context: usize) {
    for register in FREE.into_iter().chain([T0, T1]).chain(A0..=A4) {
        store(context + 4 * register, 0x0dea_d000 | register as u32);
    }
}
