// SPDX-License-Identifier: MIT OR Apache-2.0
//! A W25Q: a NOR flash. Names in parentheses are from Winbond's data sheet of the W25Q32JV.

use crate::SpiChip;
use core::fmt;

/// A NOR flash like the W25Q32JV. To fit into a board's memory, it has only `SECTORS` sectors of 4 KiB. It is erased at
/// first.
///
/// - The chip gets power at the time 0. It ignores writes in the first 5 ms (tPUW).
/// - Before each program or erase, writes have to be enabled by a command (Write Enable).
/// - A program operation changes bits only from 1 to 0. A page has 256 bytes; bytes past its end go to its start again
///   (Page Program). An erase sets all bits of a sector to 1.
/// - A program or erase operation begins when the chip is deselected, if the transfer had the right number of bytes
///   (Page Program, Sector Erase). It takes the typical time of the data sheet (tPP, tSE, tCE). During this time the
///   status has the bit BUSY, and the chip ignores all commands except for the status and a reset.
/// - A reset needs two commands, one directly after the other, and takes 30 µs (Enable Reset and Reset Device, tRST).
///   It stops a program or erase operation: only a part of the bytes is then done.
/// - In power-down mode it ignores all commands except for the release (Power-down).
/// - While its hold line is low, it has no input and no output (/HOLD).
///
/// These functions are not simulated, and their commands are ignored: erase of blocks, protection of blocks, suspended
/// erases, the status registers 2 and 3, and transfers over several data lines.
#[derive(Clone)]
pub struct W25q<const SECTORS: usize> {
    select: usize,
    hold: usize,
    is_selected: bool,
    is_held: bool,
    /// The command of the present transfer; `None` if the command is ignored.
    command: Option<u8>,
    /// The number of bytes of the transfer so far.
    received: usize,
    address: usize,
    /// The bytes to program into a page, at their places.
    page: [u8; PAGE],
    can_write: bool,
    /// True if the last command was Enable Reset.
    can_reset: bool,
    is_down: bool,
    work: Option<Work>,
    memory: [[u8; SECTOR]; SECTORS],
}

/// An operation that takes time.
#[derive(Clone, Copy, Debug)]
struct Work {
    what: What,
    begin: u64,
    end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Programs the page with this address.
    Program(usize),
    /// Erases the sector with this number.
    Erase(usize),
    EraseAll,
    Reset,
    Wake,
}

const PAGE: usize = 256;
const SECTOR: usize = 4096;

const PROGRAM: u8 = 0x02;
const READ: u8 = 0x03;
const DISABLE_WRITE: u8 = 0x04;
const STATUS: u8 = 0x05;
const ENABLE_WRITE: u8 = 0x06;
const ERASE_SECTOR: u8 = 0x20;
const UNIQUE_ID: u8 = 0x4b;
const ENABLE_RESET: u8 = 0x66;
const RESET: u8 = 0x99;
const IDENTITY: u8 = 0x9f;
const WAKE: u8 = 0xab;
const POWER_DOWN: u8 = 0xb9;
const ERASE_ALL: u8 = 0xc7;

/// Times in µs: tPUW, tPP, tSE, tCE, tRST and tRES1. If the data sheet has a typical and a longest time, this is the
/// typical time.
const TO_WRITE: u64 = 5000;
const TO_PROGRAM: u64 = 400;
const TO_ERASE: u64 = 45_000;
const TO_ERASE_ALL: u64 = 10_000_000;
const TO_RESET: u64 = 30;
const TO_WAKE: u64 = 3;

/// The unique number of the chip (Read Unique ID).
const UNIQUE: [u8; 8] = [0xd1, 0x64, 0x38, 0x11, 0x27, 0x2f, 0x5c, 0x09];

impl<const SECTORS: usize> W25q<SECTORS> {
    /// The number of bytes of the flash.
    pub const CAPACITY: usize = SECTORS * SECTOR;

    /// Creates an erased chip. It is connected to two lines of the board: its chip select and its hold line.
    ///
    /// # Panics
    /// If the number of sectors is not a power of two.
    #[must_use]
    pub const fn new(select: usize, hold: usize) -> W25q<SECTORS> {
        const { assert!(SECTORS.is_power_of_two(), "a chip has 2^n sectors") }
        W25q {
            select,
            hold,
            is_selected: false,
            is_held: false,
            command: None,
            received: 0,
            address: 0,
            page: [0xff; PAGE],
            can_write: false,
            can_reset: false,
            is_down: false,
            work: None,
            memory: [[0xff; SECTOR]; SECTORS],
        }
    }

