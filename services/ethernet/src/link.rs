// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client's side: a handle to the driver's process as a `Device` of `smoltcp`.

use crate::{Ethernet, HEADER, LONGEST, Unsent};
use core::fmt;
use crossgate::{Block, BlockSize, Handle, LeaseBuf};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// The Ethernet of another process as a device for `smoltcp`, with two buffers of `N` bytes: one for the frame that has
/// been received, and one for the answer. `N` is a power of two: at least 1024 for datagrams of 576 bytes, and 2048 for
/// all frames.
///
/// While the process of the driver does not answer, frames are lost, as on any cable.
pub struct EthernetLink<const N: usize>
where
    BlockSize<N>: Block,
{
    driver: Handle<dyn Ethernet>,
    received: LeaseBuf<N>,
    sent: LeaseBuf<N>,
}

/// A frame that was received.
#[derive(Debug)]
pub struct Received<'a>(&'a [u8]);

/// A frame to be sent.
pub struct Sender<'a, const N: usize>
where
    BlockSize<N>: Block,
{
    driver: Handle<dyn Ethernet>,
    frame: &'a mut LeaseBuf<N>,
}

impl<const N: usize> EthernetLink<N>
where
    BlockSize<N>: Block,
{
    const MAXIMUM: usize = if N < LONGEST { N } else { LONGEST };

    /// Creates a device that uses this handle.
    #[must_use]
    pub const fn new(driver: Handle<dyn Ethernet>) -> Self {
        const { assert!(N >= 64, "no frame of a network fits into the buffers") };
        EthernetLink { driver, received: LeaseBuf::new(), sent: LeaseBuf::new() }
    }
}

impl<const N: usize> fmt::Debug for EthernetLink<N>
where
    BlockSize<N>: Block,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("EthernetLink").field(&self.driver).finish()
    }
}

impl<const N: usize> fmt::Debug for Sender<'_, N>
where
    BlockSize<N>: Block,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Sender").field(&self.driver).finish()
    }
}

impl<const N: usize> Device for EthernetLink<N>
where
    BlockSize<N>: Block,
{
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sender<'a, N>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sender<'_, N>)> {
        let length = self.driver.receive(&mut self.received).ok().flatten()? as usize;
        // The driver is not trusted: if it returns an impossible length, the frame is dropped.
        let is_frame = (HEADER..=Self::MAXIMUM).contains(&length);
        let frame = if is_frame { &self.received[..length] } else { &[] };
        Some((Received(frame), Sender { driver: self.driver, frame: &mut self.sent }))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sender<'_, N>> {
        Some(Sender { driver: self.driver, frame: &mut self.sent })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = Self::MAXIMUM;
        capabilities
    }
}

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, with: F) -> R {
        with(self.0)
    }
}

impl<const N: usize> TxToken for Sender<'_, N>
where
    BlockSize<N>: Block,
{
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, with: F) -> R {
        let result = with(&mut self.frame[..length]);
        // If the frame is not sent, it is lost. The protocols send it again.
        let _: Result<Result<(), Unsent>, _> = self.driver.send(self.frame.first(length));
        result
    }
}
