// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values in flash under keys, for several processes.
//!
//! A value is set completely or not at all, even if the power fails or a process crashes: afterwards the key has the
//! old value or the new value. Each client has its own space of keys, and can't read or change the values of other
//! clients. The store uses the crate `sequential-storage`, which writes to all pages in turn, so that all pages are
//! erased equally often.
//!
//! ```ignore
//! process flash {
//!     mmio FLASH_CONTROLLER;
//!     object partitions (stack = 512): Exclusive<Partitions<Flash, 1>> = /* ... */ => [ROOM: dyn Partition<0, 4, 4096>];
//! }
//! process store {
//!     object store (stack = 4096): Exclusive<Store<PartitionHandle<0, 4, 4096>, 128, 8, 24, 2>> =
//!         Store::new(PartitionHandle::new(ROOM), 0, [16, 8]) =>
//!         [RADIO_VALUES: dyn KeyValue<0>, MOTOR_VALUES: dyn KeyValue<1>, FORMAT: dyn Format];
//! }
//! process radio { thread main (priority = 2, stack = 8192) = radio::main(RADIO_VALUES); }
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
//! let values: Handle<dyn KeyValue<0>> = wiring.serve(Store::<_, 64, 4, 8, 1>::new(flash, 0, [8]));
//! wiring.run(|| {
//!     let mut buffer = LeaseBuf::<32>::new();
//!     assert_eq!(values.get(NAME, &mut buffer), Ok(Err(Fault::NoValue)));
//!     assert_eq!(rename(values, b"garage"), Ok(Ok(())));
//!     assert_eq!(values.get(NAME, &mut buffer), Ok(Ok(6)));
//!     assert_eq!(&buffer[..6], b"garage");
//! });
//! ```
//!
//! # Quotas
//!
//! The wiring says in [`Store::new`] how many keys each client may have. The wiring compiles only if the flash has room
//! for all these keys, with values of the greatest length. So no client can take room from another client. When a value
//! is removed, its key stays in the flash and still counts.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod flash;
mod keys;

use core::fmt;
use crossgate::{Lease, LeaseMut, Wire, interface};
use embassy_futures::block_on;
use embedded_storage::nor_flash::NorFlash;
use flash::Flash;
use keys::Keys;
use sequential_storage::Error;
use sequential_storage::cache::Cache;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
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

    /// Returns the key as it is stored in the flash.
    fn of_space(self, space: u8) -> StoredKey {
        let mut stored = [space; KEY];
        stored[1..].copy_from_slice(&self.0);
        stored
    }
}

/// A key in the flash: the number of the space, and after it the key in this space.
type StoredKey = [u8; KEY];
const KEY: usize = 9;
/// The number of bytes that `sequential-storage` writes in front of a value and its key.
const HEADER: usize = 8;
/// The number of bytes of the [`Store`]'s buffer that are not for the value: the key, and the padding to words of the
/// flash.
const OVERHEAD: usize = 16;

/// The reason why a value was not read or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// There is no value under this key.
    NoValue,
    /// The value is longer than the memory that was lent for it, or than the store allows.
    TooLong,
    /// The client has as many keys as it may have.
    Full,
    /// The flash has contents that no store has written, and that a loss of power can't cause. [`Format`] makes the
    /// store empty.
    Corrupted,
    /// The flash had an error, or its process has crashed. The earlier values are still there.
    Flash,
}

