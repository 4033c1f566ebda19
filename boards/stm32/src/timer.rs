// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::places::Places;
use crate::registers::{Tim, TimControl, TimEvent, registers};
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};

/// Driver of a timer of 32 bits (TIM2 or TIM5), for the process that owns its registers. It counts ticks of the board's
/// `CLOCK_HZ`.
///
/// Before the first process runs, the board sets the divisor of each timer, by the clock that it has found. This driver
/// leaves it.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
// A timer that is stopped is at 0, unless it was never started. So the count is written only when a running timer is
// stopped. (QEMU's timer interrupts later after its count was written: by the time since the start of the machine.)
#[derive(Debug)]
pub struct Timer<P> {
    places: PhantomData<P>,
    start: usize,
}

impl<P: Places> Timer<P> {
    /// Creates the driver of the timer in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is none of the board's timers. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Timer<P> {
        let start = mmio.start;
        let [first, second] = P::TIMERS;
        assert!(
            start == first.start || start == second.start,
            "there is no timer at these registers"
        );
        Timer { places: PhantomData, start }
    }

    /// Starts to count, from 0.
    pub fn start(&mut self) {
        let registers = self.registers();
        registers.control.set(0);
        registers.interrupts.set(0);
        registers.count.set(0);
        registers.last.set(u32::MAX);
        registers.control.write(TimControl::ENABLE::SET);
    }

    /// Raises the timer's interrupt once, after this number of ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        self.clear_interrupt();
        let registers = self.registers();
        registers.last.set(ticks.max(1));
        registers.interrupts.write(TimEvent::END::SET);
        registers.control.write(TimControl::ENABLE::SET + TimControl::ONCE::SET);
    }

    /// Clears the interrupt, and stops the timer.
    pub fn clear_interrupt(&mut self) {
        let registers = self.registers();
        let has_ended = registers.state.is_set(TimEvent::END);
        let is_running = registers.control.is_set(TimControl::ENABLE) && !has_ended;
        registers.control.set(0);
        registers.interrupts.set(0);
        if is_running {
            registers.count.set(0);
        }
        registers.state.set(!TimEvent::END::SET.value);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        self.registers().count.get()
    }

    fn registers(&self) -> &'static Tim {
        registers(self.start)
    }
}

/// Sets the divisor of a timer, so that it counts `hz` ticks a second of a clock of `input_hz`.
///
/// Only the kernel may call this.
pub(crate) fn prepare(start: usize, input_hz: u32, hz: u32) {
    set_divisor(registers(start), divisor_less_one(input_hz, hz));
}

/// Returns the divisor of a clock of `input_hz`, less 1. Without the PLL, the clock may be slower than the timer should
/// be. Then it is not divided.
const fn divisor_less_one(input_hz: u32, hz: u32) -> u32 {
    (input_hz / hz).saturating_sub(1)
}

fn set_divisor(registers: &Tim, divisor_less_one: u32) {
    registers.divisor_less_one.set(divisor_less_one);
    // The divisor takes effect at the end of a period, or at once by this.
    registers.generate.write(TimEvent::END::SET);
    registers.state.set(!TimEvent::END::SET.value);
}

impl<P: Places> DelayNs for Timer<P> {
    /// Waits with the CPU busy. Sets the count of the timer to 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        // One tick more, because the first one may be short: the divisor counts on while the timer is stopped.
        let ticks =
            (u64::from(nanoseconds) * u64::from(P::TIMER_HZ / 1_000_000)).div_ceil(1000) + 1;
        self.start();
        while u64::from(self.elapsed()) < ticks {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Example;

    #[test]
    fn the_divisor_is_less_one_in_its_register() {
        // SAFETY: registers are words, and zero is one of their values.
        let registers: Tim = unsafe { core::mem::zeroed() };
        set_divisor(&registers, divisor_less_one(84_000_000, Example::TIMER_HZ));
        assert_eq!(registers.divisor_less_one.get(), 20);
    }

    #[test]
    fn a_clock_that_is_too_slow_is_not_divided() {
        assert_eq!(divisor_less_one(84_000_000, 84_000_000), 0);
        assert_eq!(divisor_less_one(168_000_000, 84_000_000), 1);
        assert_eq!(divisor_less_one(16_000_000, 84_000_000), 0);
    }

    #[test]
    #[should_panic(expected = "no timer at these registers")]
    fn other_devices_are_refused() {
        let _ = Timer::<Example>::new(Example::UARTS[0]);
    }
}
