// SPDX-License-Identifier: MIT OR Apache-2.0
//! The STM32G4: the CPU at 170 MHz, from the crystal or, if it does not oscillate, from the chip's own oscillator.

mod clock;
mod registers;
pub(crate) mod sleep;

use crate::family::{Bus, Crystal, Family, Slow, Time};
use crate::registers::registers;
use crate::serial::Usart;
use clock::{APB1_HZ, CPU_HZ};
use crossgate_cortex_m::sleep::{Depth, Slept};
use registers::{FLASH, RCC, Rcc};
use tock_registers::registers::ReadWrite;

/// The STM32G4: the STM32G474 and others.
#[derive(Debug)]
pub struct Stm32G4;

impl Family for Stm32G4 {
    const CPU_HZ: u32 = CPU_HZ;
    const TIMERS_HZ: u32 = CPU_HZ;
    const APB1_HZ: u32 = APB1_HZ;
    const APB2_HZ: u32 = CPU_HZ;
    const PORT_A: usize = 0x4800_0000;
    const PORTS: usize = 7;
    type Source = Crystal;
    type Usart = Usart;
    type Counter = Time<CPU_HZ>;

    fn prepare(crystal: Crystal) -> u32 {
        clock::set(registers(RCC), registers(registers::POWER), registers(FLASH), crystal)
    }

    fn sleep(crystal: Crystal, depth: Depth, left: u64) -> Result<Slept, Slow> {
        crate::sleep::sleep(&sleep::chip(crystal), depth, left)
    }

    fn enables(bus: Bus) -> &'static ReadWrite<u32> {
        let rcc = registers::<Rcc>(RCC);
        match bus {
            Bus::Apb1 => &rcc.apb1_enable,
            Bus::Apb2 => &rcc.apb2_enable,
            Bus::Ports => &rcc.ahb2_enable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::clock::set;
    use super::registers::{Flash, Power};
    use super::*;
    use core::mem::zeroed;
    use tock_registers::interfaces::{Readable, Writeable};

    const CRYSTAL: Crystal = Crystal { mhz: 24, is_clock: false };
    const EXTERNAL: u32 = 1 << 17;
    const LOCKED: u32 = 1 << 25;

    /// Sets the clocks of a chip whose bits are in memory: the given ones are set from the start. Returns the frequency
    /// of the timers, and the registers.
    fn set_up(ready: u32, in_use: u32, crystal: Crystal) -> (u32, Rcc, Power, Flash) {
        // SAFETY: registers are words, and zero is one of their values.
        let (rcc, power, flash): (Rcc, Power, Flash) = unsafe { (zeroed(), zeroed(), zeroed()) };
        // The values after a reset.
        rcc.control.set(1 << 10 | 1 << 8 | ready);
        rcc.configuration.set(in_use << 2 | 1);
        power.range.set(1 << 8);
        flash.access.set(0x600);
        let timers = set(&rcc, &power, &flash, crystal);
        (timers, rcc, power, flash)
    }

    #[test]
    fn from_the_crystal() {
        let (timers, rcc, power, flash) = set_up(EXTERNAL | LOCKED, 3, CRYSTAL);
        assert_eq!(timers, 170_000_000);
        // 24 MHz / 6 * 85 / 2 is 170 MHz.
        assert_eq!(rcc.pll.get(), 1 << 24 | 85 << 8 | 5 << 4 | 3);
        assert_eq!(rcc.configuration.get(), 3 << 2 | 3);
        assert_eq!(power.range.get(), 0, "the voltage is that for 170 MHz");
        assert_eq!(flash.access.get(), 0x704);
        assert_eq!(rcc.control.get() & 1 << 18, 0);
        assert_eq!(rcc.apb1_enable.get(), 1 << 28);
        let clock = Crystal { mhz: 8, is_clock: true };
        let (_, rcc, ..) = set_up(EXTERNAL | LOCKED, 3, clock);
        assert_eq!(rcc.pll.get(), 1 << 24 | 85 << 8 | 1 << 4 | 3);
        assert_eq!(rcc.control.get() & 1 << 18, 1 << 18);
    }

    #[test]
    fn without_a_crystal_the_frequency_is_the_same() {
        let (timers, rcc, ..) = set_up(LOCKED, 3, CRYSTAL);
        assert_eq!(timers, 170_000_000);
        // 16 MHz / 4 * 85 / 2 is 170 MHz.
        assert_eq!(rcc.pll.get(), 1 << 24 | 85 << 8 | 3 << 4 | 2);
        assert_eq!(rcc.control.get() & 1 << 16, 0, "the crystal is off");
    }

    #[test]
    fn a_pll_that_does_not_lock_is_not_used() {
        let (timers, rcc, power, flash) = set_up(EXTERNAL, 1, CRYSTAL);
        assert_eq!(timers, 16_000_000);
        assert_eq!(rcc.configuration.get(), 1 << 2 | 1);
        assert_eq!((power.range.get(), flash.access.get()), (1 << 8, 0x600));
    }
}
