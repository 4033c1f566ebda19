// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time: TIMER4 counts it, and also wakes the threads that sleep.
//!
//! On these chips SysTick stops while the CPU sleeps, so it can't wake a thread. Instead, an interrupt of TIMER4, which
//! is served above the kernel, makes SysTick's exception pending, as SysTick itself would. The kernel serves this
//! exception as soon as it can.

use crate::devices::TIMERS_HZ;
use crate::registers::{Counting, TIME, TIME_LINE, registers};
use crate::timer;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate_cortex_m::Counter;
use crossgate_cortex_m::zero_latency::{Handler, Signal, ring_alarm};
use tock_registers::interfaces::Writeable;

/// The frequency of the CPU, in Hz. It is always the same (CLOCK).
pub const CPU_HZ: u32 = 64_000_000;

/// A line that no device of these chips has (4.2.4).
const NO_DEVICE: u16 = 46;

/// TIMER4.
#[derive(Debug)]
pub struct Time;

/// The count before TIMER4 was last started. A deep sleep shuts it down, and it forgets its count.
static BEFORE: AtomicU32 = AtomicU32::new(0);

/// Lets the time stand still, and the timer take no current.
///
/// After a stop alone the timer would keep its clock (anomaly 78 of both chips).
pub fn stand_still(registers: &Counting) {
    shut_down(registers, &BEFORE);
}

fn shut_down(registers: &Counting, before: &AtomicU32) {
    registers.stop.set(1);
    before.store(before.load(Relaxed).wrapping_add(timer::count(registers)), Relaxed);
    registers.shut_down.set(1);
}

/// Lets the time go on, without an alarm.
pub fn go_on(registers: &Counting) {
    timer::start(registers);
    timer::clear_alarm(registers);
}

impl Counter for Time {
    const HZ: u32 = TIMERS_HZ;

    fn start() {
        timer::clear_alarm(registers(TIME));
        timer::start(registers(TIME));
    }

    fn count() -> u32 {
        BEFORE.load(Relaxed).wrapping_add(timer::count(registers(TIME)))
    }

    #[cfg(target_os = "none")]
    fn alarm(cycles: u32) {
        timer::clear_alarm(registers(TIME));
        timer::set_alarm(registers(TIME), ticks(cycles), || timer::count(registers(TIME)));
    }
}

/// Returns the number of ticks for an alarm after this number of cycles.
///
/// An alarm leaves some time to a thread that an interrupt has woken, as the port's own alarm does: otherwise alarms
/// could keep this thread from running.
#[cfg_attr(not(target_os = "none"), allow(dead_code))]
const fn ticks(cycles: u32) -> u32 {
    const LEAST: u32 = 512 / CYCLES;
    const CYCLES: u32 = CPU_HZ / TIMERS_HZ;
    let ticks = cycles.div_ceil(CYCLES);
    if ticks < LEAST { LEAST } else { ticks }
}

/// The interrupt of TIMER4.
pub struct Alarm;

impl Handler for Alarm {
    const LINE: u16 = TIME_LINE;
    const SIGNALS: u16 = NO_DEVICE;
    /// The least urgent.
    const PRIORITY: u8 = 5;

    fn serve(_: Signal<Alarm>) {
        timer::clear_alarm(registers::<Counting>(TIME));
        ring_alarm();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tock_registers::interfaces::Readable;

    #[test]
    fn the_count_outlives_the_timer() {
        // SAFETY: registers are words, and zero is one of their values.
        let registers: Counting = unsafe { core::mem::zeroed() };
        let before = AtomicU32::new(u32::MAX);
        registers.counts[1].set(1_000);
        shut_down(&registers, &before);
        assert_eq!(before.load(Relaxed), 999);
        registers.enable_interrupts.set(1 << 16);
        go_on(&registers);
        assert_eq!((registers.width.get(), registers.disable_interrupts.get()), (3, 1 << 16));
    }

    #[test]
    fn an_alarm_is_not_early_and_not_at_once() {
        assert_eq!((ticks(0), ticks(512), ticks(513), ticks(64_000)), (128, 128, 129, 16_000));
        assert_eq!(ticks((1 << 24) - 1), 1 << 22);
    }
}
