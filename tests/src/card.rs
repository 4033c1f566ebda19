// SPDX-License-Identifier: MIT OR Apache-2.0
//! A FAT file system on an SD card, by the unchanged crate `embedded-sdmmc`, and crashes within its transfers.

use crate::report::{expect, expect_that, fail, pass};
use crate::watch::Watch;
use core::cell::Cell;
use core::time::Duration;
use crossgate::Notification;
use crossgate_abi::Cause;
use crossgate_abi::table::System;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use embedded_sdmmc::{
    Block, BlockDevice as _, BlockIdx, Mode, SdCard, TimeSource, Timestamp, VolumeIdx,
    VolumeManager,
};

/// The first block of the partition, the number of its blocks, and the number of blocks of the table of clusters (FAT),
/// 20.
const PARTITION: u32 = 64;
const BLOCKS: u32 = 5000;
const TABLE: u32 = 20;

/// The reaction of the process to the next block on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It transfers the block.
    Go,
    /// It crashes in the middle of a block that it writes.
    CrashInWrite,
    /// It crashes in the middle of a block that it reads.
    CrashInRead,
}

/// An `SpiDevice` that lets its process crash in the middle of a block.
#[derive(Debug)]
pub struct Crashing<'a, S>(pub S, pub &'a Cell<Then>);

impl<S: ErrorType> ErrorType for Crashing<'_, S> {
    type Error = S::Error;
}

impl<S: SpiDevice> SpiDevice for Crashing<'_, S> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), S::Error> {
        match (self.1.get(), &mut *operations) {
            (Then::CrashInWrite, [Operation::Write(bytes)]) if bytes.len() == Block::LEN => {
                self.0.write(&bytes[..Block::LEN / 2])?;
                panic!("a crash in the middle of a block that is written");
            }
            (Then::CrashInRead, [Operation::TransferInPlace(bytes)])
                if bytes.len() == Block::LEN =>
            {
                self.0.transfer_in_place(&mut bytes[..Block::LEN / 2])?;
                panic!("a crash in the middle of a block that is read");
            }
            _ => {}
        }
        self.0.transaction(operations)
    }
}

/// Brings a card to a known state after a crash: completes a block that the card sends or expects. (An expected block
/// ends with a wrong CRC. The driver would do the same by itself, after a hundred milliseconds without an answer.)
pub fn end_of_block<S: SpiDevice>(card: &mut S) {
    for _ in 0..2 {
        expect_that("the end of a block", card.write(&[0xff; Block::LEN]).is_ok());
    }
}

/// A board without a clock.
#[derive(Debug)]
pub struct NoClock;

impl TimeSource for NoClock {
    fn get_timestamp(&self) -> Timestamp {
        Timestamp::from_fat(0x5c21, 0)
    }
}

/// Makes an empty file system (FAT16) in the first partition of the card.
pub fn format<S: SpiDevice, D: DelayNs>(card: &SdCard<S, D>) {
    let write = |block: &Block, number| {
        let written = card.write(core::slice::from_ref(block), BlockIdx(number));
        if let Err(error) = written {
            fail(format_args!("block {number} is not written: {error:?}"));
        }
    };
    let mut block = Block::new();
    // The table of partitions. It has one entry, of the type "FAT16 with addresses of blocks".
    block[446 + 4] = 0x0e;
    block[446 + 8..][..4].copy_from_slice(&PARTITION.to_le_bytes());
    block[446 + 12..][..4].copy_from_slice(&BLOCKS.to_le_bytes());
    block[510..].copy_from_slice(&[0x55, 0xaa]);
    write(&block, 0);
    // The first block of the file system: 512 bytes a block, 1 block a cluster, 1 block before the tables, 2 tables, 16
    // entries in the root, the number of blocks, a fixed medium, and the blocks of a table.
    block = Block::new();
    block[..11].copy_from_slice(b"\xeb\x3c\x90CROSSGAT");
    block[11..16].copy_from_slice(&[0, 2, 1, 1, 0]);
    block[16..19].copy_from_slice(&[2, 16, 0]);
    block[19..21].copy_from_slice(&(BLOCKS as u16).to_le_bytes());
    block[21] = 0xf8;
    block[22..24].copy_from_slice(&(TABLE as u16).to_le_bytes());
    block[510..].copy_from_slice(&[0x55, 0xaa]);
    write(&block, PARTITION);
    block = Block::new();
    write(&block, PARTITION + 1 + 2 * TABLE);
    block[..4].copy_from_slice(&[0xf8, 0xff, 0xff, 0xff]);
    write(&block, PARTITION + 1);
    write(&block, PARTITION + 1 + TABLE);
}

