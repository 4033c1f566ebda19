// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clocks of the STM32U5.

use super::registers::{
    Access, Boost, ClockConfiguration, ClockControl, Flash, Pll, PllOutputs, Power, Rcc,
};
use crate::wait::comes;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The frequency of the CPU, in Hz, and of the buses and the timers, which it is not divided for.
pub const CPU_HZ: u32 = 160_000_000;
/// The frequency of the slowest bus of peripherals, in Hz.
pub const APB1_HZ: u32 = CPU_HZ;
/// The frequency with which the chip starts, in Hz.
pub const FIRST_HZ: u32 = 4_000_000;
/// The frequency of the oscillator that the PLL has as its input, and the factor. The output of the PLL is divided by 2.
const INPUT_MHZ: u32 = 16;
const FACTOR: u32 = 20;
/// The wait states of the flash at 160 MHz and the highest voltage (RM0456, "Read access latency").
const WAIT_STATES: u32 = 4;
/// The clock of the power control, in its register.
const POWER_CONTROL: u32 = 1 << 2;
const _: () = assert!(CPU_HZ == INPUT_MHZ * FACTOR / 2 * 1_000_000, "the PLL makes the clock");

/// Sets the voltage and the clocks. Returns the frequency that the timers then have, in Hz.
pub fn set(rcc: &Rcc, power: &Power, flash: &Flash) -> u32 {
    rcc.ahb3_enable.set(rcc.ahb3_enable.get() | POWER_CONTROL);
    let _ = [rcc.ahb3_enable.get(), rcc.ahb3_enable.get()];
    power.voltage.modify(Boost::SCALE::HIGHEST);
    rcc.control.modify(ClockControl::INTERNAL_ON::SET);
    if !comes(|| power.voltage.is_set(Boost::SCALE_READY))
        || !comes(|| rcc.control.is_set(ClockControl::INTERNAL_READY))
    {
        // There is no way to report the failure yet.
        return FIRST_HZ;
    }
    rcc.pll.write(
        Pll::SOURCE::INTERNAL
            + Pll::INPUT::FROM_8_TO_16_MHZ
            + Pll::M_LESS_ONE.val(0)
            + Pll::BOOST::UNDIVIDED
            + Pll::R_ON::SET,
    );
    rcc.pll_outputs.write(PllOutputs::N_LESS_ONE.val(FACTOR - 1) + PllOutputs::R_LESS_ONE.val(1));
    rcc.control.modify(ClockControl::PLL_ON::SET);
    // Above 55 MHz the CPU needs a booster, whose clock is the input of the PLL (RM0456, "Embedded power
    // distribution").
    power.voltage.modify(Boost::ON::SET);
    if !comes(|| rcc.control.is_set(ClockControl::PLL_READY))
        || !comes(|| power.voltage.is_set(Boost::READY))
    {
        return FIRST_HZ;
    }
    flash.access.modify(Access::WAIT_STATES.val(WAIT_STATES));
    // The flash is slow enough before the clock is fast.
    if !comes(|| flash.access.read(Access::WAIT_STATES) == WAIT_STATES) {
        return FIRST_HZ;
    }
    rcc.configuration.modify(ClockConfiguration::SOURCE::PLL);
    if !comes(|| rcc.configuration.matches_all(ClockConfiguration::SOURCE_IN_USE::PLL)) {
        return FIRST_HZ;
    }
    CPU_HZ
}
