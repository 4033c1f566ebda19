// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clock that runs on in a deep sleep: the RTC, with a crystal of 32,768 Hz. It belongs to the kernel.

use super::registers::{Backup, Exti, PWR, PowerControl, Pwr, Rcc, Rtc, RtcControl, RtcState};
use crate::bus::switch_on;
use crate::family::Family;
use crate::wait::comes;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The ticks of the clock in a second, and in a day.
const TICKS: u32 = 32_768;
const DAY: u32 = 24 * 60 * 60 * TICKS;
/// The words that open the registers, and one that closes them (RM0090, 26.3.5).
const OPEN: [u32; 2] = [0xca, 0x53];
const CLOSE: u32 = 0xff;
/// The line of the interrupt and event controller that the clock wakes the chip by (12.2.5).
pub const LINE: u32 = 1 << 22;
/// The interrupt line of the CPU (table 62).
pub const INTERRUPT: u16 = 3;
/// The clocks of the wake-up timer: a 16th of the crystal's, or one a second. The timer has 16 bits.
const FINE: u32 = 0;
const COARSE: u32 = 4;
const FINE_HZ: u64 = 2_048;
const LONGEST: u64 = 1 << 16;

/// Prepares the clock, a step at each call. Returns whether it runs.
///
/// The crystal takes up to two seconds to start, so the callers do something else meanwhile. A board without such a
/// crystal never gets further.
pub fn runs<F: Family>(rcc: &Rcc, pwr: &Pwr, rtc: &Rtc) -> bool {
    if !pwr.control.is_set(PowerControl::BACKUP_OPEN) {
        switch_on::<F>(PWR);
        pwr.control.modify(PowerControl::BACKUP_OPEN::SET);
    }
    if !rcc.backup.is_set(Backup::CRYSTAL_ON) {
        rcc.backup.modify(Backup::CRYSTAL_ON::SET);
    }
    if !rcc.backup.is_set(Backup::CRYSTAL_READY) {
        return false;
    }
    let is_set_up = rcc.backup.matches_all(Backup::SOURCE::CRYSTAL + Backup::CLOCK_ON::SET)
        && rtc.control.is_set(RtcControl::DIRECT)
        && rtc.divisors.get() == TICKS - 1;
    is_set_up || set_up(rcc, rtc)
}

/// Lets the clock count ticks of its crystal. Returns whether it has stopped for this, as it has to.
fn set_up(rcc: &Rcc, rtc: &Rtc) -> bool {
    // (If boot code has chosen another source, only a reset of the backup domain chooses again.)
    rcc.backup.modify(Backup::SOURCE::CRYSTAL + Backup::CLOCK_ON::SET);
    if !rcc.backup.matches_all(Backup::SOURCE::CRYSTAL) {
        return false;
    }
    OPEN.into_iter().for_each(|word| rtc.protection.set(word));
    rtc.state.modify(RtcState::STOP::SET);
    let has_stopped = comes(|| rtc.state.is_set(RtcState::HAS_STOPPED));
    if has_stopped {
        // Two accesses, and the fast divisor first (26.3.5).
        rtc.divisors.set(TICKS - 1);
        rtc.divisors.set(TICKS - 1);
        rtc.time.set(0);
        rtc.control.set(RtcControl::DIRECT::SET.value);
    }
    rtc.state.modify(RtcState::STOP::CLEAR);
    rtc.protection.set(CLOSE);
    has_stopped
}

/// Waits for the start of a tick, but not for ever. Returns the time in ticks of the day.
pub fn next_tick(rtc: &Rtc) -> u32 {
    let before = rtc.fraction.get();
    comes(|| rtc.fraction.get() != before);
    now(rtc)
}

/// Returns the time in ticks of the day.
fn now(rtc: &Rtc) -> u32 {
    let mut fraction = rtc.fraction.get();
    let mut time = rtc.time.get();
    // If a second has begun in between, the two belong to different seconds.
    comes(|| {
        let (last, again) = (fraction, rtc.fraction.get());
        fraction = again;
        last == again || {
            time = rtc.time.get();
            false
        }
    });
    // The fraction counts down.
    seconds(time) * TICKS + (TICKS - 1).saturating_sub(fraction)
}

/// Returns the seconds of a time of day in the form of the register: hours, minutes and seconds in binary-coded
/// decimal, a byte for each.
fn seconds(time: u32) -> u32 {
    let part = |shift: u32| (time >> shift & 0x7) * 10 + (time >> (shift - 4) & 0xf);
    (part(20) * 60 + part(12)) * 60 + part(4)
}

/// Returns the ticks from one time of day to another, less than a day.
pub fn between(from: u32, to: u32) -> u32 {
    if to >= from { to - from } else { to + (DAY - from) }
}

/// Returns the µs of a number of ticks, and the rest in 512ths of a µs. `rest` is the rest of the last time.
pub fn microseconds(ticks: u32, rest: u32) -> (u64, u32) {
    // A tick has 15,625 / 512 µs.
    let parts = u64::from(ticks) * 15_625 + u64::from(rest);
    (parts / 512, (parts % 512) as u32)
}

