// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clocks of the STM32H7.

use super::registers::{
    Access, ClockConfiguration, ClockControl, Domain1, Flash, Pll, PllInput, PllOutputs, Power,
    Rcc, Supply, SupplyState, Voltage,
};
use crate::family::Crystal;
use crate::wait::comes;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The frequency of the CPU, in Hz: the most of which every revision of the chip is capable.
pub const CPU_HZ: u32 = 400_000_000;
/// The frequency of the slowest bus of peripherals, in Hz.
pub const APB1_HZ: u32 = CPU_HZ / 4;
/// The frequency of the clock of the timers, in Hz, which is that of the AXI bus and of the flash.
pub const TIMERS_HZ: u32 = CPU_HZ / 2;
/// The frequency of the chip's own oscillator. After a reset it is the clock of everything.
pub const INTERNAL_MHZ: u32 = 64;
/// The frequency of the input of the PLL, and its factor. The output of the PLL is divided by 2.
const INPUT_MHZ: u32 = 2;
const FACTOR: u32 = 400;
/// The wait states of the flash, and the delay of its writes, at 200 MHz and the highest voltage (RM0433, "FLASH
/// recommended number of wait states and programming delay").
const WAIT_STATES: u32 = 2;
const WRITE_DELAY: u32 = 2;

/// The divisor of a bus of peripherals.
const APB_BY_2: u32 = 0b100;

const _: () = assert!(CPU_HZ == INPUT_MHZ * FACTOR / 2 * 1_000_000, "the PLL makes the clock");

/// Sets the voltage and the clocks. Returns the frequency that the timers then have, in Hz.
pub fn set(rcc: &Rcc, power: &Power, flash: &Flash, crystal: Crystal) -> u32 {
    let slow = INTERNAL_MHZ * 1_000_000;
    // The chip has its linear regulator. The voltage can be changed only after this was said, once after power is on
    // (RM0433, "System supply startup").
    power.supply.modify(Supply::REGULATOR::SET + Supply::BYPASSED::CLEAR + Supply::SAID::SET);
    let is_supplied = comes(|| power.supply_state.is_set(SupplyState::READY));
    power.voltage.modify(Voltage::SCALE::HIGHEST);
    if !is_supplied || !comes(|| power.voltage.is_set(Voltage::READY)) {
        // There is no way to report the failure yet.
        return slow;
    }
    rcc.control.modify(ClockControl::CRYSTAL_BYPASSED.val(crystal.is_clock.into()));
    rcc.control.modify(ClockControl::CRYSTAL_ON::SET);
    let has_crystal = comes(|| rcc.control.is_set(ClockControl::CRYSTAL_READY));
    let (mhz, source) = if has_crystal {
        (crystal.mhz, PllInput::SOURCE::CRYSTAL)
    } else {
        rcc.control.modify(ClockControl::CRYSTAL_ON::CLEAR);
        (INTERNAL_MHZ, PllInput::SOURCE::INTERNAL)
    };
    rcc.pll_input.modify(PllInput::M.val(mhz / INPUT_MHZ) + source);
    rcc.pll.modify(
        Pll::INPUT::FROM_2_TO_4_MHZ + Pll::RANGE::WIDE + Pll::FRACTION::CLEAR + Pll::P_ON::SET,
    );
    rcc.pll_outputs.modify(PllOutputs::N_LESS_ONE.val(FACTOR - 1) + PllOutputs::P::BY_2);
    rcc.control.modify(ClockControl::PLL_ON::SET);
    if !comes(|| rcc.control.is_set(ClockControl::PLL_READY)) {
        return slow;
    }
    flash.access.write(Access::WAIT_STATES.val(WAIT_STATES) + Access::WRITE_DELAY.val(WRITE_DELAY));
    // The flash is slow enough, and the buses are divided, before the clock is fast.
    if !comes(|| flash.access.read(Access::WAIT_STATES) == WAIT_STATES) {
        return slow;
    }
    rcc.domain_1.write(Domain1::AHB::BY_2 + Domain1::APB3::BY_2);
    rcc.domain_2.set(APB_BY_2 << 8 | APB_BY_2 << 4);
    rcc.domain_3.set(APB_BY_2 << 4);
    rcc.configuration.modify(ClockConfiguration::SOURCE::PLL);
    if !comes(|| rcc.configuration.matches_all(ClockConfiguration::SOURCE_IN_USE::PLL)) {
        return slow;
    }
    TIMERS_HZ
}
