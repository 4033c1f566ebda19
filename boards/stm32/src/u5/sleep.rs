// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Stop modes 0 and 1. (The bits are those of RM0456, "PWR registers" and "RCC registers".)

use super::clock::{self, APB1_HZ, CPU_HZ, FIRST_HZ};
use super::registers::{
    BackupAccess, ClockConfiguration, FLASH, Flash, POWER, Power, PowerControl, RCC, RTC, Rcc,
};
use crate::bus::enable;
use crate::family::{Slow, Time};
use crate::registers::registers;
use crate::rtc::{Backup, NewRtc};
use crate::sleep::Stop;
use crossgate_cortex_m::sleep::Depth;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::ReadWrite;

/// The clock of the registers of the RTC, in three registers: while the CPU runs, while it sleeps, and while it sleeps
/// deeply.
pub const RTC_BUS: u32 = 1 << 21;

/// The devices that a sleep uses.
pub struct Chip<'a> {
    pub rcc: &'a Rcc,
    pub power: &'a Power,
    pub rtc: &'a NewRtc,
    pub flash: &'a Flash,
}

/// Returns the devices of this chip.
pub fn chip() -> Chip<'static> {
    Chip {
        rcc: registers(RCC),
        power: registers(POWER),
        rtc: registers(RTC),
        flash: registers(FLASH),
    }
}

impl Stop for Chip<'_> {
    type Counter = Time<CPU_HZ>;
    type Rtc = NewRtc;
    const INTERRUPT: u16 = 2;

    fn rtc(&self) -> &NewRtc {
        self.rtc
    }

    fn backup(&self) -> &ReadWrite<u32, Backup::Register> {
        &self.rcc.backup
    }

    // (The power control has its clock since the start.)
    fn open_backup(&self) {
        if !self.power.backup.is_set(BackupAccess::OPEN) {
            enable(&self.rcc.apb3_enable, RTC_BUS, CPU_HZ / APB1_HZ);
            self.power.backup.modify(BackupAccess::OPEN::SET);
        }
    }

    /// In the deepest mode, the regulator is in its low-power mode. (Modes 2 and 3 take less current, but not every
    /// device keeps its registers there.)
    fn choose(&self, depth: Depth) {
        self.power.control.modify(match depth {
            Depth::Deepest => PowerControl::MODE::STOP_1,
            _ => PowerControl::MODE::STOP_0,
        });
    }

    // The RTC has no line of the interrupt and event controller: it wakes the chip by its interrupt, if it has a clock
    // while the chip sleeps.
    fn listen(&self) {
        for enables in [&self.rcc.apb3_sleep_enable, &self.rcc.autonomous] {
            enables.set(enables.get() | RTC_BUS);
        }
    }

    fn is_fast(&self) -> bool {
        self.rcc.configuration.matches_all(ClockConfiguration::SOURCE_IN_USE::PLL)
    }

    fn restore(&self) -> Result<(), Slow> {
        let hz = clock::set(self.rcc, self.power, self.flash);
        if hz == CPU_HZ { Ok(()) } else { Err(Slow { hz: FIRST_HZ }) }
    }
}
