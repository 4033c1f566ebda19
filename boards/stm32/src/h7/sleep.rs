// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Stop mode of the whole chip. (The bits are those of RM0433, "PWR register description", "RCC register
//! description" and "EXTI registers".)

use super::clock::{self, APB1_HZ, CPU_HZ, INTERNAL_MHZ, TIMERS_HZ};
use super::registers::{
    ClockConfiguration, Domains, EXTI, Exti, FLASH, Flash, POWER, Power, PowerControl, RCC, RTC,
    Rcc,
};
use crate::bus::enable;
use crate::family::{Crystal, Slow, Time};
use crate::registers::registers;
use crate::rtc::{Backup, OldRtc};
use crate::sleep::Stop;
use crossgate_cortex_m::sleep::Depth;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::ReadWrite;

/// The line of the interrupt and event controller by which the RTC wakes the chip.
pub const LINE: u32 = 1 << 19;
/// The clock of the registers of the RTC, in its register.
pub const RTC_BUS: u32 = 1 << 16;

/// The devices that a sleep uses.
pub struct Chip<'a> {
    pub rcc: &'a Rcc,
    pub power: &'a Power,
    pub rtc: &'a OldRtc,
    pub exti: &'a Exti,
    pub flash: &'a Flash,
    pub crystal: Crystal,
}

/// Returns the devices of this chip.
pub fn chip(crystal: Crystal) -> Chip<'static> {
    Chip {
        rcc: registers(RCC),
        power: registers(POWER),
        rtc: registers(RTC),
        exti: registers(EXTI),
        flash: registers(FLASH),
        crystal,
    }
}

impl Stop for Chip<'_> {
    type Counter = Time<CPU_HZ>;
    type Rtc = OldRtc;
    const INTERRUPT: u16 = 3;

    fn rtc(&self) -> &OldRtc {
        self.rtc
    }

    fn backup(&self) -> &ReadWrite<u32, Backup::Register> {
        &self.rcc.backup
    }

    fn open_backup(&self) {
        if !self.power.control.is_set(PowerControl::BACKUP_OPEN) {
            enable(&self.rcc.apb4_enable, RTC_BUS, CPU_HZ / APB1_HZ);
            self.power.control.modify(PowerControl::BACKUP_OPEN::SET);
        }
    }

    /// All three domains stop. In the deepest mode, the flash and the regulator are in their low-power modes.
    fn choose(&self, depth: Depth) {
        self.power.domains.modify(Domains::STANDBY.val(0) + Domains::THIRD_RUNS::CLEAR);
        let is_deepest = u32::from(depth == Depth::Deepest);
        self.power.control.modify(
            PowerControl::LOW_POWER.val(is_deepest) + PowerControl::FLASH_LOW_POWER.val(is_deepest),
        );
    }

    fn listen(&self) {
        self.exti.rising.set(self.exti.rising.get() | LINE);
        self.exti.interrupts.set(self.exti.interrupts.get() | LINE);
        self.exti.pending.set(LINE);
    }

    fn is_fast(&self) -> bool {
        self.rcc.configuration.matches_all(ClockConfiguration::SOURCE_IN_USE::PLL)
    }

    fn restore(&self) -> Result<(), Slow> {
        let timers = clock::set(self.rcc, self.power, self.flash, self.crystal);
        if timers == TIMERS_HZ { Ok(()) } else { Err(Slow { hz: INTERNAL_MHZ * 1_000_000 }) }
    }
}
