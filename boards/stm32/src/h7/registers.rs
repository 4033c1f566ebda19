// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the devices that belong to the kernel, with their offsets and bits (RM0433), and those of the CPU
//! that control its caches (ARM DDI 0403E, B3.2).

use crate::registers::Device;
use crate::rtc::Backup;
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The reset and clock control ("RCC register description").
    pub Rcc {
        (0x00 => pub control: ReadWrite<u32, ClockControl::Register>),
        (0x04 => _0),
        (0x10 => pub configuration: ReadWrite<u32, ClockConfiguration::Register>),
        (0x14 => _1),
        /// The divisors of the domain of the CPU, of that of most devices, and of that of the GPIO ports.
        (0x18 => pub domain_1: ReadWrite<u32, Domain1::Register>),
        (0x1c => pub domain_2: ReadWrite<u32>),
        (0x20 => pub domain_3: ReadWrite<u32>),
        (0x24 => _2),
        (0x28 => pub pll_input: ReadWrite<u32, PllInput::Register>),
        (0x2c => pub pll: ReadWrite<u32, Pll::Register>),
        (0x30 => pub pll_outputs: ReadWrite<u32, PllOutputs::Register>),
        (0x34 => _3),
        (0x70 => pub backup: ReadWrite<u32, Backup::Register>),
        (0x74 => _6),
        (0xe0 => pub ahb4_enable: ReadWrite<u32>),
        (0xe4 => _4),
        (0xe8 => pub apb1_enable: ReadWrite<u32>),
        (0xec => _5),
        (0xf0 => pub apb2_enable: ReadWrite<u32>),
        (0xf4 => pub apb4_enable: ReadWrite<u32>),
        (0xf8 => @END),
    },
    /// The power control ("PWR register description").
    pub Power {
        (0x00 => pub control: ReadWrite<u32, PowerControl::Register>),
        (0x04 => pub supply_state: ReadOnly<u32, SupplyState::Register>),
        (0x08 => _1),
        (0x0c => pub supply: ReadWrite<u32, Supply::Register>),
        (0x10 => pub domains: ReadWrite<u32, Domains::Register>),
        (0x14 => _2),
        (0x18 => pub voltage: ReadWrite<u32, Voltage::Register>),
        (0x1c => @END),
    },
    /// The access control of the flash ("FLASH registers").
    pub Flash {
        (0x00 => pub access: ReadWrite<u32, Access::Register>),
        (0x04 => @END),
    },
    /// The interrupt and event controller ("EXTI registers"). Each bit is a line.
    pub Exti {
        (0x00 => pub rising: ReadWrite<u32>),
        (0x04 => _0),
        (0x80 => pub interrupts: ReadWrite<u32>),
        (0x84 => _1),
        /// A 1 clears a bit.
        (0x88 => pub pending: ReadWrite<u32>),
        (0x8c => @END),
    },
    /// The registers of the CPU: CCR and ICIALLU.
    pub Cpu {
        (0x000 => pub configuration: ReadWrite<u32>),
        (0x004 => _0),
        (0x23c => pub empty_instruction_cache: WriteOnly<u32>),
        (0x240 => @END),
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
        SOURCE OFFSET(0) NUMBITS(3) [PLL = 3],
        SOURCE_IN_USE OFFSET(3) NUMBITS(3) [PLL = 3],
    ],
    pub Domain1 [
        AHB OFFSET(0) NUMBITS(4) [BY_2 = 0b1000],
        APB3 OFFSET(4) NUMBITS(3) [BY_2 = 0b100],
        CPU OFFSET(8) NUMBITS(4) [UNDIVIDED = 0],
    ],
    // The fields of the first of the three PLLs. The source is that of all of them.
    pub PllInput [
        SOURCE OFFSET(0) NUMBITS(2) [INTERNAL = 0, CRYSTAL = 2],
        M OFFSET(4) NUMBITS(6) [],
    ],
    pub Pll [
        FRACTION OFFSET(0) NUMBITS(1) [],
        RANGE OFFSET(1) NUMBITS(1) [WIDE = 0],
        INPUT OFFSET(2) NUMBITS(2) [FROM_2_TO_4_MHZ = 1],
        P_ON OFFSET(16) NUMBITS(1) [],
    ],
    pub PllOutputs [
        // The input is multiplied by N; the CPU's clock is this divided by P.
        N_LESS_ONE OFFSET(0) NUMBITS(9) [],
        P OFFSET(9) NUMBITS(7) [BY_2 = 1],
    ],
    pub PowerControl [
        // In the Stop mode, the regulator is in its low-power mode.
        LOW_POWER OFFSET(0) NUMBITS(1) [],
        // The registers of the backup domain can be written.
        BACKUP_OPEN OFFSET(8) NUMBITS(1) [],
        FLASH_LOW_POWER OFFSET(9) NUMBITS(1) [],
    ],
    // The modes of the three domains of the chip while the CPU sleeps deeply.
    pub Domains [
        // A 1 is the Standby mode of the domain, which loses registers and RAM.
        STANDBY OFFSET(0) NUMBITS(3) [],
        THIRD_RUNS OFFSET(11) NUMBITS(1) [],
    ],
    pub SupplyState [
        READY OFFSET(13) NUMBITS(1) [],
    ],
    pub Supply [
        BYPASSED OFFSET(0) NUMBITS(1) [],
        REGULATOR OFFSET(1) NUMBITS(1) [],
        SAID OFFSET(2) NUMBITS(1) [],
    ],
    pub Voltage [
        READY OFFSET(13) NUMBITS(1) [],
        SCALE OFFSET(14) NUMBITS(2) [HIGHEST = 3],
    ],
    pub Access [
        WAIT_STATES OFFSET(0) NUMBITS(4) [],
        WRITE_DELAY OFFSET(4) NUMBITS(2) [],
    ],
];

/// The addresses of the devices ("Memory map and register boundary addresses"), and of the registers of the CPU.
pub const FLASH: usize = 0x5200_2000;
pub const EXTI: usize = 0x5800_0000;
pub const RTC: usize = 0x5800_4000;
pub const RCC: usize = 0x5802_4400;
pub const POWER: usize = 0x5802_4800;
pub const CPU: usize = 0xe000_ed14;

impl Device for Rcc {}
impl Device for Power {}
impl Device for Flash {}
impl Device for Exti {}
impl Device for Cpu {}
