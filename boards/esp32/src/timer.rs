// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::bus::{Bus, Device};
use crate::chip::{CRYSTAL_HZ, Chip};
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;

/// The offsets of the registers.
const CONFIGURATION: usize = 0x00;
const COUNT_LOW: usize = 0x04;
const COPY: usize = 0x0c;
const ALARM_LOW: usize = 0x10;
const ALARM_HIGH: usize = 0x14;
const LOAD_LOW: usize = 0x18;
const LOAD_HIGH: usize = 0x1c;
const LOAD: usize = 0x20;
const INTERRUPT_ENABLE: usize = 0x70;
const INTERRUPT_CLEAR: usize = 0x7c;
/// The size of the registers up to those of the interrupt, in bytes.
pub(crate) const SIZE: usize = 0x80;

/// The divisor of the timers, the least that they have.
const DIVISOR: u32 = 2;
/// The frequency of the timers, in Hz.
pub const TIMERS_HZ: u32 = CRYSTAL_HZ / DIVISOR;

/// The bits of the configuration: the timer counts, upwards, the crystal's clock, divided.
const COUNTS: u32 = 1 << 31 | 1 << 30 | DIVISOR << 13 | 1 << 9;
const ALARM: u32 = 1 << 10;
/// The bit that copies the count, and clears itself when that is done.
const COPIES: u32 = 1 << 31;
/// The bit of the timer in the registers of interrupts.
const TIMER: u32 = 1 << 0;

/// Driver of a timer, for the process that owns its registers: the first timer of a timer group. It counts 20 MHz, and
/// wraps around after 2^32 ticks (214 s). An alarm starts it from 0.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Timer<C> {
    chip: PhantomData<C>,
    start: usize,
}

impl<C: Chip> Timer<C> {
    /// Creates the driver of the timer in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is none of the board's timers. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Timer<C> {
        let start = mmio.start;
        let [first, second] = C::TIMERS;
        assert!(
            start == first.start || start == second.start,
            "there is no timer at these registers"
        );
        Timer { chip: PhantomData, start }
    }

    /// Starts to count, from 0.
    pub fn start(&mut self) {
        start(device(), self.start, None);
    }

    /// Starts to count from 0, and raises the timer's interrupt once, after this number of ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        start(device(), self.start, Some(ticks));
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        clear_interrupt(device(), self.start);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        count(device(), self.start)
    }
}

fn device() -> &'static impl Bus {
    // SAFETY: `Timer` accesses only registers of a timer, whose address `new` has checked.
    const { &unsafe { Device::new() } }
}

/// Starts a timer from 0, whatever an earlier life of its process has set. The alarm is set while the timer stands
/// still, so it can't be missed.
fn start(bus: &impl Bus, timer: usize, alarm: Option<u32>) {
    bus.write(timer + CONFIGURATION, 0);
    clear_interrupt(bus, timer);
    bus.write(timer + LOAD_LOW, 0);
    bus.write(timer + LOAD_HIGH, 0);
    bus.write(timer + LOAD, 1);
    if let Some(ticks) = alarm {
        bus.write(timer + ALARM_LOW, ticks.max(1));
        bus.write(timer + ALARM_HIGH, 0);
        bus.write(timer + INTERRUPT_ENABLE, TIMER);
    }
    let alarm = if alarm.is_some() { ALARM } else { 0 };
    bus.write(timer + CONFIGURATION, COUNTS | alarm);
}

fn clear_interrupt(bus: &impl Bus, timer: usize) {
    bus.write(timer + INTERRUPT_ENABLE, 0);
    bus.write(timer + INTERRUPT_CLEAR, TIMER);
}

fn count(bus: &impl Bus, timer: usize) -> u32 {
    bus.write(timer + COPY, COPIES);
    bus.wait_until_clear(timer + COPY, COPIES);
    bus.read(timer + COUNT_LOW)
}

impl<C: Chip> DelayNs for Timer<C> {
    /// Waits with the CPU busy. Sets the count of the timer to 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        // One tick more, because the first one may be short.
        let ticks = (u64::from(nanoseconds) * u64::from(TIMERS_HZ / 1_000_000)).div_ceil(1000) + 1;
        self.start();
        while u64::from(self.elapsed()) < ticks {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c3::C3;
    use crate::model::Model;

    const TIMER0: usize = C3::TIMERS[0].start;

    #[test]
    fn it_counts_from_0() {
        let model = Model::new();
        model.set_timer(TIMER0, 12345);
        start(&model, TIMER0, None);
        assert_eq!(count(&model, TIMER0), 0);
        model.pass(TIMER0, 1000);
        assert_eq!(count(&model, TIMER0), 1000);
        assert!(!model.timer_interrupts(TIMER0));
    }

    #[test]
    fn an_alarm_rings_once_and_not_before_its_time() {
        for ticks in [0, 1, 1000, u32::MAX] {
            let model = Model::new();
            model.set_timer(TIMER0, 1 << 40);
            start(&model, TIMER0, Some(ticks));
            model.pass(TIMER0, u64::from(ticks.max(1)) - 1);
            assert!(!model.timer_interrupts(TIMER0), "{ticks}");
            model.pass(TIMER0, 1);
            assert!(model.timer_interrupts(TIMER0), "{ticks}");
            clear_interrupt(&model, TIMER0);
            model.pass(TIMER0, 1 << 33);
            assert!(!model.timer_interrupts(TIMER0), "{ticks}");
        }
    }

    #[test]
    fn an_alarm_of_an_earlier_life_does_not_ring() {
        let model = Model::new();
        start(&model, TIMER0, Some(10));
        start(&model, TIMER0, None);
        model.pass(TIMER0, 100);
        assert!(!model.timer_interrupts(TIMER0));
    }

    #[test]
    #[should_panic(expected = "no timer at these registers")]
    fn other_devices_are_refused() {
        let _ = Timer::<C3>::new(C3::UARTS[0]);
    }
}
