// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::places::Places;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::ReadWrite;
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of a CMSDK APB timer.
    Registers {
        (0x00 => control: ReadWrite<u32, Control::Register>),
        (0x04 => value: ReadWrite<u32>),
        (0x08 => reload: ReadWrite<u32>),
        (0x0c => interrupt: ReadWrite<u32>),
        (0x10 => @END),
    }
}

register_bitfields![u32,
    Control [
        ENABLE OFFSET(0) NUMBITS(1) [],
        INTERRUPT OFFSET(3) NUMBITS(1) [],
    ],
];

/// Driver of a timer (CMSDK APB timer), for the process that owns its registers.
///
/// The timer counts ticks of the [clock](crate::CLOCK_HZ), 40 ns each at 25 MHz, and wraps around after 2^32 ticks
/// (171 s). A process that doesn't own the registers can also create a driver, but its first access to the device is a
/// fault.
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
        registers.reload.set(u32::MAX);
        registers.value.set(u32::MAX);
        registers.control.write(Control::ENABLE::SET);
    }

    /// Raises the timer's interrupt after this number of ticks, and then every 2^32 ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        let registers = self.registers();
        registers.control.set(0);
        registers.reload.set(u32::MAX);
        registers.value.set(ticks);
        registers.control.write(Control::ENABLE::SET + Control::INTERRUPT::SET);
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        self.registers().control.set(0);
        self.registers().interrupt.set(1);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start).
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        // The device counts down.
        u32::MAX - self.registers().value.get()
    }

    fn registers(&self) -> &Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust
        // object lies there, and any value may be read from them and written to them. The
        // MPU decides which process may access them: a process that doesn't own them is stopped
        // at the access, without an effect on memory.
        unsafe { &*pointer }
    }
}

impl<P: Places> DelayNs for Timer<P> {
    /// Waits with the CPU busy. Sets the count of the timer to 0.
    fn delay_ns(&mut self, nanoseconds: u32) {
        let ticks = nanoseconds.div_ceil(1_000_000_000 / P::CLOCK_HZ);
        self.start();
        while self.elapsed() < ticks {}
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
