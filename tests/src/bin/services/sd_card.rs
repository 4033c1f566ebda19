// SPDX-License-Identifier: MIT OR Apache-2.0
//! The unchanged driver crate of an SD card with a FAT file system, in a process that has the card but not the bus. The
//! card is simulated, and refuses commands in a wrong order. The process crashes in the middle of a block that it
//! writes. The card then discards the half block because of its CRC, and the file has not changed. Then the process
//! crashes in the middle of a block that it reads, and in the next life the driver starts again.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::cell::Cell;
use core::time::Duration;
use crossgate::time::Delay;
use crossgate::{Exclusive, Handle, Signal, thread, time};
use crossgate_spi::{SpiChip, SpiDevice};
use crossgate_spi_bus::SpiBus;
use embedded_hal::spi::SpiDevice as _;
use embedded_sdmmc::{Block, BlockCount, BlockDevice as _, BlockIdx};
use simulated_chips::{Lines, SdCard, SimulatedPin, SimulatedSpi};
use system_tests::card::{Crashing, Then, end_of_block, use_in_life, witness};
use system_tests::report::{expect, expect_that};
use system_tests::restarts::{Count, Lives};

/// The lines of the board: one that selects the card, and one that selects no chip, for clocks while no chip is
/// selected.
static LINES: Lines<2> = Lines::new(|| time::now().as_micros());

type Wires = SimulatedSpi<SdCard<9>, 1, 2>;
/// A block is lent in one piece.
type Chip = SpiChip<0, 512>;

crossgate::system! {
    static SYSTEM;
    process bus {
        object bus (stack = 1536): Exclusive<SpiBus<Wires, SimulatedPin, Delay, 2, 64>> =
            SpiBus::new(SimulatedSpi::new([SdCard::new(0)], &LINES), [LINES.pin(0), LINES.pin(1)], Delay, 1024) =>
            [CARD: dyn SpiDevice<0>, CLOCKS: dyn SpiDevice<1>];
    }
    process store { thread main (priority = 5, stack = 12288) = store(CARD, CLOCKS, LIVES, DONE); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        object lives: Exclusive<Count> = Count(0) => [LIVES: dyn Lives];
        thread main (priority = 31, stack = 2048) = witness(&SYSTEM, FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn store(
    card: Handle<dyn SpiDevice<0>>,
    clocks: Handle<dyn SpiDevice<1>>,
    lives: Handle<dyn Lives>,
    done: Signal,
) -> ! {
    let mut chip = Chip::new(card);
    let life = lives.next().unwrap_or(u32::MAX);
    if life == 0 {
        expect("a command before the first clocks", command(&mut chip, 0x40, 0, 0x95), 0xff);
    }
    expect("clocks", SpiChip::<1>::new(clocks).write(&[0xff; 10]), Ok(()));
    if life == 0 {
        wrong_order(&mut chip);
    }
    end_of_block(&mut chip);
    let then = Cell::new(Then::Go);
    let card = embedded_sdmmc::SdCard::new(Crashing(chip, &then), Delay);
    expect("4 GiB", card.num_blocks().ok(), Some(BlockCount(SdCard::<9>::BLOCKS)));
    if life == 0 {
        let mut blocks = [Block::new()];
        let read = card.read(&mut blocks, BlockIdx(SdCard::<9>::BLOCKS));
        expect_that("a block that does not exist", read.is_err());
    }
    use_in_life(life, true, card, &then);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Sends a command. Returns the first byte of the answer; 0xff if there is no answer.
fn command(chip: &mut Chip, first: u8, argument: u32, crc: u8) -> u8 {
    let [a, b, c, d] = argument.to_be_bytes();
    let mut bytes = [first, a, b, c, d, crc, 0xff, 0xff];
    expect("a command", chip.transfer_in_place(&mut bytes), Ok(()));
    bytes[7]
}

fn wrong_order(chip: &mut Chip) {
    expect("not in SPI mode", command(chip, 0x48, 0x1aa, 0x87), 0xff);
    expect("a wrong CRC", command(chip, 0x40, 0, 0x97), 0xff);
    expect("idle", command(chip, 0x40, 0, 0x95), 1);
    expect("a block while the card is idle", command(chip, 0x51, 0, 0xff), 5);
    expect("the size while the card is idle", command(chip, 0x49, 0, 0xff), 5);
    expect("a wrong CRC", command(chip, 0x48, 0x1aa, 0x89), 9);
    for _ in 0..2 {
        expect("escape", command(chip, 0x77, 0, 0xff), 1);
        expect(
            "the card does not know the version of the host yet",
            command(chip, 0x69, 1 << 30, 0xff),
            1,
        );
        time::sleep(Duration::from_millis(20));
    }
    expect("the card is still idle", command(chip, 0x51, 0, 0xff), 5);
}
