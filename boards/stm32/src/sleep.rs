// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU. A deep sleep is a Stop mode of the chip: all clocks but that of the RTC stand still, and RAM
//! and registers keep their values.
//!
//! SysTick, which counts the time, stands still as well. So it is halted at the start of a tick of the RTC, and goes on
//! at the start of another one: the time in between is a whole number of ticks, and nothing is lost, however often the
//! CPU sleeps. At the end the chip runs from an oscillator of its own, and the clock tree is set up again. If this
//! fails, SysTick would count a slower clock, and all times would be wrong. So the board is reset then.

#[cfg(test)]
mod tests;

use crate::family::{Halting, Slow};
use crate::rtc::{self, Backup, Rtc};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate_cortex_m::sleep::{self, Depth, Slept};
use tock_registers::registers::ReadWrite;

/// The time to wake up, in µs: the regulator and the flash take up to 0.2 ms, the crystal 2 ms, the PLL 0.3 ms (data
/// sheets of the STM32F4, "Low-power mode wake-up timings" and the tables of the clocks), and the timer of the RTC
/// counts in steps of 0.5 ms.
const WAKE_UP: u64 = 4_000;
/// The shortest sleep in a Stop mode, in µs. A shorter one would take more current than a light sleep.
const SHORTEST: u64 = 10_000;

/// The part of a µs by which the time of all sleeps so far was rounded down, in 512ths.
static REST: AtomicU32 = AtomicU32::new(0);

/// A chip with a Stop mode.
pub trait Stop {
    /// The counter of time.
    type Counter: Halting;
    /// The registers of its RTC.
    type Rtc: Rtc;
    /// The interrupt line by which the RTC wakes the CPU.
    const INTERRUPT: u16;

    /// Returns the registers of the RTC.
    fn rtc(&self) -> &Self::Rtc;

    /// Returns the register of the backup domain.
    fn backup(&self) -> &ReadWrite<u32, Backup::Register>;

    /// Opens the backup domain and the RTC for writes.
    fn open_backup(&self);

    /// Chooses the Stop mode of this depth.
    fn choose(&self, depth: Depth);

    /// Lets the RTC wake the chip, and forgets that it has.
    fn listen(&self);

    /// Returns whether the CPU has the clock of the PLL. (After a sleep, it has if an interrupt was pending, so that
    /// the chip did not stop.)
    fn is_fast(&self) -> bool;

    /// Sets the clocks as before the sleep.
    fn restore(&self) -> Result<(), Slow>;
}

/// Sleeps for `left` µs at most. If the clocks don't come back, returns the clock that the CPU has instead.
pub fn sleep(chip: &impl Stop, depth: Depth, left: u64) -> Result<Slept, Slow> {
    sleep_by(chip, depth, left, &REST, sleep::wait_deeply)
}

/// Opens the backup domain, and prepares the clock in it, a step at each call. Returns whether it runs.
fn clock_runs(chip: &impl Stop) -> bool {
    chip.open_backup();
    rtc::runs(chip.backup(), chip.rtc())
}

fn sleep_by<C: Stop>(
    chip: &C,
    depth: Depth,
    left: u64,
    rest: &AtomicU32,
    wait_deeply: impl FnOnce(),
) -> Result<Slept, Slow> {
    // A chip whose PLL has failed at the start sleeps lightly: otherwise each sleep would be taken for a failure.
    if depth == Depth::Light
        || left < SHORTEST
        || !chip.is_fast()
        || !clock_runs(chip)
        || !rtc::wake_after(chip.rtc(), left - WAKE_UP)
    {
        sleep::wait();
        return Ok(Slept::LIGHT);
    }
    chip.choose(depth);
    chip.listen();
    let from = rtc::next_tick(chip.rtc());
    C::Counter::stand_still();
    sleep::woken_by(C::INTERRUPT, wait_deeply);
    if !chip.is_fast() {
        chip.restore()?;
    }
    let to = rtc::next_tick(chip.rtc());
    C::Counter::go_on();
    rtc::silence(chip.rtc());
    chip.listen();
    let (uncounted, part) = sleep::microseconds(rtc::between(from, to), rest.load(Relaxed));
    rest.store(part, Relaxed);
    Ok(Slept { depth, uncounted })
}
