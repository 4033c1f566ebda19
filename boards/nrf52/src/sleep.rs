// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU. A sleep is always the chip's mode System ON, in which each device that is in use requests its
//! clock. In a deep sleep the kernel stops its own timer (TIMER4), and with it the crystal of 32 MHz. The counter of
//! the clock of 32,768 Hz (RTC2) runs on, and wakes the CPU.
//!
//! The time stands still meanwhile: from the start of a tick of this counter to the start of another one. So the time
//! in between is a whole number of ticks, and nothing is lost, however often the CPU sleeps.

#[cfg(test)]
mod tests;

use crate::places::Places;
use crate::registers::{
    CLOCK, Clock, Counting, SLOW, SLOW_LINE, SlowCounting, SlowInterrupt, SlowSource, SlowState,
    TIME, registers,
};
use crate::time;
use crate::wait::comes;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate_cortex_m::sleep::{self, Depth, Slept};
use tock_registers::interfaces::{Readable, Writeable};

/// The time to wake up, in µs: the crystal of 32 MHz takes up to 1 ms, and the counter starts and ends with a tick.
const WAKE_UP: u64 = 2_000;
/// The shortest deep sleep, in µs. A shorter one would take more current than a light sleep, because the crystal has to
/// start again.
const SHORTEST: u64 = 10_000;
/// The longest deep sleep, in ticks: the counter has 24 bits, and counts on while the CPU wakes up.
const LONGEST: u64 = (1 << 24) - 1024;

/// The part of a µs by which the time of all sleeps so far was rounded down, in 512ths.
static REST: AtomicU32 = AtomicU32::new(0);

/// The devices that a sleep uses.
struct Chip<'a> {
    clock: &'a Clock,
    slow: &'a SlowCounting,
    time: &'a Counting,
}

/// Sleeps for `left` µs at most.
pub fn sleep<P: Places>(depth: Depth, left: u64) -> Slept {
    if !P::HAS_SLOW_CRYSTAL {
        sleep::wait();
        return Slept::LIGHT;
    }
    let chip = Chip { clock: registers(CLOCK), slow: registers(SLOW), time: registers(TIME) };
    sleep_by(&chip, depth, left, &REST, sleep::wait)
}

fn sleep_by(chip: &Chip, depth: Depth, left: u64, rest: &AtomicU32, wait: impl FnOnce()) -> Slept {
    if depth == Depth::Light || left < SHORTEST || !slow_clock_runs(chip.clock) {
        wait();
        return Slept::LIGHT;
    }
    start(chip.slow, ticks(left - WAKE_UP));
    // The first change may be that to 0, after which the counter does not count yet.
    next_tick(chip.slow);
    let from = next_tick(chip.slow);
    time::stand_still(chip.time);
    chip.clock.stop_crystal.set(1);
    sleep::woken_by(SLOW_LINE, wait);
    start_crystal(chip.clock);
    let to = next_tick(chip.slow);
    time::go_on(chip.time);
    stop(chip.slow);
    let (uncounted, part) = sleep::microseconds(to.saturating_sub(from), rest.load(Relaxed));
    rest.store(part, Relaxed);
    Slept { depth: Depth::Deep, uncounted }
}

/// Starts the clock of 32,768 Hz, if it does not run. Returns whether it comes from its crystal.
///
/// The crystal takes up to half a second to start, so the callers do something else meanwhile.
fn slow_clock_runs(clock: &Clock) -> bool {
    // (If boot code has started it from another source, it stays so.)
    if clock.slow_started.get() == 0 {
        clock.slow_source.write(SlowSource::SOURCE::CRYSTAL);
        clock.start_slow.set(1);
    }
    clock.slow_state.matches_all(SlowState::SOURCE::CRYSTAL + SlowState::RUNS::SET)
}

/// Starts the crystal of 32 MHz. If the crystal does not start, the chip goes on with its own oscillator, whose
/// frequency differs by some percent.
pub fn start_crystal(clock: &Clock) {
    clock.crystal_started.set(0);
    clock.start_crystal.set(1);
    comes(|| clock.crystal_started.get() != 0);
}

/// Returns the ticks of a time in µs, but no more than the counter has.
fn ticks(time: u64) -> u32 {
    (time.saturating_mul(512) / 15_625).min(LONGEST) as u32
}

/// Lets the counter count from 0, and interrupt after this number of ticks.
fn start(slow: &SlowCounting, ticks: u32) {
    slow.stop.set(1);
    slow.divisor_less_one.set(0);
    slow.alarm.set(ticks);
    slow.reached.set(0);
    slow.enable_interrupts.write(SlowInterrupt::FIRST::SET);
    slow.clear.set(1);
    slow.start.set(1);
}

/// Stops the counter, and clears its interrupt.
fn stop(slow: &SlowCounting) {
    slow.stop.set(1);
    slow.disable_interrupts.write(SlowInterrupt::FIRST::SET);
    slow.reached.set(0);
    // Until a read has come back, the interrupt may still be raised (peripheral interface, interrupt clearing).
    let _ = slow.reached.get();
}

/// Waits for the start of a tick, but not for ever. Returns the count.
fn next_tick(slow: &SlowCounting) -> u32 {
    let before = slow.count.get();
    comes(|| slow.count.get() != before);
    slow.count.get()
}
