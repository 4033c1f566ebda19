// SPDX-License-Identifier: MIT OR Apache-2.0
//! An Ethernet controller, whose cable leads back to it, or to a UDP socket of the host.

use super::Device;
use crate::linux::files;
use crate::options::Cable;
use crossgate_abi::Word;
use crossgate_abi::hosted::ethernet::{DATA, INTERRUPT, LONGEST, RECEIVED, SEND};
use crossgate_kernel::time::NEVER;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};

/// The largest number of received frames in the controller. The host buffers more frames.
const FRAMES: usize = 16;
/// The shortest frame: two addresses and a type.
const SHORTEST: usize = 14;

/// An Ethernet controller. A UDP datagram of the host is a frame, as in the emulators of boards.
pub struct Ethernet {
    host: Option<File>,
    leads_back: bool,
    received: VecDeque<Vec<u8>>,
    /// The number of bytes of the oldest frame that were read.
    read: usize,
    added: Vec<u8>,
    interrupt: bool,
}

impl Ethernet {
    /// Creates the controller at this cable.
    ///
    /// # Errors
    /// If the socket can't be opened.
    pub fn connect(cable: &Cable) -> Result<Ethernet, String> {
        let host = cable.open().map_err(|error| format!("Ethernet ({cable}): {error}"))?;
        if let Some(host) = &host {
            files::signal_input(host);
        }
        Ok(Ethernet {
            host,
            leads_back: *cable == Cable::Back,
            received: VecDeque::new(),
            read: 0,
            added: Vec::new(),
            interrupt: false,
        })
    }

    /// Reads the frames that the host has.
    fn look(&mut self) {
        let Some(host) = &mut self.host else { return };
        while self.received.len() < FRAMES && files::is_readable(host) {
            let mut frame = [0; LONGEST + 1];
            // An error can only belong to an earlier frame that no host has received.
            let length = host.read(&mut frame).unwrap_or(0);
            if (SHORTEST..=LONGEST).contains(&length) {
                self.received.push_back(frame[..length].to_vec());
            }
        }
    }

    fn send(&mut self, length: usize) {
        let mut frame = core::mem::take(&mut self.added);
        if !(SHORTEST..=LONGEST.min(frame.len())).contains(&length) {
            return;
        }
        frame.truncate(length);
        if let Some(host) = &mut self.host {
            // If it fails, the frame is lost.
            let _ = host.write(&frame);
        }
        if self.leads_back && self.received.len() < FRAMES {
            self.received.push_back(frame);
        }
    }
}

impl Device for Ethernet {
    fn read(&mut self, register: Word, _: u64) -> Word {
        match register {
            RECEIVED => self.received.front().map_or(0, Vec::len),
            DATA => {
                let frame = self.received.front().map_or(&[][..], Vec::as_slice);
                let rest = frame.get(self.read..).unwrap_or_default();
                let mut word = [0; size_of::<Word>()];
                let count = rest.len().min(word.len());
                word[..count].copy_from_slice(&rest[..count]);
                self.read += count;
                Word::from_le_bytes(word)
            }
            INTERRUPT => self.interrupt.into(),
            _ => 0,
        }
    }

    fn write(&mut self, register: Word, value: Word, now: u64) {
        match register {
            RECEIVED => {
                self.received.pop_front();
                self.read = 0;
                self.advance(now);
            }
            DATA if self.added.len() < LONGEST => self.added.extend(value.to_le_bytes()),
            SEND => self.send(value),
            INTERRUPT => {
                self.interrupt = value & 1 != 0;
                self.read = 0;
                self.added.clear();
                self.advance(now);
            }
            _ => {}
        }
    }

    fn advance(&mut self, _: u64) {
        self.look();
    }

    fn next(&self) -> u64 {
        NEVER
    }

    fn is_raised(&self) -> bool {
        self.interrupt && !self.received.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds 16 bytes, and sends `length` of them.
    fn send(ethernet: &mut Ethernet, first: u8, length: usize) {
        ethernet.write(DATA, Word::from_le_bytes([first; 8]), 0);
        ethernet.write(DATA, 2, 0);
        ethernet.write(SEND, length, 0);
    }

    #[test]
    fn a_frame_that_comes_back_is_whole() {
        let mut ethernet = Ethernet::connect(&Cable::Back).unwrap();
        for length in [0, 13, 17, Word::MAX] {
            send(&mut ethernet, 1, length);
            assert_eq!(ethernet.read(RECEIVED, 0), 0, "{length} is not the length of a frame");
        }
        send(&mut ethernet, 7, 14);
        assert_eq!((ethernet.read(RECEIVED, 0), ethernet.is_raised()), (14, false));
        ethernet.write(INTERRUPT, 1, 0);
        assert!(ethernet.is_raised());
        assert_eq!(ethernet.read(DATA, 0), Word::from_le_bytes([7; 8]));
        assert_eq!((ethernet.read(DATA, 0), ethernet.read(DATA, 0)), (2, 0));
        ethernet.write(RECEIVED, 0, 0);
        assert_eq!((ethernet.read(RECEIVED, 0), ethernet.is_raised()), (0, false));
    }

    #[test]
    fn a_reset_leaves_no_frame_half_read_or_half_added() {
        let mut ethernet = Ethernet::connect(&Cable::Back).unwrap();
        send(&mut ethernet, 1, 16);
        ethernet.read(DATA, 0);
        ethernet.write(DATA, 5, 0);
        ethernet.write(INTERRUPT, 0, 0);
        assert_eq!(ethernet.read(DATA, 0), Word::from_le_bytes([1; 8]));
        ethernet.write(RECEIVED, 0, 0);
        send(&mut ethernet, 2, 16);
        assert_eq!(ethernet.read(DATA, 0), Word::from_le_bytes([2; 8]));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut ethernet = Ethernet::connect(&Cable::Back).unwrap();
        for _ in 0..10_000 {
            send(&mut ethernet, 1, 16);
            ethernet.write(DATA, 1, 0);
        }
        assert_eq!(ethernet.received.len(), FRAMES);
        for _ in 0..10_000 {
            ethernet.write(DATA, 1, 0);
        }
        assert!(ethernet.added.len() < LONGEST + 8);
    }
}
