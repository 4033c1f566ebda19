// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::bus::hz;
use crate::family::{Family, Slow};
use crate::places::Places;
use crate::registers::registers;
use crate::serial::{LEAST, MOST, SerialLine};
use core::convert::Infallible;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};

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

/// The registers of the serial lines of a board.
type Line<P> = <<P as Places>::Family as Family>::Usart;

impl<P: Places> Uart<P> {
    /// Creates the driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs, or if the clock of its bus can't be divided to `baud`: the divisor is 16
    /// to 65,535. At 42 MHz this can be 641 to 2,625,000, and at 170 MHz 2,595 to 10,625,000. In a constant or in the
    /// wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart<P> {
        let start = mmio.start;
        let [first, second, third] = P::UARTS;
        assert!(
            start == first.start || start == second.start || start == third.start,
            "there is no UART at these registers"
        );
        let hz = hz::<P::Family>(start);
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
        // The number of reads of the state. They take longer than it takes to send a byte at the usual rates.
        const PATIENCE: u32 = 5000;
        let registers = registers::<Line<P>>(self.start);
        registers.set_up_to_send(self.divisor);
        for _ in 0..PATIENCE {
            if registers.can_send() {
                break;
            }
        }
        registers.send(byte);
    }

    /// Sends at the same rate with a slower clock, as far as its divisor allows.
    ///
    /// The buses divide it as they did with the usual clock of the CPU.
    pub(crate) fn keep_rate(&self, clock: Slow) {
        let registers = registers::<Line<P>>(self.start);
        registers.set_up_to_send(self.divisor);
        registers.set_divisor(slower(registers.divisor(), clock.hz, P::Family::CPU_HZ));
    }

    /// Returns the registers of the device. The first call sets the device up.
    fn registers(&mut self) -> &'static Line<P> {
        let registers = registers::<Line<P>>(self.start);
        if !self.ready {
            self.ready = true;
            registers.set_up(self.divisor, self.receive_interrupt);
        }
        registers
    }
}

/// Returns the divisor that makes the same rate of a clock that has changed from `before` to `now`, in Hz.
const fn slower(divisor: u32, now: u32, before: u32) -> u32 {
    let divisor = (divisor as u64 * now as u64 + before as u64 / 2) / before as u64;
    if divisor < LEAST as u64 { LEAST } else { divisor as u32 }
}

impl<P> ErrorType for Uart<P> {
    type Error = Infallible;
}

impl<P: Places> Write for Uart<P> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let registers = self.registers();
        for &byte in bytes {
            while !registers.can_send() {}
            registers.send(byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while !self.registers().has_sent() {}
        Ok(())
    }
}

impl<P: Places> ReadReady for Uart<P> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().has_received())
    }
}

impl<P: Places> Read for Uart<P> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while !registers.has_received() {}
        *first = registers.receive();
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
    fn the_last_words_have_their_rate_with_a_slow_clock() {
        // 16 MHz / 4 / 35 is 114,286 bits a second, and 64 MHz / 4 / 139 is 115,108: 0.8 % and 0.1 % off.
        assert_eq!(slower(365, 16_000_000, 168_000_000), 35);
        assert_eq!(slower(868, 64_000_000, 400_000_000), 139);
        assert_eq!(slower(1389, 4_000_000, 160_000_000), 35);
        assert_eq!(slower(LEAST, 4_000_000, 160_000_000), LEAST);
        assert_eq!(slower(MOST, 160_000_000, 160_000_000), MOST);
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