/// The interface of a process whose values are in the space `SPACE`.
#[interface]
pub trait KeyValue<const SPACE: u8> {
    /// Copies the value to lent memory, and returns its length.
    fn get(&mut self, key: Key, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
    /// Sets the value, and replaces the old value. An empty value counts as no value.
    fn set(&mut self, key: Key, value: Lease<'_, [u8]>) -> Result<(), Fault>;
    /// Removes the value. Its key stays in the flash with an empty value, and still counts for the quota.
    fn remove(&mut self, key: Key) -> Result<(), Fault>;
}

/// The interface of a process that may make the store empty.
#[interface]
pub trait Format {
    /// Removes all values of all spaces, whatever contents the flash has.
    fn format(&mut self) -> Result<(), Fault>;
}

/// The places in the flash where the library has found keys and values, so that it need not search again.
type Found<const PAGES: usize, const KEYS: usize> = Cache<
    ArrayPageStates<PAGES>,
    ArrayPagePointers<PAGES>,
    ArrayKeyPointers<StoredKey, KEYS>,
    StoredKey,
>;

/// The service object of the process that keeps the values in the flash `F`.
///
/// The object has `SIZE` bytes of memory for a value and its key: a value has up to `SIZE - 16` bytes. The store takes
/// `PAGES` pages of the flash. It has up to `KEYS` keys, in the spaces of `SPACES` clients.
pub struct Store<F, const SIZE: usize, const PAGES: usize, const KEYS: usize, const SPACES: usize> {
    flash: F,
    /// The start of the store in the flash.
    start: u32,
    /// The number of keys that each space may have.
    quotas: [u16; SPACES],
    buffer: [u8; SIZE],
    /// `None` before the first operation, and after an operation that has failed. In this case the library searches the
    /// flash again.
    found: Option<Found<PAGES, KEYS>>,
    /// The keys that are in the flash; `None` in the same cases.
    keys: Option<Keys<KEYS>>,
}

impl<F, const SIZE: usize, const PAGES: usize, const KEYS: usize, const SPACES: usize> fmt::Debug
    for Store<F, SIZE, PAGES, KEYS, SPACES>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("start", &self.start)
            .field("quotas", &self.quotas)
            .finish_non_exhaustive()
    }
}

impl<F: NorFlash, const SIZE: usize, const PAGES: usize, const KEYS: usize, const SPACES: usize>
    Store<F, SIZE, PAGES, KEYS, SPACES>
{
    /// Creates a store that takes `PAGES` pages of the flash from `start`. `quotas` has the number of keys that each
    /// client may have.
    ///
    /// Each client can always have this number of keys, all with values of the greatest length, whatever the other
    /// clients do.
    ///
    /// # Panics
    /// If `start` is not the start of a page, if the store has less than two pages, if the sum of the quotas is more
    /// than `KEYS`, or if the pages have no room for these keys. In the wiring, this is a compile error.
    #[must_use]
    pub const fn new(flash: F, start: u32, quotas: [u16; SPACES]) -> Self {
        const { assert!(SIZE > OVERHEAD, "the buffer of a store has no room for a value") };
        const { assert!(SPACES <= 256, "a space is one byte") };
        const { assert!(KEYS > 0, "a store without keys") };
        let _ = MapConfig::<Flash<'_, F>>::new(start..Self::end(start));
        let (mut keys, mut space) = (0, 0);
        while space < SPACES {
            keys += quotas[space] as usize;
            space += 1;
        }
        assert!(keys <= KEYS, "clients may have more keys than the store");
        // One page is always empty, a word at each end of a page belongs to the page, and an item that does not fit
        // goes to the next page.
        let most = Self::most_of_a_value();
        let of_a_page = F::ERASE_SIZE.saturating_sub(2 * F::WRITE_SIZE) / most;
        // A new value is written before the old one is dropped, so there is room for one more.
        assert!(keys < (PAGES - 1) * of_a_page, "the pages have no room for all values");
        Store { flash, start, quotas, buffer: [0; SIZE], found: None, keys: None }
    }

    const fn end(start: u32) -> u32 {
        start + (PAGES * F::ERASE_SIZE) as u32
    }

    /// Returns the number of bytes of the flash that the longest value takes.
    const fn most_of_a_value() -> usize {
        let header = HEADER.next_multiple_of(F::WRITE_SIZE);
        header + (KEY + SIZE - OVERHEAD).next_multiple_of(F::WRITE_SIZE)
    }

    /// Runs an operation on the library's map. If the operation fails, the store forgets the cached places and keys.
    fn with<'s, T>(
        &'s mut self,
        operate: impl FnOnce(&mut Map<'_, F, PAGES, KEYS>, &'s mut [u8]) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let found = self.found.take().unwrap_or_else(|| {
            Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), ArrayKeyPointers::new())
        });
        let end = Self::end(self.start);
        let flash = Flash::new(&mut self.flash, end);
        let mut map = MapStorage::new(flash, MapConfig::new(self.start..end), found);
        let result = operate(&mut map, &mut self.buffer);
        let (flash, found) = map.destroy();
        if result.is_ok() && !flash.has_failed {
            self.found = Some(found);
        } else {
            self.keys = None;
        }
        result
    }

    /// Returns the value, which is empty if there is none.
    fn fetch(&mut self, key: StoredKey) -> Result<&[u8], Fault> {
        self.with(|map, buffer| {
            let value = block_on(map.fetch_item::<&[u8]>(buffer, &key));
            Ok(value.map_err(fault)?.unwrap_or_default())
        })
    }

    fn store(&mut self, key: StoredKey, value: &[u8]) -> Result<(), Fault> {
        let keys = match self.keys.take() {
            Some(keys) => keys,
            None => self.find_keys()?,
        };
        self.keys.insert(keys).admit(key, self.quotas[usize::from(key[0])])?;
        self.with(|map, buffer| block_on(map.store_item(buffer, &key, &value)).map_err(fault))
    }

    /// Returns the keys that are in the flash.
    fn find_keys(&mut self) -> Result<Keys<KEYS>, Fault> {
        self.with(|map, buffer| {
            let mut keys = Keys::new();
            let mut items = block_on(map.fetch_all_items(buffer)).map_err(fault)?;
            while let Some((key, _)) = block_on(items.next::<&[u8]>(buffer)).map_err(fault)? {
                keys.note(key);
            }
            // If a page can't be read, the library skips the page and reports no error. So the store checks the flash
            // itself.
            if map.flash().has_failed { Err(Fault::Flash) } else { Ok(keys) }
        })
    }
}