type Manager<S, D> = VolumeManager<SdCard<S, D>, NoClock, 2, 2, 1>;

/// Returns a byte of the file.
#[must_use]
pub fn byte(place: usize) -> u8 {
    (place * 7 + place / 256) as u8
}

/// Adds this number of bytes to the file.
pub fn append<S: SpiDevice, D: DelayNs>(manager: &Manager<S, D>, length: usize) {
    let added = || {
        let volume = manager.open_volume(VolumeIdx(0))?;
        let root = volume.open_root_dir()?;
        let file = root.open_file_in_dir("JOURNAL.BIN", Mode::ReadWriteCreateOrAppend)?;
        let start = file.length() as usize;
        let mut bytes = [0; 100];
        for place in (start..start + length).step_by(bytes.len()) {
            let bytes = &mut bytes[..(start + length - place).min(100)];
            bytes.iter_mut().zip(place..).for_each(|(to, place)| *to = byte(place));
            file.write(bytes)?;
        }
        file.close()
    };
    if let Err(error) = added() {
        fail(format_args!("the file is not written: {error:?}"));
    }
}

/// Writes zeroes over the first bytes of the file.
pub fn spoil<S: SpiDevice, D: DelayNs>(manager: &Manager<S, D>) {
    let spoiled = || {
        let volume = manager.open_volume(VolumeIdx(0))?;
        let root = volume.open_root_dir()?;
        let file = root.open_file_in_dir("JOURNAL.BIN", Mode::ReadWriteAppend)?;
        file.seek_from_start(0)?;
        file.write(&[0; 100])?;
        file.close()
    };
    if let Err(error) = spoiled() {
        fail(format_args!("the file is not written: {error:?}"));
    }
}

/// Checks that the file has this number of bytes, with the written values.
pub fn check<S: SpiDevice, D: DelayNs>(manager: &Manager<S, D>, length: usize) {
    let looked = || {
        let volume = manager.open_volume(VolumeIdx(0))?;
        let root = volume.open_root_dir()?;
        let file = root.open_file_in_dir("JOURNAL.BIN", Mode::ReadOnly)?;
        expect("the length of the file", file.length() as usize, length);
        let mut bytes = [0; 100];
        let mut place = 0;
        while !file.is_eof() {
            let count = file.read(&mut bytes)?;
            let is_right = |(index, &read): (usize, &u8)| read == byte(place + index);
            expect_that("as written", bytes[..count].iter().enumerate().all(is_right));
            place += count;
        }
        expect("the bytes of the file", place, length);
        file.close()
    };
    if let Err(error) = looked() {
        fail(format_args!("the file is not read: {error:?}"));
    }
}

/// Uses the card in a life of a process. Crashes in the first two lives, and returns in the third. A card that checks
/// CRCs keeps the old contents of a block of which it has received only a half.
pub fn use_in_life<S: SpiDevice, D: DelayNs>(
    life: u32,
    has_crc: bool,
    card: SdCard<Crashing<'_, S>, D>,
    then: &Cell<Then>,
) {
    if life == 0 {
        format(&card);
    }
    let manager: Manager<Crashing<'_, S>, D> = VolumeManager::new_with_limits(card, NoClock, 0);
    match life {
        0 => {
            append(&manager, 700);
            check(&manager, 700);
            then.set(Then::CrashInWrite);
            if has_crc { spoil(&manager) } else { append(&manager, 600) }
        }
        1 => {
            // No byte of the half-written block is there.
            check(&manager, 700);
            append(&manager, 600);
            check(&manager, 1300);
            then.set(Then::CrashInRead);
            check(&manager, 1300);
        }
        _ => return check(&manager, 1300),
    }
    fail(format_args!("the process has not crashed"));
}

/// Checks that the process `store` crashes twice, and then finishes.
pub fn witness(system: &'static System, faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(system, faulted);
    watch.expect("store", Cause::Panic);
    watch.expect("store", Cause::Panic);
    expect_that("the process continues", done.wait_timeout(Duration::from_secs(10)).is_ok());
    watch.expect_no_more();
    pass()
}
