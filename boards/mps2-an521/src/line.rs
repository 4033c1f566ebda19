// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line between the cores: memory that both access, and a bell for each core.
//!
//! The SSE-200 has message handling units, by which a core interrupts the other. But QEMU does not connect the gates
//! in front of them, so no unprivileged code can use them. The bells are therefore two serial lines that have no other
//! use, UART3 for the first core and UART4 for the second one: a byte that was sent is an interrupt, at both cores,
//! and only one of them has it in its wiring.

use crate::{BELL0, BELL1, LINE};
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use core::sync::atomic::AtomicU32;
use crossgate_abi::table::Mmio;
use crossgate_mailbox::WORDS;

/// Driver of the end of the line at core `CORE` (0 or 1), for the process that owns [`LINE`], [`BELL0`] and [`BELL1`].
///
/// A process that doesn't own them can also create a driver, but its first access is a fault.
#[derive(Debug, Default)]
pub struct Line<const CORE: usize>(());

const BELLS: [Mmio; 2] = [BELL0, BELL1];

/// The registers of a CMSDK APB UART.
const DATA: usize = 0x00;
const CONTROL: usize = 0x08;
const INTERRUPT: usize = 0x0c;
const BAUD_DIVISOR: usize = 0x10;
/// Bits of `CONTROL`: send, and interrupt when a byte was sent.
const SEND: u32 = 1 | 1 << 2;
/// The bit of `INTERRUPT` that clears it.
const SENT: u32 = 1;
/// The least divisor of the clock.
const FASTEST: u32 = 16;

impl<const CORE: usize> Line<CORE> {
    /// Creates the driver.
    #[must_use]
    pub const fn new() -> Line<CORE> {
        Line(())
    }

    fn write(bell: Mmio, register: usize, value: u32) {
        let register = with_exposed_provenance_mut::<u32>(bell.start + register);
        // SAFETY: this is a device register, of a bell. The MPU decides which process may access it: a process that
        // doesn't own it is stopped at the access.
        unsafe { register.write_volatile(value) };
    }
}

impl<const CORE: usize> crossgate_mailbox::Line for Line<CORE> {
    fn memory(&self) -> &[AtomicU32; WORDS] {
        const { assert!(WORDS * 4 <= LINE.size) }
        let memory = with_exposed_provenance::<[AtomicU32; WORDS]>(LINE.start);
        // SAFETY: the memory is aligned and large enough, and no Rust object lies there but this array. Any word is a
        // value. Both cores access it by atomic operations. (A hostile process may use others; each of its stores is
        // one of some bytes, all the same.) The MPU decides which process may access it.
        unsafe { &*memory }
    }

    fn ring(&self) {
        let bell = BELLS[1 - CORE];
        // The process at the other end may have changed the settings.
        Self::write(bell, BAUD_DIVISOR, FASTEST);
        Self::write(bell, CONTROL, SEND);
        Self::write(bell, DATA, 0);
    }

    fn silence(&self) {
        Self::write(BELLS[CORE], INTERRUPT, SENT);
    }
}
