// SPDX-License-Identifier: MIT OR Apache-2.0
//! Partitions of a flash memory as services. One process owns the flash and its controller. Each client gets one
//! partition, and can't read, write or erase anything else.
//!
//! | object | over | interface | client's flash |
//! |---|---|---|---|
//! | [`Partitions`] | a `NorFlash` of `embedded-storage` | [`Partition`] | [`PartitionHandle`]: `NorFlash` |
//!
//! ```ignore
//! process flash {
//!     mmio FLASH_CONTROLLER;
//!     object partitions (stack = 512): Exclusive<Partitions<Flash, 2>> =
//!         Partitions::new(Flash::new(FLASH_CONTROLLER), [(0x6_0000, 0x8000), (0x6_8000, 0x1_8000)]) =>
//!         [SETTINGS: dyn Partition<0, 4, 4096>, FIRMWARE: dyn Partition<1, 4, 4096>];
//! }
//! process settings { thread main (priority = 2, stack = 2048) = settings::main(SETTINGS); }
//! ```
//!
//! In `Partition<PLACE, WRITE, ERASE>`, the first number is the place of the partition in the list. The other two are
//! the units in which the client writes and erases, in bytes. The wiring compiles only if they are multiples of the
//! units of the flash.
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate_partition::{Partition, PartitionHandle, Partitions};
//! use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
//! use simulated_chips::SimulatedFlash;
//!
//! let wiring = Wiring::new();
//! let flash = SimulatedFlash::<4096, 4, 512>::new();
//! let settings = wiring.serve(Partitions::new(flash, [(0, 1024), (1024, 3072)]));
//! wiring.run(|| {
//!     let mut settings = PartitionHandle::<1, 4, 512>::new(settings);
//!     assert_eq!(settings.capacity(), 3072);
//!     settings.write(512, b"abcd").unwrap();
//!     let mut bytes = [0; 6];
//!     settings.read(511, &mut bytes).unwrap();
//!     assert_eq!(bytes, *b"\xffabcd\xff");
//! });
//! ```
//!
//! Partitions have to lie outside of the flash that the image of the firmware takes, because all processes can read the
//! flash of the image.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod handle;

pub use handle::{Error, PartitionHandle};

use core::ops::Range;
use crossgate::{Lease, LeaseMut, Wire, interface};
use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};

/// The number of bytes that are copied at a time, in the client and in the process of the flash.
const CHUNK: usize = 64;

/// The reason why the flash did not carry out an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// An address is not a multiple of the unit of this operation.
    NotAligned,
    /// The range is not entirely in the partition.
    OutOfBounds,
    /// The driver of the flash had another error.
    Other,
}

impl From<NorFlashErrorKind> for Fault {
    fn from(kind: NorFlashErrorKind) -> Fault {
        match kind {
            NorFlashErrorKind::NotAligned => Fault::NotAligned,
            NorFlashErrorKind::OutOfBounds => Fault::OutOfBounds,
            _ => Fault::Other,
        }
    }
}

