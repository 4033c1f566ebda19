// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of the referee, which is not the firmware's: the PSRAM of the emulated board. So what it
//! remembers is no part of the states that it compares.

use super::processor::Registers;
use super::puppet::Operation;
use super::state::{Watch, World};
use system_tests::report::{fail, say};

/// How many exceptions and interrupt lines the vector table has.
pub const VECTORS: usize = 16 + LINES;
/// How many interrupt lines.
pub const LINES: usize = 32;
/// The longest memory of a firmware, in bytes.
pub const SLOT: usize = 0x1_0000;

const START: usize = 0x2100_0000;
const SLOTS: usize = START + 0x2_0000;
/// How many states can be kept.
pub const SLOT_COUNT: usize = 8;
/// What the rest of the memory is for, the firmware decides.
pub const REST: usize = SLOTS + SLOT_COUNT * SLOT;
/// The end of the memory.
pub const END: usize = START + 0x100_0000;

/// What is kept there besides states.
#[repr(C, align(512))]
pub struct Arena {
    /// The vector table in force.
    pub vectors: [usize; VECTORS],
    /// The stack pointer of the referee while the kernel runs.
    pub waiting: usize,
    /// The time that the board's counter tells, in µs.
    pub time: u32,
    /// The stack pointer with which the kernel handles exceptions.
    pub main_stack: usize,
    /// The kernel's handler of system calls, ...
    pub system_call: usize,
    /// ... and of interrupts.
    pub interrupt: usize,
    /// Where the next interrupt goes: there, or past its fast path.
    pub interrupt_path: usize,
    /// What the registers were when the slow path began.
    pub at_slow: Registers,
    /// What has to be unchanged when it begins.
    pub watch: Option<Watch>,
    /// The memory of the firmware.
    pub world: Option<World>,
    /// The system call or interrupt that is being handled, ...
    pub operation: Option<Operation>,
    /// ... and which one it is.
    pub number: usize,
    /// `true` if the kernel has begun to say something.
    pub is_told: bool,
    /// The stack of who looks then, ...
    slow_stack: [u64; 512],
    /// ... and that of the referee.
    stack: [u64; 4096],
}

const _: () = assert!(size_of::<Arena>() <= SLOTS - START);

impl Arena {
    /// The memory of the firmware.
    pub fn world(&self) -> &World {
        match &self.world {
            Some(world) => world,
            None => fail(format_args!("the firmware has not begun")),
        }
    }

    /// Says what is done now.
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

/// The arena.
pub fn arena() -> &'static mut Arena {
    let place = core::ptr::with_exposed_provenance_mut::<Arena>(START);
    // SAFETY: this is memory of the board that the linker gives to nobody, zeroed at start, which is a value
    // of every field. All that uses it runs in exceptions that don't nest, one field at a time.
    unsafe { &mut *place }
}

/// Returns where a state is kept: words.
pub fn slot(index: usize) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(SLOTS + index % SLOT_COUNT * SLOT)
}
