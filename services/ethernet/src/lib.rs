// SPDX-License-Identifier: MIT OR Apache-2.0
//! An Ethernet controller as a service: one process has the driver, and another process has the protocols. If the
//! driver crashes, only frames are lost. Every protocol has to expect lost frames.
//!
//! | object | over | interface | client's device |
//! |---|---|---|---|
//! | [`EthernetPort`] | a [`Device`] of `smoltcp` | [`Ethernet`] | [`EthernetLink`]: a `Device` of `smoltcp` |
//!
//! ```ignore
//! process driver {
//!     mmio ETHERNET;
//!     notification RECEIVED;
//!     interrupt ETHERNET_LINE => RECEIVED;
//!     object port (stack = 512): Exclusive<EthernetPort<Driver>> =
//!         EthernetPort::new(Driver::new(ETHERNET), RECEIVED) => [LINK: dyn Ethernet];
//!     thread main (priority = 20, stack = 1024) = crossgate_ethernet::forward(RECEIVED, FRAMES);
//! }
//! process network {
//!     notification FRAMES;
//!     thread main (priority = 10, stack = 8192) = network::main(LINK, FRAMES);
//! }
//! ```
//!
//! Any driver that implements `smoltcp`'s trait can be used, unchanged. The interrupt of the controller says that a
//! frame has arrived, and stays pending until all frames have been taken. A firmware without a controller, such as a
//! test, can use a [`Cable`], which returns each frame to its sender.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod cable;
mod link;

pub use cable::Cable;
pub use link::EthernetLink;

use crossgate::{Lease, LeaseMut, Notification, Signal, Wire, interface, time};
use smoltcp::phy::{self, Device};
use smoltcp::time::Instant;

/// The bytes of an Ethernet header: two addresses and a type. No frame is shorter.
pub const HEADER: usize = 14;
/// The longest frame, without its check sequence.
pub const LONGEST: usize = 1514;

/// The reason why a frame was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Unsent {
    /// The controller has no room for the frame now.
    Busy,
    /// The frame is shorter than a header, or longer than the controller sends.
    Length,
}

/// The interface of the process that has the protocols. Frames have no check sequence, which the controller adds and
/// removes.
#[interface]
pub trait Ethernet {
    /// Sends a frame.
    fn send(&mut self, frame: Lease<'_, [u8]>) -> Result<(), Unsent>;
    /// Takes the oldest frame that was received, and returns its length. If there is none, the service signals the
    /// client when the next frame comes. A frame that is longer than the lent memory is cut off.
    fn receive(&mut self, to: LeaseMut<'_, [u8]>) -> Option<u32>;
}

/// The object of the process with the driver `D`.
#[derive(Debug)]
pub struct EthernetPort<D> {
    driver: D,
    received: Notification,
}

impl<D> EthernetPort<D> {
    /// Creates the port of a driver whose interrupt is bound to `received`.
    #[must_use]
    pub const fn new(driver: D, received: Notification) -> Self {
        EthernetPort { driver, received }
    }
}

impl<D: Device + Send> Ethernet for EthernetPort<D> {
    fn send(&mut self, frame: Lease<'_, [u8]>) -> Result<(), Unsent> {
        let length = frame.len();
        if !(HEADER..=self.driver.capabilities().max_transmission_unit).contains(&length) {
            return Err(Unsent::Length);
        }
        let token = self.driver.transmit(now()).ok_or(Unsent::Busy)?;
        phy::TxToken::consume(token, length, |bytes| frame.copy_to(bytes));
        Ok(())
    }

    fn receive(&mut self, mut to: LeaseMut<'_, [u8]>) -> Option<u32> {
        let Some((token, _)) = self.driver.receive(now()) else {
            // If another frame has come since then, the interrupt line of the controller is still active, so no
            // interrupt is lost.
            self.received.acknowledge();
            return None;
        };
        Some(phy::RxToken::consume(token, |bytes| to.copy_from(bytes)) as u32)
    }
}

/// The main function of the driver's thread: signals the client when frames have come. It signals once at its start,
/// because the client may have begun to wait before the driver crashed.
pub fn forward(received: Notification, client: Signal) -> ! {
    loop {
        // The call can't be refused, because the wiring allows this process to signal.
        let _ = client.signal();
        received.wait();
    }
}

/// The present time, in the type of `smoltcp`.
#[must_use]
pub fn now() -> Instant {
    Instant::from_micros(time::now().as_micros().cast_signed())
}
