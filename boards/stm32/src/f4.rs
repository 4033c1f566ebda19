// SPDX-License-Identifier: MIT OR Apache-2.0
//! The STM32F4: the CPU at 168 MHz, from the crystal or, if it does not oscillate, from the chip's own oscillator. (The
//! numbers are those of sections of RM0090.)

mod clock;
mod flash;
mod registers;
pub(crate) mod sleep;

pub use flash::{STM32F4_FLASH_CONTROLLER, Stm32F4Flash, Stm32F4FlashError};

use crate::family::{Bus, Crystal, Family, Slow, Time};
use crate::registers::registers;
use crate::serial::OldUsart;
use clock::{APB1_HZ, CPU_HZ, TIMERS_HZ};
use crossgate_cortex_m::sleep::{Depth, Slept};
use registers::{FLASH, RCC, Rcc};
use tock_registers::registers::ReadWrite;

/// The STM32F4 with 168 MHz: the STM32F405, the STM32F446, and others.
#[derive(Debug)]
pub struct Stm32F4;

impl Family for Stm32F4 {
    const CPU_HZ: u32 = CPU_HZ;
    const TIMERS_HZ: u32 = TIMERS_HZ;
    const APB1_HZ: u32 = APB1_HZ;
    const APB2_HZ: u32 = CPU_HZ / 2;
    const PORT_A: usize = 0x4002_0000;
    const PORTS: usize = 9;
    type Source = Crystal;
    type Usart = OldUsart;
    type Counter = Time<CPU_HZ>;

    fn prepare(crystal: Crystal) -> u32 {
        clock::set(registers(RCC), registers(FLASH), crystal)
    }

    fn sleep(crystal: Crystal, depth: Depth, left: u64) -> Result<Slept, Slow> {
        crate::sleep::sleep(&sleep::chip(crystal), depth, left)
    }

    fn enables(bus: Bus) -> &'static ReadWrite<u32> {
        let rcc = registers::<Rcc>(RCC);
        match bus {
            Bus::Apb1 => &rcc.apb1_enable,
            Bus::Apb2 => &rcc.apb2_enable,
            Bus::Ports => &rcc.ahb1_enable,
        }
    }
}
