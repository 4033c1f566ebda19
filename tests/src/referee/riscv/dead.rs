// SPDX-License-Identifier: MIT OR Apache-2.0
//! The dead state of this port.
//!
//! | dead | because |
//! |---|---|
//! | the registers with which the slow path enters a method | they are written each time before they are read |
//! | the last bytes of the registers of a lease | they only fill up a word |
//! | the registers that a fast path does not save, in a context | a mark in the context says that they are clear when the thread continues |

use super::super::kernel::{kernel, who};
use super::super::operation::{CALL, Operation};
use super::moment::{self, Moment};
use super::registers::{A0, A4, FREE, Registers, T0, T1};
use crate::arch::{load, store};
use board::port::exit::{START, Start};
use board::port::kernel::lease::Lease;
use core::mem::offset_of;
use crossgate_abi::number;
use crossgate_abi::table::System;
use crossgate_protection::Span;
use crossgate_protection::pmp::Range;

/// The number of bytes that the CPU has pushed at the stack pointer of the current thread: none.
pub const FRAME: usize = 0;
/// The bit of a saved program counter that marks a context that was saved by a fast path.
const PLAIN: u32 = 1;
/// The values of registers that are dead in a context, less the number of the register.
const SPOILT: u32 = 0x0dea_d000;

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

/// A context that the fast path may have saved.
pub struct Saved {
    pub context: usize,
    /// `true` if it is that of a caller, whose words are dead.
    is_caller: bool,
}

impl Saved {
    /// Returns the context that an operation has saved, if its thread makes a call now, or another thread runs now.
    /// `before` is who ran before.
    pub fn by(operation: &Operation, before: [usize; 3]) -> Option<Saved> {
        let ([thread, _, depth], [now, _, depth_now]) = (before, who());
        if now != thread {
            let has_switched = [number::YIELD, number::SIGNAL, number::WAIT];
            let mut context = None;
            kernel().parts(&mut |name, index, place| {
                if name == "thread.stack_pointer" && index == thread {
                    context = Some(load(place.start) as usize);
                }
            });
            let context = context.filter(|_| has_switched.contains(&operation.kind()))?;
            return Some(Saved { context, is_caller: false });
        }
        let has_called = operation.kind() == CALL && depth_now > depth;
        has_called.then(|| Saved { context: moment::window().end, is_caller: true })
    }

    /// Returns the registers that a fast path does not save.
    fn dead(&self) -> impl Iterator<Item = usize> {
        let words = if self.is_caller { A0..A4 + 1 } else { 0..0 };
        FREE.into_iter().chain([T0, T1]).chain(words)
    }
}

/// Returns whether the context at this address was saved by a fast path.
pub fn is_plain(context: usize) -> bool {
    load(context) & PLAIN != 0
}

/// Marks this context as one that was saved by a fast path.
pub fn make_plain(saved: &Saved) {
    store(saved.context, load(saved.context) | PLAIN);
    spoil(saved);
}

/// Writes arbitrary values to the dead registers of a context that was saved by a fast path.
pub fn spoil(saved: &Saved) {
    for register in saved.dead() {
        store(saved.context + 4 * register, SPOILT | register as u32);
    }
}

/// Returns whether any register has the value that [`spoil`] writes for it.
pub fn is_spoilt(registers: &Registers) -> bool {
    (1..).zip(registers.words.iter().skip(1)).any(|(register, &word)| word == SPOILT | register)
}
