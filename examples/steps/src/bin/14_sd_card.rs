// SPDX-License-Identifier: MIT OR Apache-2.0
//! An SD card with a file system in a process of its own. The process `bus` owns an SPI bus, and gives the card to
//! `logger`. `logger` uses the card with the unchanged crate `embedded-sdmmc`. After each start it adds a line to a
//! file. After the first two starts it then crashes.
//!
//! ```text
//! fault process logger: panic at examples/steps/src/bin/14_sd_card.rs:70, thread main of logger
//! fault process logger: panic at examples/steps/src/bin/14_sd_card.rs:70, thread main of logger
//! info  logger: the file has 3 lines
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 14_sd_card -- --until 1
//! cargo run -p steps --bin 14_sd_card --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use crossgate::time::{self, Delay};
use crossgate::{Concurrent, Exclusive, Handle, thread};
use crossgate_log::{Levels, Log, Logger, info};
use crossgate_spi::{SpiChip, SpiDevice};
use crossgate_spi_bus::SpiBus;
use embedded_hal::spi::SpiDevice as _;
use embedded_sdmmc::{
    Error, Mode, SdCard, SdCardError, TimeSource, Timestamp, VolumeIdx, VolumeManager,
};
use simulated_chips::{Lines, SimulatedPin, SimulatedSpi};

/// The lines of the board: the first selects the card, and the second is connected to no chip.
static LINES: Lines<2> = Lines::new(|| time::now().as_micros());

/// The driver of the bus. Any `SpiBus` of `embedded-hal` can be the driver. This example has to run on every board, so
/// it simulates a bus with a card, according to the specification of SD cards. The simulated card stores seven blocks.
type Bus = SimulatedSpi<simulated_chips::SdCard<7>, 1, 2>;

const fn wires() -> Bus {
    SimulatedSpi::new([simulated_chips::SdCard::formatted(0)], &LINES)
}

/// The time source of a board that does not know the time of day.
struct NoClock;

impl TimeSource for NoClock {
    fn get_timestamp(&self) -> Timestamp {
        Timestamp::from_fat(0x5c21, 0)
    }
}

type Card = SdCard<SpiChip<0, 512>, Delay>;

/// Adds a line to the file. Returns the number of lines.
fn add_line(manager: &VolumeManager<Card, NoClock, 2, 2, 1>) -> Result<u32, Error<SdCardError>> {
    const LINE: &[u8] = b"a line of the log\n";
    let volume = manager.open_volume(VolumeIdx(0))?;
    let file =
        volume.open_root_dir()?.open_file_in_dir("LOG.TXT", Mode::ReadWriteCreateOrAppend)?;
    file.write(LINE)?;
    file.flush()?;
    Ok(file.length() / LINE.len() as u32)
}

fn logger(card: Handle<dyn SpiDevice<0>>, clocks: Handle<dyn SpiDevice<1>>, log: Logger) -> ! {
    // A card accepts commands only after 74 clocks during which it is not selected.
    let begun = SpiChip::<1>::new(clocks).write(&[0xff; 10]);
    assert_eq!(begun, Ok(()), "the bus is there");
    let card = SdCard::new(SpiChip::new(card), Delay);
    match add_line(&VolumeManager::new_with_limits(card, NoClock, 0)) {
        Ok(lines @ 1..3) => panic!("a mistake after line {lines}"),
        Ok(lines) => info!(log, "the file has {lines} lines"),
        Err(error) => info!(log, "{error:?}"),
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process bus {
        object bus (stack = 1536): Exclusive<SpiBus<Bus, SimulatedPin, Delay, 2, 64>> =
            SpiBus::new(wires(), [LINES.pin(0), LINES.pin(1)], Delay, 512) =>
            [CARD: dyn SpiDevice<0>, CLOCKS: dyn SpiDevice<1>];
    }
    process logger {
        thread main (priority = 2, stack = 12288) = logger(CARD, CLOCKS, Logger::new(LOG, LEVELS));
    }
    process console {
        mmio UART0;
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(UART0, 115_200)) => [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 4, stack = 2048) = console::report(&terminal, &SYSTEM, FAULTED);
    }
}
board::start!(SYSTEM);
