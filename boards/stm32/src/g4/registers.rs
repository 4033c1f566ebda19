// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the devices that belong to the kernel, with their offsets and bits (RM0440).

use crate::registers::Device;
use crate::rtc::Backup;
use tock_registers::registers::ReadWrite;
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The reset and clock control ("RCC registers").
    pub Rcc {
        (0x00 => pub control: ReadWrite<u32, ClockControl::Register>),
        (0x04 => _0),
        (0x08 => pub configuration: ReadWrite<u32, ClockConfiguration::Register>),
        (0x0c => pub pll: ReadWrite<u32, Pll::Register>),
        (0x10 => _1),
        (0x4c => pub ahb2_enable: ReadWrite<u32>),
        (0x50 => _2),
        (0x58 => pub apb1_enable: ReadWrite<u32>),
        (0x5c => _3),
        (0x60 => pub apb2_enable: ReadWrite<u32>),
        (0x64 => _4),
        (0x90 => pub backup: ReadWrite<u32, Backup::Register>),
        (0x94 => @END),
    },
    /// The power control ("PWR registers").
    pub Power {
        (0x00 => pub control: ReadWrite<u32, PowerControl::Register>),
        (0x04 => _0),
        (0x80 => pub range: ReadWrite<u32, PowerRange::Register>),
        (0x84 => @END),
    },
    /// The access control of the flash ("FLASH registers").
    pub Flash {
        (0x00 => pub access: ReadWrite<u32, Access::Register>),
        (0x04 => @END),
    }
}

register_bitfields![u32,
    pub ClockControl [
        CRYSTAL_ON OFFSET(16) NUMBITS(1) [],
        CRYSTAL_READY OFFSET(17) NUMBITS(1) [],
        // The pin gets a clock, and there is no crystal.
        CRYSTAL_BYPASSED OFFSET(18) NUMBITS(1) [],
        PLL_ON OFFSET(24) NUMBITS(1) [],
        PLL_READY OFFSET(25) NUMBITS(1) [],
    ],
    pub ClockConfiguration [
        SOURCE OFFSET(0) NUMBITS(2) [PLL = 3],
        SOURCE_IN_USE OFFSET(2) NUMBITS(2) [PLL = 3],
        AHB OFFSET(4) NUMBITS(4) [UNDIVIDED = 0, BY_2 = 0b1000],
    ],
    pub Pll [
        // The input is divided by M and multiplied by N; the CPU's clock is this divided by R.
        SOURCE OFFSET(0) NUMBITS(2) [INTERNAL = 2, CRYSTAL = 3],
        M_LESS_ONE OFFSET(4) NUMBITS(4) [],
        N OFFSET(8) NUMBITS(7) [],
        R_ON OFFSET(24) NUMBITS(1) [],
        R OFFSET(25) NUMBITS(2) [BY_2 = 0],
    ],
    pub PowerControl [
        // The deep sleep of the CPU.
        MODE OFFSET(0) NUMBITS(3) [STOP_0 = 0, STOP_1 = 1],
        // The registers of the backup domain can be written.
        BACKUP_OPEN OFFSET(8) NUMBITS(1) [],
    ],
    pub PowerRange [
        // The voltage for at most 150 MHz. (With a 0, it is that for 170 MHz: "boost mode".)
        NORMAL OFFSET(8) NUMBITS(1) [],
    ],
    pub Access [
        WAIT_STATES OFFSET(0) NUMBITS(4) [],
        PREFETCH OFFSET(8) NUMBITS(1) [],
        INSTRUCTION_CACHE OFFSET(9) NUMBITS(1) [],
        DATA_CACHE OFFSET(10) NUMBITS(1) [],
    ],
];

/// The addresses of the devices ("Memory map and register boundary addresses").
pub const RTC: usize = 0x4000_2800;
pub const POWER: usize = 0x4000_7000;
pub const EXTI: usize = 0x4001_0400;
pub const RCC: usize = 0x4002_1000;
pub const FLASH: usize = 0x4002_2000;

impl Device for Rcc {}
impl Device for Power {}
impl Device for Flash {}
