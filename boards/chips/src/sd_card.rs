// SPDX-License-Identifier: MIT OR Apache-2.0
//! An SD memory card on an SPI bus. Names in parentheses are from the SD Association's Physical Layer Simplified
//! Specification. Chapter 7 of this specification describes the SPI mode.

use crate::SpiChip;
use core::fmt;
use crc::{CRC_7_MMC, CRC_16_XMODEM, Crc, NoTable};

/// An SD card of high capacity (SDHC, 4 GiB) in SPI mode. To fit into a board's memory, it stores only `KEPT` blocks of
/// 512 bytes. All other blocks are zeroes.
///
/// - The card gets power at the time 0. It accepts no command before it has got 74 clocks while it is not selected
///   (Power On Sequence). Then it answers only a CMD0 with a correct CRC. This CMD0 brings the card to SPI mode and the
///   idle state.
/// - In the idle state it accepts only CMD0, CMD8, CMD55, CMD58, CMD59 and ACMD41. Any other command is illegal. ACMD41
///   ends the idle state only after a CMD8, and only if it has the host's capacity bit (HCS). The idle state ends 10 ms
///   after the first such ACMD41.
/// - The CRC of CMD8, and of CMD0 in SD mode, is always checked. The CRC of other commands and of blocks to write is
///   checked only after CMD59 has switched the check on. A command with a wrong CRC is answered with an error, and a
///   block with a wrong CRC is not written.
/// - An answer begins one byte after the command (N_CR). A block that is read begins 100 µs later (N_AC).
/// - A block is addressed by its number. If the block does not exist, the answer is a parameter error.
/// - After a block to write it is busy for 500 µs. During this time it ignores all commands, and holds its output line
///   low while it is selected.
/// - While it sends an answer or a block, it ignores its input. While it waits for a block, it takes any byte that does
///   not start a block as the start of a command.
///
/// While the card is not selected, it gets no clocks. When it is selected again, it goes on from the same state.
/// (According to the specification, the card has to stay selected during a command, its answer and its block. But
/// driver crates that use an `SpiDevice` of `embedded-hal` rely on the behaviour that is described here. They also
/// leave out the pause between an answer and a block, N_WR.)
///
/// The card has only the commands for single blocks: CMD9, CMD10, CMD13, CMD17 and CMD24.
#[derive(Clone)]
pub struct SdCard<const KEPT: usize> {
    select: usize,
    is_selected: bool,
    /// The number of clocks since power-on while the card was not selected. The count stops when it is high enough.
    clocks: u32,
    mode: Mode,
    checks: bool,
    /// True if a correct CMD8 has come.
    knows_host: bool,
    /// True if the last command was CMD55, so that the next command is an application command (ACMD).
    is_application: bool,
    /// The time at which the initialisation is complete.
    ready: Option<u64>,
    command: [u8; 6],
    /// The number of bytes of the command so far.
    received: usize,
    answer: [u8; 6],
    /// The bytes of the answer that are still to be sent.
    unanswered: usize,
    transfer: Transfer,
    /// The block of the transfer, and after it its CRC.
    block: [u8; BLOCK + 2],
    kept: [Option<(u32, [u8; BLOCK])>; KEPT],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// SD mode, in which the card begins. In this mode a card uses other lines than those of an SPI bus.
    Sd,
    Idle,
    Ready,
}

#[derive(Clone, Copy, Debug)]
enum Transfer {
    None,
    /// Sends `length` bytes of the block, from the time `from` on. `sent` bytes are sent already. The first byte is the
    /// start token of a block.
    Send {
        begin: u64,
        length: usize,
        sent: usize,
    },
    /// Waits for the block with this number.
    Await(u32),
    /// Receives the block with this number. The second number counts its bytes so far.
    Receive(u32, usize),
    /// Is busy until this time.
    Busy(u64),
}

const BLOCK: usize = 512;
/// The number of clocks that the card needs before it accepts a command.
const CLOCKS: u32 = 74;

