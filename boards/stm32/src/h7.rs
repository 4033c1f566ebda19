// SPDX-License-Identifier: MIT OR Apache-2.0
//! The STM32H7: the CPU at 400 MHz, from the crystal or, if it does not oscillate, from the chip's own oscillator.
//!
//! # RAM and caches
//!
//! A firmware for such a chip has its RAM in the DTCM, the memory that is tightly coupled to the CPU. Whatever
//! attributes a region of the protection unit has, the Cortex-M7 takes this memory for not cached and not shared (ARM
//! DDI 0489, 5.8.1). So the kernel, which sees the default memory map, and a thread, which sees regions, access the
//! same bytes, and atomic instructions need no monitor on a bus.
//!
//! The DTCM has an error-correcting code for each word of 32 bits (RM0433, 3.2). A write of a whole word is complete at
//! once. A write of a part of a word may wait in the memory, until a part of another word is written, and a reset loses
//! it (ST, "SRAM/Backup SRAM content is not preserved after reset"). So the kernel, before it resets the chip, writes a
//! byte.
//!
//! The instruction cache is on: the flash does not change while the firmware runs. The data cache is off. It would hold
//! only constants in flash.

mod clock;
mod registers;
pub(crate) mod sleep;

use crate::family::{Bus, Crystal, Family, Slow, Time};
use crate::registers::registers;
use crate::serial::Usart;
use clock::{APB1_HZ, CPU_HZ, TIMERS_HZ};
use crossgate_cortex_m::sleep::{Depth, Slept};
use registers::{Cpu, FLASH, RCC, Rcc};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::ReadWrite;

/// The STM32H7 with one core at 400 MHz: the STM32H743, the STM32H753, and others.
#[derive(Debug)]
pub struct Stm32H7;

impl Family for Stm32H7 {
    const CPU_HZ: u32 = CPU_HZ;
    const TIMERS_HZ: u32 = TIMERS_HZ;
    const APB1_HZ: u32 = APB1_HZ;
    const APB2_HZ: u32 = CPU_HZ / 4;
    const PORT_A: usize = 0x5802_0000;
    const PORTS: usize = 11;
    type Source = Crystal;
    type Usart = Usart;
    type Counter = Time<CPU_HZ>;

    fn prepare(crystal: Crystal) -> u32 {
        cache_instructions(registers(registers::CPU));
        clock::set(registers(RCC), registers(registers::POWER), registers(FLASH), crystal)
    }

    fn sleep(crystal: Crystal, depth: Depth, left: u64) -> Result<Slept, Slow> {
        crate::sleep::sleep(&sleep::chip(crystal), depth, left)
    }

    fn complete_writes() {
        complete(&mut [0; 4]);
    }

    fn enables(bus: Bus) -> &'static ReadWrite<u32> {
        let rcc = registers::<Rcc>(RCC);
        match bus {
            Bus::Apb1 => &rcc.apb1_enable,
            Bus::Apb2 => &rcc.apb2_enable,
            Bus::Ports => &rcc.ahb4_enable,
        }
    }
}

/// Empties the instruction cache, and switches it on.
fn cache_instructions(cpu: &Cpu) {
    const INSTRUCTION_CACHE: u32 = 1 << 17;
    barrier();
    cpu.empty_instruction_cache.set(0);
    barrier();
    cpu.configuration.set(cpu.configuration.get() | INSTRUCTION_CACHE);
    barrier();
}

/// Writes a part of a word, and waits until it is written.
fn complete(word: &mut [u8; 4]) {
    // SAFETY: this is the first byte of the array.
    unsafe { word.as_mut_ptr().write_volatile(1) };
    barrier();
}

/// Waits until all accesses are done, and fetches the next instructions anew.
fn barrier() {
    // SAFETY: these instructions only wait.
    #[cfg(target_os = "none")]
    unsafe {
        core::arch::asm!("dsb", "isb", options(nostack, preserves_flags));
    }
}

#[cfg(test)]
mod tests {
    use super::clock::set;
    use super::registers::{Flash, Power};
    use super::*;
    use core::mem::zeroed;

