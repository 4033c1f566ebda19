// SPDX-License-Identifier: MIT OR Apache-2.0
//! A firmware is updated over several runs of the program with the same flash. The keeper of the watchdog confirms an
//! image on trial when all guards have been fed in their first periods. `tests/trial.rs` runs the program again and
//! again. The program's work depends on the number of the image that the boot loader has started:
//!
//! | image | what it does |
//! |---|---|
//! | 1 | feeds its guard, and sends image 2, or image 3 if image 2 was taken back |
//! | 2 | never feeds its guard, so the watchdog resets the board |
//! | 3 | feeds its guard, and waits until it is confirmed |
//!
//! Without seeds: they let time jump, past the end of a period.
#![cfg(target_os = "linux")]

use board::{FLASH, Flash, UART0, Uart, WATCHDOG, Watchdog};
use core::time::Duration;
use crossgate::{Concurrent, Exclusive, Handle, LeaseBuf, interface, time};
use crossgate_partition::{Partition, PartitionHandle, Partitions};
use crossgate_update::{BootState, Confirm, Image, Update, Updates, Versions};
use crossgate_watchdog::{Guard, Guarded, Guards};
use ed25519_dalek::{Signer, SigningKey};
use embassy_boot::{BootLoader, BootLoaderConfig};
use embedded_io::Write;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use sha2::{Digest, Sha512};
use system_tests::report::{expect, expect_that, fail, pass};

const PAGE: usize = 1024;
/// The bytes of an image, which fills one page.
const IMAGE: usize = 900;
const SECRET: [u8; 32] = [7; 32];
/// The public key of this secret key (RFC 8032, 5.1.5).
const PUBLIC: [u8; 32] = [
    0xea, 0x4a, 0x6c, 0x63, 0xe2, 0x9c, 0x52, 0x0a, 0xbe, 0xf5, 0x50, 0x7b, 0x13, 0x2e, 0xc5, 0xf9,
    0x95, 0x47, 0x76, 0xae, 0xbe, 0xbe, 0x7b, 0x92, 0x42, 0x1e, 0xea, 0x69, 0x14, 0x46, 0xd2, 0x2c,
];
const PERIOD: Duration = Duration::from_millis(50);
/// The time of the hardware.
const TIME: Duration = Duration::from_millis(30);

type InUse = PartitionHandle<0, 4, PAGE>;
type New = PartitionHandle<1, 4, PAGE>;
type State = PartitionHandle<2, 4, PAGE>;

/// The boot loader. It would be a program of its own, in front of the firmware.
#[interface]
trait Loader {
    /// Does what the boot loader does at a start, and returns the number of the image that starts.
    fn start(&mut self) -> u32;
}
struct Boot {
    in_use: InUse,
    new: New,
    state: State,
}

impl Loader for Boot {
    fn start(&mut self) -> u32 {
        let Boot { in_use, new, state } = *self;
        let mut read = [0; IMAGE];
        expect("read", self.in_use.read(0, &mut read), Ok(()));
        if read == [0xff; IMAGE] {
            // The manufacturer of the device puts the first image into place.
            expect("install", self.in_use.write(0, &image(1)), Ok(()));
        }
        let config = BootLoaderConfig { active: in_use, dfu: new, state };
        expect_that(
            "the boot loader starts",
            BootLoader::new(config).prepare_boot(&mut [0; 64]).is_ok(),
        );
        expect("read", self.in_use.read(0, &mut read), Ok(()));
        expect_that("the image is whole", read == image(read[0]));
        read[0].into()
    }
}