/// Bits of an answer (R1).
const IDLE: u8 = 1 << 0;
const ILLEGAL_COMMAND: u8 = 1 << 2;
const CRC_ERROR: u8 = 1 << 3;
const PARAMETER_ERROR: u8 = 1 << 6;

/// The start of a block (Start Block Token).
const START: u8 = 0xfe;
/// The answers to a block (Data Response Token). The upper three bits have no meaning.
const ACCEPTED: u8 = 0xe5;
const REFUSED: u8 = 0xeb;
const NOT_WRITTEN: u8 = 0xed;

/// The times of the three operations, in µs. A real card may take up to 1 s, 100 ms and 250 ms.
const TO_INITIALISE: u64 = 10_000;
const TO_READ: u64 = 100;
const TO_WRITE: u64 = 500;

const CRC7: Crc<u8, NoTable> = Crc::<u8, NoTable>::new(&CRC_7_MMC);
const CRC16: Crc<u16, NoTable> = Crc::<u16, NoTable>::new(&CRC_16_XMODEM);

/// The description of the card (CSD, version 2): 4 GiB, 25 MHz, blocks of 512 bytes. The last byte is the CRC.
const SPECIFICS: [u8; 15] =
    [0x40, 0x0e, 0, 0x32, 0x5b, 0x59, 0, 0, 0x1f, 0xff, 0x7f, 0x80, 0x0a, 0x40, 0];
/// The maker, the name, the revision, the number and the date of the card (CID).
const IDENTITY: [u8; 15] = *b"\x00CGSIMUL\x10\x00\x00\x00\x01\x01\x0a";
/// The voltages at which the card works, and the bit for high capacity (OCR).
const CONDITIONS: u32 = 1 << 30 | 0x00ff_8000;
const IS_INITIALISED: u32 = 1 << 31;

/// The blocks of an empty file system, with their numbers. The first is the table of partitions; its only partition has
/// 5000 blocks and begins at block 64. The second is the description of the file system; it has two tables of clusters
/// with 20 blocks each, and a root directory of 16 entries. The others are the first blocks of these two tables.
const FORMATTED: [(u32, [u8; BLOCK]); 4] = [
    (0, filled([(446, b"\0\0\0\0\x0e\0\0\0\x40\0\0\0\x88\x13\0\0"), (510, b"\x55\xaa")])),
    (
        64,
        filled([
            (0, b"\xeb\x3c\x90CROSSGAT\0\x02\x01\x01\0\x02\x10\0\x88\x13\xf8\x14\0"),
            (510, b"\x55\xaa"),
        ]),
    ),
    (65, filled([(0, b"\xf8\xff\xff\xff"), (4, b"")])),
    (85, filled([(0, b"\xf8\xff\xff\xff"), (4, b"")])),
];

/// Returns a block of zeroes with these bytes at these places.
const fn filled(parts: [(usize, &[u8]); 2]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut part = 0;
    while part < parts.len() {
        let (place, bytes) = parts[part];
        let mut index = 0;
        while index < bytes.len() {
            block[place + index] = bytes[index];
            index += 1;
        }
        part += 1;
    }
    block
}

impl<const KEPT: usize> SdCard<KEPT> {
    /// The number of blocks of the card.
    pub const BLOCKS: u32 = 8 << 20;

    /// Creates a card of zeroes. The line `select` of the board selects the card.
    #[must_use]
    pub const fn new(select: usize) -> SdCard<KEPT> {
        SdCard {
            select,
            is_selected: false,
            clocks: 0,
            mode: Mode::Sd,
            checks: false,
            knows_host: false,
            is_application: false,
            ready: None,
            command: [0; 6],
            received: 0,
            answer: [0; 6],
            unanswered: 0,
            transfer: Transfer::None,
            block: [0; BLOCK + 2],
            kept: [const { None }; KEPT],
        }
    }

