// SPDX-License-Identifier: MIT OR Apache-2.0
//! A serial line over USB (CDC ACM) as a stream of bytes: one process has the controller and its interrupt, and other
//! processes write and read.
//!
//! [`UsbSerial`] runs the unchanged crates `usb-device` and `usbd-serial` over any [`UsbBus`]. A `UsbBus` is the driver
//! of a controller: `stm32-usbd`, `synopsys-usb-otg`, or a driver from the support crate of a chip. Clients use the
//! interfaces of [`crossgate_bytes`].
//!
//! ```ignore
//! process usb {
//!     mmio USB;
//!     notification WORK; // the interrupt, and what clients have done
//!     notification ARRIVED;
//!     notification DROPPED; // nobody writes there but the driver
//!     notification TAKEN; // nobody reads there but the driver
//!     notification FREED;
//!     interrupt USB_LINE => WORK;
//!     object serial (stack = 256): Concurrent<UsbSerial<256>> =
//!         UsbSerial::new(WORK, [ARRIVED, DROPPED], [TAKEN, FREED]) => [BYTES_IN: dyn ByteReader, BYTES_OUT: dyn ByteWriter];
//!     thread main (priority = 20, stack = 4096) = usb(&serial);
//! }
//! process terminal { thread main (priority = 2, stack = 1024) = terminal::main(BYTES_IN, BYTES_OUT); }
//!
//! fn usb(serial: &UsbSerial<256>) -> ! {
//!     // A former life of the process may have left the controller on the bus: the host has to see that it was gone.
//!     disconnect();
//!     time::sleep(Duration::from_millis(10));
//!     serial.run(UsbBus::new(Peripheral), &Identity { vendor: 0x1209, product: 0x0001, strings: ["Maker", "Thing", "1"] })
//! }
//! ```
//!
//! If the process crashes, the bytes that it has not passed on are lost, and its clients get an error. For the host,
//! the device was unplugged. The host enumerates it again, and programs on the host have to open the serial line again.
//! While no host has configured the device, bytes to send wait in the buffer. If the buffer is full, clients that write
//! wait as well.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::{Lease, LeaseMut, Notification};
use crossgate_bytes::{ByteReader, ByteWriter, StreamBuffer};
use usb_device::UsbError;
use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::device::{
    StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid,
};
use usbd_serial::{SerialPort, USB_CLASS_CDC};

/// The longest packet of bytes, for a controller of full speed.
const PACKET: usize = 64;

/// The time between two looks at the controller while there is no room for what it has received. A host gives up a request
/// after 50 ms at the earliest (USB 2.0, 9.2.6.4).
const PAUSE: Duration = Duration::from_millis(1);

/// The identity of a device, as the host sees it.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The number of the maker, given by the USB Implementers Forum.
    pub vendor: u16,
    /// The number that the maker gives the product.
    pub product: u16,
    /// The names of the maker and of the product, and the serial number, in English.
    pub strings: [&'static str; 3],
}

/// The object of the process with the controller: the bytes of both directions, `N` at most each.
#[derive(Debug)]
pub struct UsbSerial<const N: usize> {
    received: StreamBuffer<N>,
    to_send: StreamBuffer<N>,
    work: Notification,
}

/// Bytes that were taken out of a buffer and that the device has not accepted yet.
struct Rest {
    bytes: [u8; PACKET],
    start: usize,
    end: usize,
}

impl<const N: usize> UsbSerial<N> {
    /// Creates the object. The controller's interrupt is bound to `work`. The other notifications are two for each buffer,
    /// that of the bytes received and that of the bytes to send; all of them are used for nothing else.
    #[must_use]
    pub const fn new(
        work: Notification,
        received: [Notification; 2],
        to_send: [Notification; 2],
    ) -> UsbSerial<N> {
        const { assert!(N >= PACKET, "a buffer has room for a packet at least") }
        UsbSerial {
            received: StreamBuffer::new(received[0], received[1]),
            to_send: StreamBuffer::new(to_send[0], to_send[1]),
            work,
        }
    }

