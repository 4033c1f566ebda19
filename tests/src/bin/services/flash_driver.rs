// SPDX-License-Identifier: MIT OR Apache-2.0
//! The unchanged driver crate of a NOR flash, in a process that has the chip but not the bus: identity, pages, sectors,
//! bits that writes only clear, busy times, power-down. The process crashes in the middle of an erase. The chip
//! continues, so in the next life of the process it is still busy, and the written bytes are there.
//!
//! Emulator: -icount shift=3,sleep=off
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::time::Delay;
use crossgate::{Exclusive, Handle, Notification, Signal, thread, time};
use crossgate_abi::Cause;
use crossgate_gpio::{OutputHandle, OutputLine, Outputs};
use crossgate_spi::{SpiChip, SpiDevice};
use crossgate_spi_bus::SpiBus;
use embedded_hal::digital::PinState;
use embedded_hal::spi::{Operation, SpiDevice as _};
use simulated_chips::{Lines, SimulatedPin, SimulatedSpi, W25q};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use w25q32jv::{Error, W25q32jv};

/// The lines of the board: to select the chip, to hold it, and to protect it.
static LINES: Lines<3> = Lines::new(|| time::now().as_micros());

type Wires = SimulatedSpi<W25q<2>, 1, 3>;

const fn wires() -> Wires {
    SimulatedSpi::new([W25q::new(0, 1)], &LINES)
}

/// A page, with its command and address, is lent in one piece.
type Chip = SpiChip<0, 512>;
type Driver = W25q32jv<Chip, OutputHandle<0>, OutputHandle<1>>;

const MILLISECOND: Duration = Duration::from_millis(1);
/// An address in each sector. The first one is two bytes before the end of a page.
const PAGE_END: u32 = 0x3fe;
/// The byte of the second sector in which each life of the process clears a bit.
const LIVES: u32 = 0x1000;

crossgate::system! {
    static SYSTEM;
    process bus {
        object bus (stack = 1536): Exclusive<SpiBus<Wires, SimulatedPin, Delay, 1, 64>> =
            SpiBus::new(wires(), [LINES.pin(0)], Delay, 1024) => [FLASH: dyn SpiDevice<0>];
        object pins: Exclusive<Outputs<SimulatedPin, 2>> =
            Outputs::new([LINES.pin(1), LINES.pin(2)]) =>
            [HOLD: dyn OutputLine<0>, PROTECT: dyn OutputLine<1>];
    }
    process store { thread main (priority = 5, stack = 12288) = store(FLASH, HOLD, PROTECT, DONE); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn store(
    flash: Handle<dyn SpiDevice<0>>,
    hold: Handle<dyn OutputLine<0>>,
    protect: Handle<dyn OutputLine<1>>,
    done: Signal,
) -> ! {
    // The chip accepts writes from 5 ms after power-on.
    time::sleep(5 * MILLISECOND);
    let mut chip = Chip::new(flash);
    let pins = (OutputHandle::new(hold), OutputHandle::new(protect));
    let Ok(mut driver) = W25q32jv::new(chip, pins.0, pins.1) else { panic!("the pins are there") };
    // While the chip is busy, reads return the value of an idle line.
    if read(&mut driver, LIVES) == [0xff] && status(&mut chip) == 0 {
        use_it(&mut driver, &mut chip);
        expect_that("the first life", driver.write_blocking(LIVES, &[0xfe]).is_ok());
        // The driver would wait for the end of the erase.
        expect("writes", chip.write(&[0x06]), Ok(()));
        expect("to erase", chip.write(&[0x20, 0, 0, 0]), Ok(()));
        panic!("a crash in the middle of an erase");
    }
    expect("the chip is still busy", status(&mut chip), 3);
    // The chip ignores commands now.
    let early = driver.write_blocking(LIVES, &[0xfc]);
    expect_that("a command that comes too early", matches!(early, Err(Error::ReadbackFail)));
    expect_that("a command after the busy time", driver.write_blocking(LIVES, &[0xfc]).is_ok());
    expect("the second life", read(&mut driver, LIVES), [0xfc]);
    expect("the sector was erased", read(&mut driver, PAGE_END), [0xff; 300]);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn use_it(driver: &mut Driver, chip: &mut Chip) {
    let mut identity = [0; 3];
    let mut ask = [Operation::Write(&[0x9f]), Operation::Read(&mut identity)];
    expect("operations", chip.transaction(&mut ask), Ok(()));
    expect("the identity of the chip", identity, [0xef, 0x40, 13]);
    let number = driver.device_id();
    expect("its number", number.ok(), Some([0xd1, 0x64, 0x38, 0x11, 0x27, 0x2f, 0x5c, 0x09]));

    // This write crosses the ends of two pages.
    let bytes: [u8; 300] = core::array::from_fn(|index| index as u8);
    let begin = time::now();
    expect_that("pages", driver.write_blocking(PAGE_END, &bytes).is_ok());
    expect_that("the writes take time", time::now() - begin >= Duration::from_micros(1200));
    expect("as written", read(driver, PAGE_END), bytes);
    expect("the bytes around are unchanged", read(driver, PAGE_END - 1), [0xff, 0]);
    expect_that("a write that clears bits", driver.write_blocking(PAGE_END + 7, &[5]).is_ok());
    let set = driver.write_blocking(PAGE_END + 6, &[7]);
    expect_that("a write that should set bits", matches!(set, Err(Error::ReadbackFail)));
    expect("only cleared", read(driver, PAGE_END + 5), [5, 6, 5, 8]);
    // The driver avoids this: a write past the end of a page continues at the start of the page.
    expect("writes", chip.write(&[0x06]), Ok(()));
    let program = [0x02, 0, 0x06, 0xff, 0x11, 0x22];
    expect("to program", chip.write(&program), Ok(()));
    time::sleep(MILLISECOND);
    expect("the end of the page", read(driver, 0x6ff), [0x11, 0xff]);
    expect("its start", read(driver, 0x600), [0x22]);

    expect_that("bytes of the other sector", driver.write_blocking(LIVES + 1, &[1, 2]).is_ok());
    let begin = time::now();
    expect_that("to erase", driver.erase_sector(0).is_ok());
    expect_that("the erase takes time", time::now() - begin >= 45 * MILLISECOND);
    expect("an erased sector", read(driver, PAGE_END), [0xff; 300]);
    expect("the other sector", read(driver, LIVES), [0xff, 1, 2]);

    expect_that("held", driver.set_hold(PinState::Low).is_ok());
    expect("nothing", read(driver, LIVES), [0xff; 3]);
    expect_that("not held", driver.set_hold(PinState::High).is_ok());
    expect_that("power-down", driver.enable_power_down_mode().is_ok());
    expect("nothing", read(driver, LIVES), [0xff; 3]);
    expect_that("power", driver.disable_power_down_mode().is_ok());
    time::sleep(MILLISECOND);
    expect("as before", read(driver, LIVES), [0xff, 1, 2]);
    expect_that("the bytes before the erase", driver.write_blocking(PAGE_END, &bytes).is_ok());
}

fn read<const N: usize>(driver: &mut Driver, address: u32) -> [u8; N] {
    let mut bytes = [0; N];
    expect_that("to read", driver.read(address, &mut bytes).is_ok());
    bytes
}

fn status(chip: &mut Chip) -> u8 {
    let mut bytes = [0x05, 0];
    expect("the status", chip.transfer_in_place(&mut bytes), Ok(()));
    bytes[1]
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("store", Cause::Panic);
    expect_that("the client continues", done.wait_timeout(Duration::from_secs(10)).is_ok());
    watch.expect_no_more();
    pass()
}