    /// Creates a card with an empty file system (FAT16, 2 MiB) in its first partition. The file system takes four of
    /// the stored blocks.
    ///
    /// # Panics
    /// If `KEPT` is less than four. In the wiring, this is a compile error.
    #[must_use]
    pub const fn formatted(select: usize) -> SdCard<KEPT> {
        const { assert!(KEPT >= FORMATTED.len(), "there is no room for a file system") }
        let mut card = SdCard::new(select);
        let mut index = 0;
        while index < FORMATTED.len() {
            card.kept[index] = Some(FORMATTED[index]);
            index += 1;
        }
        card
    }

    /// Returns the contents of a block.
    #[must_use]
    pub fn block(&self, number: u32) -> [u8; 512] {
        let mut kept = self.kept.iter().flatten();
        kept.find(|(kept, _)| *kept == number).map_or([0; BLOCK], |(_, block)| *block)
    }

    /// Stores the block of the transfer, if there is room for one more block. Returns `true` if it was stored.
    fn keep(&mut self, number: u32) -> bool {
        let is_it = |place: &Option<(u32, _)>| matches!(place, Some((kept, _)) if *kept == number);
        let place = self.kept.iter().position(is_it);
        let place = place.or_else(|| self.kept.iter().position(Option::is_none));
        let (Some(place), Some(block)) = (place, self.block.first_chunk()) else { return false };
        self.kept[place] = Some((number, *block));
        true
    }

    fn is_busy(&self, now: u64) -> bool {
        matches!(self.transfer, Transfer::Busy(until) if now < until)
    }

    /// Returns the byte that the card sends next.
    fn send(&mut self, now: u64) -> u8 {
        if self.unanswered > 0 {
            self.unanswered -= 1;
            return self.answer[self.unanswered];
        }
        match &mut self.transfer {
            Transfer::Send { begin, length, sent } if now >= *begin => {
                let byte = sent.checked_sub(1).map_or(START, |index| self.block[index]);
                *sent += 1;
                if *sent > *length {
                    self.transfer = Transfer::None;
                }
                byte
            }
            Transfer::Busy(until) if now < *until => 0,
            _ => 0xff,
        }
    }

    /// Takes a byte that came while the card had nothing to send.
    fn take(&mut self, byte: u8, now: u64) {
        match self.transfer {
            Transfer::Receive(number, received) => {
                self.block[received] = byte;
                self.transfer = Transfer::Receive(number, received + 1);
                if received + 1 == self.block.len() {
                    let answer = self.end_of_block(number, now);
                    self.answer(&[answer]);
                }
            }
            Transfer::Await(number) if self.received == 0 && byte == START => {
                self.transfer = Transfer::Receive(number, 0);
            }
            _ if self.received > 0 || byte & 0xc0 == 0x40 => {
                self.command[self.received] = byte;
                self.received += 1;
                if self.received == self.command.len() {
                    self.received = 0;
                    self.transfer = Transfer::None;
                    self.execute(now);
                }
            }
            _ => {}
        }
    }

    /// Writes the received block. Returns the answer to the block.
    fn end_of_block(&mut self, number: u32, now: u64) -> u8 {
        // The CRC over a block and its CRC is 0.
        if self.checks && CRC16.checksum(&self.block) != 0 {
            self.transfer = Transfer::None;
            return REFUSED;
        }
        self.transfer = Transfer::Busy(now + TO_WRITE);
        if self.keep(number) { ACCEPTED } else { NOT_WRITTEN }
    }

    /// Sends these bytes next.
    fn answer(&mut self, bytes: &[u8]) {
        self.unanswered = bytes.len();
        for (place, &byte) in self.answer.iter_mut().zip(bytes.iter().rev()) {
            *place = byte;
        }
    }

    /// Sends an answer next, after the pause that a card may make: a byte with the state and these errors, and then
    /// these bytes.
    fn respond(&mut self, errors: u8, bytes: &[u8]) {
        let state = if self.mode == Mode::Idle { IDLE } else { 0 };
        self.answer(bytes);
        self.answer[bytes.len()] = state | errors;
        self.answer[bytes.len() + 1] = 0xff;
        self.unanswered = bytes.len() + 2;
    }