    /// Runs the device: the main function of the thread that drives the controller.
    ///
    /// # Panics
    /// If the controller has no room for the endpoints.
    pub fn run<B: UsbBus>(&self, bus: UsbBusAllocator<B>, identity: &Identity) -> ! {
        let mut serial = SerialPort::new(&bus);
        let [maker, product, number] = identity.strings;
        let strings =
            StringDescriptors::default().manufacturer(maker).product(product).serial_number(number);
        let builder = UsbDeviceBuilder::new(&bus, UsbVidPid(identity.vendor, identity.product))
            .device_class(USB_CLASS_CDC)
            .strings(&[strings]);
        let Ok(builder) = builder else { panic!("one language is not too many") };
        let mut device = builder.build();
        let mut rest = Rest { bytes: [0; PACKET], start: 0, end: 0 };
        loop {
            device.poll(&mut [&mut serial]);
            let has_room = self.take_received(&mut serial);
            self.send(&device, &mut serial, &mut rest);
            if has_room {
                // The controller holds its line if something has come since.
                self.work.acknowledge();
                self.work.wait();
            } else {
                // It holds its line for a packet that can't be taken: with the line let in, nobody could make room.
                let _ = self.work.wait_timeout(PAUSE);
            }
        }
    }

    /// Takes what the host has sent, as far as there is room: the rest stays with the host. Returns whether there is room
    /// for more.
    fn take_received<B: UsbBus>(&self, serial: &mut SerialPort<'_, B>) -> bool {
        let mut packet = [0; PACKET];
        loop {
            let room = self.received.free().min(PACKET);
            match serial.read(&mut packet[..room]) {
                Ok(length) if length > 0 => self.received.put(&packet[..length]),
                _ => return room > 0,
            };
        }
    }

    /// Tells the thread of the device of bytes that a client has written or read, if there are any: a client that does not
    /// make progress does not make that thread run. Returns their number.
    fn tell_of(&self, count: u32) -> u32 {
        if count > 0 {
            self.work.signal();
        }
        count
    }

    /// Sends what clients have written, as far as the device accepts it.
    fn send<B: UsbBus>(
        &self,
        device: &UsbDevice<'_, B>,
        serial: &mut SerialPort<'_, B>,
        rest: &mut Rest,
    ) {
        if device.state() != UsbDeviceState::Configured {
            return;
        }
        loop {
            if rest.start == rest.end {
                (rest.start, rest.end) = (0, self.to_send.take(&mut rest.bytes));
            }
            if rest.start == rest.end {
                break;
            }
            match serial.write(&rest.bytes[rest.start..rest.end]) {
                Ok(count) => rest.start += count,
                Err(UsbError::WouldBlock) => break,
                // The endpoint is not there: the host has reset the bus meanwhile.
                Err(_) => return,
            }
        }
        // The end of a packet that is sent is an interrupt, after which this goes on.
        let _ = serial.flush();
    }
}

impl<const N: usize> ByteWriter for UsbSerial<N> {
    fn write(&self, bytes: Lease<'_, [u8]>) -> Result<u32, TimedOut> {
        Ok(self.tell_of(self.to_send.write(bytes)?))
    }

    fn try_write(&self, bytes: Lease<'_, [u8]>) -> u32 {
        self.tell_of(self.to_send.try_write(bytes))
    }

    fn write_timeout(&self, bytes: Lease<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut> {
        Ok(self.tell_of(self.to_send.write_timeout(bytes, timeout)?))
    }
}

impl<const N: usize> ByteReader for UsbSerial<N> {
    fn read(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, TimedOut> {
        Ok(self.tell_of(self.received.read(to)?))
    }

    fn try_read(&self, to: LeaseMut<'_, [u8]>) -> u32 {
        self.tell_of(self.received.try_read(to))
    }

    fn read_timeout(&self, to: LeaseMut<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut> {
        Ok(self.tell_of(self.received.read_timeout(to, timeout)?))
    }

    fn available(&self) -> u32 {
        self.received.available()
    }
}
