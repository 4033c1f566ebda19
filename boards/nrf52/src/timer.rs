// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::devices::{TIMER0, TIMER1, TIMERS_HZ};
use crate::registers::{Counting, TimerInterrupt, Width, registers};
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};

/// The register of a timer with the count at which it interrupts, and the register into which its count is copied.
const ALARM: usize = 0;
const COUNT: usize = 1;

/// Driver of a timer of 32 bits, for the process that owns its registers. It counts 16 MHz, and wraps around after 2^32
/// ticks (268 s).
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Timer {
    start: usize,
}

impl Timer {
    /// Creates the driver of the timer in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is none of the board's timers. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Timer {
        let start = mmio.start;
        let [first, second] = [TIMER0, TIMER1];
        assert!(
            start == first.start || start == second.start,
            "there is no timer at these registers"
        );
        Timer { start }
    }

    /// Starts to count, from 0.
    pub fn start(&mut self) {
        self.clear_interrupt();
        start(self.registers());
    }

    /// Raises the timer's interrupt once (and again after 2^32 ticks), after this number of ticks. It may be up to 1 µs
    /// late.
    pub fn interrupt_after(&mut self, ticks: u32) {
        self.clear_interrupt();
        let registers = self.registers();
        run(registers);
        set_alarm(registers, ticks, || count(registers));
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        clear_alarm(self.registers());
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        count(self.registers())
    }

    fn registers(&self) -> &'static Counting {
        registers(self.start)
    }
}

/// Starts a timer, from 0, whatever an earlier life of its process has set.
pub(crate) fn start(registers: &Counting) {
    registers.stop.set(1);
    registers.mode.set(0);
    registers.width.write(Width::BITS::BITS_32);
    registers.divisor_exponent.set(0);
    registers.shortcuts.set(0);
    registers.clear.set(1);
    registers.start.set(1);
}

/// Lets a timer count on. A timer that has never been started counts with fewer bits and more slowly, so it is started
/// from 0.
fn run(registers: &Counting) {
    if registers.width.matches_all(Width::BITS::BITS_32) && registers.divisor_exponent.get() == 0 {
        registers.start.set(1);
    } else {
        start(registers);
    }
}

/// Returns the count of a timer.
pub(crate) fn count(registers: &Counting) -> u32 {
    registers.capture[COUNT].set(1);
    registers.counts[COUNT].get()
}

/// Sets the alarm. The alarm rings at the tick at which the count equals it. If this tick has passed before the alarm
/// is set, the alarm would ring only 2^32 ticks later. In this case the alarm is set once more, for a slightly later
/// tick.
pub(crate) fn set_alarm(registers: &Counting, ticks: u32, count: impl Fn() -> u32) {
    const A_BIT: u32 = 16;
    let mut ticks = ticks;
    loop {
        let start = count();
        registers.counts[ALARM].set(start.wrapping_add(ticks));
        registers.enable_interrupts.write(TimerInterrupt::FIRST::SET);
        if count().wrapping_sub(start) < ticks || registers.reached[ALARM].get() != 0 {
            return;
        }
        ticks = A_BIT;
    }
}

/// Clears the alarm.
pub(crate) fn clear_alarm(registers: &Counting) {
    registers.disable_interrupts.write(TimerInterrupt::FIRST::SET);
    registers.reached[ALARM].set(0);
    // Until a read has come back, the interrupt may still be raised (peripheral interface, interrupt clearing).
    let _ = registers.reached[ALARM].get();
}

impl DelayNs for Timer {
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
    use crate::devices::UART0;
    use core::cell::Cell;
    use core::mem::zeroed;

    /// Sets an alarm of a timer that counts on by `step` with each read. Returns the alarm, and the count when it was
    /// set.
    fn alarm(start: u32, ticks: u32, step: u32) -> (u32, u32) {
        // SAFETY: registers are words, and zero is one of their values.
        let registers: Counting = unsafe { zeroed() };
        let now = Cell::new(start);
        set_alarm(&registers, ticks, || now.replace(now.get().wrapping_add(step)));
        assert_eq!(registers.enable_interrupts.get(), 1 << 16);
        (registers.counts[ALARM].get(), now.get().wrapping_sub(step))
    }

    #[test]
    fn no_alarm_is_missed() {
        assert_eq!(alarm(100, 1000, 10), (1100, 110));
        assert_eq!(alarm(u32::MAX, 20, 10), (19, 9));
        for ticks in [0, 1, 10] {
            let (alarm, count) = alarm(u32::MAX - 5, ticks, 10);
            assert_eq!(alarm.wrapping_sub(count), 6, "it is ahead");
        }
    }

    #[test]
    fn a_timer_that_was_never_started_gets_all_of_its_bits() {
        // SAFETY: as above.
        let registers: Counting = unsafe { zeroed() };
        registers.divisor_exponent.set(4);
        run(&registers);
        assert_eq!((registers.width.get(), registers.divisor_exponent.get()), (3, 0));
    }

    #[test]
    #[should_panic(expected = "no timer at these registers")]
    fn other_devices_are_refused() {
        let _ = Timer::new(UART0);
    }
}
