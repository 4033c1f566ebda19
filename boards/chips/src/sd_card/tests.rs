// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the simulated card. They send commands as a host does.

use super::*;

const SELECT: usize = 0;

/// A card, and the time. Only the test advances the time.
struct Bench(SdCard<2>, u64);

impl Bench {
    /// Creates a card that has got power and its first clocks.
    fn new() -> Bench {
        let mut bench = Bench(SdCard::new(SELECT), 0);
        for _ in 0..10 {
            assert_eq!(bench.0.exchange(0xff, 0), None, "not selected");
        }
        bench.0.line(SELECT, false, 0);
        bench
    }

    /// Creates a card that is initialised.
    fn ready() -> Bench {
        let mut bench = Bench::new();
        assert_eq!(bench.command(0, 0), 1);
        assert_eq!(bench.command(8, 0x1aa), 1);
        assert_eq!(bench.read(4), [0, 0, 1, 0xaa]);
        while bench.application(41, 1 << 30) == 1 {
            bench.1 += 100;
        }
        bench
    }

    fn exchange(&mut self, byte: u8) -> u8 {
        self.0.exchange(byte, self.1).unwrap()
    }

    fn read(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.exchange(0xff)).collect()
    }

    /// Sends a command with this last byte, and returns the answer.
    fn raw(&mut self, command: u8, argument: u32, last: u8) -> u8 {
        for byte in [&[0x40 | command][..], &argument.to_be_bytes(), &[last]].concat() {
            self.exchange(byte);
        }
        assert_eq!(self.exchange(0xff), 0xff, "not at once");
        self.exchange(0xff)
    }

    fn command(&mut self, command: u8, argument: u32) -> u8 {
        let bytes = [&[0x40 | command][..], &argument.to_be_bytes()].concat();
        self.raw(command, argument, CRC7.checksum(&bytes) << 1 | 1)
    }

    fn application(&mut self, command: u8, argument: u32) -> u8 {
        self.command(55, 0);
        self.command(command, argument)
    }

    /// Sends a block, and returns the answer.
    fn block(&mut self, block: &[u8; BLOCK], crc: u16) -> u8 {
        self.exchange(0xff);
        self.exchange(START);
        for &byte in block.iter().chain(&crc.to_be_bytes()) {
            assert_eq!(self.exchange(byte), 0xff);
        }
        self.exchange(0xff)
    }
}

#[test]
fn the_crcs_are_those_of_the_specification() {
    // The examples in 4.5 and 7.2.2 of the specification.
    assert_eq!(CRC7.checksum(&[0x40, 0, 0, 0, 0]) << 1 | 1, 0x95);
    assert_eq!(CRC7.checksum(&[0x51, 0, 0, 0, 0]), 0b010_1010);
    assert_eq!(CRC16.checksum(&[0xff; BLOCK]), 0x7fa1);
}

#[test]
fn it_listens_after_74_clocks() {
    let mut bench = Bench(SdCard::new(SELECT), 0);
    for _ in 0..9 {
        bench.0.exchange(0xff, 0);
    }
    bench.0.line(SELECT, false, 0);
    assert_eq!(bench.command(0, 0), 0xff, "72 are too few");
    bench.0.line(SELECT, true, 0);
    bench.0.exchange(0xff, 0);
    bench.0.line(SELECT, false, 0);
    assert_eq!(bench.command(8, 0x1aa), 0xff, "it is in SD mode");
    assert_eq!(bench.raw(0, 0, 0x97), 0xff, "in which each CRC counts");
    assert_eq!(bench.command(0, 0), 1);
}

#[test]
fn what_is_too_early_is_illegal() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(0, 0), 1);
    for command in [9, 10, 13, 17, 24, 41] {
        assert_eq!(bench.command(command, 0), 5, "{command}");
    }
    assert_eq!(bench.command(58, 0), 1);
    assert_eq!(bench.read(4), [0x40, 0xff, 0x80, 0]);
    for _ in 0..3 {
        assert_eq!(bench.application(41, 1 << 30), 1, "it knows nothing of the host");
        bench.1 += TO_INITIALISE;
    }
    assert_eq!(bench.command(8, 0x2aa), 1, "a voltage of other cards");
    assert_eq!(bench.read(4), [0, 0, 0, 0xaa]);
    for _ in 0..3 {
        assert_eq!(bench.application(41, 1 << 30), 1, "the voltage does not fit");
        bench.1 += TO_INITIALISE;
    }
    assert_eq!(bench.command(8, 0x1aa), 1);
    assert_eq!(bench.read(4), [0, 0, 1, 0xaa]);
    for _ in 0..3 {
        assert_eq!(bench.application(41, 0), 1, "a host for small cards");
        bench.1 += TO_INITIALISE;
    }
    assert_eq!(bench.application(41, 1 << 30), 1);
    bench.1 += TO_INITIALISE - 1;
    assert_eq!(bench.application(41, 1 << 30), 1);
    bench.1 += 1;
    assert_eq!(bench.command(41, 1 << 30), 5, "only after a CMD55");
    assert_eq!(bench.application(41, 1 << 30), 0);
    assert_eq!(bench.command(58, 0), 0);
    assert_eq!(bench.read(4), [0xc0, 0xff, 0x80, 0]);
    assert_eq!(bench.command(0, 0), 1, "it begins again");
    assert_eq!(bench.command(17, 0), 5);
}

