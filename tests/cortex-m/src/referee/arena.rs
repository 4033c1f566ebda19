// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of the referee, which is separate from that of the firmware: the PSRAM of the emulated board. So the
//! notes of the referee are not a part of the states that it compares.

use super::moment::Watch;
use super::operation::Operation;
use super::registers::Registers;
use super::slots::{SLOTS, START};
use super::world::World;
use system_tests::report::{fail, say};

/// The number of exceptions and interrupt lines in the vector table.
pub const VECTORS: usize = 16 + LINES;
/// The number of interrupt lines.
pub const LINES: usize = 32;
/// The data in this memory besides states.
#[repr(C, align(512))]
pub struct Arena {
    /// The vector table in force.
    pub vectors: [usize; VECTORS],
    /// The stack pointer of the referee while the kernel runs.
    pub waiting: usize,
    /// The time of the board's counter, in µs.
    pub time: u32,
    /// The stack pointer with which the kernel handles exceptions.
    pub main_stack: usize,
    /// The kernel's handler of system calls, ...
    pub system_call: usize,
    /// ... and of interrupts.
    pub interrupt: usize,
    /// The target of the next interrupt: its handler, or the code past its fast path.
    pub interrupt_path: usize,
    /// The registers at the start of the slow path.
    pub at_slow: Registers,
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
    /// The stack of the code that looks at the start of a slow path, ...
    slow_stack: [u64; 512],
    /// ... and that of the referee.
    stack: [u64; 4096],
}

const _: () = assert!(size_of::<Arena>() <= SLOTS - START);

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

/// Addresses for assembly.
pub const WAITING: usize = START + core::mem::offset_of!(Arena, waiting);
pub const AT_SLOW: usize = START + core::mem::offset_of!(Arena, at_slow);
pub const INTERRUPT: usize = START + core::mem::offset_of!(Arena, interrupt);
pub const INTERRUPT_PATH: usize = START + core::mem::offset_of!(Arena, interrupt_path);
pub const SLOW_STACK: usize = START + core::mem::offset_of!(Arena, stack);
pub const STACK: usize = SLOW_STACK + 8 * 4096;

/// Returns the arena.
pub fn arena() -> &'static mut Arena {
    let place = core::ptr::with_exposed_provenance_mut::<Arena>(START);
    // SAFETY: the linker gives this memory of the board to no process. It is zeroed at the start, and zero is a valid
    // value of every field. All code that uses it runs in exceptions that don't nest, and uses one field at a time.
    unsafe { &mut *place }
}
