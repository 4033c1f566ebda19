// SPDX-License-Identifier: MIT OR Apache-2.0
//! A store of values in flash, whose process is restarted again and again in the middle of its work. A value is always
//! the old or the new one, and never a part of one. A client with another space of keys, and a client with another
//! partition of the flash, reach none of these values, and can't take room from them.
//!
//! Without seeds: what fails depends on when the store is restarted, which this test decides itself.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{CallError, Exclusive, Handle, LeaseBuf, Notification, Signal, thread, time};
use crossgate_key_value::{Fault, Format, Key, KeyValue, Store};
use crossgate_partition::{Error, Fault as FlashFault, Partition, PartitionHandle, Partitions};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use simulated_chips::SimulatedFlash;
use system_tests::random::Random;
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::restarts::{restart, settled};

type Flash = SimulatedFlash<8192, 4, 1024>;
type Room = PartitionHandle<0, 4, 1024>;
/// The number of bytes for the store.
const ROOM: u32 = 4096;
/// Bytes that the store has not written.
const REST: [u8; 8] = *b"the rest";
/// The longest value.
const LONGEST: usize = 48;
/// The number of keys of each client.
const QUOTA: u16 = 8;
/// The number of changes, and the number of first changes in which the store does not restart.
const CHANGES: u32 = 300;
const UNDISTURBED: u32 = 50;

crossgate::system! {
    static SYSTEM;
    process flash {
        object partitions (stack = 1024): Exclusive<Partitions<Flash, 2>> =
            Partitions::new(Flash::new(), [(ROOM, ROOM), (0, ROOM)]) =>
            [STORE_ROOM: dyn Partition<0, 4, 1024>, REST_ROOM: dyn Partition<1, 4, 1024>];
    }
    process keeper {
        object store (stack = 3072): Exclusive<Store<Room, 64, 4, 16, 2>> =
            Store::new(Room::new(STORE_ROOM), 0, [QUOTA; 2]) =>
            [RADIO: dyn KeyValue<0>, MOTOR: dyn KeyValue<1>, FORMAT: dyn Format];
    }
    process supervisor {
        notification FAULTED;
        notification BEGUN;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = disturb(BEGUN, DONE);
    }
    process motor { thread main (priority = 5, stack = 8192) = other_space(MOTOR, READY); }
    process thief { thread main (priority = 4, stack = 8192) = other_partition(REST_ROOM, READY); }
    process radio {
        notification READY;
        thread main (priority = 2, stack = 8192) = change(RADIO, FORMAT, READY, (BEGUN, DONE));
    }
}
board::start!(SYSTEM);

const NAME: Key = Key::new("name");
const SECRET: Key = Key::new("secret");

/// Restarts the store somewhere within each change, except for the first changes, in which the test measures how long a
/// change takes.
fn disturb(begun: Notification, done: Notification) -> ! {
    let mut longest = Duration::ZERO;
    for _ in 0..UNDISTURBED {
        begun.wait();
        let start = time::now();
        done.wait();
        longest = longest.max(time::now() - start);
    }
    let mut random = Random(5);
    loop {
        begun.wait();
        let limit = longest.as_micros() as u32 * 5 / 4 + 1;
        time::sleep(Duration::from_micros(random.below(limit).into()));
        restart(&SYSTEM, "keeper");
    }
}

fn value(number: u32, buffer: &mut [u8; LONGEST]) -> &[u8] {
    let length = 1 + number as usize * 7 % LONGEST;
    buffer[..length].fill(number as u8);
    &buffer[..length]
}

