// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line between the cores: memory that both access, and a bell for each core.
//!
//! The SSE-200 has message handling units, by which a core interrupts the other. But QEMU does not connect the gates
//! in front of them, so no unprivileged code can use them. The bells are therefore two SPI controllers that have no
//! other use, SPI3 for the first core and SPI4 for the second one. A controller (ARM PL022) that has nothing to send
//! interrupts for as long as its mask lets it, at both cores, and only one of them has the interrupt in its wiring.

use crate::{BELLS, LINE};
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use core::sync::atomic::AtomicU32;
use crossgate_mailbox::WORDS;

/// Driver of the end of the line at core `CORE` (0 or 1), for the process that owns [`LINE`] and [`BELLS`].
///
/// A process that doesn't own them can also create a driver, but its first access is a fault.
#[derive(Debug, Default)]
pub struct Line<const CORE: usize>(());

/// The distance between the bells of the cores, in bytes.
const DISTANCE: usize = 0x1000;
/// The register of the mask (ARM DDI 0194, SSPIMSC).
const MASK: usize = 0x14;
/// Its bit for the interrupt of a controller that has little to send.
const RING: u32 = 1 << 3;

impl<const CORE: usize> Line<CORE> {
    /// Creates the driver.
    #[must_use]
    pub const fn new() -> Line<CORE> {
        Line(())
    }

    fn set_mask(core: usize, value: u32) {
        let register = BELLS.start + core * DISTANCE + MASK;
        let register = with_exposed_provenance_mut::<u32>(register);
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
        Self::set_mask(1 - CORE, RING);
    }

    fn silence(&self) {
        Self::set_mask(CORE, 0);
    }
}
