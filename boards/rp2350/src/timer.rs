// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::registers::{Alarm, Source, Timers, registers};
use crate::{CPU_HZ, TIMER0, TIMER1};
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};

/// Driver of a timer, for the process that owns its registers. It counts ticks of the [clock](CPU_HZ), 6.7 ns each,
/// and wraps around after 2^32 ticks (28 s). Its interrupt comes from the first of the four alarms that it has.
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
        assert!(
            start == TIMER0.start || start == TIMER1.start,
            "there is no timer at these registers"
        );
        Timer { start }
    }

    /// Starts to count, from 0.
    pub fn start(&mut self) {
        self.clear_interrupt();
        let registers = self.registers();
        run(registers);
        // The second of these writes sets both halves (data sheet, 12.8).
        registers.set_low.set(0);
        registers.set_high.set(0);
    }

    /// Raises the timer's interrupt once, after this number of ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        self.clear_interrupt();
        let registers = self.registers();
        run(registers);
        registers.enabled.write(Alarm::FIRST::SET);
        set_alarm(registers, ticks, || registers.count.get());
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        let registers = self.registers();
        registers.armed.write(Alarm::FIRST::SET);
        registers.forced.set(0);
        registers.interrupt.write(Alarm::FIRST::SET);
        registers.enabled.set(0);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        self.registers().count.get()
    }

    fn registers(&self) -> &'static Timers {
        registers(self.start)
    }
}

/// Lets a timer count the CPU's clock, whatever an earlier life of the process has set.
fn run(registers: &Timers) {
    registers.source.write(Source::SYSTEM_CLOCK::SET);
    registers.pause.set(0);
}

/// Sets the alarm. The alarm rings at the tick at which the count equals it. If this tick has passed before the alarm
/// is set, the alarm would ring only 2^32 ticks later. In this case the interrupt is raised at once.
fn set_alarm(registers: &Timers, ticks: u32, count: impl Fn() -> u32) {
    let start = count();
    registers.alarm.set(start.wrapping_add(ticks));
    let is_over = count().wrapping_sub(start) >= ticks;
    if is_over && registers.interrupt.get() == 0 {
        registers.forced.write(Alarm::FIRST::SET);
    }
}

impl DelayNs for Timer {
    /// Waits with the CPU busy. Sets the count of the timer to 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        let ticks = (u64::from(nanoseconds) * u64::from(CPU_HZ / 1_000_000)).div_ceil(1000);
        self.start();
        while u64::from(self.elapsed()) < ticks {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UART0;
    use core::cell::Cell;
    use core::mem::zeroed;

    /// Sets an alarm after so many ticks, of a timer that counts on by `step` with each read. Returns whether the
    /// interrupt was raised at once.
    fn is_raised_at_once(start: u32, ticks: u32, step: u32) -> bool {
        // SAFETY: registers are words, and zero is one of their values.
        let registers: Timers = unsafe { zeroed() };
        let count = Cell::new(start);
        set_alarm(&registers, ticks, || count.replace(count.get().wrapping_add(step)));
        assert_eq!(registers.alarm.get(), start.wrapping_add(ticks));
        registers.forced.get() == 1
    }

    #[test]
    fn no_alarm_is_missed() {
        assert!(!is_raised_at_once(100, 1000, 10));
        assert!(!is_raised_at_once(u32::MAX, u32::MAX, 10));
        assert!(!is_raised_at_once(100, 11, 10));
        for ticks in [0, 1, 10] {
            assert!(is_raised_at_once(u32::MAX - 5, ticks, 10), "{ticks}");
        }
    }

    #[test]
    #[should_panic(expected = "no timer at these registers")]
    fn other_devices_are_refused() {
        let _ = Timer::new(UART0);
    }
}
