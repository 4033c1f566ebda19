// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations of a transaction on a bus, as a list in memory that a client lends: each operation is a [`Header`],
//! followed by its bytes. The services of the I2C and SPI buses share this code. Their clients use the traits of
//! `embedded-hal`, and not this crate.
//!
//! ```
//! use crossgate_operations::{Kind, Part, pack, unpack};
//!
//! let mut list = [0; 16];
//! let length = pack([Part::Write(&[7, 8]), Part::Read(2)], &mut list).unwrap();
//! assert_eq!(list[..length], [2, 0, 7, 8, 2, 0x80, 0, 0]);
//!
//! // The process of the bus puts what it reads into the list.
//! list[6..8].copy_from_slice(&[1, 2]);
//! let mut read = [0; 2];
//! unpack([(Kind::Write, 2, None), (Kind::Read, 2, Some(&mut read[..]))], &list[..length]);
//! assert_eq!(read, [1, 2]);
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its bytes are written.
    Write,
    /// Its bytes are written. The bytes that are read at the same time replace them.
    Exchange,
    /// The bytes that are read replace its bytes.
    Read,
    /// The operation is a pause. Its four bytes are the time in ns, little-endian.
    Delay,
}

impl Kind {
    /// Returns `true` if an operation of this kind continues the operation before it, so that both become one
    /// operation.
    fn continues(self, before: Option<Kind>) -> bool {
        before == Some(self) && self != Kind::Delay
    }
}

/// The header of an operation: two bytes before the bytes of the operation.
///
/// ```
/// use crossgate_operations::{Header, Kind};
/// let header = Header { kind: Kind::Read, length: 300 };
/// assert_eq!(Header::from_bytes(header.to_bytes()), header);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The kind of the operation.
    pub kind: Kind,
    /// The number of its bytes, up to [`Header::LONGEST`].
    pub length: u16,
}

impl Header {
    /// The number of bytes of a header.
    pub const SIZE: usize = 2;
    /// The largest number of bytes of an operation.
    pub const LONGEST: u16 = 0x3fff;

    /// Returns the header as bytes: the length, little-endian, and in its two highest bits the kind.
    #[inline]
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Header::SIZE] {
        (self.length & Header::LONGEST | (self.kind as u16) << 14).to_le_bytes()
    }

    /// Returns the header of these bytes.
    #[inline]
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Header::SIZE]) -> Header {
        let word = u16::from_le_bytes(bytes);
        let kind = match word >> 14 {
            0 => Kind::Write,
            1 => Kind::Exchange,
            2 => Kind::Read,
            _ => Kind::Delay,
        };
        Header { kind, length: word & Header::LONGEST }
    }
}

/// An operation of a driver, which [`pack`] puts into a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Bytes to write.
    Write(&'a [u8]),
    /// The number of bytes to read.
    Read(usize),
    /// An exchange in both directions. The number is its length in bytes. It writes the given bytes, and then zeroes up
    /// to this length.
    Exchange(&'a [u8], usize),
    /// A pause in ns.
    Delay(u32),
}

/// Puts operations into the list. Consecutive operations of the same kind become one operation. Operations of zero
/// bytes are left out. Returns the length of the list in bytes; `None` if the operations don't fit.
pub fn pack<'a>(parts: impl IntoIterator<Item = Part<'a>>, list: &mut [u8]) -> Option<usize> {
    let mut end = 0;
    let mut place = 0;
    let mut header: Option<Header> = None;
    for part in parts {
        let pause;
        let (kind, bytes, length) = match part {
            Part::Write(bytes) => (Kind::Write, bytes, bytes.len()),
            Part::Read(length) => (Kind::Read, &[][..], length),
            Part::Exchange(bytes, length) => (Kind::Exchange, bytes, length),
            Part::Delay(ns) => {
                pause = ns.to_le_bytes();
                (Kind::Delay, &pause[..], pause.len())
            }
        };
        if length == 0 {
            continue;
        }
        let before = header.filter(|header| kind.continues(Some(header.kind)));
        if before.is_none() {
            place = end;
            end += Header::SIZE;
        }
        let total = before.map_or(0, |header| usize::from(header.length)).checked_add(length)?;
        let total = u16::try_from(total).ok().filter(|&total| total <= Header::LONGEST)?;
        let (written, rest) =
            list.get_mut(end..)?.get_mut(..length)?.split_at_mut_checked(bytes.len())?;
        written.copy_from_slice(bytes);
        if kind == Kind::Exchange {
            rest.fill(0);
        }
        end += length;
        let now = Header { kind, length: total };
        list.get_mut(place..)?.first_chunk_mut().map(|bytes| *bytes = now.to_bytes())?;
        header = Some(now);
    }
    Some(end)
}

