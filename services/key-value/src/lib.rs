// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values in flash under keys, for several processes.
//!
//! A value is set whole or not at all, whenever the power fails or a process crashes: after that it is the one before or
//! the new one. Each client has a space of keys of its own, and can't read or change those of others. The store writes in
//! turn through all of its pages (`sequential-storage`), so that each is erased as rarely as the others.
//!
//! ```ignore
//! process flash {
//!     mmio FLASH_CONTROLLER;
//!     object partitions (stack = 512): Exclusive<Partitions<Flash, 1>> = /* ... */ => [ROOM: dyn Partition<0, 4, 4096>];
//! }
//! process store {
//!     object store (stack = 2048): Exclusive<Store<PartitionHandle<0, 4, 4096>, 128>> =
//!         Store::new(PartitionHandle::new(ROOM), 0..0x8000) =>
//!         [RADIO_VALUES: dyn KeyValue<0>, MOTOR_VALUES: dyn KeyValue<1>, FORMAT: dyn Format];
//! }
//! process radio { thread main (priority = 2, stack = 2048) = radio::main(RADIO_VALUES); }
//! ```
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle, LeaseBuf};
//! use crossgate_key_value::{Fault, Key, KeyValue, Store};
//! use simulated_chips::SimulatedFlash;
//!
//! const NAME: Key = Key::new("name");
//!
//! fn rename(values: Handle<dyn KeyValue<0>>, name: &[u8]) -> Result<Result<(), Fault>, CallError> {
//!     let mut buffer = LeaseBuf::<32>::new();
//!     buffer[..name.len()].copy_from_slice(name);
//!     values.set(NAME, buffer.first(name.len()))
//! }
//!
//! let wiring = Wiring::new();
//! let flash = SimulatedFlash::<2048, 4, 512>::new();
//! let values: Handle<dyn KeyValue<0>> = wiring.serve(Store::<_, 64>::new(flash, 0..2048));
//! wiring.run(|| {
//!     let mut buffer = LeaseBuf::<32>::new();
//!     assert_eq!(values.get(NAME, &mut buffer), Ok(Err(Fault::NoValue)));
//!     assert_eq!(rename(values, b"garage"), Ok(Ok(())));
//!     assert_eq!(values.get(NAME, &mut buffer), Ok(Ok(6)));
//!     assert_eq!(&buffer[..6], b"garage");
//! });
//! ```
//!
//! # Clients share one store
//!
//! The pages, and so the room: a client that sets more and more keys fills it, and then nobody can set another. If clients
//! must not do that to each other, give each a store, and a partition, of its own.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod immediate;

use core::fmt;
use core::ops::Range;
use crossgate::{Lease, LeaseMut, Wire, interface};
use embassy_futures::block_on;
use embedded_storage::nor_flash::NorFlash;
use immediate::Immediate;
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

/// The name of a value: up to eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub struct Key([u8; 8]);

impl Key {
    /// Creates the key with this name.
    ///
    /// # Panics
    /// If the name has more than eight bytes. In a constant, that is a compile error.
    #[must_use]
    pub const fn new(name: &str) -> Key {
        let name = name.as_bytes();
        let mut key = [0; 8];
        assert!(name.len() <= key.len(), "a key has up to eight bytes");
        key.split_at_mut(name.len()).0.copy_from_slice(name);
        Key(key)
    }

    /// Returns the key as the flash has it.
    fn of_space(self, space: u8) -> StoredKey {
        let mut stored = [space; 9];
        stored[1..].copy_from_slice(&self.0);
        stored
    }
}

/// The space, and the key in it.
type StoredKey = [u8; 9];
/// The number of bytes of the [`Store`]'s buffer that are not for the value: the key, and what flash rounds up to.
const OVERHEAD: usize = 16;

/// Why a value was not read or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// There is no value under this key.
    NoValue,
    /// The value is longer than the memory that was lent for it, or than the store allows.
    TooLong,
    /// There is no room left.
    Full,
    /// The flash holds something that no store has written, and that no loss of power explains. [`Format`] makes it
    /// empty.
    Corrupted,
    /// The flash had an error, or its process has crashed. The earlier values are still there.
    Flash,
}

