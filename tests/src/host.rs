// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other end of a cable, for tests that define the answers of the hosts there.

use crate::frame;
use crossgate::{LeaseMut, Signal};
use crossgate_network::Endpoint;

/// The Ethernet address of all hosts there.
pub const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 2];
/// The longest frame.
pub const FRAME: usize = 400;
/// The bytes before the contents of a datagram: headers of Ethernet, IP and UDP.
pub const HEADERS: usize = 42;
/// The greatest number of frames on the cable at a time.
const FRAMES: usize = 12;

/// The frames that the firmware has not received yet.
pub struct Cable {
    firmware: [u8; 6],
    frames: [([u8; FRAME], usize); FRAMES],
    count: usize,
    arrived: Signal,
}

/// A datagram that the firmware has sent.
pub struct Datagram<'a> {
    /// Its sender.
    pub from: Endpoint,
    /// Its receiver.
    pub to: Endpoint,
    /// Its contents.
    pub contents: &'a [u8],
}

impl Cable {
    /// Creates a cable to a firmware with this Ethernet address, which is signalled when frames come.
    #[must_use]
    pub const fn new(firmware: [u8; 6], arrived: Signal) -> Cable {
        Cable { firmware, frames: [([0; FRAME], 0); FRAMES], count: 0, arrived }
    }

    /// Sends a frame to the firmware. If there are too many frames on the cable, the frame is lost.
    pub fn put(&mut self, frame: &[u8]) {
        let Some((place, length)) = self.frames.get_mut(self.count) else { return };
        *length = frame.len().min(FRAME);
        place[..*length].copy_from_slice(&frame[..*length]);
        self.count += 1;
        // The wiring allows it.
        let _ = self.arrived.signal();
    }

    /// Sends a datagram to the firmware.
    pub fn send(&mut self, from: Endpoint, to: Endpoint, contents: &[u8]) {
        let mut frame = [0; FRAME];
        let end = HEADERS + contents.len();
        frame[..6].copy_from_slice(&self.firmware);
        frame[6..12].copy_from_slice(&HARDWARE);
        frame[12..24].copy_from_slice(&[8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17]);
        frame[16..18].copy_from_slice(&(end as u16 - 14).to_be_bytes());
        frame[26..30].copy_from_slice(&from.address());
        frame[30..34].copy_from_slice(&to.address());
        let sum = frame::checksum(&frame[14..34], 0);
        frame[24..26].copy_from_slice(&sum);
        frame[34..36].copy_from_slice(&from.port().to_be_bytes());
        frame[36..38].copy_from_slice(&to.port().to_be_bytes());
        // There is no checksum, which IPv4 allows.
        frame[38..40].copy_from_slice(&(end as u16 - 34).to_be_bytes());
        frame[HEADERS..end].copy_from_slice(contents);
        self.put(&frame[..end]);
    }

    /// Answers a question of the firmware for the Ethernet address of a host, if the frame is such a question and the
    /// host exists.
    pub fn answer(&mut self, frame: &[u8], is_there: impl FnOnce([u8; 4]) -> bool) {
        let mut answer = [0; HEADERS];
        let Some(question) = frame.get(..HEADERS) else { return };
        answer.copy_from_slice(question);
        let [a, b, c, d] = [38, 39, 40, 41].map(|place| question[place]);
        if question[12..14] == [8, 6] && question[21] == 1 && is_there([a, b, c, d]) {
            frame::answer(&mut answer, HARDWARE);
            self.put(&answer);
        }
    }

    /// Lends the firmware the oldest frame, as an Ethernet controller does.
    pub fn receive(&mut self, to: &mut LeaseMut<'_, [u8]>) -> Option<u32> {
        self.count = self.count.checked_sub(1)?;
        let (frame, length) = self.frames[0];
        self.frames.rotate_left(1);
        to.copy_from(&frame[..length]);
        Some(length as u32)
    }
}

impl<'a> Datagram<'a> {
    /// Returns the datagram in a frame of the firmware, if there is one.
    #[must_use]
    pub fn of(frame: &'a [u8]) -> Option<Datagram<'a>> {
        let is_udp = frame.get(12..15) == Some(&[8, 0, 0x45]) && frame.get(23) == Some(&17);
        let port = |place| Some(u16::from_be_bytes(*frame.get(place..)?.first_chunk()?));
        let address = |place| frame.get(place..)?.first_chunk().copied();
        let end = 34 + usize::from(port(38)?);
        Some(Datagram {
            from: Endpoint::new(address(26)?, port(34)?),
            to: Endpoint::new(address(30)?, port(36)?),
            contents: frame.get(HEADERS..end).filter(|_| is_udp)?,
        })
    }
}
