// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of the referee, which is separate from that of the firmware: further memory of the emulated board. So the
//! notes of the referee are not a part of the states that it compares.

use super::cpu::moment::Moment;
use super::cpu::notes::Notes;
use super::operation::Operation;
use super::slots::{SLOTS, START};
use super::world::World;
use crate::report::{fail, say};
use core::mem::offset_of;
use crossgate_protection::Span;

/// The data in this memory besides states.
#[repr(C)]
pub struct Arena {
    /// The notes by which the referee gets control from this CPU. (They come first, so that assembly knows their address.)
    pub cpu: Notes,
    /// The time of the board's counter, in µs.
    pub time: u32,
    /// The stack pointer with which the kernel handles exceptions.
    pub main_stack: usize,
    /// The state that has to be unchanged at the start of the slow path.
    pub watch: Option<Watch>,
    /// The memory of the firmware.
    pub world: Option<World>,
    /// The system call or interrupt that is compared at present, ...
    pub operation: Option<Operation>,
    /// ... and its number.
    pub number: usize,
    /// `true` if the kernel has started to send a text.
    pub is_told: bool,
    /// The stack of the referee.
    stack: [u64; 4096],
}

const _: () = assert!(size_of::<Arena>() <= SLOTS - START);
const _: () = assert!(offset_of!(Arena, cpu) == 0);

/// The state that has to be unchanged when the slow path starts.
pub struct Watch {
    pub before: Moment,
    /// The memory that the fast path may have written before it gave up.
    pub dead: Span,
}

impl Arena {
    /// Returns the memory of the firmware.
    pub fn world(&self) -> &World {
        match &self.world {
            Some(world) => world,
            None => fail(format_args!("the firmware has not started")),
        }
    }

    /// Reports the present operation.
    pub fn tell(&self) {
        say(format_args!(
            "in system call or interrupt {} of this test: {:x?}",
            self.number, self.operation
        ));
    }
}

/// The end of the referee's stack.
pub const STACK: usize = START + offset_of!(Arena, stack) + size_of::<[u64; 4096]>();

/// Returns the arena.
pub fn arena() -> &'static mut Arena {
    let place = core::ptr::with_exposed_provenance_mut::<Arena>(START);
    // SAFETY: the linker gives this memory of the board to no process. It is zeroed at the start, and zero is a valid
    // value of every field. All code that uses it runs in exceptions that don't nest, and uses one field at a time.
    unsafe { &mut *place }
}
