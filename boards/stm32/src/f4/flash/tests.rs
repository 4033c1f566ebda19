// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests with a model of the controller, which follows the rules of the manual.

extern crate std;

use super::*;
use crossgate::testing::Wiring;
use crossgate::{Handle, LeaseBuf};
use crossgate_key_value::{Key, KeyValue, Store};
use crossgate_partition::{PartitionHandle, Partitions};
use std::cell::Cell;
use std::vec;
use std::vec::Vec;

const SIZE: usize = 1024 * K;
/// The reads of the state during which the controller is busy.
const BUSY_READS: u32 = 3;
/// The settings of the access that the board makes.
const SETTINGS: u32 = 0x705;

/// The controller and the memory.
#[derive(Debug)]
struct Model {
    memory: Vec<u8>,
    /// The bytes that the CPU reads, through its cache.
    seen: Vec<u8>,
    protected: Option<usize>,
    /// An operation does not end.
    is_endless: bool,
    access: u32,
    control: u32,
    errors: u32,
    busy: Cell<u32>,
    /// The number of right keys so far. After a wrong key there is none until a reset.
    keys: Option<usize>,
    erased: Vec<usize>,
}

impl Model {
    fn new() -> Model {
        Model {
            memory: vec![0xa5; SIZE],
            seen: vec![0xa5; SIZE],
            protected: None,
            is_endless: false,
            access: SETTINGS,
            control: bit::LOCKED,
            errors: 0,
            busy: Cell::new(0),
            keys: Some(0),
            erased: Vec::new(),
        }
    }

    /// Returns the number and the range of the sector with this offset.
    fn sector_of(offset: usize) -> (usize, core::ops::Range<usize>) {
        let mut start = 0;
        for (number, size) in SECTORS.into_iter().enumerate() {
            if offset < start + size {
                return (number, start..start + size);
            }
            start += size;
        }
        panic!("{offset:x} is in no sector");
    }
}

impl Access for Model {
    const PATIENCE: u32 = 1000;

    fn read(&self, register: Register) -> u32 {
        match register {
            Register::Access => self.access,
            Register::Key => 0,
            Register::State => {
                let busy = self.busy.get();
                self.busy.set(busy.saturating_sub(u32::from(busy != u32::MAX)));
                self.errors | if busy > 0 { bit::BUSY } else { 0 }
            }
            Register::Control => self.control,
        }
    }

    fn write(&mut self, register: Register, value: u32) {
        match register {
            Register::Access => {
                if value & bit::EMPTY_DATA_CACHE != 0 {
                    assert_eq!(self.access & bit::DATA_CACHE, 0, "the cache is off");
                    self.seen.clone_from(&self.memory);
                }
                self.access = value;
            }
            Register::Key => {
                self.keys =
                    self.keys.filter(|&keys| KEYS.get(keys) == Some(&value)).map(|keys| keys + 1);
                if self.keys == Some(KEYS.len()) {
                    (self.control, self.keys) = (0, Some(0));
                }
            }
            Register::State => self.errors &= !value,
            Register::Control => {
                assert_eq!(self.busy.get(), 0, "the control changes only while nothing goes on");
                if self.control & bit::LOCKED != 0 {
                    return;
                }
                self.control = value & !bit::START;
                if value & bit::START == 0 {
                    return;
                }
                assert_eq!(value & (bit::ERASE_SECTOR | bit::PROGRAM), bit::ERASE_SECTOR);
                let number = (value >> bit::SECTOR & 0b1111) as usize;
                let start: usize = SECTORS[..number].iter().sum();
                self.busy.set(if self.is_endless { u32::MAX } else { BUSY_READS });
                if self.protected == Some(number) {
                    self.errors |= bit::PROTECTED;
                } else {
                    self.memory[start..start + SECTORS[number]].fill(0xff);
                    self.erased.push(number);
                }
            }
        }
    }

    fn load(&self, address: usize) -> u8 {
        self.seen[address - FLASH]
    }

