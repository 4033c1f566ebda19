// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the devices that belong to the kernel, with their offsets and bits (RM0456).

use crate::registers::Device;
use crate::rtc::Backup;
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The reset and clock control ("RCC registers").
    pub Rcc {
        (0x00 => pub control: ReadWrite<u32, ClockControl::Register>),
        (0x04 => _0),
        (0x1c => pub configuration: ReadWrite<u32, ClockConfiguration::Register>),
        (0x20 => _1),
        (0x28 => pub pll: ReadWrite<u32, Pll::Register>),
        (0x2c => _2),
        (0x34 => pub pll_outputs: ReadWrite<u32, PllOutputs::Register>),
        (0x38 => _3),
        (0x88 => pub ahb1_enable: ReadWrite<u32>),
        (0x8c => pub ahb2_enable: ReadWrite<u32>),
        (0x90 => _4),
        (0x94 => pub ahb3_enable: ReadWrite<u32>),
        (0x98 => _5),
        (0x9c => pub apb1_enable: ReadWrite<u32>),
        (0xa0 => _6),
        (0xa4 => pub apb2_enable: ReadWrite<u32>),
        (0xa8 => pub apb3_enable: ReadWrite<u32>),
        (0xac => _7),
        (0xd0 => pub apb3_sleep_enable: ReadWrite<u32>),
        (0xd4 => _8),
        (0xd8 => pub autonomous: ReadWrite<u32>),
        (0xdc => _9),
        (0xf0 => pub backup: ReadWrite<u32, Backup::Register>),
        (0xf4 => @END),
    },
    /// The power control ("PWR registers").
    pub Power {
        (0x00 => pub control: ReadWrite<u32, PowerControl::Register>),
        (0x04 => _0),
        (0x0c => pub voltage: ReadWrite<u32, Boost::Register>),
        (0x10 => _1),
        (0x28 => pub backup: ReadWrite<u32, BackupAccess::Register>),
        (0x2c => @END),
    },
    /// The access control of the flash, and its options ("FLASH registers").
    pub Flash {
        (0x00 => pub access: ReadWrite<u32, Access::Register>),
        (0x04 => _0),
        (0x40 => pub options: ReadOnly<u32, Options::Register>),
        (0x44 => @END),
    },
    /// The cache of instructions and constants ("ICACHE registers").
    pub InstructionCache {
        (0x00 => pub control: ReadWrite<u32, Cache::Register>),
        (0x04 => pub state: ReadOnly<u32, CacheState::Register>),
        (0x08 => @END),
    },
    /// The control of access to devices ("GTZC1 TZSC registers"): a 1 closes a device to unprivileged code.
    pub Devices {
        (0x00 => _0),
        (0x20 => pub privileged: [ReadWrite<u32>; 3]),
        (0x2c => @END),
    },
    /// The control of access to a RAM ("GTZC1 MPCBB registers"): a 1 closes 512 bytes to unprivileged code.
    pub Memory {
        (0x000 => _0),
        (0x200 => pub privileged: [ReadWrite<u32>; 32]),
        (0x280 => @END),
    }
}

register_bitfields![u32,
    pub ClockControl [
        INTERNAL_ON OFFSET(8) NUMBITS(1) [],
        INTERNAL_READY OFFSET(10) NUMBITS(1) [],
        PLL_ON OFFSET(24) NUMBITS(1) [],
        PLL_READY OFFSET(25) NUMBITS(1) [],
    ],
    pub ClockConfiguration [
        SOURCE OFFSET(0) NUMBITS(2) [PLL = 3],
        SOURCE_IN_USE OFFSET(2) NUMBITS(2) [PLL = 3],
    ],
    pub Pll [
        SOURCE OFFSET(0) NUMBITS(2) [INTERNAL = 2],
        INPUT OFFSET(2) NUMBITS(2) [FROM_8_TO_16_MHZ = 3],
        M_LESS_ONE OFFSET(8) NUMBITS(4) [],
        // The divisor of the booster's clock.
        BOOST OFFSET(12) NUMBITS(4) [UNDIVIDED = 0],
        R_ON OFFSET(18) NUMBITS(1) [],
    ],
    pub PllOutputs [
        // The input is multiplied by N; the CPU's clock is this divided by R.
        N_LESS_ONE OFFSET(0) NUMBITS(9) [],
        R_LESS_ONE OFFSET(24) NUMBITS(7) [],
    ],
    pub PowerControl [
        // The deep sleep of the CPU.
        MODE OFFSET(0) NUMBITS(3) [STOP_0 = 0, STOP_1 = 1],
    ],
    pub BackupAccess [
        // The registers of the backup domain can be written.
        OPEN OFFSET(0) NUMBITS(1) [],
    ],
    pub Boost [
        READY OFFSET(14) NUMBITS(1) [],
        SCALE_READY OFFSET(15) NUMBITS(1) [],
        SCALE OFFSET(16) NUMBITS(2) [HIGHEST = 3],
        ON OFFSET(18) NUMBITS(1) [],
    ],
    pub Access [
        WAIT_STATES OFFSET(0) NUMBITS(4) [],
    ],
    pub Options [
        TRUSTZONE OFFSET(31) NUMBITS(1) [],
    ],
    pub Cache [
        ON OFFSET(0) NUMBITS(1) [],
    ],
    pub CacheState [
        BUSY OFFSET(0) NUMBITS(1) [],
    ],
];

/// The addresses of the devices ("Memory map and register boundary addresses"). They are those without TrustZone.
pub const FLASH: usize = 0x4002_2000;
pub const INSTRUCTION_CACHE: usize = 0x4003_0400;
pub const DEVICES: usize = 0x4003_2400;
pub const MEMORIES: [usize; 3] = [0x4003_2c00, 0x4003_3000, 0x4003_3400];
pub const RTC: usize = 0x4600_7800;
pub const POWER: usize = 0x4602_0800;
pub const RCC: usize = 0x4602_0c00;

impl Device for Rcc {}
impl Device for Power {}
impl Device for Flash {}
impl Device for InstructionCache {}
impl Device for Devices {}
impl Device for Memory {}
