// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{CLOCK_HZ, TIMER0, TIMER1};
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_structs;
use tock_registers::registers::{ReadOnly, ReadWrite};

register_structs! {
    Registers {
        (0x00 => counts_down_from: ReadWrite<u32>),
        (0x04 => count: ReadOnly<u32>),
        (0x08 => interrupts_at_0: ReadWrite<u32>),
        (0x0c => @END),
    }
}

/// Driver of a timer, for the process that owns its registers. It counts ticks of the [clock](CLOCK_HZ).
#[derive(Debug)]
pub struct Timer {
    mmio: Mmio,
}

impl Timer {
    /// Creates the driver of the timer in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is none of the board's timers. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Timer {
        let is_timer = mmio.start == TIMER0.start || mmio.start == TIMER1.start;
        assert!(is_timer, "there is no timer at these registers");
        Timer { mmio }
    }

    /// Starts to count, from 0.
    pub fn start(&mut self) {
        self.registers().interrupts_at_0.set(0);
        self.registers().counts_down_from.set(u32::MAX);
    }

    /// Raises the timer's interrupt once, after this number of ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        self.registers().interrupts_at_0.set(1);
        self.registers().counts_down_from.set(ticks.max(1));
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        self.registers().interrupts_at_0.set(0);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        u32::MAX - self.registers().count.get()
    }

    fn registers(&self) -> &'static Registers {
        crate::registers(self.mmio)
    }
}

impl DelayNs for Timer {
    /// Waits with the CPU busy. Sets the count of the timer to 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        let ticks = u64::from(nanoseconds) * u64::from(CLOCK_HZ / 1_000_000);
        self.start();
        while u64::from(self.elapsed()) * 1000 < ticks {}
    }
}
