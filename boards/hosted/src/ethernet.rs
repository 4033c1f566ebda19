// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{ETHERNET, Registers};
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::ethernet::{DATA, INTERRUPT, LONGEST, RECEIVED, SEND};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// The bytes of a word.
const WORD: usize = size_of::<Word>();
/// A buffer for the longest frame, in whole words.
const BUFFER: usize = LONGEST.next_multiple_of(WORD);

/// Driver of the Ethernet controller, for the process that owns [`ETHERNET`]: a `Device` of `smoltcp`. The option
/// `--ethernet` of the program connects its cable.
///
/// The first access resets the controller. So if the process crashed while it sent a frame, this frame is dropped.
/// Received frames raise the interrupt until [`receive`](Device::receive) finds no more frames.
///
/// ```
/// use hosted_board::{ETHERNET, Ethernet};
/// const PORT: Ethernet = Ethernet::new(ETHERNET, [2, 0, 0, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub struct Ethernet {
    registers: Registers,
    ready: bool,
    received: [u8; BUFFER],
    sent: [u8; BUFFER],
}

/// A frame that was received.
#[derive(Debug)]
pub struct ReceivedFrame<'a>(&'a [u8]);

/// Room for a frame in the controller.
#[derive(Debug)]
pub struct FreeFrame<'a> {
    registers: &'a Registers,
    buffer: &'a mut [u8; BUFFER],
}

impl Ethernet {
    /// Creates the driver of the controller in `mmio`. The controller receives all frames, whatever their address.
    ///
    /// # Panics
    /// If `mmio` is not the board's Ethernet controller. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, _address: [u8; 6]) -> Ethernet {
        const OTHERWISE: &str = "there is no Ethernet controller at these registers";
        Ethernet {
            registers: Registers::of(mmio, &[ETHERNET], OTHERWISE),
            ready: false,
            received: [0; BUFFER],
            sent: [0; BUFFER],
        }
    }

    fn set_up(&mut self) {
        if !self.ready {
            self.ready = true;
            self.registers.write(INTERRUPT, 1);
        }
    }
}

impl Device for Ethernet {
    type RxToken<'a> = ReceivedFrame<'a>;
    type TxToken<'a> = FreeFrame<'a>;

    fn receive(&mut self, _: Instant) -> Option<(ReceivedFrame<'_>, FreeFrame<'_>)> {
        self.set_up();
        let length = self.registers.read(RECEIVED);
        if length == 0 {
            return None;
        }
        for place in self.received[..length.next_multiple_of(WORD)].chunks_exact_mut(WORD) {
            place.copy_from_slice(&self.registers.read(DATA).to_le_bytes());
        }
        self.registers.write(RECEIVED, 0);
        let free = FreeFrame { registers: &self.registers, buffer: &mut self.sent };
        Some((ReceivedFrame(&self.received[..length]), free))
    }

    fn transmit(&mut self, _: Instant) -> Option<FreeFrame<'_>> {
        self.set_up();
        Some(FreeFrame { registers: &self.registers, buffer: &mut self.sent })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = LONGEST;
        capabilities
    }
}

impl RxToken for ReceivedFrame<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, with: F) -> R {
        with(self.0)
    }
}

impl TxToken for FreeFrame<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, with: F) -> R {
        let result = with(&mut self.buffer[..length]);
        for word in self.buffer[..length.next_multiple_of(WORD)].chunks_exact(WORD) {
            self.registers.write(DATA, word.try_into().map_or(0, Word::from_le_bytes));
        }
        self.registers.write(SEND, length);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no Ethernet controller at these registers")]
    fn other_devices_are_refused() {
        let _ = Ethernet::new(crate::UART0, [2, 0, 0, 0, 0, 1]);
    }
}
