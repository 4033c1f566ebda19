// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::bus::{Bus, Device};
use crate::chip::{CRYSTAL_HZ, Chip};
use core::convert::Infallible;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};

/// The offsets of the registers that are the same in all chips.
const FIFO: usize = 0x00;
const INTERRUPT_ENABLE: usize = 0x0c;
const INTERRUPT_CLEAR: usize = 0x10;
const DIVISOR: usize = 0x14;
const STATUS: usize = 0x1c;

/// The interrupts of bytes that have arrived: as many as the setup says, or fewer and then a pause. (The manuals say
/// "more than" in one place, and mean "as many as" in another. With both interrupts, one byte is enough in either
/// case.)
const RECEIVED: u32 = 1 << 0 | 1 << 8;
/// The largest number of bytes in a FIFO, less one.
const ALMOST_FULL: u32 = 127;

/// Driver of a serial line, for the process that owns its registers.
///
/// It reads and writes through the traits of [`embedded_io`]: [`Read`] and [`Write`] wait for the device, [`ReadReady`]
/// returns whether a byte is there. The first access sets the device up.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Uart<C> {
    chip: PhantomData<C>,
    start: usize,
    divisor: u32,
    receive_interrupt: bool,
    ready: bool,
}

impl<C: Chip> Uart<C> {
    /// Creates the driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics If `mmio` is none of the board's UARTs, or the clock can't be divided down to `baud`, which is 9,766 to
    /// 2,500,000. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart<C> {
        let start = mmio.start;
        let [first, second, third] = C::UARTS;
        assert!(
            start == first.start || start == second.start || start == third.start,
            "there is no UART at these registers"
        );
        Uart {
            chip: PhantomData,
            start,
            divisor: divisor(baud),
            receive_interrupt: false,
            ready: false,
        }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart<C> {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up, without a transfer of a byte. The first read or write also sets it up.
    pub fn enable(&mut self) {
        self.prepare(device());
    }

    /// Sends a byte, whatever state the device is in. If the device does not send it in time, the byte is lost.
    pub(crate) fn tell(&self, bus: &impl Bus, byte: u8) {
        if !self.is_set_up(bus) {
            self.set_up(bus);
        }
        bus.wait_until_clear(self.start + STATUS, SENDS);
        bus.write(self.start + FIFO, byte.into());
        // The chip may be reset next.
        bus.wait_until_clear(self.start + STATUS, SENDS);
        bus.wait_until_clear(self.start + C::SERIAL.state, TRANSMITTER);
    }

    fn prepare(&mut self, bus: &impl Bus) {
        if !core::mem::replace(&mut self.ready, true) {
            self.set_up(bus);
        }
    }

    fn is_set_up(&self, bus: &impl Bus) -> bool {
        bus.read(self.start + DIVISOR) == self.divisor
            && C::SERIAL.setup.iter().all(|(offset, value)| bus.read(self.start + offset) == *value)
    }

    fn set_up(&self, bus: &impl Bus) {
        let received = if self.receive_interrupt { RECEIVED } else { 0 };
        bus.write(self.start + INTERRUPT_ENABLE, received);
        for (offset, value) in C::SERIAL.setup {
            bus.write(self.start + offset, *value);
        }
        bus.write(self.start + DIVISOR, self.divisor);
        let (offset, bit) = C::SERIAL.update;
        bus.change(self.start + offset, 0, bit);
        bus.wait_until_clear(self.start + offset, bit);
    }

    fn send(&mut self, bus: &impl Bus, bytes: &[u8]) {
        self.prepare(bus);
        for &byte in bytes {
            while in_fifo(bus.read(self.start + STATUS) >> 16) >= ALMOST_FULL {}
            bus.write(self.start + FIFO, byte.into());
        }
    }

    fn has_received(&mut self, bus: &impl Bus) -> bool {
        self.prepare(bus);
        in_fifo(bus.read(self.start + STATUS)) != 0
    }

    fn receive(&mut self, bus: &impl Bus) -> u8 {
        while !self.has_received(bus) {}
        let byte = bus.read(self.start + FIFO) as u8;
        // The device raises the interrupt again as long as bytes are there. So it is cleared after the read.
        bus.write(self.start + INTERRUPT_CLEAR, RECEIVED);
        byte
    }
}

/// The bits of the status with the number of bytes that still have to be sent.
const SENDS: u32 = 0xff << 16;
/// The bits of the state of the transmitter. They are 0 when the last byte is on the line.
const TRANSMITTER: u32 = 0xf << 4;

/// Returns the number of bytes in a FIFO of 128.
fn in_fifo(status: u32) -> u32 {
    status & 0xff
}

/// Returns the value of the divisor's register: the divisor, and its sixteenths in the bits from 20 on.
const fn divisor(baud: u32) -> u32 {
    assert!(
        baud <= CRYSTAL_HZ / 16,
        "the UART is not that fast: 2,500,000 bits a second are the most"
    );
    assert!(
        baud > CRYSTAL_HZ >> 12,
        "the UART is not that slow: 9,766 bits a second are the least"
    );
    let sixteenths = CRYSTAL_HZ * 16 / baud;
    (sixteenths / 16) | ((sixteenths % 16) << 20)
}

fn device() -> &'static impl Bus {
    // SAFETY: `Uart` accesses only registers of a serial line, whose address `new` has checked.
    const { &unsafe { Device::new() } }
}

