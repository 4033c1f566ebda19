// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system timers (ARM 101370, "System timer"). All of them compare the count of one counter, which nobody sets.

use crate::{CLOCK_HZ, TIMER0, TIMER1};
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    pub(crate) Registers {
        (0x00 => pub(crate) count: ReadOnly<u32>),
        (0x04 => _high),
        (0x28 => left: ReadWrite<u32>),
        (0x2c => control: ReadWrite<u32, Control::Register>),
        (0x30 => @END),
    }
}

register_bitfields![u32,
    Control [
        ENABLE OFFSET(0) NUMBITS(1) [],
    ],
];

/// Driver of a timer, for the process that owns its registers.
///
/// The timer counts ticks of the [clock](CLOCK_HZ), 125 ns each, and wraps around after 2^32 ticks (536 s). A process
/// that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Timer {
    registers: usize,
    /// The count at the start.
    from: u32,
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
        Timer { registers: start, from: 0 }
    }

    /// Starts to count, from 0.
    pub fn start(&mut self) {
        self.from = self.registers().count.get();
    }

    /// Raises the timer's interrupt after this number of ticks. More than 2^31 ticks are taken for 2^31 ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        // The device takes the number for a signed one.
        self.registers().left.set(ticks.min(i32::MAX as u32));
        self.registers().control.write(Control::ENABLE::SET);
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        self.registers().control.set(0);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        self.registers().count.get().wrapping_sub(self.from)
    }

    fn registers(&self) -> &Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.registers);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust object lies there, and
        // any value may be read from them and written to them. The protection unit decides which process may access
        // them: a process that doesn't own them is stopped at the access, without an effect on memory.
        unsafe { &*pointer }
    }
}

impl DelayNs for Timer {
    /// Waits with the CPU busy. Sets the count of the timer to 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        let ticks = u64::from(nanoseconds) * u64::from(CLOCK_HZ) / 1_000_000_000 + 1;
        self.start();
        while u64::from(self.elapsed()) < ticks {}
    }
}

#[cfg(test)]
mod tests {
    use crate::Timer;

    #[test]
    #[should_panic(expected = "no timer at these registers")]
    fn other_devices_are_refused() {
        let _ = Timer::new(crate::UART0);
    }
}