/// Makes the clock wake up the chip after this number of µs or earlier, within 18 hours. Returns whether it does.
pub fn wake_after(rtc: &Rtc, exti: &Exti, time: u64) -> bool {
    let fine = time.saturating_mul(FINE_HZ) / 1_000_000;
    let (clock, count) =
        if fine <= LONGEST { (FINE, fine) } else { (COARSE, (time / 1_000_000).min(LONGEST)) };
    silence(rtc, exti);
    OPEN.into_iter().for_each(|word| rtc.protection.set(word));
    let is_free = comes(|| rtc.state.is_set(RtcState::CAN_SET_WAKE_UP));
    if is_free && count > 0 {
        rtc.wake_up.set(count as u32 - 1);
        rtc.control.modify(RtcControl::WAKE_UP_CLOCK.val(clock));
        rtc.control.modify(RtcControl::WAKE_UP_ON::SET + RtcControl::WAKE_UP_INTERRUPT::SET);
    }
    rtc.protection.set(CLOSE);
    exti.rising.set(exti.rising.get() | LINE);
    exti.interrupts.set(exti.interrupts.get() | LINE);
    is_free && count > 0
}

/// Switches the timer of the clock off, and clears its interrupt.
pub fn silence(rtc: &Rtc, exti: &Exti) {
    OPEN.into_iter().for_each(|word| rtc.protection.set(word));
    rtc.control.modify(RtcControl::WAKE_UP_ON::CLEAR + RtcControl::WAKE_UP_INTERRUPT::CLEAR);
    rtc.state.modify(RtcState::WAKES_UP::CLEAR);
    rtc.protection.set(CLOSE);
    exti.pending.set(LINE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;

    fn clock() -> (Rtc, Exti) {
        // SAFETY: registers are words, and zero is one of their values.
        unsafe { (zeroed(), zeroed()) }
    }

    #[test]
    fn the_time_of_day_in_ticks() {
        let (rtc, _) = clock();
        rtc.fraction.set(TICKS - 1);
        for (time, seconds) in [(0, 0), (0x59, 59), (0x12_3456, 45_296), (0x23_5959, 86_399)] {
            rtc.time.set(time);
            assert_eq!(now(&rtc), seconds * TICKS);
        }
        rtc.fraction.set(0);
        assert_eq!(now(&rtc), DAY - 1);
        assert_eq!((between(5, 7), between(DAY - 1, 2), between(3, 3)), (2, 3, 0));
    }

    #[test]
    fn no_time_is_lost_in_many_sleeps() {
        let (mut all, mut rest) = (0, 0);
        for _ in 0..TICKS {
            let (time, next) = microseconds(7, rest);
            (all, rest) = (all + time, next);
        }
        assert_eq!((all, rest), (7_000_000, 0));
        assert_eq!(microseconds(DAY - 1, 511), (86_399_999_970, 246));
    }

    #[test]
    fn the_clock_wakes_up_in_time() {
        let set = |time| {
            let (rtc, exti) = clock();
            rtc.state.set(1 << 2);
            let wakes = wake_after(&rtc, &exti, time);
            wakes.then(|| {
                assert_eq!(rtc.control.get() & !0b111, 1 << 14 | 1 << 10);
                assert_eq!((exti.interrupts.get(), exti.rising.get()), (1 << 22, 1 << 22));
                (rtc.control.get() & 0b111, rtc.wake_up.get())
            })
        };
        assert_eq!(set(0), None);
        assert_eq!(set(488), None, "less than a count");
        assert_eq!(set(1_000), Some((FINE, 1)));
        assert_eq!(set(1_000_000), Some((FINE, 2_047)));
        assert_eq!(set(32_000_000), Some((FINE, 0xffff)));
        assert_eq!(set(33_000_000), Some((COARSE, 32)));
        assert_eq!(set(u64::MAX), Some((COARSE, 0xffff)));
        let (rtc, exti) = clock();
        assert!(!wake_after(&rtc, &exti, 1_000), "the timer can't be set");
        assert_eq!(rtc.control.get(), 0);
    }

    #[test]
    fn the_clock_is_set_up_when_its_crystal_oscillates() {
        let (rtc, _) = clock();
        // SAFETY: as above.
        let rcc: Rcc = unsafe { zeroed() };
        assert!(!set_up(&rcc, &rtc), "the clock does not stop");
        rtc.state.set(1 << 6);
        assert!(set_up(&rcc, &rtc));
        assert_eq!(rcc.backup.get(), 1 << 15 | 1 << 8);
        assert_eq!((rtc.divisors.get(), rtc.control.get()), (32_767, 1 << 5));
        assert_eq!(rtc.state.get(), 1 << 6, "it counts");
    }

    #[test]
    fn a_clock_that_other_firmware_has_set_up_is_set_up_again() {
        let (rtc, _) = clock();
        // SAFETY: as above.
        let (rcc, pwr): (Rcc, Pwr) = unsafe { (zeroed(), zeroed()) };
        pwr.control.modify(PowerControl::BACKUP_OPEN::SET);
        rcc.backup.set(1 << 15 | 1 << 8 | 0b11);
        rtc.control.set(1 << 5);
        rtc.state.set(1 << 6);
        rtc.divisors.set(0x7f_00ff);
        assert!(runs::<super::super::Stm32F4>(&rcc, &pwr, &rtc));
        assert_eq!(rtc.divisors.get(), 32_767);
    }
}
