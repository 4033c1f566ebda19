// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clock that runs on in a deep sleep: the RTC, with a crystal of 32,768 Hz. It belongs to the kernel. Its
//! registers are of two kinds: the old ones of the STM32F4 and the STM32H7, and those of newer families.

use crate::registers::Device;
use crate::wait::comes;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::{ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The RTC of an STM32F4 (RM0090, 26.6) or STM32H7.
    pub OldRtc {
        (0x00 => pub time: ReadWrite<u32>),
        (0x04 => _0),
        (0x08 => pub control: ReadWrite<u32, RtcControl::Register>),
        (0x0c => pub state: ReadWrite<u32, RtcState::Register>),
        (0x10 => pub divisors: ReadWrite<u32>),
        (0x14 => pub wake_up: ReadWrite<u32>),
        (0x18 => _1),
        (0x24 => pub protection: ReadWrite<u32>),
        (0x28 => pub fraction: ReadWrite<u32>),
        (0x2c => @END),
    },
    /// The RTC of a newer family ("RTC registers" of RM0440 and RM0456).
    pub NewRtc {
        (0x00 => pub time: ReadWrite<u32>),
        (0x04 => _0),
        (0x08 => pub fraction: ReadWrite<u32>),
        (0x0c => pub state: ReadWrite<u32, RtcState::Register>),
        (0x10 => pub divisors: ReadWrite<u32>),
        (0x14 => pub wake_up: ReadWrite<u32>),
        (0x18 => pub control: ReadWrite<u32, RtcControl::Register>),
        (0x1c => _1),
        (0x24 => pub protection: ReadWrite<u32>),
        (0x28 => _2),
        (0x5c => pub clear: WriteOnly<u32, RtcClear::Register>),
        (0x60 => @END),
    }
}

register_bitfields![u32,
    // The backup domain, a register of the reset and clock control with the same bits in all families (RM0090, 7.3.20).
    pub Backup [
        CRYSTAL_ON OFFSET(0) NUMBITS(1) [],
        CRYSTAL_READY OFFSET(1) NUMBITS(1) [],
        SOURCE OFFSET(8) NUMBITS(2) [CRYSTAL = 1],
        CLOCK_ON OFFSET(15) NUMBITS(1) [],
    ],
    pub RtcControl [
        WAKE_UP_CLOCK OFFSET(0) NUMBITS(3) [],
        // The time is read directly from the counters, not from copies (which stand still in a deep sleep).
        DIRECT OFFSET(5) NUMBITS(1) [],
        WAKE_UP_ON OFFSET(10) NUMBITS(1) [],
        WAKE_UP_INTERRUPT OFFSET(14) NUMBITS(1) [],
    ],
    pub RtcState [
        CAN_SET_WAKE_UP OFFSET(2) NUMBITS(1) [],
        HAS_STOPPED OFFSET(6) NUMBITS(1) [],
        STOP OFFSET(7) NUMBITS(1) [],
        // Only of the old registers.
        WAKES_UP OFFSET(10) NUMBITS(1) [],
    ],
    pub RtcClear [
        WAKES_UP OFFSET(2) NUMBITS(1) [],
    ],
];

impl Device for OldRtc {}
impl Device for NewRtc {}

/// The registers of the clock.
pub trait Rtc: Device + 'static {
    /// The time of day in binary-coded decimal.
    fn time(&self) -> &ReadWrite<u32>;
    /// The rest of the second, counted down.
    fn fraction(&self) -> &ReadWrite<u32>;
    /// The mode of the clock, and its wake-up timer.
    fn control(&self) -> &ReadWrite<u32, RtcControl::Register>;
    /// The state of the clock.
    fn state(&self) -> &ReadWrite<u32, RtcState::Register>;
    /// The two divisors, each less one: bits 0 to 14, and bits 16 to 22 for the first of the two.
    fn divisors(&self) -> &ReadWrite<u32>;
    /// The count of the wake-up timer, less one.
    fn wake_up(&self) -> &ReadWrite<u32>;
    /// The lock of the other registers.
    fn protection(&self) -> &ReadWrite<u32>;
    /// Clears the flag of the wake-up timer.
    fn clear_wake_up(&self);
}