/// The interface of a process that has values, in the space `SPACE`.
#[interface]
pub trait KeyValue<const SPACE: u8> {
    /// Copies the value to lent memory, and returns its length.
    fn get(&mut self, key: Key, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
    /// Sets the value, in place of the one before. An empty value is as none.
    fn set(&mut self, key: Key, value: Lease<'_, [u8]>) -> Result<(), Fault>;
    /// Removes the value. Its key still takes room, that of an empty value.
    fn remove(&mut self, key: Key) -> Result<(), Fault>;
}

/// The interface of a process that may make the store empty.
#[interface]
pub trait Format {
    /// Removes all values of all spaces, whatever the flash holds.
    fn format(&mut self) -> Result<(), Fault>;
}

/// The object of the process that keeps the values, in the flash `F`. It has `SIZE` bytes of memory for a value and its
/// key: a value has up to `SIZE - 16` bytes.
pub struct Store<F: NorFlash, const SIZE: usize> {
    map: MapStorage<StoredKey, Immediate<F>, Cache<Uncached, Uncached, Uncached, StoredKey>>,
    buffer: [u8; SIZE],
}

impl<F: NorFlash, const SIZE: usize> fmt::Debug for Store<F, SIZE> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("range", &self.map.flash_range())
            .finish_non_exhaustive()
    }
}

impl<F: NorFlash, const SIZE: usize> Store<F, SIZE> {
    /// Creates a store in this range of the flash.
    ///
    /// # Panics
    /// If the range is not made of two pages or more. In the wiring, that is a compile error.
    #[must_use]
    pub const fn new(flash: F, range: Range<u32>) -> Self {
        const { assert!(SIZE > OVERHEAD, "the buffer of a store has no room for a value") };
        let config = MapConfig::new(range);
        let map = MapStorage::new(Immediate(flash), config, Cache::new_uncached());
        Store { map, buffer: [0; SIZE] }
    }

    /// Returns the value, which is empty if there is none.
    fn fetch(&mut self, key: StoredKey) -> Result<&[u8], Fault> {
        let value = block_on(self.map.fetch_item::<&[u8]>(&mut self.buffer, &key));
        Ok(value.map_err(fault)?.unwrap_or_default())
    }

    fn store(&mut self, key: StoredKey, value: &[u8]) -> Result<(), Fault> {
        block_on(self.map.store_item(&mut self.buffer, &key, &value)).map_err(fault)
    }
}

fn fault<E>(error: Error<E>) -> Fault {
    match error {
        Error::FullStorage => Fault::Full,
        Error::ItemTooBig | Error::BufferTooSmall(_) | Error::SerializationError(_) => {
            Fault::TooLong
        }
        Error::Storage { .. } => Fault::Flash,
        _ => Fault::Corrupted,
    }
}

impl<F: NorFlash, const SIZE: usize, const SPACE: u8> KeyValue<SPACE> for Store<F, SIZE> {
    fn get(&mut self, key: Key, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        match self.fetch(key.of_space(SPACE))? {
            [] => Err(Fault::NoValue),
            value if value.len() > to.len() => Err(Fault::TooLong),
            value => Ok(to.copy_from(value) as u32),
        }
    }

    fn set(&mut self, key: Key, value: Lease<'_, [u8]>) -> Result<(), Fault> {
        // The store reads the value more than once, so it must not change meanwhile.
        let mut copy = [0; SIZE];
        if value.len() > SIZE - OVERHEAD {
            return Err(Fault::TooLong);
        }
        let length = value.copy_to(&mut copy);
        self.store(key.of_space(SPACE), &copy[..length])
    }

    fn remove(&mut self, key: Key) -> Result<(), Fault> {
        let key = key.of_space(SPACE);
        // A key that was never set takes no room.
        if self.fetch(key)?.is_empty() { Ok(()) } else { self.store(key, &[]) }
    }
}

impl<F: NorFlash, const SIZE: usize> Format for Store<F, SIZE> {
    fn format(&mut self) -> Result<(), Fault> {
        let Range { start, end } = self.map.flash_range();
        self.map.flash().0.erase(start, end).map_err(|_| Fault::Flash)
    }
}

#[cfg(test)]
mod tests;