    fn program(&mut self, address: usize, word: u32) {
        const PARALLELISM: u32 = 1 << 6;
        const SEQUENCE: u32 = 1 << 7;
        assert_eq!(self.busy.get(), 0, "one word at a time");
        assert!(address.is_multiple_of(WORD));
        let place = address - FLASH;
        if self.control & bit::PROGRAM == 0 {
            self.errors |= SEQUENCE;
        } else if self.control & 0b11 << 8 != bit::WORDS {
            self.errors |= PARALLELISM;
        } else if self.protected == Some(Model::sector_of(place).0) {
            self.errors |= bit::PROTECTED;
        } else {
            self.busy.set(if self.is_endless { u32::MAX } else { BUSY_READS });
            for (byte, new) in self.memory[place..].iter_mut().zip(word.to_le_bytes()) {
                *byte &= new;
            }
        }
    }
}

type Small = Stm32F4Flash<{ 16 * K }, Model>;
type Large = Stm32F4Flash<{ 128 * K }, Model>;

/// Sectors 1 to 3, and sectors 10 and 11.
const SMALL: Mmio = Mmio { start: FLASH + 16 * K, size: 48 * K };
const LARGE: Mmio = Mmio { start: FLASH + 768 * K, size: 256 * K };

fn small() -> Small {
    Small::with(Model::new(), SMALL)
}

fn read<const ERASE: usize>(flash: &mut Stm32F4Flash<ERASE, Model>, offset: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    flash.read(offset, &mut bytes).unwrap();
    bytes
}

#[test]
fn what_was_written_is_read() {
    let mut flash = small();
    flash.erase(0, 32 * K as u32).unwrap();
    flash.write(16 * K as u32 - 4, b"12345678").unwrap();
    assert_eq!(read(&mut flash, 16 * K as u32 - 4), *b"12345678");
    assert_eq!(read(&mut flash, 16 * K as u32 - 6), *b"\xff\xff123456");
    assert_eq!(flash.access.erased, [1, 2]);
    assert_eq!(&flash.access.memory[32 * K - 4..32 * K + 4], b"12345678");
    // Nothing else has changed, and the controller is as before.
    assert!(flash.access.memory[..16 * K].iter().all(|&byte| byte == 0xa5));
    assert!(flash.access.memory[48 * K..].iter().all(|&byte| byte == 0xa5));
    assert_eq!((flash.access.control & bit::LOCKED, flash.access.access), (bit::LOCKED, SETTINGS));
}

#[test]
fn a_unit_is_one_or_more_sectors() {
    let mut flash = Large::with(Model::new(), LARGE);
    flash.erase(128 * K as u32, 256 * K as u32).unwrap();
    assert_eq!(flash.access.erased, [11]);
    let mut all = Large::with(Model::new(), Mmio { start: FLASH, size: SIZE });
    all.erase(0, 256 * K as u32).unwrap();
    assert_eq!(all.access.erased, [0, 1, 2, 3, 4, 5]);
    let first = Mmio { start: FLASH, size: 128 * K };
    let mut halves = Stm32F4Flash::<{ 64 * K }, Model>::with(Model::new(), first);
    halves.erase(64 * K as u32, 128 * K as u32).unwrap();
    assert_eq!(halves.access.erased, [4]);
    halves.erase(0, 0).unwrap();
    assert_eq!(halves.access.erased, [4]);
}

#[test]
fn other_places_are_refused() {
    use NorFlashErrorKind::{NotAligned, OutOfBounds};
    let mut flash = small();
    let place = |kind| Err(Stm32F4FlashError::Place(kind));
    assert_eq!(flash.erase(0, 4096), place(NotAligned));
    assert_eq!(flash.erase(0, 64 * K as u32), place(OutOfBounds));
    assert_eq!(flash.write(2, &[0; 4]), place(NotAligned));
    assert_eq!(flash.write(0, &[0; 3]), place(NotAligned));
    assert_eq!(flash.write(48 * K as u32, &[0; 4]), place(OutOfBounds));
    assert_eq!(flash.read(48 * K as u32 - 1, &mut [0; 2]), place(OutOfBounds));
    assert!(flash.access.erased.is_empty());
    assert!(flash.access.memory.iter().all(|&byte| byte == 0xa5));
}