/// The registers that both kinds have, at different offsets.
macro_rules! common_registers {
    () => {
        fn time(&self) -> &ReadWrite<u32> {
            &self.time
        }
        fn fraction(&self) -> &ReadWrite<u32> {
            &self.fraction
        }
        fn control(&self) -> &ReadWrite<u32, RtcControl::Register> {
            &self.control
        }
        fn state(&self) -> &ReadWrite<u32, RtcState::Register> {
            &self.state
        }
        fn divisors(&self) -> &ReadWrite<u32> {
            &self.divisors
        }
        fn wake_up(&self) -> &ReadWrite<u32> {
            &self.wake_up
        }
        fn protection(&self) -> &ReadWrite<u32> {
            &self.protection
        }
    };
}

impl Rtc for OldRtc {
    common_registers!();

    fn clear_wake_up(&self) {
        self.state.modify(RtcState::WAKES_UP::CLEAR);
    }
}

impl Rtc for NewRtc {
    common_registers!();

    fn clear_wake_up(&self) {
        self.clear.write(RtcClear::WAKES_UP::SET);
    }
}

/// The ticks of the clock in a second, and in a day.
const TICKS: u32 = 32_768;
const DAY: u32 = 24 * 60 * 60 * TICKS;
/// The words that open the registers, and one that closes them (RM0090, 26.3.5).
const OPEN: [u32; 2] = [0xca, 0x53];
const CLOSE: u32 = 0xff;
/// The clocks of the wake-up timer: a 16th of the crystal's, or one a second. The timer has 16 bits.
const FINE: u32 = 0;
const COARSE: u32 = 4;
const FINE_HZ: u64 = 2_048;
const LONGEST: u64 = 1 << 16;

/// Prepares the clock, a step at each call. Returns whether it runs. The backup domain must be open.
///
/// The crystal takes up to two seconds to start, so the callers do something else meanwhile. A board without such a
/// crystal never gets further.
pub fn runs(backup: &ReadWrite<u32, Backup::Register>, rtc: &impl Rtc) -> bool {
    if !backup.is_set(Backup::CRYSTAL_ON) {
        backup.modify(Backup::CRYSTAL_ON::SET);
    }
    if !backup.is_set(Backup::CRYSTAL_READY) {
        return false;
    }
    let is_set_up = backup.matches_all(Backup::SOURCE::CRYSTAL + Backup::CLOCK_ON::SET)
        && rtc.control().is_set(RtcControl::DIRECT)
        && rtc.divisors().get() == TICKS - 1;
    is_set_up || set_up(backup, rtc)
}

/// Lets the clock count ticks of its crystal. Returns whether it has stopped for this, as it has to.
fn set_up(backup: &ReadWrite<u32, Backup::Register>, rtc: &impl Rtc) -> bool {
    // (If boot code has chosen another source, only a reset of the backup domain chooses again.)
    backup.modify(Backup::SOURCE::CRYSTAL + Backup::CLOCK_ON::SET);
    if !backup.matches_all(Backup::SOURCE::CRYSTAL) {
        return false;
    }
    OPEN.into_iter().for_each(|word| rtc.protection().set(word));
    rtc.state().modify(RtcState::STOP::SET);
    let has_stopped = comes(|| rtc.state().is_set(RtcState::HAS_STOPPED));
    if has_stopped {
        // Two accesses, and the fast divisor first (RM0090, 26.3.5).
        rtc.divisors().set(TICKS - 1);
        rtc.divisors().set(TICKS - 1);
        rtc.time().set(0);
        rtc.control().set(RtcControl::DIRECT::SET.value);
    }
    rtc.state().modify(RtcState::STOP::CLEAR);
    rtc.protection().set(CLOSE);
    has_stopped
}

