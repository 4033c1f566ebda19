// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files in flash. A client crashes while it has all file slots of the pool, and another client gets them. A client
//! reaches no file of another client, whatever its calls say, and takes no room from it. And a file stays whole,
//! whenever the process of the file system is restarted.
//!
//! Without seeds: what fails depends on when the file system is restarted, which this test decides itself.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{CallError, Exclusive, Handle, LeaseBuf, Notification, Signal, thread, time};
use crossgate_files::{Fault, File, FileSystem, Files, Keeper, Mode, NAME};
use crossgate_partition::{Partition, PartitionHandle, Partitions};
use simulated_chips::SimulatedFlash;
use system_tests::random::Random;
use system_tests::raw;
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::restarts::{process, restart, settled};

type Flash = SimulatedFlash<8192, 4, 256>;
type Room = PartitionHandle<0, 4, 256>;
/// The number of pages that the files of a client may take.
const QUOTAS: [u32; 2] = [10, 10];
/// The size in bytes of the largest file that fits in these pages.
const QUOTA: u32 = 10 * 248 - 1;
/// The number of files that are open at once.
const OPEN: usize = 3;
/// The number of changes, and the number of first changes in which the file system does not restart.
const CHANGES: u32 = 80;
const UNDISTURBED: u32 = 20;
/// The number of bytes of a change, and the size of the file at which it is removed.
const RECORD: usize = 24;
const LONGEST: usize = 10 * RECORD;
const MOMENT: Duration = Duration::from_millis(2);
/// The numbers of the methods.
const READ: usize = 1;
const WRITE: usize = 2;
const CLOSE: usize = 5;

crossgate::system! {
    static SYSTEM;
    process flash {
        object partitions (stack = 1024): Exclusive<Partitions<Flash, 1>> =
            Partitions::new(Flash::new(), [(0, 8192)]) => [ROOM: dyn Partition<0, 4, 256>];
    }
    process archive {
        heap = 2048;
        lost_clients;
        object files (stack = 6144): Exclusive<FileSystem<Room, OPEN, 2>> =
            FileSystem::new(Room::new(ROOM), 32, QUOTAS) =>
            [LOGS: dyn Files<0>, PICTURES: dyn Files<1>, KEEPER: dyn Keeper];
    }
    process supervisor {
        notification FAULTED;
        notification BEGUN;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = disturb(BEGUN, DONE);
    }
    process painter {
        on_fault = restart (limit = 3);
        notification START;
        thread main (priority = 5, stack = 10240) = hold_and_crash(PICTURES, START, HELD);
    }
    process logger {
        notification HELD;
        thread main (priority = 2, stack = 10240) = log(LOGS, KEEPER, (START, HELD), (BEGUN, DONE));
    }
}
board::start!(SYSTEM);

/// Restarts the file system somewhere within each change, except for the first changes, in which the test measures how
/// long a change takes.
fn disturb(begun: Notification, done: Notification) -> ! {
    let mut longest = Duration::ZERO;
    for _ in 0..UNDISTURBED {
        begun.wait();
        let start = time::now();
        done.wait();
        longest = longest.max(time::now() - start);
    }
    let mut random = Random(7);
    loop {
        begun.wait();
        time::sleep(Duration::from_micros(random.below(longest.as_micros() as u32 + 1).into()));
        restart(&SYSTEM, "archive");
    }
}

/// Lends a name, and the other memory, for a call.
fn named<T>(name: &[u8], call: impl FnOnce(&mut LeaseBuf<64>, usize) -> T) -> T {
    let mut buffer = LeaseBuf::<64>::new();
    let length = name.len().min(64);
    buffer[..length].copy_from_slice(&name[..length]);
    call(&mut buffer, length)
}

fn open<const DIRECTORY: u8>(
    files: Handle<dyn Files<DIRECTORY>>,
    name: &[u8],
    mode: Mode,
) -> Result<Result<File, Fault>, CallError> {
    named(name, |buffer, length| files.open(buffer.first(length), mode))
}

/// Opens a file in a file system that is not disturbed.
fn opened<const DIRECTORY: u8>(files: Handle<dyn Files<DIRECTORY>>, name: &[u8]) -> File {
    match open(files, name, Mode::Write) {
        Ok(Ok(file)) => file,
        other => fail(format_args!("no file is open: {other:?}")),
    }
}

