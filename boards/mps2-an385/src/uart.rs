// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::places::Places;
use core::convert::Infallible;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of a CMSDK APB UART.
    Registers {
        (0x00 => data: ReadWrite<u32>),
        (0x04 => state: ReadOnly<u32, State::Register>),
        (0x08 => control: ReadWrite<u32, Control::Register>),
        (0x0c => interrupt: ReadWrite<u32, Interrupt::Register>),
        (0x10 => baud_divisor: ReadWrite<u32>),
        (0x14 => @END),
    }
}

register_bitfields![u32,
    State [
        SEND_FULL OFFSET(0) NUMBITS(1) [],
        RECEIVE_FULL OFFSET(1) NUMBITS(1) [],
    ],
    Control [
        SEND OFFSET(0) NUMBITS(1) [],
        RECEIVE OFFSET(1) NUMBITS(1) [],
        RECEIVE_INTERRUPT OFFSET(3) NUMBITS(1) [],
    ],
    // A read returns the pending interrupts. A 1 that is written to a bit clears this interrupt.
    Interrupt [
        RECEIVE OFFSET(1) NUMBITS(1) [],
    ],
];

/// Driver of a serial line (CMSDK APB UART), for the process that owns its registers.
///
/// The driver implements traits of [`embedded_io`]: [`Read`] and [`Write`] wait for the device, and [`ReadReady`]
/// returns `true` if a byte is there. The device has no FIFOs: it holds one byte in each direction. The first access
/// sets the device up.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
///
/// ```
/// use mps2_an385::{UART1, Uart};
/// const PORT: Uart = Uart::new(UART1, 115_200).with_receive_interrupt();
/// ```
#[derive(Debug)]
pub struct Uart<P> {
    places: PhantomData<P>,
    start: usize,
    baud_divisor: u32,
    receive_interrupt: bool,
    ready: bool,
}

/// The smallest and the largest divisor of the clock (the register has 20 bits).
const LEAST: u32 = 16;
const MOST: u32 = (1 << 20) - 1;

impl<P: Places> Uart<P> {
    /// Creates the driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs, or if the clock can't be divided down to `baud`. At 25 MHz it can be 24
    /// to 1,562,500. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart<P> {
        let start = mmio.start;
        let [first, second, third] = P::UARTS;
        assert!(
            start == first.start || start == second.start || start == third.start,
            "there is no UART at these registers"
        );
        assert!(
            baud >= P::CLOCK_HZ.div_ceil(MOST),
            "the UART is not that slow: its divisor has 20 bits"
        );
        let baud_divisor = P::CLOCK_HZ / baud;
        assert!(baud_divisor >= LEAST, "the UART is not that fast: its divisor is 16 at least");
        Uart { places: PhantomData, start, baud_divisor, receive_interrupt: false, ready: false }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart<P> {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up, without a transfer of a byte. Before, it receives nothing. The first read or write also sets
    /// it up.
    pub fn enable(&mut self) {
        self.registers();
    }

    /// Sends a byte. It sets the device up if necessary. If the device accepts no byte for some time, the byte is lost.
    #[doc(hidden)]
    pub fn tell(&self, byte: u8) {
        // The number of reads of the state. They take about as long as it takes to send three bytes.
        const PATIENCE: u32 = 1000;
        let registers = self.device();
        if registers.baud_divisor.get() < LEAST {
            registers.baud_divisor.set(self.baud_divisor);
        }
        registers.control.modify(Control::SEND::SET);
        for _ in 0..PATIENCE {
            if !registers.state.is_set(State::SEND_FULL) {
                break;
            }
        }
        registers.data.set(u32::from(byte));
    }

    fn device(&self) -> &'static Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust
        // object lies there, and any value may be read from them and written to them. The
        // MPU decides which process may access them: a process that doesn't own them is stopped
        // at the access, without an effect on memory.
        unsafe { &*pointer }
    }

    /// Returns the registers of the device. The first call sets the device up.
    fn registers(&mut self) -> &Registers {
        if !self.ready {
            self.ready = true;
            let registers = self.device();
            registers.baud_divisor.set(self.baud_divisor);
            let interrupt = Control::RECEIVE_INTERRUPT.val(u32::from(self.receive_interrupt));
            registers.control.write(Control::SEND::SET + Control::RECEIVE::SET + interrupt);
        }
        self.device()
    }
}

impl<P> ErrorType for Uart<P> {
    type Error = Infallible;
}

impl<P: Places> Write for Uart<P> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let registers = self.registers();
        for &byte in bytes {
            while registers.state.is_set(State::SEND_FULL) {}
            registers.data.set(u32::from(byte));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while self.registers().state.is_set(State::SEND_FULL) {}
        Ok(())
    }
}

impl<P: Places> ReadReady for Uart<P> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().state.is_set(State::RECEIVE_FULL))
    }
}

impl<P: Places> Read for Uart<P> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while !registers.state.is_set(State::RECEIVE_FULL) {}
        // The interrupt is cleared before the byte is read. So a byte that arrives after the read raises it again.
        registers.interrupt.write(Interrupt::RECEIVE::SET);
        *first = registers.data.get() as u8;
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{UART0, UART1, UART2, Uart};

    #[test]
    fn the_baud_rate_is_a_divisor_of_the_clock() {
        assert_eq!(Uart::new(UART0, 115_200).baud_divisor, 217);
        assert_eq!(Uart::new(UART2, 1_562_500).baud_divisor, 16);
        assert_eq!(Uart::new(UART2, 24).baud_divisor, 1_041_666);
    }

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_memory_is_refused() {
        let _ = Uart::new(Mmio { start: 0x2000_0000, size: 0x1000 }, 115_200);
    }

    #[test]
    #[should_panic(expected = "not that fast")]
    fn a_rate_out_of_reach_is_refused() {
        let _ = Uart::new(UART1, 1_562_501);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_that_needs_a_larger_divisor_is_refused() {
        let _ = Uart::new(UART1, 23);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_of_zero_is_refused() {
        let _ = Uart::new(UART1, 0);
    }
}
