// SPDX-License-Identifier: MIT OR Apache-2.0
//! A serial line over USB (CDC ACM) as a stream of bytes: one process has the controller and its interrupt, and other
//! processes write and read the bytes.
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
//! If the process crashes, the bytes in its buffers are lost, and its clients get an error. The host sees this as if
//! the device was unplugged. It enumerates the device again, and programs on the host have to open the serial line
//! again. While no host has configured the device, bytes to send wait in the buffer. When the buffer is full, clients
//! that write have to wait too.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::{Lease, LeaseMut, Notification};
use crossgate_bytes::{ByteReader, ByteWriter, StreamBuffer};
#[cfg(not(target_has_atomic = "32"))]
use crossgate_critical_section as _;
use usb_device::UsbError;
use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::device::{
    StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid,
};
use usbd_serial::{SerialPort, USB_CLASS_CDC};

/// The longest packet in bytes, for a full-speed controller.
const PACKET: usize = 64;

/// The time between two checks of the controller while the buffer has no room for the received bytes. It is short,
/// because a host may give up a request after 50 ms (USB 2.0, 9.2.6.4).
const PAUSE: Duration = Duration::from_millis(1);

/// The identity of a device, which the host reads.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The number of the maker, given by the USB Implementers Forum.
    pub vendor: u16,
    /// The number that the maker gives the product.
    pub product: u16,
    /// The names of the maker and of the product, and the serial number, in English.
    pub strings: [&'static str; 3],
}

/// The service object of the process with the controller. It has a buffer of `N` bytes for each direction.
#[derive(Debug)]
pub struct UsbSerial<const N: usize> {
    received: StreamBuffer<N>,
    to_send: StreamBuffer<N>,
    work: Notification,
}

/// Bytes that were taken out of the buffer, but that the device has not accepted yet.
struct Rest {
    bytes: [u8; PACKET],
    start: usize,
    end: usize,
}

impl<const N: usize> UsbSerial<N> {
    /// Creates the object. The controller's interrupt is bound to `work`. The buffer of received bytes and the buffer
    /// of bytes to send need two more notifications each. The process must use all these notifications for nothing
    /// else.
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
                // If something has come since then, the interrupt line of the controller is still active, so no
                // interrupt is lost.
                self.work.acknowledge();
                self.work.wait();
            } else {
                // While a packet can't be taken, the interrupt line stays active. If the interrupt were unmasked, it
                // would come again and again, and clients would get no CPU time to make room. So the thread waits for a
                // pause.
                let _ = self.work.wait_timeout(PAUSE);
            }
        }
    }

    /// Takes bytes that the host has sent, as many as there is room for. The host keeps the other bytes. Returns `true`
    /// if there is room for more.
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

    /// Wakes the thread of the device if a client has written or read bytes. A call of zero bytes does not wake this
    /// thread, so a client can't make it run for nothing. Returns the number of bytes.
    fn tell_of(&self, count: u32) -> u32 {
        if count > 0 {
            self.work.signal();
        }
        count
    }

    /// Sends bytes that clients have written, as many as the device accepts.
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
                // The endpoint does not exist now, because the host has reset the bus.
                Err(_) => return,
            }
        }
        // When the controller has sent the packet, it raises an interrupt, and the sending goes on then.
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
