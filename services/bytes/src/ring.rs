// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes, first in, first out.

use crossgate::{Lease, LeaseMut};

/// A ring of up to `N` bytes.
#[derive(Debug)]
pub struct Ring<const N: usize> {
    bytes: [u8; N],
    /// The place of the oldest byte.
    start: usize,
    length: usize,
}

impl<const N: usize> Ring<N> {
    pub const fn new() -> Ring<N> {
        Ring { bytes: [0; N], start: 0, length: 0 }
    }

    pub const fn len(&self) -> usize {
        self.length
    }

    pub const fn free(&self) -> usize {
        N - self.length
    }

    /// Returns the index in the array of the byte at this distance from the oldest byte.
    const fn place(&self, distance: usize) -> usize {
        let place = self.start + distance;
        if place < N { place } else { place - N }
    }

    /// Adds `count` bytes, for which there has to be room. For each free piece of the ring, calls `part` with the
    /// piece, and with the index of the first new byte that belongs there.
    fn extend(&mut self, count: usize, mut part: impl FnMut(&mut [u8], usize)) {
        let end = self.place(self.length);
        let first = count.min(N - end);
        if let Some(room) = self.bytes.get_mut(end..end + first) {
            part(room, 0);
        }
        if let Some(room) = self.bytes.get_mut(..count - first) {
            part(room, first);
        }
        self.length += count;
    }

    /// Adds as many bytes as there is room for. Returns the number of bytes added.
    pub fn write(&mut self, bytes: &Lease<'_, [u8]>) -> usize {
        let count = bytes.len().min(self.free());
        self.extend(count, |room, from| {
            if let Some(part) = bytes.slice(from, from + room.len()) {
                part.copy_to(room);
            }
        });
        count
    }

    /// Adds these bytes, for which there has to be room.
    pub fn push(&mut self, bytes: &[u8]) {
        self.extend(bytes.len().min(self.free()), |room, from| {
            room.iter_mut().zip(bytes.iter().skip(from)).for_each(|(to, &byte)| *to = byte);
        });
    }

    /// Returns the byte at this distance from the oldest byte; 0 if there is no such byte.
    pub fn peek(&self, distance: usize) -> u8 {
        self.bytes.get(self.place(distance)).copied().unwrap_or(0)
    }

    /// Takes out as many bytes as are available and fit. Returns the number of bytes taken.
    pub fn read(&mut self, to: &mut LeaseMut<'_, [u8]>) -> usize {
        let count = to.len().min(self.length);
        let first = count.min(N - self.start);
        let parts = [(self.start, 0, first), (0, first, count - first)];
        for (from, at, count) in parts {
            if let (Some(part), Some(mut to)) =
                (self.bytes.get(from..from + count), to.slice_mut(at, at + count))
            {
                to.copy_from(part);
            }
        }
        self.skip(count);
        count
    }

    /// Takes out as many bytes as are available and fit. Returns the number of bytes taken.
    pub fn pop(&mut self, to: &mut [u8]) -> usize {
        let count = to.len().min(self.length);
        for (distance, to) in to.iter_mut().take(count).enumerate() {
            *to = self.peek(distance);
        }
        self.skip(count);
        count
    }

    /// Drops this number of the oldest bytes. The ring must have at least this number of bytes.
    pub const fn skip(&mut self, count: usize) {
        self.start = self.place(count);
        self.length -= count;
    }
}
