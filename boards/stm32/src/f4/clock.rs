// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clock tree. (The numbers are those of sections of RM0090.)

use super::registers::{Access, ClockConfiguration, ClockControl, Flash, Pll, Rcc};
use crate::family::Crystal;
use crate::wait::comes;
use tock_registers::interfaces::{ReadWriteable, Readable};

/// The frequency of the CPU, in Hz.
pub const CPU_HZ: u32 = 168_000_000;
/// The frequency of the slowest bus of peripherals, in Hz.
pub const APB1_HZ: u32 = CPU_HZ / 4;
/// The frequency of the clock of the timers on the slow bus, in Hz.
pub const TIMERS_HZ: u32 = CPU_HZ / 2;
/// The frequency of the chip's own oscillator. After a reset it is the clock of everything.
pub const INTERNAL_MHZ: u32 = 16;
/// The frequency of the timers of QEMU. It emulates no clock tree, and its timers count nanoseconds.
const EMULATED_TIMERS_HZ: u32 = 1_000_000_000;
/// The frequency inside of the PLL, in MHz.
const PLL_MHZ: u32 = 2 * CPU_HZ / 1_000_000;
/// The wait states of the flash at 168 MHz and 2.7 V to 3.6 V (3.5.1).
const WAIT_STATES: u32 = 5;

/// The largest number of reads while the setup waits for the chip's own oscillator, which runs already after a reset.
const STARTED: u32 = 64;

/// Sets the clocks. The CPU runs from the chip's own oscillator, as after a reset or a deep sleep. Returns the frequency
/// that the timers then have, in Hz.
pub fn set(rcc: &Rcc, flash: &Flash, crystal: Crystal) -> u32 {
    rcc.control.modify(ClockControl::INTERNAL_ON::SET);
    if !(0..STARTED).any(|_| rcc.control.is_set(ClockControl::INTERNAL_READY)) {
        // The CPU runs, but not from the clock that it started with. So there is no clock control: this is the
        // emulator.
        return EMULATED_TIMERS_HZ;
    }
    rcc.control.modify(ClockControl::CRYSTAL_BYPASSED.val(crystal.is_clock.into()));
    rcc.control.modify(ClockControl::CRYSTAL_ON::SET);
    let has_crystal = comes(|| rcc.control.is_set(ClockControl::CRYSTAL_READY));
    let (mhz, source) = if has_crystal {
        (crystal.mhz, Pll::SOURCE::CRYSTAL)
    } else {
        rcc.control.modify(ClockControl::CRYSTAL_ON::CLEAR);
        (INTERNAL_MHZ, Pll::SOURCE::INTERNAL)
    };
    // The PLL's input has 1 MHz, and the USB gets its 48 MHz (7.3.2).
    rcc.pll.modify(
        Pll::M.val(mhz) + Pll::N.val(PLL_MHZ) + Pll::P::BY_2 + Pll::Q.val(PLL_MHZ / 48) + source,
    );
    rcc.control.modify(ClockControl::PLL_ON::SET);
    flash.access.modify(
        Access::WAIT_STATES.val(WAIT_STATES)
            + Access::PREFETCH::SET
            + Access::INSTRUCTION_CACHE::SET
            + Access::DATA_CACHE::SET,
    );
    // The flash is slow enough before the clock is fast.
    let is_slow = comes(|| flash.access.read(Access::WAIT_STATES) == WAIT_STATES);
    if !is_slow || !comes(|| rcc.control.is_set(ClockControl::PLL_READY)) {
        // There is no way to report the failure yet. After a reset, the buses are not divided then.
        return INTERNAL_MHZ * 1_000_000;
    }
    let configuration = &rcc.configuration;
    configuration.modify(ClockConfiguration::APB1::BY_4 + ClockConfiguration::APB2::BY_2);
    configuration.modify(ClockConfiguration::SOURCE::PLL);
    if !comes(|| configuration.matches_all(ClockConfiguration::SOURCE_IN_USE::PLL)) {
        return INTERNAL_MHZ * 1_000_000;
    }
    TIMERS_HZ
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;
    use tock_registers::interfaces::Writeable;

    const CRYSTAL: Crystal = Crystal { mhz: 25, is_clock: false };

    /// Sets the clocks of a chip whose bits are in memory: the given ones are set from the start. Returns the frequency
    /// of the timers, and the registers.
    fn set_up(ready: u32, in_use: u32, crystal: Crystal) -> (u32, Rcc, Flash) {
        // SAFETY: registers are words, and zero is one of their values.
        let (rcc, flash): (Rcc, Flash) = unsafe { (zeroed(), zeroed()) };
        rcc.control.set(ready);
        rcc.configuration.set(in_use << 2);
        let timers = set(&rcc, &flash, crystal);
        (timers, rcc, flash)
    }

    const INTERNAL: u32 = 1 << 1;
    const EXTERNAL: u32 = 1 << 17;
    const LOCKED: u32 = 1 << 25;

    #[test]
    fn from_the_crystal() {
        let (timers, rcc, flash) = set_up(INTERNAL | EXTERNAL | LOCKED, 2, CRYSTAL);
        assert_eq!(timers, 84_000_000);
        // 25 MHz / 25 * 336 / 2 is 168 MHz; / 7 is 48 MHz.
        assert_eq!(rcc.pll.get(), 7 << 24 | 1 << 22 | 336 << 6 | 25);
        assert_eq!(rcc.configuration.get(), 0b100 << 13 | 0b101 << 10 | 2 << 2 | 2);
        assert_eq!(flash.access.get(), 0x705);
        assert_eq!(rcc.control.get() & 1 << 18, 0);
        let (_, rcc, _) =
            set_up(INTERNAL | EXTERNAL | LOCKED, 2, Crystal { mhz: 8, is_clock: true });
        assert_eq!(rcc.pll.get(), 7 << 24 | 1 << 22 | 336 << 6 | 8);
        assert_eq!(rcc.control.get() & 1 << 18, 1 << 18);
    }

    #[test]
    fn the_wait_states_have_four_bits() {
        // SAFETY: as above.
        let (rcc, flash): (Rcc, Flash) = unsafe { (zeroed(), zeroed()) };
        rcc.control.set(INTERNAL | EXTERNAL | LOCKED);
        flash.access.set(0b1000);
        set(&rcc, &flash, CRYSTAL);
        assert_eq!(flash.access.get(), 0x705);
    }

    #[test]
    fn without_a_crystal_the_frequency_is_the_same() {
        let (timers, rcc, _) = set_up(INTERNAL | LOCKED, 2, CRYSTAL);
        assert_eq!(timers, 84_000_000);
        assert_eq!(rcc.pll.get(), 7 << 24 | 336 << 6 | 16);
        assert_eq!(rcc.control.get() & 1 << 16, 0, "the crystal is off");
    }

    #[test]
    fn a_pll_that_does_not_lock_is_not_used() {
        let (timers, rcc, _) = set_up(INTERNAL | EXTERNAL, 0, CRYSTAL);
        assert_eq!(timers, 16_000_000);
        assert_eq!(rcc.configuration.get(), 0);
    }

    #[test]
    fn without_a_clock_control_it_is_the_emulator() {
        let (timers, rcc, flash) = set_up(0, 0, CRYSTAL);
        assert_eq!(timers, 1_000_000_000);
        assert_eq!((rcc.pll.get(), flash.access.get()), (0, 0));
    }
}
