// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line between the cores: memory that both access, and the doorbells of the chip.

use crate::registers::{Doorbells, registers};
use crate::{BELLS, LINE};
use core::sync::atomic::AtomicU32;
use crossgate_mailbox::WORDS;
use tock_registers::interfaces::Writeable;

/// Driver of an end of the line between the cores, for the process that owns [`LINE`] and [`BELLS`]. It is the same at
/// both ends.
///
/// A process that doesn't own them can also create a driver, but its first access is a fault.
#[derive(Debug, Default)]
pub struct Line(());

/// The bit by which a core rings.
const RING: u32 = 1;
/// All bits: the process at the other end may have set any of them.
const ALL: u32 = 0xff;

impl Line {
    /// Creates the driver.
    #[must_use]
    pub const fn new() -> Line {
        Line(())
    }
}

impl crossgate_mailbox::Line for Line {
    fn memory(&self) -> &[AtomicU32; WORDS] {
        const { assert!(WORDS * 4 <= LINE.size) }
        // (A hostile process may use other accesses than atomic ones; each of its stores is one of some bytes, all the
        // same.)
        registers(LINE.start)
    }

    fn ring(&self) {
        ring(registers(BELLS.start));
    }

    fn silence(&self) {
        silence(registers(BELLS.start));
    }
}

fn ring(bells: &Doorbells) {
    bells.ring_other.set(RING);
}

fn silence(bells: &Doorbells) {
    bells.silence_own.set(ALL);
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{offset_of, zeroed};
    use tock_registers::interfaces::Readable;

    #[test]
    fn each_end_rings_the_other_and_silences_itself() {
        // SAFETY: registers are words, and zero is one of their values.
        let bells: Doorbells = unsafe { zeroed() };
        ring(&bells);
        assert_eq!((bells.ring_other.get(), bells.silence_own.get()), (1, 0));
        silence(&bells);
        assert_eq!((bells.ring_other.get(), bells.silence_own.get()), (1, 0xff));
    }

    /// Data sheet, 3.1.11: DOORBELL_OUT_SET and DOORBELL_IN_CLR. The next register after the range is RISCV_SOFTIRQ.
    #[test]
    fn the_registers_are_those_of_the_data_sheet() {
        assert_eq!(BELLS.start + offset_of!(Doorbells, ring_other), 0xd000_0180);
        assert_eq!(BELLS.start + offset_of!(Doorbells, silence_own), 0xd000_018c);
        assert_eq!(BELLS.start + BELLS.size, 0xd000_01a0);
    }
}
