// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board of a firmware with a referee, by which the referee gets control.

use super::world::World;
use super::{Referee, arena, patch, processor};
use board::Hardware;
use board::port::{Board, Counter};
use core::arch::naked_asm;
use core::marker::PhantomData;
use crossgate_abi::table::System;
use system_tests::arch;

/// A firmware whose threads are puppets.
pub trait Firmware: 'static {
    /// Returns its wiring.
    fn system() -> &'static System;
    /// Makes comparisons with the referee. The idle thread is about to look for work.
    fn play(referee: Referee) -> !;
}

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
        let arena = arena();
        // SAFETY: the vector table of the firmware is at the start of its memory; this is the reset handler, which
        // nothing interrupts; SysTick, the vector table and the memory of code belong to the kernel, on whose behalf
        // this runs.
        unsafe {
            SYSTICK_CONTROL.write_volatile(0);
            let vectors = VECTOR_TABLE.read_volatile();
            for (index, vector) in arena.vectors.iter_mut().enumerate() {
                *vector = arch::load(vectors + 4 * index) as usize;
            }
            patch::install();
        }
        arena.system_call = arena.vectors[SYSTEM_CALL];
        arena.interrupt = arena.vectors[SYSTICK];
        arena.interrupt_path = arena.interrupt;
        arena.vectors[SYSTEM_CALL] = first::<F> as *const () as usize;
        arena.vectors[PENDSV] = processor::resume as *const () as usize;
        arena.vectors[SYSTICK..].fill(processor::interrupt as *const () as usize);
        // SAFETY: as above.
        unsafe { VECTOR_TABLE.write_volatile((&raw const arena.vectors).addr()) };
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
        play = sym play::<F>,
        stack = const arena::STACK,
    )
}

extern "C" fn play<F: Firmware>(main_stack: usize, process_stack: usize) -> ! {
    arena().main_stack = main_stack;
    arena().world = Some(World::of(F::system(), main_stack));
    F::play(Referee::new(process_stack))
}
