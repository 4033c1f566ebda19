// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the devices that belong to the kernel, with their offsets and bits (RM0090).

use crate::registers::Device;
use crate::rtc::Backup;
use tock_registers::registers::ReadWrite;
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The reset and clock control (RCC; 7.3).
    pub Rcc {
        (0x00 => pub control: ReadWrite<u32, ClockControl::Register>),
        (0x04 => pub pll: ReadWrite<u32, Pll::Register>),
        (0x08 => pub configuration: ReadWrite<u32, ClockConfiguration::Register>),
        (0x0c => _0),
        (0x30 => pub ahb1_enable: ReadWrite<u32>),
        (0x34 => _1),
        (0x40 => pub apb1_enable: ReadWrite<u32>),
        (0x44 => pub apb2_enable: ReadWrite<u32>),
        (0x48 => _2),
        (0x70 => pub backup: ReadWrite<u32, Backup::Register>),
        (0x74 => @END),
    },
    /// The access control of the flash (3.9.1).
    pub Flash {
        (0x00 => pub access: ReadWrite<u32, Access::Register>),
        (0x04 => @END),
    },
    /// The power controller (PWR; 5.4).
    pub Pwr {
        (0x00 => pub control: ReadWrite<u32, PowerControl::Register>),
        (0x04 => @END),
    }
}

register_bitfields![u32,
    pub PowerControl [
        // In the Stop mode, the regulator is in its low-power mode.
        LOW_POWER OFFSET(0) NUMBITS(1) [],
        // The deep sleep is the Standby mode, which loses the RAM.
        STANDBY OFFSET(1) NUMBITS(1) [],
        // The registers of the backup domain can be written.
        BACKUP_OPEN OFFSET(8) NUMBITS(1) [],
        FLASH_OFF OFFSET(9) NUMBITS(1) [],
    ],
    pub ClockControl [
        INTERNAL_ON OFFSET(0) NUMBITS(1) [],
        INTERNAL_READY OFFSET(1) NUMBITS(1) [],
        CRYSTAL_ON OFFSET(16) NUMBITS(1) [],
        CRYSTAL_READY OFFSET(17) NUMBITS(1) [],
        // The pin gets a clock, and there is no crystal.
        CRYSTAL_BYPASSED OFFSET(18) NUMBITS(1) [],
        PLL_ON OFFSET(24) NUMBITS(1) [],
        PLL_READY OFFSET(25) NUMBITS(1) [],
    ],
    pub Pll [
        // The input is divided by M and multiplied by N; the CPU's clock is this divided by P, the USB's by Q.
        M OFFSET(0) NUMBITS(6) [],
        N OFFSET(6) NUMBITS(9) [],
        P OFFSET(16) NUMBITS(2) [BY_2 = 0],
        SOURCE OFFSET(22) NUMBITS(1) [INTERNAL = 0, CRYSTAL = 1],
        Q OFFSET(24) NUMBITS(4) [],
    ],
    pub ClockConfiguration [
        SOURCE OFFSET(0) NUMBITS(2) [PLL = 2],
        SOURCE_IN_USE OFFSET(2) NUMBITS(2) [PLL = 2],
        APB1 OFFSET(10) NUMBITS(3) [BY_4 = 0b101],
        APB2 OFFSET(13) NUMBITS(3) [BY_2 = 0b100],
    ],
    pub Access [
        // The STM32F405 has three of the bits; its fourth is reserved, and 0.
        WAIT_STATES OFFSET(0) NUMBITS(4) [],
        PREFETCH OFFSET(8) NUMBITS(1) [],
        INSTRUCTION_CACHE OFFSET(9) NUMBITS(1) [],
        DATA_CACHE OFFSET(10) NUMBITS(1) [],
    ],
];

/// The addresses of the devices (2.3).
pub const RCC: usize = 0x4002_3800;
pub const FLASH: usize = 0x4002_3c00;
pub const PWR: usize = 0x4000_7000;
pub const RTC: usize = 0x4000_2800;
pub const EXTI: usize = 0x4001_3c00;

impl Device for Rcc {}
impl Device for Flash {}
impl Device for Pwr {}