/// Opens as many files as possible, and crashes with them. In its next life, it has none of them open.
fn hold_and_crash(pictures: Handle<dyn Files<1>>, start: Notification, held: Signal) -> ! {
    start.wait();
    let found = open(pictures, b"picture", Mode::Read);
    if found == Ok(Err(Fault::NoFile)) {
        let mut file = opened(pictures, b"picture");
        let written =
            named(b"a secret", |buffer, length| pictures.write(file, buffer.first(length)));
        expect("a secret", written, Ok(Ok(8)));
        for _ in 1..OPEN {
            file = opened(pictures, b"picture");
        }
        let more = open(pictures, b"picture", Mode::Read);
        expect("one more", more, Ok(Err(Fault::TooManyOpen)));
        expect("signal", held.signal(), Ok(()));
        start.wait();
        expect("the client has a file", pictures.seek(file, 0), Ok(Ok(())));
        panic!("the client crashes with its files open")
    }
    // This is the next life, and the file has not changed.
    let Ok(Ok(file)) = found else { fail(format_args!("its file is gone: {found:?}")) };
    let mut buffer = LeaseBuf::<64>::new();
    expect("the contents of the file", pictures.read(file, &mut buffer), Ok(Ok(8)));
    expect("the contents of the file", &buffer[..8], b"a secret");
    // Another client has taken as much room as it can.
    expect("the room of this client", fill(pictures, opened(pictures, b"picture")), QUOTA);
    expect("signal", held.signal(), Ok(()));
    thread::exit()
}

fn log(
    logs: Handle<dyn Files<0>>,
    keeper: Handle<dyn Keeper>,
    (start, held): (Signal, Notification),
    (begun, done): (Signal, Signal),
) -> ! {
    expect("no file system", open(logs, b"log", Mode::Read), Ok(Err(Fault::Corrupted)));
    expect("format", keeper.format(), Ok(Ok(())));
    expect("signal", start.signal(), Ok(()));
    held.wait();
    attack(logs);
    expect(
        "the painter has all file slots",
        open(logs, b"log", Mode::Write),
        Ok(Err(Fault::TooManyOpen)),
    );
    expect("signal", start.signal(), Ok(()));
    // The painter crashes.
    for _ in 0..100 {
        if open(logs, b"log", Mode::Write) != Ok(Err(Fault::TooManyOpen)) {
            break;
        }
        time::sleep(MOMENT);
    }
    let file = opened(logs, b"log");
    let last = opened(logs, b"log");
    expect("all slots come back", open(logs, b"log", Mode::Read), Ok(Err(Fault::TooManyOpen)));
    expect("the file is open", logs.size(file), Ok(Ok(0)));
    expect("of another process", keeper.revoke(process(&SYSTEM, "painter")), Ok(0));
    expect("revoked", keeper.revoke(process(&SYSTEM, "logger")), Ok(OPEN as u32));
    for file in [file, last] {
        expect("the file is closed", logs.seek(file, 0), Ok(Err(Fault::NotOpen)));
    }
    take_all(logs);
    expect("signal", start.signal(), Ok(()));
    held.wait();
    change(logs, (begun, done));
    pass()
}

/// Writes to a file from its start until a write is refused. Returns the length.
fn fill<const DIRECTORY: u8>(files: Handle<dyn Files<DIRECTORY>>, file: File) -> u32 {
    let mut buffer = LeaseBuf::<64>::new();
    let (mut end, mut size) = (0, buffer.len());
    while size > 0 {
        match files.write(file, buffer.first(size)) {
            Ok(Ok(written)) => end += written,
            Ok(Err(Fault::OverQuota)) => size /= 2,
            other => fail(format_args!("{end}: {other:?}")),
        }
        buffer[0] = buffer[0].wrapping_add(1);
    }
    expect("its size", files.size(file), Ok(Ok(end)));
    end
}

