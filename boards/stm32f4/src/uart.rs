// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::clock::bus_hz;
use crate::places::Places;
use crate::registers::{Usart, UsartControl, UsartState, registers};
use core::convert::Infallible;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// Driver of a serial line (USART), for the process that owns its registers.
///
/// The driver implements traits of [`embedded_io`]: [`Read`] and [`Write`] wait for the device, and [`ReadReady`]
/// returns `true` if a byte is there. The device holds one byte in each direction, and drops bytes that arrive while it
/// is full. The first access sets the device up.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Uart<P> {
    places: PhantomData<P>,
    start: usize,
    divisor: u32,
    receive_interrupt: bool,
    ready: bool,
}

/// The smallest and the largest divisor of the clock: 12 bits, and 4 bits of a fraction that count 16ths (RM0090,
/// 30.3.4).
const LEAST: u32 = 16;
const MOST: u32 = 0xffff;

impl<P: Places> Uart<P> {
    /// Creates the driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs, or if the clock of its bus can't be divided to `baud`. At 42 MHz this can
    /// be 641 to 2,625,000, and at 84 MHz 1,282 to 5,250,000. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart<P> {
        let start = mmio.start;
        let [first, second, third] = P::UARTS;
        assert!(
            start == first.start || start == second.start || start == third.start,
            "there is no UART at these registers"
        );
        let hz = bus_hz(start);
        assert!(baud >= hz.div_ceil(MOST), "the UART is not that slow: its divisor has 16 bits");
        assert!(baud <= hz / LEAST, "the UART is not that fast: its divisor is 16 at least");
        let divisor = (hz + baud / 2) / baud;
        Uart { places: PhantomData, start, divisor, receive_interrupt: false, ready: false }
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
    pub(crate) fn tell(&self, byte: u8) {
        // The number of reads of the state. They take about as long as it takes to send three bytes.
        const PATIENCE: u32 = 5000;
        let registers = registers::<Usart>(self.start);
        if registers.divisor.get() < LEAST {
            registers.divisor.set(self.divisor);
        }
        registers.control.modify(UsartControl::ENABLE::SET + UsartControl::SEND::SET);
        for _ in 0..PATIENCE {
            if registers.state.is_set(UsartState::CAN_SEND) {
                break;
            }
        }
        registers.data.set(u32::from(byte));
    }

    /// Returns the registers of the device. The first call sets the device up.
    fn registers(&mut self) -> &'static Usart {
        let registers = registers::<Usart>(self.start);
        if !self.ready {
            self.ready = true;
            registers.control.set(0);
            registers.divisor.set(self.divisor);
            registers.control.write(
                UsartControl::ENABLE::SET
                    + UsartControl::SEND::SET
                    + UsartControl::RECEIVE::SET
                    + UsartControl::RECEIVE_INTERRUPT.val(self.receive_interrupt.into()),
            );
        }
        registers
    }
}

/// Returns whether a byte has arrived.
///
/// If the device has dropped a byte, it interrupts even after all others are read, until the data is read once more
/// (RM0090, 30.6.1). So this reads the data then. (A byte that arrives at this moment is lost, as the one before.)
fn has_received(registers: &Usart) -> bool {
    let state = registers.state.extract();
    let has_received = state.is_set(UsartState::RECEIVED);
    if !has_received && state.is_set(UsartState::OVERRUN) {
        registers.data.get();
    }
    has_received
}

impl<P> ErrorType for Uart<P> {
    type Error = Infallible;
}

impl<P: Places> Write for Uart<P> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let registers = self.registers();
        for &byte in bytes {
            while !registers.state.is_set(UsartState::CAN_SEND) {}
            registers.data.set(u32::from(byte));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while !self.registers().state.is_set(UsartState::SENT) {}
        Ok(())
    }
}

impl<P: Places> ReadReady for Uart<P> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(has_received(self.registers()))
    }
}

impl<P: Places> Read for Uart<P> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while !has_received(registers) {}
        // This also clears the interrupt.
        *first = registers.data.get() as u8;
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Example;

    type Line = Uart<Example>;
    const FAST: Mmio = Example::UARTS[0];
    const SLOW: Mmio = Example::UARTS[1];

    #[test]
    fn the_baud_rate_is_a_divisor_of_the_clock_of_the_bus() {
        // 84 MHz / 729 is 115,226 bits a second, 42 MHz / 365 is 115,068.
        assert_eq!(Line::new(FAST, 115_200).divisor, 729);
        assert_eq!(Line::new(SLOW, 115_200).divisor, 365);
        assert_eq!(Line::new(FAST, 5_250_000).divisor, LEAST);
        assert_eq!(Line::new(SLOW, 2_625_000).divisor, LEAST);
        assert!(Line::new(FAST, 1282).divisor <= MOST && Line::new(SLOW, 641).divisor <= MOST);
    }

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_memory_is_refused() {
        let _ = Line::new(Mmio { start: 0x2000_0000, size: 0x400 }, 115_200);
    }

    #[test]
    #[should_panic(expected = "not that fast")]
    fn a_rate_out_of_reach_is_refused() {
        let _ = Line::new(SLOW, 2_625_001);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_that_needs_a_larger_divisor_is_refused() {
        let _ = Line::new(FAST, 1281);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_of_zero_is_refused() {
        let _ = Line::new(SLOW, 0);
    }
}