    const CRYSTAL: Crystal = Crystal { mhz: 8, is_clock: true };
    const EXTERNAL: u32 = 1 << 17;
    const LOCKED: u32 = 1 << 25;
    const READY: u32 = 1 << 13;

    /// Sets the clocks of a chip whose bits are in memory: the given ones are set from the start. Returns the frequency
    /// of the timers, and the registers.
    fn set_up(ready: u32, voltage: u32, in_use: u32) -> (u32, Rcc, Power, Flash) {
        // SAFETY: registers are words, and zero is one of their values.
        let (rcc, flash): (Rcc, Flash) = unsafe { (zeroed(), zeroed()) };
        let mut words = [0_u32; 7];
        words[1] = READY;
        // SAFETY: as above. The word at 0x4 can only be read through its type.
        let power: Power = unsafe { core::mem::transmute(words) };
        // The values after a reset.
        rcc.control.set(0b101 | ready);
        rcc.configuration.set(in_use << 3);
        rcc.pll_input.set(0x0202_0200);
        rcc.pll.set(0x01ff_0000);
        rcc.pll_outputs.set(0x0101_0280);
        power.supply.set(0b110);
        power.voltage.set(1 << 14 | voltage);
        flash.access.set(0x37);
        let timers = set(&rcc, &power, &flash, CRYSTAL);
        (timers, rcc, power, flash)
    }

    #[test]
    fn from_the_crystal() {
        let (timers, rcc, power, flash) = set_up(EXTERNAL | LOCKED, READY, 3);
        assert_eq!(timers, 200_000_000);
        // 8 MHz / 4 * 400 / 2 is 400 MHz.
        assert_eq!(rcc.pll_input.get(), 0x0202_0042);
        assert_eq!(rcc.pll.get(), 0x01ff_0004);
        assert_eq!(rcc.pll_outputs.get(), 0x0101_0000 | 1 << 9 | 399);
        assert_eq!(rcc.configuration.get(), 3 << 3 | 3);
        assert_eq!(
            (rcc.domain_1.get(), rcc.domain_2.get(), rcc.domain_3.get()),
            (0x48, 0x440, 0x40)
        );
        assert_eq!(flash.access.get(), 0x22);
        assert_eq!((power.supply.get(), power.voltage.get()), (0b110, 3 << 14 | READY));
        assert_eq!(rcc.control.get() & 1 << 18, 1 << 18);
    }

    #[test]
    fn without_a_crystal_the_frequency_is_the_same() {
        let (timers, rcc, ..) = set_up(LOCKED, READY, 3);
        assert_eq!(timers, 200_000_000);
        // 64 MHz / 32 * 400 / 2 is 400 MHz.
        assert_eq!(rcc.pll_input.get(), 0x0202_0200);
        assert_eq!(rcc.control.get() & 1 << 16, 0, "the crystal is off");
    }

    #[test]
    fn a_pll_that_does_not_lock_is_not_used() {
        let (timers, rcc, ..) = set_up(EXTERNAL, READY, 0);
        assert_eq!(timers, 64_000_000);
        assert_eq!((rcc.configuration.get(), rcc.domain_1.get()), (0, 0));
    }

    #[test]
    fn without_the_voltage_the_clock_stays_slow() {
        let (timers, rcc, ..) = set_up(EXTERNAL | LOCKED, 0, 0);
        assert_eq!(timers, 64_000_000);
        assert_eq!((rcc.configuration.get(), rcc.pll_input.get()), (0, 0x0202_0200));
    }

    #[test]
    fn a_write_of_a_part_of_a_word_completes_the_last_one() {
        let mut word = [0xff; 4];
        complete(&mut word);
        assert_eq!(word, [1, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn only_instructions_are_cached() {
        // SAFETY: as above.
        let cpu: Cpu = unsafe { zeroed() };
        cpu.configuration.set(0x200);
        cache_instructions(&cpu);
        assert_eq!(cpu.configuration.get(), 1 << 17 | 0x200);
    }
}