/// Takes as much room as possible: with one long file, and with many files.
fn take_all(logs: Handle<dyn Files<0>>) {
    let file = opened(logs, b"log");
    expect("a long file", fill(logs, file), QUOTA);
    expect("one more file", open(logs, b"more", Mode::Write), Ok(Err(Fault::OverQuota)));
    let removed = named(b"log", |buffer, length| logs.remove(buffer.first(length)));
    expect("removed", removed, Ok(Ok(())));
    let names: [&[u8]; 10] = [b"log", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"];
    for name in names {
        let file = opened(logs, name);
        expect("closed", logs.close(file), Ok(Ok(())));
    }
    expect("one more file", open(logs, b"more", Mode::Write), Ok(Err(Fault::OverQuota)));
    expect("with the old number", logs.seek(file, 0), Ok(Ok(())));
    for name in &names[1..] {
        let removed = named(name, |buffer, length| logs.remove(buffer.first(length)));
        expect("removed", removed, Ok(Ok(())));
    }
    expect("closed", logs.close(file), Ok(Ok(())));
}

/// Tries to reach the files of the painter, which has all file slots.
fn attack(logs: Handle<dyn Files<0>>) {
    let long = [b'a'; NAME + 1];
    let names: [&[u8]; 10] = [
        b"",
        b".",
        b"..",
        b"../01/picture",
        b"/01/picture",
        b"a/../../01/picture",
        b"01/picture",
        b"a\0",
        b"\xff",
        &long,
    ];
    for name in names {
        expect("a bad name", open(logs, name, Mode::Read), Ok(Err(Fault::BadName)));
        let removed = named(name, |buffer, length| logs.remove(buffer.first(length)));
        expect("a bad name", removed, Ok(Err(Fault::BadName)));
    }
    let gate = raw::service(&SYSTEM, "LOGS");
    let mut buffer = LeaseBuf::<64>::new();
    let own = (&raw mut *buffer).cast::<u8>().expose_provenance();
    // Numbers of open files and of many others, for slots that exist and slots that do not.
    for number in (0..0x400).chain([u32::MAX as usize, 0xffff_ff00]) {
        let read = raw::call(gate, READ, [number, own, 64, 0]);
        expect("the call", read.error(), None);
        let closed = raw::call(gate, CLOSE, [number, 0, 0, 0]);
        expect("the call", closed.error(), None);
    }
    expect("nothing is read", *buffer, [0; 64]);
    // Memory that the client may not lend.
    let table = (&raw const SYSTEM).expose_provenance();
    for address in [0, table, own.wrapping_add(0x10_0000), usize::MAX - 63] {
        let read = raw::call(gate, READ, [0, address, 64, 0]);
        expect("memory of others", read.error(), Some(CallError::BadLease));
    }
    let written = raw::call(gate, WRITE, [0, usize::MAX - 63, 64, 0]);
    expect("memory that belongs to nobody", written.error(), Some(CallError::BadLease));
    let other = raw::call(raw::service(&SYSTEM, "PICTURES"), CLOSE, [0; 4]);
    expect("the other directory", other.error(), Some(CallError::NotPermitted));
    let room = raw::call(raw::service(&SYSTEM, "ROOM"), 0, [0; 4]);
    expect("the flash of the file system", room.error(), Some(CallError::NotPermitted));
}

/// Adds a record, by two calls.
fn append(logs: Handle<dyn Files<0>>, record: &[u8]) -> Result<Result<u32, Fault>, CallError> {
    let file = match open(logs, b"log", Mode::Append)? {
        Ok(file) => file,
        Err(fault) => return Ok(Err(fault)),
    };
    let written = named(record, |buffer, length| logs.write(file, buffer.first(length)))?;
    Ok(logs.close(file)?.and(written))
}

/// Reads the file, and returns its length.
fn content(logs: Handle<dyn Files<0>>, bytes: &mut LeaseBuf<256>) -> usize {
    loop {
        let read = open(logs, b"log", Mode::Read).and_then(|opened| match opened {
            Ok(file) => {
                let length = logs.read(file, &mut *bytes)?;
                Ok(logs.close(file)?.and(length))
            }
            Err(fault) => Ok(Err(fault)),
        });
        match read {
            Ok(Ok(length)) => return length as usize,
            // The file system restarts in a call, or between two of them.
            Err(CallError::ServerFaulted) | Ok(Err(Fault::NotOpen)) => {}
            other => fail(format_args!("the file is not read: {other:?}")),
        }
    }
}

/// Adds records, and checks the file after each.
fn change(logs: Handle<dyn Files<0>>, (begun, done): (Signal, Signal)) {
    let mut expected = [0; LONGEST + RECORD];
    let (mut length, mut lost, mut kept) = (0, 0, 0);
    let mut bytes = LeaseBuf::<256>::new();
    for number in 0..CHANGES {
        let record = [number as u8; RECORD];
        expected[length..][..RECORD].fill(number as u8);
        expect("signal", begun.signal(), Ok(()));
        let result = append(logs, &record);
        if number < UNDISTURBED {
            expect("a change without a restart", result, Ok(Ok(RECORD as u32)));
            expect("signal", done.signal(), Ok(()));
        }
        // In the next life of the file system, the file is no longer open.
        let may_be =
            matches!(result, Ok(Ok(_) | Err(Fault::NotOpen)) | Err(CallError::ServerFaulted));
        expect_that("the record is written, or the file system restarts", may_be);
        let found = content(logs, &mut bytes);
        expect_that(
            "all of the record is there, or nothing",
            found == length || found == length + RECORD,
        );
        expect("the contents of the file", &bytes[..found], &expected[..found]);
        if found == length {
            expect_that(
                "a record is there that was written without a restart",
                !matches!(result, Ok(Ok(_))),
            );
            lost += 1;
        } else {
            kept += 1;
        }
        length = found;
        if length >= LONGEST {
            let removed = || named(b"log", |buffer, length| logs.remove(buffer.first(length)));
            // The call that failed may have removed the file.
            let removed = settled(removed);
            expect_that("removed", matches!(removed, Ok(()) | Err(Fault::NoFile)));
            let created = settled(|| open(logs, b"log", Mode::Write));
            expect_that("created", created.is_ok());
            if let Ok(file) = created {
                let closed = settled(|| logs.close(file));
                expect_that("closed", matches!(closed, Ok(()) | Err(Fault::NotOpen)));
            }
            length = 0;
        }
    }
    expect_that("some changes are kept, and some are not", kept > UNDISTURBED && lost > 10);
}
