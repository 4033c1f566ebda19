// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time of the kernel: the first counter of the system timer (SYSTIMER), and its first alarm.
//!
//! The counter has 52 bits, and counts 16 MHz whatever the CPU's clock is.

use crate::bus::{Bus, Device};
use crate::chip::Chip;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use crossgate_riscv::Timer;

/// The frequency of the system timer in Hz: that of the crystal, divided by 2.5.
pub const HZ: u32 = 16_000_000;

/// The offsets of the registers.
mod register {
    pub const CONFIGURATION: usize = 0x00;
    pub const OPERATION: usize = 0x04;
    pub const TARGET_HIGH: usize = 0x1c;
    pub const TARGET_LOW: usize = 0x20;
    pub const TARGET_CONFIGURATION: usize = 0x34;
    pub const VALUE_HIGH: usize = 0x40;
    pub const VALUE_LOW: usize = 0x44;
    pub const LOAD_TARGET: usize = 0x50;
    pub const INTERRUPT_ENABLE: usize = 0x64;
    pub const INTERRUPT_CLEAR: usize = 0x6c;
    pub const SIZE: usize = 0x100;
}

/// The bits of the configuration: the first counter counts, and the first alarm is set.
const COUNTS: u32 = 1 << 30;
const ALARM: u32 = 1 << 24;
/// The bits of an operation: copy the count, and the copy is complete.
const COPY: u32 = 1 << 30;
const COPIED: u32 = 1 << 29;
/// The bit of the first alarm in the registers of interrupts.
const FIRST: u32 = 1 << 0;
/// The bits of all alarms there.
const ALL: u32 = 0b111;
/// The bits of the counter above the first 32.
const HIGH: u32 = 0xf_ffff;

/// The timer of the kernel.
#[derive(Debug)]
pub struct SystemTimer<C>(PhantomData<C>);

impl<C: Chip> Timer for SystemTimer<C> {
    const REGISTERS: Mmio = Mmio { start: C::SYSTEM_TIMER, size: register::SIZE };

    fn start() {
        start(device(), C::SYSTEM_TIMER);
    }

    fn count() -> u64 {
        count(device(), C::SYSTEM_TIMER)
    }

    fn compare(count: u64) {
        compare(device(), C::SYSTEM_TIMER, count);
    }
}

fn device() -> &'static impl Bus {
    // SAFETY: the functions of this file access only registers of the system timer, which belongs to the kernel.
    const { &unsafe { Device::new() } }
}

/// Starts the counter. No alarm is set, whatever boot code has left.
fn start(bus: &impl Bus, timer: usize) {
    bus.write(timer + register::CONFIGURATION, COUNTS);
    // The alarm rings once, by the first counter.
    bus.write(timer + register::TARGET_CONFIGURATION, 0);
    bus.write(timer + register::INTERRUPT_CLEAR, ALL);
    bus.write(timer + register::INTERRUPT_ENABLE, FIRST);
}

/// Returns the count.
fn count(bus: &impl Bus, timer: usize) -> u64 {
    bus.write(timer + register::OPERATION, COPY);
    // This takes about a tick.
    while bus.read(timer + register::OPERATION) & COPIED == 0 {}
    let high = bus.read(timer + register::VALUE_HIGH) & HIGH;
    u64::from(high) << 32 | u64::from(bus.read(timer + register::VALUE_LOW))
}

/// Makes the alarm ring from this count on. It never rings if the count is `u64::MAX`.
fn compare(bus: &impl Bus, timer: usize, count: u64) {
    // A time that has passed makes the alarm ring at once, but only if the alarm is set after the time.
    bus.change(timer + register::CONFIGURATION, ALARM, 0);
    bus.write(timer + register::INTERRUPT_CLEAR, FIRST);
    if count == u64::MAX {
        // Cut to 52 bits, it would be a time that has just passed.
        return;
    }
    bus.write(timer + register::TARGET_HIGH, (count >> 32) as u32 & HIGH);
    bus.write(timer + register::TARGET_LOW, count as u32);
    bus.write(timer + register::LOAD_TARGET, 1);
    bus.change(timer + register::CONFIGURATION, 0, ALARM);
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::model::Model;
    use proptest::prelude::*;

    const TIMER: usize = 0x6002_3000;

    /// Returns a model of the system timer, whose counter stands at `now`.
    fn model(now: u64) -> Model {
        let model = Model::new();
        model.set_count(TIMER, now);
        start(&model, TIMER);
        model
    }

    #[test]
    fn the_count_has_52_bits() {
        for now in [0, 1, 0xffff_ffff, 0x1_0000_0000, (1 << 52) - 1] {
            assert_eq!(count(&model(now), TIMER), now);
        }
    }

    #[test]
    fn an_alarm_rings_at_its_time_and_not_before() {
        for now in [0, 0xffff_fff0, (1 << 52) - 8] {
            let model = model(now);
            compare(&model, TIMER, now + 16);
            assert!(!model.rings(TIMER));
            model.set_count(TIMER, (now + 15) % (1 << 52));
            assert!(!model.rings(TIMER), "{now:#x}");
            model.set_count(TIMER, (now + 16) % (1 << 52));
            assert!(model.rings(TIMER), "{now:#x}");
        }
    }

    #[test]
    fn a_time_that_has_passed_rings_at_once() {
        let model = model(1000);
        compare(&model, TIMER, 990);
        assert!(model.rings(TIMER));
    }

    #[test]
    fn a_silent_alarm_stays_silent() {
        let model = model(1000);
        compare(&model, TIMER, 990);
        compare(&model, TIMER, u64::MAX);
        assert!(!model.rings(TIMER));
        model.set_count(TIMER, 5000);
        assert!(!model.rings(TIMER));
    }

    #[test]
    fn boot_code_leaves_no_alarm() {
        let model = Model::new();
        model.set_count(TIMER, 1000);
        compare(&model, TIMER, 990);
        assert!(!model.rings(TIMER), "its interrupt is not enabled");
        start(&model, TIMER);
        assert!(!model.rings(TIMER));
    }

    proptest! {
        #[test]
        fn an_alarm_rings_if_its_time_has_come(
            start in 1000..1_u64 << 52,
            steps in prop::collection::vec((-50_i64..50, 0..60_u64), 1..20),
        ) {
            let model = model(start);
            let mut now = start;
            for (distance, wait) in steps {
                compare(&model, TIMER, now.checked_add_signed(distance).unwrap());
                prop_assert_eq!(model.rings(TIMER), distance <= 0);
                now += wait;
                model.set_count(TIMER, now % (1 << 52));
                prop_assert_eq!(model.rings(TIMER), distance <= wait as i64);
            }
        }
    }
}
