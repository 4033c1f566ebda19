// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clocks of the STM32G4.

use super::registers::{
    Access, ClockConfiguration, ClockControl, Flash, Pll, Power, PowerRange, Rcc,
};
use crate::family::Crystal;
use crate::wait::comes;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The frequency of the CPU, in Hz, and of the buses and the timers, which it is not divided for.
pub const CPU_HZ: u32 = 170_000_000;
/// The frequency of the slowest bus of peripherals, in Hz.
pub const APB1_HZ: u32 = CPU_HZ;
/// The frequency of the chip's own oscillator. After a reset it is the clock of everything.
pub const INTERNAL_MHZ: u32 = 16;
/// The frequency of the input of the PLL, and its factor. The output of the PLL is divided by 2.
const INPUT_MHZ: u32 = 4;
const FACTOR: u32 = 85;
/// The wait states of the flash at 170 MHz, if the CPU has the voltage for this frequency (RM0440, "Read access
/// latency").
const WAIT_STATES: u32 = 4;
/// The number of reads that take a microsecond at least, at 85 MHz.
const MICROSECOND: u32 = 85;

const _: () = assert!(CPU_HZ == INPUT_MHZ * FACTOR / 2 * 1_000_000, "the PLL makes the clock");

/// Sets the clocks. Returns the frequency that the timers then have, in Hz.
pub fn set(rcc: &Rcc, power: &Power, flash: &Flash, crystal: Crystal) -> u32 {
    const POWER_CONTROL: u32 = 1 << 28;
    rcc.apb1_enable.set(rcc.apb1_enable.get() | POWER_CONTROL);
    rcc.control.modify(ClockControl::CRYSTAL_BYPASSED.val(crystal.is_clock.into()));
    rcc.control.modify(ClockControl::CRYSTAL_ON::SET);
    let has_crystal = comes(|| rcc.control.is_set(ClockControl::CRYSTAL_READY));
    let (mhz, source) = if has_crystal {
        (crystal.mhz, Pll::SOURCE::CRYSTAL)
    } else {
        rcc.control.modify(ClockControl::CRYSTAL_ON::CLEAR);
        (INTERNAL_MHZ, Pll::SOURCE::INTERNAL)
    };
    rcc.pll.write(
        Pll::M_LESS_ONE.val(mhz / INPUT_MHZ - 1)
            + Pll::N.val(FACTOR)
            + Pll::R::BY_2
            + Pll::R_ON::SET
            + source,
    );
    rcc.control.modify(ClockControl::PLL_ON::SET);
    if !comes(|| rcc.control.is_set(ClockControl::PLL_READY)) {
        // There is no way to report the failure yet.
        return INTERNAL_MHZ * 1_000_000;
    }
    flash.access.modify(
        Access::WAIT_STATES.val(WAIT_STATES)
            + Access::PREFETCH::SET
            + Access::INSTRUCTION_CACHE::SET
            + Access::DATA_CACHE::SET,
    );
    // The flash is slow enough before the clock is fast.
    if !comes(|| flash.access.read(Access::WAIT_STATES) == WAIT_STATES) {
        return INTERNAL_MHZ * 1_000_000;
    }
    // The higher voltage for more than 150 MHz. While it settles, the CPU has half of the new frequency (RM0440,
    // "Dynamic voltage scaling management").
    rcc.configuration.modify(ClockConfiguration::AHB::BY_2);
    power.range.modify(PowerRange::NORMAL::CLEAR);
    rcc.configuration.modify(ClockConfiguration::SOURCE::PLL);
    if !comes(|| rcc.configuration.matches_all(ClockConfiguration::SOURCE_IN_USE::PLL)) {
        return INTERNAL_MHZ * 1_000_000;
    }
    for _ in 0..MICROSECOND {
        rcc.configuration.get();
    }
    rcc.configuration.modify(ClockConfiguration::AHB::UNDIVIDED);
    CPU_HZ
}