crossgate::system! {
    static SYSTEM;
    process flash {
        mmio FLASH;
        object partitions (stack = 4096): Exclusive<Partitions<Flash, 3>> = Partitions::new(
            Flash::new(FLASH),
            [(0, PAGE as u32), (PAGE as u32, 2 * PAGE as u32), (3 * PAGE as u32, PAGE as u32)],
        ) => [IN_USE: dyn Partition<0, 4, PAGE>, NEW: dyn Partition<1, 4, PAGE>, STATE: dyn Partition<2, 4, PAGE>];
    }
    process loader {
        object loader (stack = 8192): Exclusive<Boot> =
            Boot { in_use: InUse::new(IN_USE), new: New::new(NEW), state: State::new(STATE) } => [LOADER: dyn Loader];
    }
    process updater {
        object updates (stack = 16384): Exclusive<Updates<New, State>> =
            Updates::new(New::new(NEW), State::new(STATE), PUBLIC, Versions::All) => [UPDATE: dyn Update];
        object trial (stack = 4096): Exclusive<BootState<State>> =
            BootState::new(State::new(STATE)) => [CONFIRM: dyn Confirm];
    }
    process kennel {
        mmio WATCHDOG;
        object guards (stack = 512): Concurrent<Guards<1>> =
            Guards::new([Guarded::new("application", PERIOD)]) => [GUARD: dyn Guard<0>];
        thread keeper (priority = 20, stack = 8192) = keep(&guards, CONFIRM);
    }
    process application {
        mmio UART0;
        thread main (priority = 3, stack = 32768) = run(LOADER, UPDATE, CONFIRM, GUARD);
    }
}
board::start!(SYSTEM);

fn image(number: u8) -> [u8; IMAGE] {
    core::array::from_fn(|place| if place == 0 { number } else { (place as u8) ^ number })
}

fn keep(guards: &Guards<1>, confirm: Handle<dyn Confirm>) -> ! {
    let mut watchdog = Watchdog::new(WATCHDOG);
    watchdog.start(TIME);
    // By then each guard has been fed, or the board has been reset.
    let (proven, mut is_confirmed) = (time::now() + PERIOD + TIME / 2, false);
    guards.keep(
        || {
            watchdog.feed();
            if !is_confirmed && time::now() >= proven {
                is_confirmed = confirm.confirm() == Ok(Ok(()));
            }
        },
        TIME / 2,
    )
}

fn send(update: Handle<dyn Update>, number: u8) {
    let image = image(number);
    expect("begin", update.begin(IMAGE as u32), Ok(Ok(())));
    let mut buffer = LeaseBuf::<64>::new();
    for piece in image.chunks(64) {
        buffer[..piece.len()].copy_from_slice(piece);
        expect("write", update.write(buffer.first(piece.len())), Ok(Ok(())));
    }
    let secret = SigningKey::from_bytes(&SECRET);
    buffer.copy_from_slice(&secret.sign(&Sha512::digest(image)).to_bytes());
    expect("finish", update.finish(&buffer), Ok(Ok(())));
}

fn run(
    loader: Handle<dyn Loader>,
    update: Handle<dyn Update>,
    confirm: Handle<dyn Confirm>,
    guard: Handle<dyn Guard<0>>,
) -> ! {
    let number = loader.start().unwrap_or_default();
    let state = confirm.image();
    let mut uart = Uart::new(UART0, 115_200);
    let is_told = writeln!(uart, "image {number}").is_ok() && uart.flush().is_ok();
    expect_that("the image is printed", is_told);
    match number {
        1 => {
            expect("feed", guard.feed(), Ok(()));
            send(update, if state == Ok(Ok(Image::Restored)) { 3 } else { 2 });
            pass()
        }
        2 => {
            expect("on trial", state, Ok(Ok(Image::Trial)));
            time::sleep(4 * PERIOD);
            fail(format_args!("the board is not reset"))
        }
        _ => {
            for _ in 0..10 {
                expect("feed", guard.feed(), Ok(()));
                if confirm.image() == Ok(Ok(Image::Confirmed)) {
                    pass()
                }
                expect(
                    "the image before all guards were fed",
                    confirm.image(),
                    Ok(Ok(Image::Trial)),
                );
                time::sleep(PERIOD / 2);
            }
            fail(format_args!("the image is not confirmed"))
        }
    }
}
