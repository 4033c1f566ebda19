// SPDX-License-Identifier: MIT OR Apache-2.0
//! Formatted text in memory that is lent.

use crate::LeaseMut;
use crate::buffer::{Block, BlockSize, First, LeaseBuf};
use core::fmt;

/// Writes text to the start of a [`LeaseBuf`], by [`write!`](core::write), to be lent without a copy. Text that does
/// not fit is cut off between two characters, and the `write!` returns an error.
///
/// ```
/// # use crossgate::{LeaseBuf, Lease, interface, testing::Wiring};
/// use core::fmt::Write;
/// # #[interface] pub trait Screen { fn show(&self, text: Lease<'_, [u8]>) -> u32; }
/// # struct S;
/// # impl Screen for S { fn show(&self, text: Lease<'_, [u8]>) -> u32 { text.len() as u32 } }
/// # let wiring = Wiring::new();
/// # let screen = wiring.serve::<dyn Screen, _>(S);
/// # wiring.run(|| {
/// let mut buffer = LeaseBuf::<32>::new();
/// let mut writer = buffer.writer();
/// write!(writer, "{} of {}", 3, 10).unwrap();
/// assert_eq!(writer.as_str(), "3 of 10");
/// assert_eq!(screen.show(writer.text()), Ok(7));
/// # });
/// ```
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

impl<const N: usize> LeaseBuf<N>
where
    BlockSize<N>: Block,
{
    /// Returns a writer that starts at the beginning of the buffer.
    #[must_use]
    pub fn writer(&mut self) -> Writer<'_> {
        Writer { bytes: &mut self[..], length: 0 }
    }
}

impl Writer<'_> {
    /// Returns the text so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only whole characters are written.
        str::from_utf8(self.bytes.get(..self.length).unwrap_or(&[])).unwrap_or("")
    }

    /// Returns the text so far, to be lent without a copy.
    #[must_use]
    pub fn text(&self) -> First<'_> {
        First(self.bytes.get(..self.length).unwrap_or(&[]))
    }
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.length..).unwrap_or(&mut []);
        let fitting = text.floor_char_boundary(room.len());
        for (place, byte) in room.iter_mut().zip(text.bytes().take(fitting)) {
            *place = byte;
        }
        self.length += fitting;
        if fitting == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Writes text to the start of memory that a client has lent. This is the server's counterpart of a [`Writer`].
///
/// ```
/// use core::fmt::Write;
/// use crossgate::{LeaseMut, interface, testing::Wiring};
/// #[interface]
/// pub trait Clock {
///     /// Writes the time. Returns the length of the text.
///     fn time(&self, text: LeaseMut<'_, [u8]>) -> u32;
/// }
/// struct Wall;
/// impl Clock for Wall {
///     fn time(&self, mut text: LeaseMut<'_, [u8]>) -> u32 {
///         let mut writer = text.writer();
///         let _ = write!(writer, "{:02}:{:02}", 8, 30);
///         writer.written() as u32
///     }
/// }
/// let wiring = Wiring::new();
/// let clock = wiring.serve::<dyn Clock, _>(Wall);
/// wiring.run(|| {
///     let mut text = [0; 8];
///     assert_eq!((clock.time(&mut text), &text), (Ok(5), b"08:30\0\0\0"));
/// });
/// ```
pub struct LeaseWriter<'a, 'lent> {
    lent: &'a mut LeaseMut<'lent, [u8]>,
    length: usize,
}

impl<'lent> LeaseMut<'lent, [u8]> {
    /// Returns a writer that starts at the beginning of the memory.
    #[must_use]
    pub fn writer(&mut self) -> LeaseWriter<'_, 'lent> {
        LeaseWriter { lent: self, length: 0 }
    }
}

impl LeaseWriter<'_, '_> {
    /// Returns the number of bytes that were written.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.length
    }
}

impl fmt::Write for LeaseWriter<'_, '_> {
    // This is inlined. Otherwise the functions that it calls would be emitted as separate functions, and other callers
    // would no longer inline them.
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.lent.len() - self.length;
        let fitting = text.floor_char_boundary(room);
        let bytes = text.as_bytes().get(..fitting).unwrap_or(&[]);
        if let Some(mut place) = self.lent.slice_mut(self.length, self.length + fitting) {
            place.copy_from(bytes);
        }
        self.length += fitting;
        if fitting == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
