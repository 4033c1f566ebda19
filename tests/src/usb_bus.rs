// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a simulated USB controller in another process, and the controller's driver for `usb-device`.

use crossgate::{Handle, Lease, LeaseBuf, LeaseMut, interface};
use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress, EndpointType};
use usb_device::{UsbDirection, UsbError};

/// The number of bytes of the longest packet.
pub const PACKET: usize = 64;
/// The number of endpoints of each direction.
pub const ENDPOINTS: usize = 4;
/// The bit of an endpoint's number that says that it sends to the host.
pub const IN: u8 = 0x80;

/// The registers, for the process of the driver.
#[interface]
pub trait Registers {
    /// Connects the device with the cable, or disconnects it.
    fn attach(&self, is_attached: bool);
    /// Opens an endpoint, without a packet.
    fn open(&self, endpoint: u8);
    /// Sets the address of the device.
    fn set_address(&self, address: u8);
    /// Gives a packet for the host. Returns whether there was room for it.
    fn write(&self, endpoint: u8, bytes: Lease<'_, [u8]>, length: u32) -> bool;
    /// Takes the packet from the host, and returns its length.
    fn read(&self, endpoint: u8, to: LeaseMut<'_, [u8]>) -> Option<u32>;
    /// Starts or stops to answer packets of the endpoint with a stall.
    fn stall(&self, endpoint: u8, is_stalled: bool);
    /// Returns whether the endpoint stalls.
    fn is_stalled(&self, endpoint: u8) -> bool;
    /// Returns the events since the last call, as bits: the endpoints with a packet, and the endpoints whose packet was
    /// taken. In the first word, bit 16 stands for a setup packet, and bit 17 for a reset of the bus.
    fn events(&self) -> (u32, u32);
}
/// The driver of the controller for `usb-device`.
#[derive(Debug)]
pub struct Bus {
    registers: Handle<dyn Registers>,
    /// The endpoints in use, as bits. The endpoints to the host are in the upper half.
    used: u32,
}

impl Bus {
    /// Creates the driver of a controller whose endpoints are all free.
    #[must_use]
    pub fn new(registers: Handle<dyn Registers>) -> Bus {
        Bus { registers, used: 0 }
    }
}

impl UsbBus for Bus {
    fn alloc_ep(
        &mut self,
        direction: UsbDirection,
        address: Option<EndpointAddress>,
        _: EndpointType,
        _: u16,
        _: u8,
    ) -> usb_device::Result<EndpointAddress> {
        let shift = if direction == UsbDirection::In { 16 } else { 0 };
        let is_free = |number: &usize| self.used >> (shift + number) & 1 == 0;
        let number = match address {
            Some(address) => address.index(),
            None => (1..ENDPOINTS).find(is_free).ok_or(UsbError::EndpointOverflow)?,
        };
        self.used |= 1 << (shift + number);
        Ok(EndpointAddress::from_parts(number, direction))
    }
    fn enable(&mut self) {
        let _ = self.registers.attach(true);
    }
    fn reset(&self) {
        for number in (0..32).filter(|number| self.used >> number & 1 != 0) {
            let direction = if number < 16 { 0 } else { IN };
            let _ = self.registers.open(direction | (number as u8 % 16));
        }
    }
    fn set_device_address(&self, address: u8) {
        let _ = self.registers.set_address(address);
    }
    fn write(&self, endpoint: EndpointAddress, bytes: &[u8]) -> usb_device::Result<usize> {
        let mut buffer = LeaseBuf::<PACKET>::new();
        let copy = buffer.get_mut(..bytes.len()).ok_or(UsbError::BufferOverflow)?;
        copy.copy_from_slice(bytes);
        match self.registers.write(u8::from(endpoint), &buffer, bytes.len() as u32) {
            Ok(true) => Ok(bytes.len()),
            _ => Err(UsbError::WouldBlock),
        }
    }
    fn read(&self, endpoint: EndpointAddress, to: &mut [u8]) -> usb_device::Result<usize> {
        let mut buffer = LeaseBuf::<PACKET>::new();
        let Ok(Some(length)) = self.registers.read(u8::from(endpoint), &mut buffer) else {
            return Err(UsbError::WouldBlock);
        };
        let to = to.get_mut(..length as usize).ok_or(UsbError::BufferOverflow)?;
        to.copy_from_slice(&buffer[..length as usize]);
        Ok(length as usize)
    }
    fn set_stalled(&self, endpoint: EndpointAddress, is_stalled: bool) {
        let _ = self.registers.stall(u8::from(endpoint), is_stalled);
    }
    fn is_stalled(&self, endpoint: EndpointAddress) -> bool {
        self.registers.is_stalled(u8::from(endpoint)) == Ok(true)
    }
    fn suspend(&self) {}
    fn resume(&self) {}
    fn poll(&self) -> PollResult {
        match self.registers.events() {
            Ok((full, _)) if full >> 17 & 1 != 0 => PollResult::Reset,
            Ok((0, 0)) | Err(_) => PollResult::None,
            Ok((full, taken)) => PollResult::Data {
                ep_out: full as u16,
                ep_in_complete: taken as u16,
                ep_setup: (full >> 16) as u16 & 1,
            },
        }
    }
}