#[test]
fn crcs_are_checked() {
    let mut bench = Bench::ready();
    assert_eq!(bench.raw(13, 0, 0xff), 0, "not unless it is told to");
    assert_eq!(bench.read(1), [0]);
    assert_eq!(bench.command(24, 7), 0);
    assert_eq!(bench.block(&[1; BLOCK], 0), ACCEPTED);
    bench.1 += TO_WRITE;
    assert_eq!(bench.command(59, 1), 0);
    assert_eq!(bench.raw(13, 0, 0xff), CRC_ERROR);
    assert_eq!(bench.command(24, 7), 0);
    assert_eq!(bench.block(&[2; BLOCK], 0), REFUSED);
    assert_eq!(bench.0.block(7), [1; BLOCK]);
    assert_eq!(bench.command(24, 7), 0);
    assert_eq!(bench.block(&[2; BLOCK], CRC16.checksum(&[2; BLOCK])), ACCEPTED);
    assert_eq!(bench.0.block(7), [2; BLOCK]);
    assert_eq!([0x40, 0, 0, 0, 0, 0x95].map(|byte| bench.exchange(byte)), [0; 6], "it is busy");
    bench.1 += TO_WRITE;
    assert_eq!(bench.command(17, 7), 0, "and did not begin again");
}

#[test]
fn a_block_takes_its_time() {
    let mut bench = Bench::ready();
    assert_eq!(bench.command(24, 3), 0);
    assert_eq!(bench.block(&[3; BLOCK], 0), ACCEPTED);
    bench.1 += TO_WRITE - 1;
    assert_eq!(bench.read(3), [0; 3]);
    bench.0.line(SELECT, true, 0);
    assert_eq!(bench.0.exchange(0xff, bench.1), None);
    bench.0.line(SELECT, false, 0);
    bench.1 += 1;
    assert_eq!(bench.read(2), [0xff; 2]);
    assert_eq!(bench.command(17, 3), 0);
    assert_eq!(bench.read(4), [0xff; 4]);
    bench.1 += TO_READ;
    let mut block = bench.read(1 + BLOCK + 2);
    assert_eq!(block.remove(0), START);
    assert_eq!((&block[..BLOCK], CRC16.checksum(&block)), (&[3; BLOCK][..], 0));
    assert_eq!(bench.read(2), [0xff; 2]);
}

#[test]
fn blocks_that_do_not_exist_are_refused() {
    let mut bench = Bench::ready();
    for command in [17, 24] {
        assert_eq!(bench.command(command, SdCard::<2>::BLOCKS), PARAMETER_ERROR);
    }
    for number in [0, SdCard::<2>::BLOCKS - 1] {
        assert_eq!(bench.command(24, number), 0);
        assert_eq!(bench.block(&[9; BLOCK], 0), ACCEPTED);
        bench.1 += TO_WRITE;
    }
    assert_eq!(bench.command(24, 1), 0);
    assert_eq!(bench.block(&[9; BLOCK], 0), NOT_WRITTEN, "it keeps two");
    bench.1 += TO_WRITE;
    assert_eq!(bench.command(24, 1), 0);
    assert_eq!(bench.command(17, 0), 0, "no block came");
}

#[test]
fn it_says_what_it_is() {
    let mut bench = Bench::ready();
    for (command, register) in [(9, SPECIFICS), (10, IDENTITY)] {
        assert_eq!(bench.command(command, 0), 0);
        bench.1 += TO_READ;
        let bytes = bench.read(19);
        assert_eq!((bytes[0], &bytes[1..16]), (START, &register[..]));
        assert_eq!(bytes[16], CRC7.checksum(&register) << 1 | 1);
        assert_eq!(CRC16.checksum(&bytes[1..]), 0);
    }
    // (C_SIZE + 1) * 512 KiB.
    let size = u32::from_be_bytes([0, SPECIFICS[7], SPECIFICS[8], SPECIFICS[9]]) + 1;
    assert_eq!(size * 1024, SdCard::<2>::BLOCKS);
}
