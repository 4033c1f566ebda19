// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Stop mode. (The numbers are those of sections of RM0090.)

use super::clock::{self, APB1_HZ, CPU_HZ, INTERNAL_MHZ, TIMERS_HZ};
use super::registers::{
    ClockConfiguration, EXTI, FLASH, Flash, PWR, PowerControl, Pwr, RCC, RTC, Rcc,
};
use crate::bus::enable;
use crate::family::{Crystal, Slow, Time};
use crate::registers::{Exti, registers};
use crate::rtc::{Backup, OldRtc};
use crate::sleep::Stop;
use crossgate_cortex_m::sleep::Depth;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::ReadWrite;

/// The line of the interrupt and event controller by which the RTC wakes the chip (12.2.5).
pub const LINE: u32 = 1 << 22;
/// The clock of the power controller, in its register.
const POWER: u32 = 1 << 28;

/// The devices that a sleep uses.
pub struct Chip<'a> {
    pub rcc: &'a Rcc,
    pub pwr: &'a Pwr,
    pub rtc: &'a OldRtc,
    pub exti: &'a Exti,
    pub flash: &'a Flash,
    pub crystal: Crystal,
}

/// Returns the devices of this chip.
pub fn chip(crystal: Crystal) -> Chip<'static> {
    Chip {
        rcc: registers(RCC),
        pwr: registers(PWR),
        rtc: registers(RTC),
        exti: registers(EXTI),
        flash: registers(FLASH),
        crystal,
    }
}

impl Stop for Chip<'_> {
    type Counter = Time<CPU_HZ>;
    type Rtc = OldRtc;
    // (Table 62.)
    const INTERRUPT: u16 = 3;

    fn rtc(&self) -> &OldRtc {
        self.rtc
    }

    fn backup(&self) -> &ReadWrite<u32, Backup::Register> {
        &self.rcc.backup
    }

    fn open_backup(&self) {
        if !self.pwr.control.is_set(PowerControl::BACKUP_OPEN) {
            enable(&self.rcc.apb1_enable, POWER, CPU_HZ / APB1_HZ);
            self.pwr.control.modify(PowerControl::BACKUP_OPEN::SET);
        }
    }

    /// In the deepest mode, the flash is off, and the regulator is in its low-power mode (5.3.4).
    fn choose(&self, depth: Depth) {
        let is_deepest = u32::from(depth == Depth::Deepest);
        self.pwr.control.modify(
            PowerControl::STANDBY::CLEAR
                + PowerControl::LOW_POWER.val(is_deepest)
                + PowerControl::FLASH_OFF.val(is_deepest),
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
        let timers = clock::set(self.rcc, self.flash, self.crystal);
        if timers == TIMERS_HZ { Ok(()) } else { Err(Slow { hz: INTERNAL_MHZ * 1_000_000 }) }
    }
}