    /// Completes the operation if its time is over.
    fn advance(&mut self, now: u64) {
        if self.work.is_some_and(|work| work.end <= now) {
            self.finish(now);
        }
    }

    /// Carries out the part of the operation for which there was time until now, and ends the operation.
    fn finish(&mut self, now: u64) {
        let Some(Work { what, begin, end }) = self.work.take() else { return };
        let part = |bytes: usize| (bytes as u64 * (now.min(end) - begin) / (end - begin)) as usize;
        match what {
            What::Program(address) => {
                let bytes = self.memory.as_flattened_mut().iter_mut().skip(address);
                bytes.zip(self.page).take(part(PAGE)).for_each(|(to, from)| *to &= from);
            }
            What::Erase(sector) => self.memory[sector][..part(SECTOR)].fill(0xff),
            What::EraseAll => {
                let erased = part(Self::CAPACITY);
                self.memory.as_flattened_mut()[..erased].fill(0xff);
            }
            What::Reset | What::Wake => return,
        }
        self.can_write = false;
    }

    fn begin(&mut self, what: What, time: u64, now: u64) {
        self.work = Some(Work { what, begin: now, end: now + time });
    }

    fn is_writing(&self) -> bool {
        self.work.is_some_and(|work| !matches!(work.what, What::Reset | What::Wake))
    }

    /// Returns `true` if the chip accepts a command at this time.
    fn heeds(&self, command: u8) -> bool {
        match self.work {
            _ if self.is_down => command == WAKE,
            None => true,
            Some(_) if self.is_writing() => matches!(command, STATUS | ENABLE_RESET | RESET),
            Some(_) => false,
        }
    }

    /// Takes a byte of a transfer. Returns the byte that the chip sends at the same time.
    fn take(&mut self, command: u8, index: usize, byte: u8) -> Option<u8> {
        let capacity = Self::CAPACITY;
        match (command, index) {
            (READ | PROGRAM | ERASE_SECTOR, 1..=3) => {
                // The address bits above the capacity are ignored.
                self.address = (self.address << 8 | usize::from(byte)) % capacity;
                None
            }
            (READ, _) => {
                let place = (self.address + index - 4) % capacity;
                Some(self.memory[place / SECTOR][place % SECTOR])
            }
            (PROGRAM, _) => {
                self.page[(self.address + index - 4) % PAGE] = byte;
                None
            }
            (STATUS, _) => Some(u8::from(self.is_writing()) | u8::from(self.can_write) << 1),
            (IDENTITY, 1..=3) => Some([0xef, 0x40, capacity.ilog2() as u8][index - 1]),
            (UNIQUE_ID, 5..=12) => Some(UNIQUE[index - 5]),
            _ => None,
        }
    }

    /// Carries out a command after its last byte.
    fn execute(&mut self, command: u8, length: usize, could_reset: bool, now: u64) {
        match (command, length) {
            (ENABLE_WRITE, 1) => self.can_write = now >= TO_WRITE,
            (DISABLE_WRITE, 1) => self.can_write = false,
            (PROGRAM, 5..) if self.can_write => {
                self.begin(What::Program(self.address / PAGE * PAGE), TO_PROGRAM, now);
            }
            (ERASE_SECTOR, 4) if self.can_write => {
                self.begin(What::Erase(self.address / SECTOR), TO_ERASE, now);
            }
            (ERASE_ALL, 1) if self.can_write => self.begin(What::EraseAll, TO_ERASE_ALL, now),
            (ENABLE_RESET, 1) => self.can_reset = true,
            (RESET, 1) if could_reset => {
                self.finish(now);
                self.can_write = false;
                self.begin(What::Reset, TO_RESET, now);
            }
            (POWER_DOWN, 1) => self.is_down = true,
            (WAKE, _) if self.is_down => {
                self.is_down = false;
                self.begin(What::Wake, TO_WAKE, now);
            }
            _ => {}
        }
    }
}

impl<const SECTORS: usize> SpiChip for W25q<SECTORS> {
    fn line(&mut self, line: usize, high: bool, now: u64) {
        self.advance(now);
        if line == self.hold {
            self.is_held = !high;
        } else if line == self.select && self.is_selected == high {
            self.is_selected = !high;
            if high && self.received > 0 {
                let could_reset = core::mem::take(&mut self.can_reset);
                if let Some(command) = self.command {
                    self.execute(command, self.received, could_reset, now);
                }
            }
            (self.command, self.received) = (None, 0);
        }
    }