#[test]
fn memory_that_is_not_erased_is_reported() {
    let mut flash = small();
    assert_eq!(flash.write(0, &[0xff; 4]), Err(Stm32F4FlashError::Differs));
    // More bits may become 0.
    assert_eq!(flash.write(0, &[0x21; 4]), Ok(()));
    assert_eq!(flash.write(0, &[0; 4]), Ok(()));
}

#[test]
fn errors_of_the_controller_are_reported_once() {
    let mut flash = small();
    flash.access.protected = Some(2);
    let [second, third] = [16 * K as u32, 32 * K as u32];
    assert_eq!(flash.erase(second, third), Err(Stm32F4FlashError::Protected));
    assert_eq!(flash.access.control & bit::LOCKED, bit::LOCKED);
    assert_eq!(flash.write(second, &[0; 4]), Err(Stm32F4FlashError::Protected));
    assert_eq!(flash.erase(third, third + second), Ok(()));
    // An error and an operation of another life of the process.
    flash.access.errors = 1 << 7;
    flash.access.busy.set(BUSY_READS);
    assert_eq!(flash.write(third, &[1; 4]), Ok(()));
}

#[test]
fn a_controller_that_stays_busy_is_not_waited_for_for_ever() {
    let mut flash = small();
    flash.access.busy.set(u32::MAX);
    assert_eq!(flash.erase(0, 16 * K as u32), Err(Stm32F4FlashError::TimedOut));
    let mut flash = small();
    flash.access.is_endless = true;
    assert_eq!(flash.erase(0, 16 * K as u32), Err(Stm32F4FlashError::TimedOut));
    assert_eq!(flash.write(0, &[0; 4]), Err(Stm32F4FlashError::TimedOut));
}

#[test]
fn a_controller_that_takes_no_keys_is_reported() {
    let mut flash = small();
    flash.access.write(Register::Key, 1);
    assert_eq!(flash.write(0, &[0; 4]), Err(Stm32F4FlashError::Locked));
}

#[test]
#[should_panic(expected = "not made of sectors")]
fn a_unit_that_is_half_a_sector_is_refused() {
    let _ = Small::with(Model::new(), Mmio { start: FLASH + 64 * K, size: 64 * K });
}

#[test]
#[should_panic(expected = "not made of sectors")]
fn a_part_behind_the_flash_is_refused() {
    let _ = Large::with(Model::new(), Mmio { start: FLASH + SIZE, size: 128 * K });
}

#[test]
#[should_panic(expected = "no number of units")]
fn a_part_that_is_no_number_of_units_is_refused() {
    let _ = Small::with(Model::new(), Mmio { start: FLASH, size: 24 * K });
}

/// The services that share a flash accept this one.
#[test]
fn partitions_and_keys() {
    const NAME: Key = Key::new("name");
    let wiring = Wiring::new();
    let partitions = Partitions::new(small(), [(0, 16 * K as u32), (16 * K as u32, 32 * K as u32)]);
    let handle = wiring.serve(partitions);
    wiring.run(|| {
        let mut partition = PartitionHandle::<1, 4, { 16 * K }>::new(handle);
        partition.erase(0, 16 * K as u32).unwrap();
        partition.write(8, b"partition of").unwrap();
        let mut bytes = [0; 12];
        partition.read(8, &mut bytes).unwrap();
        assert_eq!(bytes, *b"partition of");
    });
    let mut flash = small();
    flash.erase(0, 48 * K as u32).unwrap();
    let wiring = Wiring::new();
    let values: Handle<dyn KeyValue<0>> = wiring.serve(Store::<_, 64, 3, 8, 1>::new(flash, 0, [8]));
    wiring.run(|| {
        let mut buffer = LeaseBuf::<32>::new();
        buffer[..6].copy_from_slice(b"garage");
        let first = values.set(NAME, buffer.first(6));
        assert!(matches!(first, Ok(Ok(()))), "{first:?}");
        assert_eq!(values.get(NAME, &mut buffer), Ok(Ok(6)));
        assert_eq!(&buffer[..6], b"garage");
    });
}
