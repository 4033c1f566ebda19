// SPDX-License-Identifier: MIT OR Apache-2.0
//! The resets of devices, and bounded waits.

use crate::registers::{RESETS, Resets, registers};
use tock_registers::interfaces::{Readable, Writeable};

/// The resets of devices, as bits (7.5).
pub const DMA: u32 = 1 << 2;
pub const FUNCTIONS_AND_PADS: u32 = 1 << 6 | 1 << 9;
pub const SYSTEM_PLL: u32 = 1 << 14;
pub const TIMERS: u32 = 1 << 23 | 1 << 24;
pub const SERIAL_LINES: u32 = 1 << 26 | 1 << 27;

/// The largest number of reads while the setup waits for a bit. At the 11 MHz of the chip's own oscillator they take
/// 20 ms at least, the crystal takes 6 ms, and the PLL less.
const PATIENCE: u32 = 1 << 16;

/// Resets devices, and waits until they can be used, but not for ever.
pub fn reset(devices: u32) {
    reset_with(registers(RESETS), devices);
}

fn reset_with(resets: &Resets, devices: u32) {
    resets.held.set(resets.held.get() | devices);
    resets.held.set(resets.held.get() & !devices);
    comes(|| resets.done.get() & devices == devices);
}

/// Resets the chip: all that the watchdog can reset, except for the oscillators.
pub fn reset_chip() -> ! {
    /// The parts that the watchdog resets (7.4.4), and its control register (12.9.7).
    const PARTS: *mut u32 = core::ptr::without_provenance_mut(0x4001_8008);
    const CONTROL: *mut u32 = core::ptr::without_provenance_mut(0x400d_8000);
    const ALL_BUT_OSCILLATORS: u32 = 0x01ff_ffff & !(1 << 3 | 1 << 2);
    const TRIGGER: u32 = 1 << 31;
    loop {
        // SAFETY: these registers belong to the kernel, which resets the chip here.
        unsafe {
            PARTS.write_volatile(ALL_BUT_OSCILLATORS);
            CONTROL.write_volatile(TRIGGER);
        }
    }
}

/// Waits until a bit is set, but not for ever. Returns whether it is.
pub fn comes(mut is_set: impl FnMut() -> bool) -> bool {
    (0..PATIENCE).any(|_| is_set())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;

    #[test]
    fn devices_are_reset_and_released() {
        // SAFETY: registers are words, and zero is one of their values.
        let resets: Resets = unsafe { zeroed() };
        resets.held.set(0x1fff_ffff);
        resets.done.set(u32::MAX);
        reset_with(&resets, DMA | TIMERS);
        assert_eq!(resets.held.get(), 0x1fff_ffff & !(1 << 2 | 1 << 23 | 1 << 24));
    }

    #[test]
    fn a_device_that_stays_in_reset_is_not_waited_for_for_ever() {
        // SAFETY: as above.
        let resets: Resets = unsafe { zeroed() };
        reset_with(&resets, SYSTEM_PLL);
        assert_eq!(resets.held.get(), 0);
    }
}