    fn exchange(&mut self, byte: u8, now: u64) -> Option<u8> {
        self.advance(now);
        if !self.is_selected || self.is_held {
            return None;
        }
        let index = self.received;
        self.received = index.saturating_add(1);
        if index > 0 {
            return self.take(self.command?, index, byte);
        }
        self.command = Some(byte).filter(|&command| self.heeds(command));
        if self.command == Some(PROGRAM) {
            self.page = [0xff; PAGE];
        }
        self.address = 0;
        None
    }
}

impl<const SECTORS: usize> fmt::Debug for W25q<SECTORS> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("W25q").field("work", &self.work).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELECT: usize = 0;
    const HOLD: usize = 1;

    type Chip = W25q<4>;

    /// A chip, and the time. Only the test advances the time.
    struct Bench(Chip, u64);

    impl Bench {
        fn new() -> Bench {
            Bench(Chip::new(SELECT, HOLD), TO_WRITE)
        }

        /// Makes a transfer. Returns the bytes that the chip sends; `None` where it does not drive the line.
        fn transfer(&mut self, bytes: &[u8]) -> Vec<Option<u8>> {
            let Bench(chip, now) = self;
            chip.line(SELECT, false, *now);
            let answers = bytes.iter().map(|&byte| chip.exchange(byte, *now)).collect();
            chip.line(SELECT, true, *now);
            answers
        }

        fn read<const N: usize>(&mut self, address: u32) -> [u8; N] {
            let [_, high, middle, low] = address.to_be_bytes();
            let mut bytes = vec![READ, high, middle, low];
            bytes.resize(4 + N, 0);
            let answers = self.transfer(&bytes);
            assert!(answers[..4].iter().all(Option::is_none));
            std::array::from_fn(|index| answers[4 + index].unwrap_or(0xee))
        }

        fn status(&mut self) -> u8 {
            self.transfer(&[STATUS, 0])[1].unwrap()
        }

        fn program(&mut self, address: u32, bytes: &[u8]) {
            let [_, high, middle, low] = address.to_be_bytes();
            self.transfer(&[ENABLE_WRITE]);
            self.transfer(&[&[PROGRAM, high, middle, low], bytes].concat());
        }

        /// Advances the time by this number of µs.
        fn wait(&mut self, time: u64) {
            self.1 += time;
        }
    }

    #[test]
    fn it_says_what_it_is() {
        let mut bench = Bench::new();
        let answer = [None, Some(0xef), Some(0x40), Some(14), None];
        assert_eq!(bench.transfer(&[IDENTITY, 0, 0, 0, 0]), answer);
        let id = bench.transfer(&[&[UNIQUE_ID][..], &[0; 12]].concat());
        assert_eq!(id[5..], UNIQUE.map(Some));
        assert_eq!((bench.status(), bench.read(0x3ffe)), (0, [0xff; 4]), "it goes on at its start");
        assert_eq!(bench.0.exchange(IDENTITY, TO_WRITE), None, "not selected");
    }

    #[test]
    fn bits_are_only_cleared() {
        let mut bench = Bench::new();
        bench.program(0x102, &[0x0f, 0xf0]);
        bench.wait(TO_PROGRAM);
        assert_eq!(bench.read(0x101), [0xff, 0x0f, 0xf0, 0xff]);
        bench.program(0x102, &[0xf3, 0xff]);
        bench.wait(TO_PROGRAM);
        assert_eq!(bench.read(0x101), [0xff, 0x03, 0xf0, 0xff]);
    }

    #[test]
    fn a_page_ends_at_its_start() {
        let mut bench = Bench::new();
        bench.program(0x1fe, &[1, 2, 3, 4]);
        bench.wait(TO_PROGRAM);
        assert_eq!((bench.read(0x1fe), bench.read(0x100)), ([1, 2, 0xff, 0xff], [3, 4, 0xff]));
        let long: Vec<u8> = (0..258).map(|index| index as u8).collect();
        bench.program(0x300, &long);
        bench.wait(TO_PROGRAM);
        assert_eq!(bench.read(0x300), [0, 1, 2], "the last 256 bytes count");
        bench.program(0x400, &[&[9, 9], &long[..256]].concat());
        bench.wait(TO_PROGRAM);
        assert_eq!(bench.read(0x400), [254, 255, 0], "the last 256 bytes count");
    }

    #[test]
    fn it_is_busy_as_long_as_it_works_and_ignores_all_else() {
        let mut bench = Bench::new();
        bench.program(0, &[0; 4]);
        bench.wait(TO_PROGRAM);
        bench.transfer(&[ENABLE_WRITE]);
        assert_eq!(bench.status(), 2);
        bench.transfer(&[ERASE_SECTOR, 0, 0, 5]);
        bench.wait(TO_ERASE - 1);
        assert_eq!(bench.status(), 3);
        assert_eq!(bench.transfer(&[READ, 0, 0, 0, 0]), [None; 5]);
        bench.program(0x1000, &[0]);
        bench.wait(1);
        assert_eq!((bench.status(), bench.read(0)), (0, [0xff; 4]));
        assert_eq!(bench.read(0x1000), [0xff]);
    }

    #[test]
    fn what_is_not_enabled_is_not_written() {
        let mut bench = Bench(Chip::new(SELECT, HOLD), TO_WRITE - 1);
        bench.program(0, &[0]);
        assert_eq!(bench.status(), 0, "it just got power");
        bench.wait(1);
        bench.transfer(&[PROGRAM, 0, 0, 0, 0]);
        bench.transfer(&[ENABLE_WRITE]);
        bench.transfer(&[DISABLE_WRITE]);
        bench.transfer(&[PROGRAM, 0, 0, 0, 0]);
        assert_eq!((bench.status(), bench.read(0)), (0, [0xff]));
        bench.program(0, &[0]);
        bench.wait(TO_PROGRAM);
        bench.transfer(&[ERASE_SECTOR, 0, 0, 0]);
        assert_eq!((bench.status(), bench.read(0)), (0, [0]), "once for each");
    }

    #[test]
    fn a_transfer_of_another_length_does_nothing() {
        let mut bench = Bench::new();
        bench.program(0, &[0]);
        bench.wait(TO_PROGRAM);
        for bytes in [
            &[ERASE_SECTOR, 0, 0][..],
            &[ERASE_SECTOR, 0, 0, 0, 0],
            &[ERASE_ALL, 0],
            &[PROGRAM, 0, 0, 1],
        ] {
            bench.transfer(&[ENABLE_WRITE]);
            bench.transfer(bytes);
            assert_eq!(bench.status(), 2, "{bytes:?}");
        }
        bench.transfer(&[DISABLE_WRITE, 0]);
        assert_eq!(bench.status(), 2);
        bench.transfer(&[ERASE_ALL]);
        bench.wait(TO_ERASE_ALL);
        assert_eq!((bench.status(), bench.read(0)), (0, [0xff]));
    }

    #[test]
    fn a_reset_leaves_a_part_undone() {
        let mut bench = Bench::new();
        for page in 0..16 {
            bench.program(page * 256, &[0; 256]);
            bench.wait(TO_PROGRAM);
        }
        bench.transfer(&[ENABLE_WRITE]);
        bench.transfer(&[ERASE_SECTOR, 0, 0, 0]);
        bench.wait(TO_ERASE / 4);
        bench.transfer(&[RESET]);
        bench.transfer(&[ENABLE_RESET]);
        bench.transfer(&[IDENTITY]);
        bench.transfer(&[RESET]);
        assert_eq!(bench.status(), 3, "not one right after the other");
        bench.transfer(&[ENABLE_RESET]);
        bench.transfer(&[RESET]);
        assert_eq!(bench.transfer(&[STATUS, 0]), [None; 2], "in reset");
        bench.wait(TO_RESET);
        assert_eq!((bench.status(), bench.read(0x3fe)), (0, [0xff, 0xff, 0, 0]));
        bench.program(0x1000, &[0; 256]);
        bench.wait(TO_PROGRAM / 2);
        bench.transfer(&[ENABLE_RESET]);
        bench.transfer(&[RESET]);
        bench.wait(TO_RESET);
        assert_eq!(bench.read(0x107e), [0, 0, 0xff, 0xff]);
    }

    #[test]
    fn in_power_down_and_while_it_is_held_there_is_silence() {
        let mut bench = Bench::new();
        bench.transfer(&[POWER_DOWN]);
        assert_eq!(bench.transfer(&[STATUS, 0]), [None; 2]);
        bench.transfer(&[WAKE]);
        assert_eq!(bench.transfer(&[STATUS, 0]), [None; 2], "not yet");
        bench.wait(TO_WAKE);
        assert_eq!(bench.status(), 0);
        bench.0.line(HOLD, false, 0);
        assert_eq!(bench.transfer(&[ENABLE_WRITE, 0]), [None; 2]);
        bench.0.line(HOLD, true, 0);
        assert_eq!(bench.status(), 0);
    }
}
