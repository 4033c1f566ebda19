// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{TIMER0, TIMER1};
use crossgate_abi::table::Mmio;
use embedded_hal::delay::DelayNs;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of a general-purpose timer that are used here. The halves A and B of the timer together are one
    /// timer of 32 bits.
    Registers {
        (0x00 => configuration: ReadWrite<u32, Configuration::Register>),
        (0x04 => mode: ReadWrite<u32, Mode::Register>),
        (0x08 => _0),
        (0x0c => control: ReadWrite<u32, Control::Register>),
        (0x10 => _1),
        (0x18 => interrupt_mask: ReadWrite<u32, Interrupt::Register>),
        (0x1c => raw_interrupt: ReadOnly<u32, Interrupt::Register>),
        (0x20 => _2),
        (0x24 => clear: WriteOnly<u32, Interrupt::Register>),
        (0x28 => load: ReadWrite<u32>),
        (0x2c => _3),
        (0x48 => value: ReadOnly<u32>),
        (0x4c => @END),
    }
}

register_bitfields![u32,
    Configuration [
        WIDTH OFFSET(0) NUMBITS(3) [ALL_BITS = 0],
    ],
    Mode [
        MODE OFFSET(0) NUMBITS(2) [ONCE = 1, PERIODIC = 2],
    ],
    Control [
        ENABLE OFFSET(0) NUMBITS(1) [],
    ],
    Interrupt [
        IS_AT_0 OFFSET(0) NUMBITS(1) [],
    ],
];

/// Driver of a timer (general-purpose timer module), for the process that owns its registers.
///
/// The timer counts ticks of the [clock](crate::CLOCK_HZ), 20 ns each, and wraps around after 2^32 ticks (85 s). A
/// process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
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
        self.count_down(u32::MAX, Mode::MODE::PERIODIC.value, false);
    }

    /// Raises the timer's interrupt once, after this number of ticks.
    pub fn interrupt_after(&mut self, ticks: u32) {
        self.count_down(ticks, Mode::MODE::ONCE.value, true);
    }

    /// Clears the interrupt.
    pub fn clear_interrupt(&mut self) {
        let registers = self.registers();
        registers.control.set(0);
        registers.clear.write(Interrupt::IS_AT_0::SET);
    }

    /// Returns how many ticks have passed since [`start`](Timer::start). QEMU does not emulate the count: the result is
    /// always 2^32 - 1.
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        // The device counts down.
        u32::MAX - self.registers().value.get()
    }

    fn count_down(&mut self, ticks: u32, mode: u32, interrupts: bool) {
        self.clear_interrupt();
        let registers = self.registers();
        registers.configuration.write(Configuration::WIDTH::ALL_BITS);
        registers.mode.set(mode);
        registers.interrupt_mask.write(Interrupt::IS_AT_0.val(interrupts.into()));
        registers.load.set(ticks.max(1));
        registers.control.write(Control::ENABLE::SET);
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

impl DelayNs for Timer {
    /// Waits with the CPU busy, while the timer counts down to 0 once.
    fn delay_ns(&mut self, nanoseconds: u32) {
        let ticks = nanoseconds.div_ceil(1_000_000_000 / crate::CLOCK_HZ);
        self.count_down(ticks, Mode::MODE::ONCE.value, false);
        // The loop reads this bit and not the count, because QEMU does not emulate the count.
        while !self.registers().raw_interrupt.is_set(Interrupt::IS_AT_0) {}
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
