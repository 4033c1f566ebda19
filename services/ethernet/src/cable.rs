// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simulated Ethernet controller, for firmware without a real one.

use crossgate::Notification;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// The longest frame in bytes, and the largest number of frames on the cable.
const FRAME: usize = 310;
const FRAMES: usize = 4;

/// An Ethernet controller whose cable leads back to it, so it receives what it sends. It holds up to four frames of up
/// to 310 bytes, and loses frames for which there is no room. It signals a notification for each frame, as the
/// interrupt of a real controller does.
///
/// ```ignore
/// process driver {
///     notification RECEIVED;
///     object port (stack = 512): Exclusive<EthernetPort<Cable>> =
///         EthernetPort::new(Cable::new(RECEIVED), RECEIVED) => [LINK: dyn Ethernet];
///     thread main (priority = 8, stack = 1024) = crossgate_ethernet::forward(RECEIVED, FRAMES);
/// }
/// ```
#[derive(Debug)]
pub struct Cable {
    received: Notification,
    frames: [Frame; FRAMES],
    /// The oldest frame.
    first: usize,
    count: usize,
}

#[derive(Debug)]
struct Frame {
    bytes: [u8; FRAME],
    length: usize,
}

/// A frame that was received.
#[derive(Debug)]
pub struct Received<'a>(&'a Frame);

/// The place of the next frame.
#[derive(Debug)]
pub struct Free<'a> {
    frame: &'a mut Frame,
    count: &'a mut usize,
    received: Notification,
}

impl Cable {
    /// Creates the controller. It signals `received`, a notification of its process, in place of an interrupt.
    #[must_use]
    pub const fn new(received: Notification) -> Cable {
        let frames = [const { Frame { bytes: [0; FRAME], length: 0 } }; FRAMES];
        Cable { received, frames, first: 0, count: 0 }
    }
}

impl Device for Cable {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Free<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Free<'_>)> {
        let (first, free) = (self.first, (self.first + self.count) % FRAMES);
        self.count = self.count.checked_sub(1)?;
        self.first = (first + 1) % FRAMES;
        let [frame, free] = self.frames.get_disjoint_mut([first, free]).ok()?;
        Some((
            Received(frame),
            Free { frame: free, count: &mut self.count, received: self.received },
        ))
    }

    fn transmit(&mut self, _: Instant) -> Option<Free<'_>> {
        let free = (self.first + self.count) % FRAMES;
        // One place is kept for the answer to a received frame.
        (self.count + 1 < FRAMES).then(|| Free {
            frame: &mut self.frames[free],
            count: &mut self.count,
            received: self.received,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, with: F) -> R {
        with(&self.0.bytes[..self.0.length])
    }
}

impl TxToken for Free<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, with: F) -> R {
        *self.count += 1;
        self.frame.length = length;
        let result = with(&mut self.frame.bytes[..length]);
        self.received.signal();
        result
    }
}
