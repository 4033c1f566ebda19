// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU. A deep sleep is the Stop mode of the chip: all clocks but that of the RTC stand still, and RAM
//! and registers keep their values (RM0090, 5.3.4).
//!
//! SysTick, which counts the time, stands still as well. So it is halted at the start of a tick of the RTC, and goes on
//! at the start of another one: the time in between is a whole number of ticks, and nothing is lost, however often the
//! CPU sleeps. At the end the chip runs from its own oscillator, and the clock tree is set up again.

use super::clock;
use super::registers::{
    ClockConfiguration, EXTI, Exti, FLASH, Flash, PWR, PowerControl, Pwr, RCC, RTC, Rcc, Rtc,
};
use super::rtc;
use crate::family::{Crystal, Family};
use crate::registers::registers;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate_cortex_m::sleep::{self, Depth, Slept};
use tock_registers::interfaces::{ReadWriteable, Readable};

/// The time to wake up, in µs: the regulator and the flash take up to 0.2 ms, the crystal 2 ms, the PLL 0.3 ms (data
/// sheet, "Low-power mode wake-up timings" and the tables of the clocks), and the timer of the RTC counts in steps of
/// 0.5 ms.
const WAKE_UP: u64 = 4_000;
/// The shortest sleep in the Stop mode, in µs. A shorter one would take more current than a light sleep.
const SHORTEST: u64 = 10_000;

/// The part of a µs by which the time of all sleeps so far was rounded down, in 512ths.
static REST: AtomicU32 = AtomicU32::new(0);

/// Sleeps for `left` µs at most.
pub fn sleep<F: Family>(crystal: Crystal, depth: Depth, left: u64) -> Slept {
    let (rcc, pwr, rtc) = (registers::<Rcc>(RCC), registers::<Pwr>(PWR), registers::<Rtc>(RTC));
    let exti = registers::<Exti>(EXTI);
    if depth == Depth::Light
        || left < SHORTEST
        || !rtc::runs::<F>(rcc, pwr, rtc)
        || !rtc::wake_after(rtc, exti, left - WAKE_UP)
    {
        sleep::wait();
        return Slept::LIGHT;
    }
    choose(pwr, depth);
    let from = rtc::next_tick(rtc);
    stand_still();
    sleep::woken_by(rtc::INTERRUPT, sleep::wait_deeply);
    restore(rcc, registers::<Flash>(FLASH), crystal);
    let to = rtc::next_tick(rtc);
    go_on();
    rtc::silence(rtc, exti);
    let (uncounted, rest) = rtc::microseconds(rtc::between(from, to), REST.load(Relaxed));
    REST.store(rest, Relaxed);
    Slept { depth, uncounted }
}

/// Chooses the Stop mode of this depth. In the deepest one, the flash is off, and the regulator is in its low-power
/// mode.
fn choose(pwr: &Pwr, depth: Depth) {
    let is_deepest = u32::from(depth == Depth::Deepest);
    pwr.control.modify(
        PowerControl::STANDBY::CLEAR
            + PowerControl::LOW_POWER.val(is_deepest)
            + PowerControl::FLASH_OFF.val(is_deepest),
    );
}

/// Sets the clocks as before the sleep, if it has stopped them. (It has not if an interrupt was pending.)
fn restore(rcc: &Rcc, flash: &Flash, crystal: Crystal) {
    if !rcc.configuration.matches_all(ClockConfiguration::SOURCE_IN_USE::PLL) {
        clock::set(rcc, flash, crystal);
    }
}

fn stand_still() {
    #[cfg(target_os = "none")]
    crossgate_cortex_m::SysTick::<{ clock::CPU_HZ }>::stand_still();
}

fn go_on() {
    #[cfg(target_os = "none")]
    crossgate_cortex_m::SysTick::<{ clock::CPU_HZ }>::go_on();
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;
    use tock_registers::interfaces::Writeable;

    #[test]
    fn the_modes_are_those_of_the_manual() {
        // SAFETY: registers are words, and zero is one of their values.
        let pwr: Pwr = unsafe { zeroed() };
        pwr.control.set(1 << 1 | 1 << 8);
        choose(&pwr, Depth::Deepest);
        assert_eq!(pwr.control.get(), 1 << 9 | 1 << 8 | 1, "low power, but not the Standby mode");
        choose(&pwr, Depth::Deep);
        assert_eq!(pwr.control.get(), 1 << 8);
    }

    #[test]
    fn the_clocks_are_restored_if_they_have_stopped() {
        // SAFETY: as above.
        let (rcc, flash): (Rcc, Flash) = unsafe { (zeroed(), zeroed()) };
        let crystal = Crystal { mhz: 8, is_clock: false };
        rcc.configuration.set(2 << 2);
        restore(&rcc, &flash, crystal);
        assert_eq!(rcc.control.get(), 0, "nothing has stopped");
        // The chip's own oscillator, the crystal and the PLL are ready.
        rcc.control.set(1 << 1 | 1 << 17 | 1 << 25);
        rcc.configuration.set(0);
        restore(&rcc, &flash, crystal);
        assert_eq!(rcc.configuration.get() & 0b11, 2, "the PLL is the source");
        assert_eq!(flash.access.get(), 0x705);
    }
}