/// Copies received bytes from the list into buffers. `parts` are the operations that [`pack`] has put into the list:
/// the kind of each operation, the number of its bytes, and the buffer for the bytes that it has read.
pub fn unpack<'a>(
    parts: impl IntoIterator<Item = (Kind, usize, Option<&'a mut [u8]>)>,
    list: &[u8],
) {
    let mut rest = list;
    let mut before = None;
    for (kind, length, to) in parts {
        if length == 0 {
            continue;
        }
        if !kind.continues(before) {
            rest = rest.get(Header::SIZE..).unwrap_or_default();
        }
        before = Some(kind);
        let (bytes, behind) = rest.split_at_checked(length).unwrap_or_default();
        if let Some(to) = to {
            to.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let parts = [
            Part::Write(b"ab"),
            Part::Read(0),
            Part::Write(b"c"),
            Part::Read(3),
            Part::Read(3),
            Part::Write(b""),
            Part::Read(3),
            Part::Delay(0x0102),
            Part::Delay(3),
            Part::Exchange(b"x", 3),
        ];
        let mut list = [0xee; 64];
        let length = pack(parts, &mut list).unwrap();
        assert_eq!(
            &list[..length],
            b"\x03\0abc\x09\x80\xee\xee\xee\xee\xee\xee\xee\xee\xee\x04\xc0\x02\x01\0\0\x04\xc0\x03\0\0\0\x03\x40x\0\0"
        );
        list[7..16].copy_from_slice(b"defghijkl");
        list[30..33].copy_from_slice(b"mno");
        let mut reads = [[0; 3]; 3];
        let mut exchanged = [0; 2];
        let [first, second, third] = &mut reads;
        let parts = [
            (Kind::Write, 2, None),
            (Kind::Read, 0, Some(&mut [][..])),
            (Kind::Write, 1, None),
            (Kind::Read, 3, Some(&mut first[..])),
            (Kind::Read, 3, Some(&mut second[..])),
            (Kind::Write, 0, None),
            (Kind::Read, 3, Some(&mut third[..])),
            (Kind::Delay, 4, None),
            (Kind::Delay, 4, None),
            (Kind::Exchange, 3, Some(&mut exchanged[..])),
        ];
        unpack(parts, &list[..length]);
        assert_eq!((reads, exchanged), ([*b"def", *b"ghi", *b"jkl"], *b"mn"));
    }

    #[test]
    fn what_does_not_fit_is_not_packed() {
        for (length, fits) in [(0, true), (30, true), (31, false), (100, false)] {
            let bytes = [7; 100];
            assert_eq!(
                pack([Part::Write(&bytes[..length])], &mut [0; 32]).is_some(),
                fits,
                "{length}"
            );
            assert_eq!(pack([Part::Read(length)], &mut [0; 32]).is_some(), fits, "{length}");
        }
        assert_eq!(pack([Part::Delay(1)], &mut [0; 5]), None);
        assert_eq!(pack([Part::Exchange(b"abc", 2)], &mut [0; 32]), None);
        assert_eq!(pack([], &mut [0; 32]), Some(0));
        assert_eq!(pack([Part::Write(&[]); 100], &mut [0; 32]), Some(0));
    }

    #[test]
    fn no_operation_is_longer_than_its_header_can_say() {
        let mut list = [0; 0x4010];
        let longest = usize::from(Header::LONGEST);
        assert_eq!(pack([Part::Read(longest)], &mut list), Some(longest + 2));
        assert_eq!(pack([Part::Read(longest), Part::Read(1)], &mut list), None);
        assert_eq!(pack([Part::Read(longest + 1)], &mut list), None);
    }
}
