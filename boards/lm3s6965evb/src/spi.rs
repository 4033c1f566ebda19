// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::chip::CARD_SELECT_PIN;
use crate::output::Output;
use crate::{CARD_SELECT, CLOCK_HZ, SSI0};
use crossgate_abi::table::Mmio;
use embedded_hal::spi::{self, ErrorKind, SpiBus};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of an SSI (ARM PL022) that are used here.
    Registers {
        (0x00 => format: ReadWrite<u32, Format::Register>),
        (0x04 => control: ReadWrite<u32, Control::Register>),
        (0x08 => data: ReadWrite<u32>),
        (0x0c => state: ReadOnly<u32, State::Register>),
        (0x10 => prescaler: ReadWrite<u32>),
        (0x14 => @END),
    }
}

register_bitfields![u32,
    Format [
        DIVISOR_LESS_ONE OFFSET(8) NUMBITS(8) [],
        BITS_LESS_ONE OFFSET(0) NUMBITS(4) [EIGHT = 7],
    ],
    Control [
        ENABLE OFFSET(1) NUMBITS(1) [],
    ],
    State [
        BUSY OFFSET(4) NUMBITS(1) [],
        HAS_RECEIVED OFFSET(2) NUMBITS(1) [],
        HAS_ROOM OFFSET(1) NUMBITS(1) [],
    ],
];

/// The number of words that the device holds in each direction.
const QUEUE: usize = 8;
/// The word that is sent if there is nothing to write.
const NOTHING: u8 = 0xff;

/// Driver of an SPI bus (ARM PL022), for the process that owns its registers: words of 8 bits, in mode 0. While it only
/// reads, it sends ones. The first access sets the device up. If the process crashed before, the device may still hold
/// received words; the first access then removes them.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
///
/// ```
/// use lm3s6965evb::{SSI0, Spi};
/// const BUS: Spi = Spi::new(SSI0, 400_000);
/// ```
#[derive(Debug)]
pub struct Spi {
    start: usize,
    /// The clock is divided by `prescaler`, which is even, and then by the value of the next field plus 1.
    prescaler: u32,
    divisor_less_one: u32,
    ready: bool,
}

impl Spi {
    /// Creates the driver of the bus in `mmio`, at `rate` bits a second at most.
    ///
    /// # Panics
    /// If `mmio` is not the board's bus, or if the clock can't be divided down to `rate`. It can be 769 to 25,000,000.
    /// In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, rate: u32) -> Spi {
        assert!(mmio.start == SSI0.start, "there is no SPI bus at these registers");
        assert!(rate > 0 && rate <= CLOCK_HZ / 2, "the bus has no such rate");
        let ratio = CLOCK_HZ.div_ceil(rate);
        let prescaler = (ratio.div_ceil(256) + 1) & !1;
        assert!(prescaler <= 254, "the bus has no such rate");
        Spi {
            start: mmio.start,
            prescaler,
            divisor_less_one: ratio.div_ceil(prescaler) - 1,
            ready: false,
        }
    }

    /// Returns the registers of the device. The first call sets the device up.
    fn registers(&mut self) -> &'static Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust object lies there, and any
        // value may be read from them and written to them. The MPU decides which process may access them: a process
        // that doesn't own them is stopped at the access, without an effect on memory.
        let registers = unsafe { &*pointer };
        if !self.ready {
            self.set_up(registers);
        }
        registers
    }

    #[cold]
    fn set_up(&mut self, registers: &Registers) {
        while registers.state.is_set(State::BUSY) {}
        registers.control.set(0);
        registers.prescaler.set(self.prescaler);
        registers.format.write(
            Format::BITS_LESS_ONE::EIGHT + Format::DIVISOR_LESS_ONE.val(self.divisor_less_one),
        );
        registers.control.write(Control::ENABLE::SET);
        while registers.state.is_set(State::HAS_RECEIVED) {
            let _ = registers.data.get();
        }
        self.ready = true;
    }

    /// Sends and receives `length` words.
    fn exchange(
        &mut self,
        length: usize,
        mut next: impl FnMut(usize) -> u8,
        mut received: impl FnMut(usize, u8),
    ) {
        let registers = self.registers();
        let mut sent = 0;
        let mut count = 0;
        while count < length {
            // Not more words are under way than the device can hold, so that no received word is lost.
            if sent < length && sent - count < QUEUE && registers.state.is_set(State::HAS_ROOM) {
                registers.data.set(next(sent).into());
                sent += 1;
            }
            if registers.state.is_set(State::HAS_RECEIVED) {
                received(count, registers.data.get() as u8);
                count += 1;
            }
        }
    }
}

impl spi::ErrorType for Spi {
    type Error = ErrorKind;
}

impl SpiBus for Spi {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.exchange(bytes.len(), |_| NOTHING, |index, byte| bytes[index] = byte);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.exchange(bytes.len(), |index| bytes[index], |_, _| ());
        Ok(())
    }

    fn transfer(&mut self, to: &mut [u8], from: &[u8]) -> Result<(), ErrorKind> {
        self.exchange(
            to.len().max(from.len()),
            |index| from.get(index).copied().unwrap_or(NOTHING),
            |index, byte| to.get_mut(index).into_iter().for_each(|to| *to = byte),
        );
        Ok(())
    }

    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        let bytes = core::cell::Cell::from_mut(bytes).as_slice_of_cells();
        self.exchange(
            bytes.len(),
            |index| bytes[index].get(),
            |index, byte| bytes[index].set(byte),
        );
        Ok(())
    }

    /// Does nothing, because each method ends only after all words have come back.
    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Driver of the line that selects the SD card in the board's socket, for the process that owns [`CARD_SELECT`]. Low
/// selects.
///
/// ```
/// use lm3s6965evb::CardSelect;
/// const CARD: CardSelect = CardSelect::new();
/// ```
pub type CardSelect = Output<{ CARD_SELECT.start }>;

impl CardSelect {
    /// Creates the driver of the line.
    #[must_use]
    pub const fn new() -> CardSelect {
        CardSelect::of(CARD_SELECT_PIN)
    }
}

impl Default for CardSelect {
    fn default() -> Self {
        CardSelect::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_none_above_the_one_that_was_asked_for() {
        for rate in [769, 1000, 400_000, 1_234_567, 12_000_000, 25_000_000] {
            let bus = Spi::new(SSI0, rate);
            let real = CLOCK_HZ / (bus.prescaler * (bus.divisor_less_one + 1));
            assert!(real <= rate && rate - real <= rate / 3, "{real} for {rate}");
            assert!(bus.divisor_less_one < 256 && bus.prescaler.is_multiple_of(2));
        }
    }
}
