// SPDX-License-Identifier: MIT OR Apache-2.0
//! A value and a file in the board's flash, over several runs of the program. At its start the program checks that both
//! are whole, and prints their numbers; later it prints each change that is done. `tests/flash.rs` cuts the power at
//! each step.
#![cfg(target_os = "linux")]

use board::{FLASH, Flash, UART0, Uart};
use crossgate::{Exclusive, Handle, LeaseBuf};
use crossgate_files::{Fault, File, FileSystem, Files, Keeper, Mode};
use crossgate_key_value::{Fault as StoreFault, Key, KeyValue, Store};
use crossgate_partition::{Partition, PartitionHandle, Partitions};
use embedded_io::Write;
use system_tests::report::{expect, expect_that, fail, pass};

/// The number of changes of one run.
const CHANGES: u8 = 4;
const ROOM: u32 = 4096;
const DISK: u32 = 0x8000;

crossgate::system! {
    static SYSTEM;
    process flash {
        mmio FLASH;
        object partitions (stack = 4096): Exclusive<Partitions<Flash, 2>> =
            Partitions::new(Flash::new(FLASH), [(0, ROOM), (DISK, DISK)]) =>
            [ROOM_OF_VALUES: dyn Partition<0, 4, 1024>, ROOM_OF_FILES: dyn Partition<1, 4, 1024>];
    }
    process store {
        object store (stack = 8192): Exclusive<Store<PartitionHandle<0, 4, 1024>, 64, 4, 4, 1>> =
            Store::new(PartitionHandle::new(ROOM_OF_VALUES), 0, [4]) => [VALUES: dyn KeyValue<0>];
    }
    process archive {
        heap = 4096;
        object files (stack = 16384): Exclusive<FileSystem<PartitionHandle<1, 4, 1024>, 2, 1>> =
            FileSystem::new(PartitionHandle::new(ROOM_OF_FILES), 32, [8]) =>
            [FILES: dyn Files<0>, KEEPER: dyn Keeper];
    }
    process client {
        mmio UART0;
        thread main (priority = 2, stack = 32768) = run(VALUES, FILES, KEEPER);
    }
}
board::start!(SYSTEM);

const VALUE: Key = Key::new("value");

/// Returns the number that each of the bytes has.
fn number(bytes: &[u8]) -> u8 {
    let first = bytes.first().copied().unwrap_or_default();
    expect_that("the bytes are equal", bytes.iter().all(|byte| *byte == first));
    first
}

fn open(files: Handle<dyn Files<0>>, mode: Mode) -> Result<File, Fault> {
    let mut name = LeaseBuf::<32>::new();
    name[..3].copy_from_slice(b"log");
    files.open(name.first(3), mode).unwrap_or_else(|error| fail(format_args!("{error}")))
}

fn run(
    values: Handle<dyn KeyValue<0>>,
    files: Handle<dyn Files<0>>,
    keeper: Handle<dyn Keeper>,
) -> ! {
    let mut uart = Uart::new(UART0, 115_200);
    let mut tell = |what: &str, number: u8| {
        expect_that(
            "the change is printed",
            writeln!(uart, "{what} {number}").is_ok() && uart.flush().is_ok(),
        );
    };
    let mut buffer = LeaseBuf::<128>::new();
    let value = match values.get(VALUE, &mut buffer) {
        Ok(Ok(length)) => {
            expect("its length", length, 40);
            number(&buffer[..40])
        }
        Ok(Err(StoreFault::NoValue)) => 0,
        other => fail(format_args!("a value: {other:?}")),
    };
    tell("has value", value);
    if value == 0 && open(files, Mode::Read) == Err(Fault::Corrupted) {
        expect("format", keeper.format(), Ok(Ok(())));
    }
    let file = match open(files, Mode::Write) {
        Ok(file) => file,
        other => fail(format_args!("a file: {other:?}")),
    };
    let length = files.read(file, &mut buffer).ok().and_then(Result::ok).unwrap_or(u32::MAX);
    expect_that("the file is whole or empty", length == 0 || length == 100);
    tell("has file", number(&buffer[..length as usize]));
    for next in value + 1..=value + CHANGES {
        buffer.fill(next);
        expect_or_cut("a value", values.set(VALUE, buffer.first(40)) == Ok(Ok(())));
        tell("value", next);
        expect("the start", files.seek(file, 0), Ok(Ok(())));
        buffer.fill(next);
        expect_or_cut("a file", files.write(file, buffer.first(100)) == Ok(Ok(100)));
        tell("file", next);
    }
    pass()
}

/// Waits for the program's end if the power was cut, because nothing else lets a change fail.
fn expect_or_cut(what: &str, is_done: bool) {
    if !is_done {
        crossgate::time::sleep(core::time::Duration::from_secs(1));
        fail(format_args!("{what} can't be changed, and the power was not cut"));
    }
}
