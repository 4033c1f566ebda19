// SPDX-License-Identifier: MIT OR Apache-2.0
//! The facts in which the chips differ, and those about a board.

use crate::bus::Bus;
use core::fmt::Debug;
use crossgate_abi::table::Mmio;

/// The frequency of the crystal, in Hz. All boards have this one.
pub const CRYSTAL_HZ: u32 = 40_000_000;

/// A chip.
pub trait Chip: Debug + Send + 'static {
    /// The serial lines. The last one does not exist.
    const UARTS: [Mmio; 3];
    /// The timers: the first timer of each group, with the other registers of the group up to those of the interrupt.
    const TIMERS: [Mmio; 2];
    /// The serial lines, as the driver needs them.
    const SERIAL: Serial;
    /// The system timer (SYSTIMER).
    const SYSTEM_TIMER: usize;
    /// The matrix of the pins (GPIO).
    const PINS: usize;
    /// The pads of the pins (`IO_MUX`).
    const PADS: usize;
    /// The bit by which an input signal comes from the matrix.
    const FROM_MATRIX: u32;
    /// The interrupt matrix.
    const MATRIX: Matrix;

    /// Sets up the chip's clocks, and switches off what could reset it.
    fn prepare(bus: &impl Bus);

    /// Resets the digital part of the chip.
    fn reset(bus: &impl Bus);

    /// Lets the CPU take the interrupts of the [`MATRIX`](Chip::MATRIX), if its own registers have a say in it.
    fn open() {}
}

/// The registers and bits of a serial line (UART) that are not the same in all chips.
#[derive(Clone, Copy, Debug)]
pub struct Serial {
    /// Registers, as offsets, and their values for 8 bits without parity. A receive interrupt comes with each byte.
    pub setup: &'static [(usize, u32)],
    /// A register, as an offset, and its bit: written, it brings the setup into force, and then clears itself.
    pub update: (usize, u32),
    /// The register with the state of the transmitter, as an offset.
    pub state: usize,
}

/// The interrupt matrix: it connects each source of interrupts to one of the interrupts of the CPU.
#[derive(Clone, Copy, Debug)]
pub struct Matrix {
    /// The first of its registers: one for each source, with the number of the CPU's interrupt.
    pub start: usize,
    /// The number of sources.
    pub sources: u16,
    /// The first of the registers with a bit for each source that interrupts.
    pub status: usize,
    /// The source of the system timer's first alarm.
    pub timer: u16,
    /// The CPU's interrupt to which the kernel connects the timer.
    pub timer_interrupt: u32,
    /// The register with a bit for each of the CPU's interrupts: it takes the interrupt.
    pub enabled: usize,
    /// The register with a bit for each of the CPU's interrupts: it waits for an edge, not for a level.
    pub at_edges: usize,
    /// The first of the registers with the priority of each of the CPU's interrupts.
    pub priorities: usize,
    /// The register with the lowest priority that the CPU takes.
    pub threshold: usize,
}

/// The places of devices on a board.
pub trait Places: Debug + Send + 'static {
    /// The chip.
    type Chip: Chip;
    /// The pins with which each serial line sends and receives.
    const UART_PINS: [[usize; 2]; 2];
    /// The pins of the lamps.
    const LAMP_PINS: [usize; 2];
}
