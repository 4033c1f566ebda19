// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the comparisons.

use super::arena::arena;
use super::cpu::registers::Registers;
use super::puppet::Referee;
use super::world::World;
use crossgate_abi::table::System;

/// A firmware whose threads are puppets.
pub trait Firmware: 'static {
    /// Returns its wiring.
    fn system() -> &'static System;
    /// Makes comparisons with the referee. The idle thread is about to look for work.
    fn play(referee: Referee) -> !;
}

/// Starts the comparisons when the idle thread makes the first system call of all, with these registers. The kernel
/// handles exceptions with this stack pointer.
pub(super) fn play<F: Firmware>(main_stack: usize, registers: Registers) -> ! {
    arena().main_stack = main_stack;
    arena().world = Some(World::of(F::system(), main_stack));
    F::play(Referee::new(registers))
}