type Map<'f, F, const PAGES: usize, const KEYS: usize> =
    MapStorage<StoredKey, Flash<'f, F>, Found<PAGES, KEYS>>;

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

impl<
    F: NorFlash,
    const SIZE: usize,
    const PAGES: usize,
    const KEYS: usize,
    const SPACES: usize,
    const SPACE: u8,
> KeyValue<SPACE> for Store<F, SIZE, PAGES, KEYS, SPACES>
{
    fn get(&mut self, key: Key, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        const { assert!((SPACE as usize) < SPACES, "the store has no quota for this space") };
        match self.fetch(key.of_space(SPACE))? {
            [] => Err(Fault::NoValue),
            value if value.len() > to.len() => Err(Fault::TooLong),
            value => Ok(to.copy_from(value) as u32),
        }
    }

    fn set(&mut self, key: Key, value: Lease<'_, [u8]>) -> Result<(), Fault> {
        // The store reads the value more than once, so the value is copied: it must not change between the reads.
        let mut copy = [0; SIZE];
        if value.len() > SIZE - OVERHEAD {
            return Err(Fault::TooLong);
        }
        let length = value.copy_to(&mut copy);
        self.store(key.of_space(SPACE), &copy[..length])
    }

    fn remove(&mut self, key: Key) -> Result<(), Fault> {
        let key = key.of_space(SPACE);
        // If the key was never set, nothing is written, so the key takes no room.
        if self.fetch(key)?.is_empty() { Ok(()) } else { self.store(key, &[]) }
    }
}

impl<F: NorFlash, const SIZE: usize, const PAGES: usize, const KEYS: usize, const SPACES: usize>
    Format for Store<F, SIZE, PAGES, KEYS, SPACES>
{
    fn format(&mut self) -> Result<(), Fault> {
        (self.found, self.keys) = (None, None);
        self.flash.erase(self.start, Self::end(self.start)).map_err(|_| Fault::Flash)
    }
}

#[cfg(test)]
mod tests;
