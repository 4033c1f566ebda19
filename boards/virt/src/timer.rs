// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{CLOCK_HZ, TIMER0, TIMER1};
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_structs;
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};

register_structs! {
    /// The registers of the real-time clock (Goldfish). Reading the lower half of the time keeps the upper half; writing
    /// the lower half of the alarm sets the alarm.
    Registers {
        (0x00 => time_low: ReadOnly<u32>),
        (0x04 => time_high: ReadOnly<u32>),
        (0x08 => alarm_low: WriteOnly<u32>),
        (0x0c => alarm_high: WriteOnly<u32>),
        (0x10 => interrupt_enabled: ReadWrite<u32>),
        (0x14 => clear_alarm: WriteOnly<u32>),
        (0x18 => alarm_status: ReadOnly<u32>),
        (0x1c => clear_interrupt: WriteOnly<u32>),
        (0x20 => @END),
    }
}

/// The length of a tick in ns, the unit in which the device counts.
const TICK: u64 = 1_000_000_000 / CLOCK_HZ as u64;

/// Driver of the timer (the real-time clock), for the process that owns its registers.
///
/// It counts ticks of the [clock](crate::CLOCK_HZ), 100 ns each, and wraps around after 2^32 of them (429 s). A process
/// that doesn't own the registers can make a driver, too, but the first use of it is a fault of that process.
///
/// (The time of the device is that of the kernel only if the emulator has the option `-rtc clock=vm`.)
#[derive(Debug)]
pub struct Timer {
    registers: usize,
    start: u64,
}

impl Timer {
    /// The driver of the timer in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is none of the board's timers. In a constant or in the wiring, that is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Timer {
        let registers = mmio.start;
        assert!(
            registers == TIMER0.start || registers == TIMER1.start,
            "there is no timer at these registers"
        );
        Timer { registers, start: 0 }
    }

    /// Counts from 0.
    pub fn start(&mut self) {
        self.start = self.now();
    }

    /// Raises the timer's interrupt after this number of ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        self.start = self.now();
        let at = self.start + u64::from(ticks) * TICK;
        let registers = self.registers();
        registers.clear_alarm.set(1);
        registers.interrupt_enabled.set(1);
        registers.alarm_high.set((at >> 32) as u32);
        registers.alarm_low.set(at as u32);
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        let registers = self.registers();
        registers.clear_alarm.set(1);
        registers.clear_interrupt.set(1);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        (self.now().wrapping_sub(self.start) / TICK) as u32
    }

    /// Returns the time of the device in ns.
    fn now(&self) -> u64 {
        let registers = self.registers();
        let low = registers.time_low.get();
        u64::from(registers.time_high.get()) << 32 | u64::from(low)
    }

    fn registers(&self) -> &Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.registers);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust object lies there, and any
        // value may be read from them and written to them. The protection unit decides which process may access them: a
        // process that doesn't own them is stopped at the access, without an effect on memory.
        unsafe { &*pointer }
    }
}

impl DelayNs for Timer {
    /// Waits with the CPU busy. Counts from 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        let start = self.now();
        while self.now().wrapping_sub(start) < nanoseconds.into() {}
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
