// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{Registers, TIMER0, TIMER1};
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::timer::{ELAPSED, INTERRUPT_AFTER};
use embedded_hal::delay::DelayNs;

/// Driver of a timer, for the process that owns it.
///
/// The timer counts ticks of the [clock](crate::CLOCK_HZ), 1 µs each. A process that doesn't own the timer can also
/// create a driver, but its first access to the timer is a fault.
#[derive(Debug)]
pub struct Timer {
    registers: Registers,
}

impl Timer {
    /// Creates the driver of the timer in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is none of the board's timers. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Timer {
        const OTHERWISE: &str = "there is no timer at these registers";
        Timer { registers: Registers::of(mmio, &[TIMER0, TIMER1], OTHERWISE) }
    }

    /// Starts to count, from 0.
    pub fn start(&mut self) {
        self.registers.write(ELAPSED, 0);
    }

    /// Raises the timer's interrupt after this number of ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        self.registers.write(INTERRUPT_AFTER, ticks.max(1) as Word);
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        self.registers.write(INTERRUPT_AFTER, 0);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        self.registers.read(ELAPSED) as u32
    }
}

impl DelayNs for Timer {
    /// Waits with the CPU busy. Sets the count of the timer to 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        let ticks = nanoseconds.div_ceil(1_000_000_000 / crate::CLOCK_HZ);
        self.start();
        while self.elapsed() < ticks {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no timer at these registers")]
    fn other_devices_are_refused() {
        let _ = Timer::new(crate::UART0);
    }
}