/// Changes values, and checks the value after each change.
fn change(
    values: Handle<dyn KeyValue<0>>,
    format: Handle<dyn Format>,
    ready: Notification,
    (begun, done): (Signal, Signal),
) -> ! {
    ready.wait();
    let (mut lost, mut kept, mut buffer) = (0, 0, LeaseBuf::<64>::new());
    expect("another space", settled(|| values.get(SECRET, &mut buffer)), Err(Fault::NoValue));
    let mut before: Option<u32> = None;
    for number in 0..CHANGES {
        let mut bytes = [0; LONGEST];
        let bytes = value(number, &mut bytes);
        buffer[..bytes.len()].copy_from_slice(bytes);
        expect("signal", begun.signal(), Ok(()));
        let result = values.set(NAME, buffer.first(bytes.len()));
        if number < UNDISTURBED {
            expect("a change without a restart", result, Ok(Ok(())));
            expect("signal", done.signal(), Ok(()));
        }
        expect_that(
            "the value is set, or the process of the store restarts",
            matches!(result, Ok(Ok(())) | Err(CallError::ServerFaulted)),
        );
        let length = settled(|| values.get(NAME, &mut buffer));
        let is = |number: u32| {
            let mut bytes = [0; LONGEST];
            let bytes = value(number, &mut bytes);
            length == Ok(bytes.len() as u32) && buffer[..bytes.len()] == *bytes
        };
        if is(number) {
            before = Some(number);
            kept += 1;
        } else {
            expect("a value is there that was set without a restart", result.is_err(), true);
            let is_before = before.map_or(length == Err(Fault::NoValue), is);
            expect_that("the value is the old one, whole", is_before);
            lost += 1;
        }
    }
    expect_that("some changes are kept, and some are not", kept > UNDISTURBED && lost > 50);
    let reply = raw::call(raw::service(&SYSTEM, "MOTOR"), 0, [0; 4]);
    expect("the other space", reply.error(), Some(CallError::NotPermitted));
    expect("format", settled(|| format.format()), Ok(()));
    expect("a value", settled(|| values.get(NAME, &mut buffer)), Err(Fault::NoValue));
    pass()
}

/// Has a secret in another space of keys, which outlives all restarts of the store. Tries to take the room of others.
fn other_space(values: Handle<dyn KeyValue<1>>, ready: Signal) -> ! {
    let mut buffer = LeaseBuf::<64>::new();
    buffer[..6].copy_from_slice(b"secret");
    expect("a secret", settled(|| values.set(SECRET, buffer.first(6))), Ok(()));
    buffer.fill(0);
    expect("another's value", settled(|| values.get(NAME, &mut buffer)), Err(Fault::NoValue));
    for _ in 0..50 {
        expect("a secret", settled(|| values.get(SECRET, &mut buffer)), Ok(6));
        expect("a secret", &buffer[..7], b"secret\0");
    }
    for number in 1..50 {
        let mut key = *b"number  ";
        key[7] = number;
        let Ok(key) = core::str::from_utf8(&key) else { continue };
        let expected = if u16::from(number) < QUOTA { Ok(()) } else { Err(Fault::Full) };
        let set = settled(|| values.set(Key::new(key), buffer.first(LONGEST)));
        expect("one more key", set, expected);
    }
    expect("signal", ready.signal(), Ok(()));
    thread::exit()
}

/// Tries to reach the store's bytes by the partition after those of the store.
fn other_partition(rest: Handle<dyn Partition<1, 4, 1024>>, ready: Signal) -> ! {
    let mut flash = PartitionHandle::<1, 4, 1024>::new(rest);
    expect("capacity", flash.capacity(), 4096);
    expect("write", flash.write(4096 - 8, &REST), Ok(()));
    let outside = Err(Error::Flash(FlashFault::OutOfBounds));
    let mut bytes = [0; 8];
    for from in [4092, 4096, u32::MAX - 3, u32::MAX - 4095, 0_u32.wrapping_sub(ROOM)] {
        expect("read", flash.read(from, &mut bytes), outside);
        expect("nothing is read", bytes, [0; 8]);
        expect("write", flash.write(from & !3, &bytes), outside);
    }
    let page = 1024;
    for (from, to) in [(0, 4096 + page), (4096, 8192), (page, 0), (u32::MAX - 1023, 0)] {
        expect("erase", flash.erase(from, to), outside);
    }
    let odd = Err(Error::Flash(FlashFault::NotAligned));
    expect("write", flash.write(2, &REST), odd);
    expect("write", flash.write(0, &REST[..6]), odd);
    expect("erase", flash.erase(0, 512), odd);
    let reply = raw::call(raw::service(&SYSTEM, "STORE_ROOM"), 0, [0; 4]);
    expect("the store's partition", reply.error(), Some(CallError::NotPermitted));
    expect("read", flash.read(4096 - 8, &mut bytes), Ok(()));
    expect("the bytes in the own partition", bytes, REST);
    expect("signal", ready.signal(), Ok(()));
    thread::exit()
}