impl<C> ErrorType for Uart<C> {
    type Error = Infallible;
}

impl<C: Chip> Write for Uart<C> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.send(device(), bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.prepare(device());
        while device().read(self.start + STATUS) & SENDS != 0 {}
        while device().read(self.start + C::SERIAL.state) & TRANSMITTER != 0 {}
        Ok(())
    }
}

impl<C: Chip> ReadReady for Uart<C> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.has_received(device()))
    }
}

impl<C: Chip> Read for Uart<C> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        *first = self.receive(device());
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::c3::C3;
    use crate::model::Model;

    const UART0: Mmio = C3::UARTS[0];

    #[test]
    fn the_divisor_has_sixteenths() {
        // 40 MHz / 115,200 = 347 and 3.55 sixteenths.
        assert_eq!(divisor(115_200), 3 << 20 | 347);
        assert_eq!(divisor(2_500_000), 16);
        assert_eq!(divisor(9766), 13 << 20 | 4095);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_of_zero_is_refused() {
        let _ = Uart::<C3>::new(UART0, 0);
    }

    #[test]
    #[should_panic(expected = "not that fast")]
    fn a_rate_out_of_reach_is_refused() {
        let _ = Uart::<C3>::new(UART0, 2_500_001);
    }

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_devices_are_refused() {
        let _ = Uart::<C3>::new(C3::TIMERS[0], 115_200);
    }

    #[test]
    fn bytes_are_sent_when_there_is_room() {
        let model = Model::new();
        let mut uart = Uart::<C3>::new(UART0, 115_200);
        uart.send(&model, &[7; 1000]);
        assert_eq!(model.sent(), [7; 1000], "the model panics at a byte too many in the FIFO");
        assert_eq!(model.read(UART0.start + INTERRUPT_ENABLE), 0);
    }

    #[test]
    fn each_byte_raises_the_interrupt_until_it_is_read() {
        let model = Model::new();
        let mut uart = Uart::<C3>::new(UART0, 115_200).with_receive_interrupt();
        assert!(!uart.has_received(&model));
        for byte in [1, 2, 3] {
            model.receive(byte);
        }
        for byte in [1, 2, 3] {
            assert!(model.uart_interrupts(UART0.start));
            assert_eq!(uart.receive(&model), byte);
        }
        assert!(!model.uart_interrupts(UART0.start));
        assert!(!uart.has_received(&model));
    }

    #[test]
    fn last_words_are_sent_whatever_a_process_has_set() {
        let model = Model::new();
        let uart = Uart::<C3>::new(UART0, 115_200);
        model.write(UART0.start + DIVISOR, 16);
        uart.tell(&model, b'a');
        assert_eq!(model.read(UART0.start + DIVISOR), 3 << 20 | 347);
        for (offset, value) in C3::SERIAL.setup {
            model.write(UART0.start + offset, !value);
            uart.tell(&model, b'b');
            assert_eq!(model.read(UART0.start + offset), *value, "{offset:#x}");
        }
        assert_eq!(model.sent().len(), 1 + C3::SERIAL.setup.len());
    }

    #[test]
    fn last_words_do_not_wait_for_ever() {
        let model = Model::new();
        model.stop_sending();
        Uart::<C3>::new(UART0, 115_200).tell(&model, b'a');
    }
}