    /// After a pause, sends `length` bytes of the block and their CRC.
    fn send_block(&mut self, length: usize, now: u64) {
        let crc = CRC16.checksum(&self.block[..length]);
        self.block[length..][..2].copy_from_slice(&crc.to_be_bytes());
        self.transfer = Transfer::Send { begin: now + TO_READ, length: length + 2, sent: 0 };
        self.respond(0, &[]);
    }

    /// Sends a register of the card as a block.
    fn send_register(&mut self, register: [u8; 15], now: u64) {
        self.block[..15].copy_from_slice(&register);
        self.block[15] = CRC7.checksum(&register) << 1 | 1;
        self.send_block(16, now);
    }

    /// Carries out a command.
    fn execute(&mut self, now: u64) {
        let [first, argument @ .., last] = self.command;
        let argument = u32::from_be_bytes(argument);
        let is_right = last == CRC7.checksum(&self.command[..5]) << 1 | 1;
        let command = first & 0x3f;
        if self.mode == Mode::Sd && !(command == 0 && is_right && self.clocks >= CLOCKS) {
            return;
        }
        let is_application = core::mem::take(&mut self.is_application);
        if !is_right && (self.checks || command == 8) {
            return self.respond(CRC_ERROR, &[]);
        }
        match (command, self.mode) {
            (0, _) => {
                self.mode = Mode::Idle;
                (self.checks, self.knows_host, self.ready) = (false, false, None);
                self.respond(0, &[]);
            }
            (8, Mode::Idle) => {
                // The answer has the voltage range (only one is defined), and repeats the check pattern of the host.
                let fits = argument >> 8 & 0xf == 1;
                self.knows_host = fits;
                self.respond(0, &[0, 0, u8::from(fits), argument as u8]);
            }
            (41, Mode::Idle) if is_application => {
                if self.knows_host && argument >> 30 & 1 != 0 {
                    let ready = *self.ready.get_or_insert(now + TO_INITIALISE);
                    if now >= ready {
                        self.mode = Mode::Ready;
                    }
                }
                self.respond(0, &[]);
            }
            (55, _) => {
                self.is_application = true;
                self.respond(0, &[]);
            }
            (58, mode) => {
                let state = if mode == Mode::Ready { IS_INITIALISED } else { 0 };
                self.respond(0, &(CONDITIONS | state).to_be_bytes());
            }
            (59, _) => {
                self.checks = argument & 1 != 0;
                self.respond(0, &[]);
            }
            (9, Mode::Ready) => self.send_register(SPECIFICS, now),
            (10, Mode::Ready) => self.send_register(IDENTITY, now),
            (13, Mode::Ready) => self.respond(0, &[0]),
            (17 | 24, Mode::Ready) if argument >= Self::BLOCKS => {
                self.respond(PARAMETER_ERROR, &[]);
            }
            (17, Mode::Ready) => {
                let block = self.block(argument);
                self.block[..BLOCK].copy_from_slice(&block);
                self.send_block(BLOCK, now);
            }
            (24, Mode::Ready) => {
                self.transfer = Transfer::Await(argument);
                self.respond(0, &[]);
            }
            _ => self.respond(ILLEGAL_COMMAND, &[]),
        }
    }
}

impl<const KEPT: usize> SpiChip for SdCard<KEPT> {
    fn line(&mut self, line: usize, high: bool, _: u64) {
        if line == self.select {
            self.is_selected = !high;
        }
    }

    fn exchange(&mut self, byte: u8, now: u64) -> Option<u8> {
        if !self.is_selected {
            self.clocks = (self.clocks + 8).min(CLOCKS);
            return None;
        }
        let sends = self.unanswered > 0 || matches!(self.transfer, Transfer::Send { .. });
        let is_deaf = sends || self.is_busy(now);
        let answer = self.send(now);
        if !is_deaf {
            self.take(byte, now);
        }
        Some(answer)
    }
}

impl<const KEPT: usize> fmt::Debug for SdCard<KEPT> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SdCard")
            .field("mode", &self.mode)
            .field("transfer", &self.transfer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
