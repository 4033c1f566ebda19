// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions for the Ethernet addresses of hosts: the requests of ARP.

use core::cell::Cell;
use smoltcp::phy::{Device, DeviceCapabilities, PacketMeta, TxToken};
use smoltcp::time::Instant;

/// `KIND` is the place in a frame of the kind of the frame. `OPERATION` is the place of the operation in a frame of
/// ARP. The other two constants are the values of a question.
const KIND: core::ops::Range<usize> = 12..14;
const OPERATION: core::ops::Range<usize> = 20..22;
const ARP: [u8; 2] = [8, 6];
const REQUEST: [u8; 2] = [0, 1];

/// A device that records if a question was sent.
// (It borrows the device. The device has buffers for whole frames, so to move it would take as much stack as these
// buffers.)
pub struct Noting<'d, D> {
    device: &'d mut D,
    has_asked: Cell<bool>,
}

impl<'d, D> Noting<'d, D> {
    pub fn new(device: &'d mut D) -> Self {
        Noting { device, has_asked: Cell::new(false) }
    }

    /// Returns `true` if a question was sent since the last call of this method.
    pub fn take_question(&mut self) -> bool {
        self.has_asked.take()
    }
}

impl<D: Device> Device for Noting<'_, D> {
    type RxToken<'a>
        = D::RxToken<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = Sender<'a, D::TxToken<'a>>
    where
        Self: 'a;

    fn receive(&mut self, now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let (received, token) = self.device.receive(now)?;
        Some((received, Sender { token, has_asked: &self.has_asked }))
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::TxToken<'_>> {
        let token = self.device.transmit(now)?;
        Some(Sender { token, has_asked: &self.has_asked })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.device.capabilities()
    }
}

pub struct Sender<'a, T> {
    token: T,
    has_asked: &'a Cell<bool>,
}

impl<T: TxToken> TxToken for Sender<'_, T> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        self.token.consume(length, |frame| {
            let result = fill(frame);
            let is_question =
                frame.get(KIND) == Some(&ARP) && frame.get(OPERATION) == Some(&REQUEST);
            self.has_asked.set(self.has_asked.get() || is_question);
            result
        })
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.token.set_meta(meta);
    }
}