/// The interface of the process that has a partition. `PLACE` is the place of the partition in [`Partitions`].
/// Addresses are bytes from the start of the partition.
#[interface]
pub trait Partition<const PLACE: usize, const WRITE: usize, const ERASE: usize> {
    /// Returns the number of bytes of the partition.
    fn size(&mut self) -> u32;
    /// Reads bytes.
    fn read(&mut self, from: u32, to: LeaseMut<'_, [u8]>) -> Result<(), Fault>;
    /// Writes bytes. This part of the flash has to be erased. Both the address and the number of bytes have to be
    /// multiples of `WRITE`.
    fn write(&mut self, to: u32, bytes: Lease<'_, [u8]>) -> Result<(), Fault>;
    /// Erases the bytes from `from` up to, but not including, `to`. Both addresses have to be multiples of `ERASE`.
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Fault>;
}

/// The partitions of a flash: the service object of the process that owns the flash. It serves [`Partition`] for each
/// place in the list. An interface whose place is past the end of the list does not compile.
#[derive(Debug)]
pub struct Partitions<F, const N: usize> {
    flash: F,
    /// The start of each partition, and its number of bytes.
    partitions: [(u32, u32); N],
}

impl<F: NorFlash, const N: usize> Partitions<F, N> {
    /// Creates the object. `partitions` has, for each partition, its start in the flash and its number of bytes.
    ///
    /// # Panics
    /// If a partition is empty, is not made of whole pages, or overlaps another. In the wiring, that is a compile error.
    #[must_use]
    pub const fn new(flash: F, partitions: [(u32, u32); N]) -> Self {
        const { assert!(F::READ_SIZE == 1, "partitions need a flash that is read byte by byte") };
        const { assert!(CHUNK.is_multiple_of(F::WRITE_SIZE), "64 bytes are not whole writes") };
        let page = F::ERASE_SIZE as u32;
        let mut index = 0;
        while index < N {
            let (start, size) = partitions[index];
            assert!(size > 0, "a partition has no bytes");
            assert!(start.is_multiple_of(page), "a partition does not start at a page");
            assert!(size.is_multiple_of(page), "a partition does not end with a page");
            assert!(start.checked_add(size).is_some(), "a partition ends past all addresses");
            let mut other = 0;
            while other < index {
                let (before, length) = partitions[other];
                let apart = before + length <= start || start + size <= before;
                assert!(apart, "two partitions overlap: a client would have bytes of another");
                other += 1;
            }
            index += 1;
        }
        Partitions { flash, partitions }
    }

    /// Returns the range of the flash for the bytes from `from` to `to` of a partition.
    fn place(&self, place: usize, from: u32, to: u32) -> Result<Range<u32>, Fault> {
        let (start, size) = self.partitions[place];
        let inside = from <= to && to <= size;
        if inside { Ok(start + from..start + to) } else { Err(Fault::OutOfBounds) }
    }
}

/// Returns the end of `length` bytes from `from`. If the sum overflows, returns the highest address.
fn end_of(from: u32, length: usize) -> u32 {
    from.saturating_add(u32::try_from(length).unwrap_or(u32::MAX))
}

fn fault<E: NorFlashError>(error: E) -> Fault {
    error.kind().into()
}

impl<F, const N: usize, const PLACE: usize, const WRITE: usize, const ERASE: usize>
    Partition<PLACE, WRITE, ERASE> for Partitions<F, N>
where
    F: NorFlash,
{
    fn size(&mut self) -> u32 {
        const { assert!(PLACE < N, "the flash has no such partition") };
        self.partitions[PLACE].1
    }

    fn read(&mut self, from: u32, mut to: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        let Range { start, .. } = self.place(PLACE, from, end_of(from, to.len()))?;
        let mut from = start;
        let read = to.fill_chunks::<CHUNK, _>(|bytes| {
            self.flash.read(from, bytes).map_err(fault)?;
            from += bytes.len() as u32;
            Ok(bytes.len())
        });
        read.map(|_| ())
    }

    fn write(&mut self, to: u32, bytes: Lease<'_, [u8]>) -> Result<(), Fault> {
        const { assert!(WRITE.is_multiple_of(F::WRITE_SIZE), "the flash writes more at a time") };
        let Range { start, end } = self.place(PLACE, to, end_of(to, bytes.len()))?;
        if !start.is_multiple_of(WRITE as u32) || !end.is_multiple_of(WRITE as u32) {
            return Err(Fault::NotAligned);
        }
        let mut to = start;
        bytes.for_each_chunk::<CHUNK, _>(|bytes| {
            self.flash.write(to, bytes).map_err(fault)?;
            to += bytes.len() as u32;
            Ok(())
        })
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Fault> {
        const { assert!(ERASE.is_multiple_of(F::ERASE_SIZE), "the flash erases more at a time") };
        if !from.is_multiple_of(ERASE as u32) || !to.is_multiple_of(ERASE as u32) {
            return Err(Fault::NotAligned);
        }
        let Range { start, end } = self.place(PLACE, from, to)?;
        self.flash.erase(start, end).map_err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use embedded_storage::nor_flash::ReadNorFlash;
    use simulated_chips::SimulatedFlash;

    type Flash = SimulatedFlash<2048, 4, 512>;

    #[test]
    #[should_panic(expected = "two partitions overlap")]
    fn partitions_have_no_byte_in_common() {
        let _ = Partitions::new(Flash::new(), [(512, 1024), (0, 1024)]);
    }

    #[test]
    #[should_panic(expected = "does not end with a page")]
    fn partitions_are_whole_pages() {
        let _ = Partitions::new(Flash::new(), [(512, 188)]);
    }

    #[test]
    #[should_panic(expected = "ends past all addresses")]
    fn a_partition_does_not_wrap_around() {
        let _ = Partitions::new(Flash::new(), [(512, 512_u32.wrapping_neg())]);
    }

    #[test]
    fn a_partition_is_a_flash_of_its_own() {
        let wiring = Wiring::new();
        let partition = wiring.serve(Partitions::new(Flash::new(), [(0, 512), (512, 1024)]));
        wiring.run(|| {
            let mut flash = PartitionHandle::<1, 8, 1024>::new(partition);
            let bytes: [u8; 200] = core::array::from_fn(|index| index as u8);
            assert_eq!(flash.write(824, &bytes), Ok(()));
            let mut read = [0; 200];
            assert_eq!((flash.read(824, &mut read), read), (Ok(()), bytes));
            assert_eq!(flash.read(825, &mut read), Err(Error::Flash(Fault::OutOfBounds)));
            assert_eq!(flash.write(4, &bytes), Err(Error::Flash(Fault::NotAligned)));
            assert_eq!(flash.erase(512, 1024), Err(Error::Flash(Fault::NotAligned)));
            assert_eq!(flash.write(824, &bytes), Ok(()), "no bit of it becomes 1");
            assert_eq!(flash.write(824, &[0xff; 8]), Err(Error::Flash(Fault::Other)));
            assert_eq!((flash.erase(0, 1024), flash.capacity()), (Ok(()), 1024));
            assert_eq!((flash.read(824, &mut read), read), (Ok(()), [0xff; 200]));
        });
    }
}