/// Waits for the start of a tick, but not for ever. Returns the time in ticks of the day.
pub fn next_tick(rtc: &impl Rtc) -> u32 {
    let before = rtc.fraction().get();
    comes(|| rtc.fraction().get() != before);
    now(rtc)
}

/// Returns the time in ticks of the day.
fn now(rtc: &impl Rtc) -> u32 {
    let mut fraction = rtc.fraction().get();
    let mut time = rtc.time().get();
    // If a second has begun in between, the two belong to different seconds.
    comes(|| {
        let (last, again) = (fraction, rtc.fraction().get());
        fraction = again;
        last == again || {
            time = rtc.time().get();
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

/// Makes the clock interrupt after this number of µs or earlier, within 18 hours. Returns whether it does.
pub fn wake_after(rtc: &impl Rtc, time: u64) -> bool {
    let fine = time.saturating_mul(FINE_HZ) / 1_000_000;
    let (clock, count) =
        if fine <= LONGEST { (FINE, fine) } else { (COARSE, (time / 1_000_000).min(LONGEST)) };
    silence(rtc);
    OPEN.into_iter().for_each(|word| rtc.protection().set(word));
    let is_free = comes(|| rtc.state().is_set(RtcState::CAN_SET_WAKE_UP));
    if is_free && count > 0 {
        rtc.wake_up().set(count as u32 - 1);
        rtc.control().modify(RtcControl::WAKE_UP_CLOCK.val(clock));
        rtc.control().modify(RtcControl::WAKE_UP_ON::SET + RtcControl::WAKE_UP_INTERRUPT::SET);
    }
    rtc.protection().set(CLOSE);
    is_free && count > 0
}

/// Switches the timer of the clock off, and clears its interrupt.
pub fn silence(rtc: &impl Rtc) {
    OPEN.into_iter().for_each(|word| rtc.protection().set(word));
    rtc.control().modify(RtcControl::WAKE_UP_ON::CLEAR + RtcControl::WAKE_UP_INTERRUPT::CLEAR);
    rtc.clear_wake_up();
    rtc.protection().set(CLOSE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;

    fn clock() -> OldRtc {
        // SAFETY: registers are words, and zero is one of their values.
        unsafe { zeroed() }
    }

    #[test]
    fn the_time_of_day_in_ticks() {
        let rtc = clock();
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
    fn the_clock_wakes_up_in_time() {
        let set = |time| {
            let rtc = clock();
            rtc.state.set(1 << 2);
            let wakes = wake_after(&rtc, time);
            wakes.then(|| {
                assert_eq!(rtc.control.get() & !0b111, 1 << 14 | 1 << 10);
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
        let rtc = clock();
        assert!(!wake_after(&rtc, 1_000), "the timer can't be set");
        assert_eq!(rtc.control.get(), 0);
    }

    #[test]
    fn the_clock_is_set_up_when_its_crystal_oscillates() {
        let rtc = clock();
        // SAFETY: as above.
        let backup: ReadWrite<u32, Backup::Register> = unsafe { zeroed() };
        assert!(!set_up(&backup, &rtc), "the clock does not stop");
        rtc.state.set(1 << 6);
        assert!(set_up(&backup, &rtc));
        assert_eq!(backup.get(), 1 << 15 | 1 << 8);
        assert_eq!((rtc.divisors.get(), rtc.control.get()), (32_767, 1 << 5));
        assert_eq!(rtc.state.get(), 1 << 6, "it counts");
    }

    #[test]
    fn both_kinds_of_registers_have_a_flag_of_the_wake_up_timer() {
        let old = clock();
        old.state.set(1 << 10 | 1 << 6);
        old.clear_wake_up();
        assert_eq!(old.state.get(), 1 << 6);
        // SAFETY: as above.
        let new: NewRtc = unsafe { zeroed() };
        new.clear_wake_up();
        // SAFETY: it is a word of memory, which can only be written through its type.
        assert_eq!(unsafe { (&raw const new.clear).cast::<u32>().read_volatile() }, 1 << 2);
    }
}
