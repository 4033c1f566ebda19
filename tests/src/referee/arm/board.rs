// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board of a firmware with a referee, by which the referee gets control.

use super::super::arena::{STACK, arena};
use super::super::game::{Firmware, play};
use super::registers::{Registers, TO_THREAD};
use super::{patch, processor};
use crate::arch;
use board::Hardware;
use board::port::{Board, Counter};
use core::arch::naked_asm;
use core::marker::PhantomData;

/// The board of such a firmware. Time passes only when the referee lets it pass, and SysTick never interrupts by
/// itself.
pub struct RefereeBoard<F>(PhantomData<F>);
/// The counter of the board.
pub struct RefereeCounter<F>(PhantomData<F>);

const SYSTICK_CONTROL: *mut u32 = core::ptr::without_provenance_mut(0xe000_e010);
const VECTOR_TABLE: *mut usize = core::ptr::without_provenance_mut(0xe000_ed08);
/// Exceptions, by their numbers.
const SYSTEM_CALL: usize = 11;
const PENDSV: usize = 14;
const SYSTICK: usize = 15;

impl<F: Firmware> Board for RefereeBoard<F> {
    const CLOCK_HZ: u32 = Hardware::CLOCK_HZ;
    type Counter = RefereeCounter<F>;

    fn prepare() {
        Hardware::prepare();
    }

    fn tell(byte: u8) {
        Hardware::tell(byte);
        arch::write_byte(byte);
        let is_told = &mut arena().is_told;
        if byte == b'\n' && core::mem::replace(is_told, true) {
            // The kernel sends a line only before it stops.
            arch::end(1);
        }
    }
}

impl<F: Firmware> Counter for RefereeCounter<F> {
    const HZ: u32 = 1_000_000;

    fn start() {
        let notes = &mut arena().cpu;
        // SAFETY: the vector table of the firmware is at the start of its memory; this is the reset handler, which
        // nothing interrupts; SysTick, the vector table and the memory of code belong to the kernel, on whose behalf
        // this runs.
        unsafe {
            SYSTICK_CONTROL.write_volatile(0);
            let vectors = VECTOR_TABLE.read_volatile();
            for (index, vector) in notes.vectors.iter_mut().enumerate() {
                *vector = arch::load(vectors + 4 * index) as usize;
            }
            patch::install();
        }
        notes.system_call = notes.vectors[SYSTEM_CALL];
        notes.interrupt = notes.vectors[SYSTICK];
        notes.interrupt_path = notes.interrupt;
        notes.vectors[SYSTEM_CALL] = first::<F> as *const () as usize;
        notes.vectors[PENDSV] = processor::resume as *const () as usize;
        notes.vectors[SYSTICK..].fill(processor::interrupt as *const () as usize);
        // SAFETY: as above.
        unsafe { VECTOR_TABLE.write_volatile((&raw const notes.vectors).addr()) };
    }

    fn count() -> u32 {
        arena().time
    }

    fn alarm(_: u32) {}
}

/// Handles the very first system call, which the idle thread makes.
#[unsafe(naked)]
unsafe extern "C" fn first<F: Firmware>() {
    naked_asm!(
        "mov r0, sp",
        "ldr sp, 1f",
        "mrs r1, psp",
        "b {play}",
        ".balign 4",
        "1: .word {stack}",
        play = sym first_play::<F>,
        stack = const STACK,
    )
}

extern "C" fn first_play<F: Firmware>(main_stack: usize, process_stack: usize) -> ! {
    let link = TO_THREAD;
    play::<F>(main_stack, Registers { process_stack, main_stack, link, ..Default::default() })
}
