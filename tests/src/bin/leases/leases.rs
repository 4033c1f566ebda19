// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that is lent to calls: to read, to write, from stacks, statics and flash, and lent on to further calls.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{CallError, Concurrent, Handle, Lease, LeaseBuf, LeaseMut, interface, shared};
use system_tests::report::{broken, expect, pass};
use system_tests::watch::allow_no_fault;
use system_tests::{arch, raw};

#[interface]
trait Bytes {
    /// Returns the sum of the bytes.
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32;
    /// Adds one to each byte.
    fn increment(&self, bytes: LeaseMut<'_, [u8]>);
    /// Copies bytes. Returns their number.
    fn copy(&self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> u32;
    /// Returns the lengths of both, in bytes.
    fn lengths(&self, one: Lease<'_, [u8]>, other: Lease<'_, [u8]>) -> (u32, u32);
    /// Doubles a value.
    fn double(&self, value: LeaseMut<'_, u32>);
}

/// The numbers of the methods.
const SUM: usize = 0;

/// The number that a manager adds to the number of its worker's error.
const REFUSED: u32 = 1000;

/// Does the work.
struct Worker;

impl Bytes for Worker {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32 {
        bytes.iter().map(u32::from).sum()
    }
    fn increment(&self, mut bytes: LeaseMut<'_, [u8]>) {
        for index in 0..bytes.len() {
            let byte = bytes.get(index).unwrap_or(0);
            bytes.set(index, byte + 1);
        }
    }
    fn copy(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> u32 {
        let mut copied = 0;
        for (index, byte) in from.iter().enumerate() {
            copied += u32::from(to.set(index, byte));
        }
        copied
    }
    fn lengths(&self, one: Lease<'_, [u8]>, other: Lease<'_, [u8]>) -> (u32, u32) {
        (one.len() as u32, other.len() as u32)
    }
    fn double(&self, mut value: LeaseMut<'_, u32>) {
        let doubled = value.copy() * 2;
        value.write(doubled);
    }
}

/// Lends all lent memory on to the worker.
struct Manager {
    worker: Handle<dyn Bytes>,
}

impl Bytes for Manager {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32 {
        self.worker.sum(&bytes).unwrap_or(0)
    }
    fn increment(&self, mut bytes: LeaseMut<'_, [u8]>) {
        let _ = self.worker.increment(&mut bytes);
    }
    fn copy(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> u32 {
        match self.worker.copy(&from, &mut to) {
            Ok(copied) => copied,
            Err(error) => REFUSED + error as u32,
        }
    }
    fn lengths(&self, one: Lease<'_, [u8]>, other: Lease<'_, [u8]>) -> (u32, u32) {
        self.worker.lengths(&one, &other).unwrap_or((0, 0))
    }
    fn double(&self, mut value: LeaseMut<'_, u32>) {
        let _ = self.worker.double(&mut value);
    }
}

/// Lends memory on once more. The thread then needs more leases than the kernel keeps.
struct Director {
    manager: Handle<dyn Bytes>,
}

impl Bytes for Director {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32 {
        self.manager.sum(&bytes).unwrap_or(0)
    }
    fn increment(&self, _bytes: LeaseMut<'_, [u8]>) {}
    fn copy(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> u32 {
        self.manager.copy(&from, &mut to).unwrap_or(0)
    }
    fn lengths(&self, _one: Lease<'_, [u8]>, _other: Lease<'_, [u8]>) -> (u32, u32) {
        (0, 0)
    }
    fn double(&self, _value: LeaseMut<'_, u32>) {}
}

shared! {
    static TEXT: [u8; 100] = [1; 100];
    static NUMBER: u32 = 5;
    static LARGE: [u8; 576] = [1; 576];
}

static CONSTANT: [u8; 5] = [1, 2, 3, 4, 5];

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process worker { object worker: Concurrent<Worker> = Worker => [WORKER: dyn Bytes]; }
    process manager { object manager: Concurrent<Manager> = Manager { worker: WORKER } => [MANAGER: dyn Bytes]; }
    process director { object director: Concurrent<Director> = Director { manager: MANAGER } => [DIRECTOR: dyn Bytes]; }
    process client { thread main (priority = 5, stack = 8192) = client(WORKER, MANAGER, DIRECTOR); }
}
board::start!(SYSTEM);

fn client(worker: Handle<dyn Bytes>, manager: Handle<dyn Bytes>, director: Handle<dyn Bytes>) -> ! {
    let (Some(text), Some(number), Some(large)) = (TEXT.take(), NUMBER.take(), LARGE.take()) else {
        broken("has taken the statics before")
    };
    for server in [worker, manager] {
        flash_and_statics(server, text);
        expect("a large static", server.sum(&large[..]), Ok(576));
        for start in (0..=544).step_by(17) {
            expect("any part of the static", server.sum(&large[start..]), Ok(576 - start as u32));
            expect("any part of the static", server.sum(&large[start..start + 32]), Ok(32));
        }
        stack_buffers(server);
        two_at_a_time(server, text);
        expect("a call", server.double(&mut *number), Ok(()));
    }
    expect("the number, doubled twice", *number, 20);
    odd_pieces("WORKER");
    odd_pieces("MANAGER");
    many(director, text);
    pass()
}

fn flash_and_statics(server: Handle<dyn Bytes>, text: &[u8]) {
    expect("a constant in flash", server.sum(&CONSTANT), Ok(15));
    expect("a part of the constant", server.sum(&CONSTANT[1..4]), Ok(9));
    expect("a string literal", server.sum(b"ab"), Ok(195));
    expect("nothing", server.sum(&[0; 0]), Ok(0));
    expect("a static", server.sum(text), Ok(100));
    expect("any part of a static", server.sum(&text[13..59]), Ok(46));
}

fn stack_buffers(server: Handle<dyn Bytes>) {
    let mut small = LeaseBuf::<32>::new();
    let mut large = LeaseBuf::<1024>::new();
    expect("a fresh buffer", server.sum(&small[..]), Ok(0));
    expect("a call", server.increment(&mut small[..]), Ok(()));
    expect("a call", server.increment(&mut large[..]), Ok(()));
    expect("what the server wrote", small.iter().all(|&byte| byte == 1), true);
    expect("what the server wrote", large.iter().all(|&byte| byte == 1), true);
    expect("reading it", server.sum(&large[..]), Ok(1024));
}

/// Tests that parts of a buffer are refused, on every port, if no region can open them without other bytes.
fn odd_pieces(name: &str) {
    let buffer = LeaseBuf::<256>::new();
    let lend = |offset: usize, length: usize| {
        let address = buffer.as_ptr().addr() + offset;
        raw::call(raw::service(&SYSTEM, name), SUM, [address, length, 0, 0]).error()
    };
    for (offset, length) in [(0, 32), (32, 32), (128, 128), (0, 256)] {
        expect("an aligned power of two", lend(offset, length), None);
    }
    let result = |opens: bool| if opens { None } else { Some(CallError::BadLease) };
    for (offset, length) in [(96, 160), (32, 64), (0, 96)] {
        expect("a run of eighths", lend(offset, length), result(arch::OPENS_EIGHTHS));
    }
    let of_granules = result(arch::OPENS_GRANULES);
    for (offset, length) in [(16, 32), (0, 48), (224, 16), (8, 64), (20, 4)] {
        expect("a run of small granules", lend(offset, length), of_granules);
    }
    for (offset, length) in [(0, 31), (0, 33), (1, 32), (18, 4)] {
        expect(
            "memory that is not a run of eighths",
            lend(offset, length),
            Some(CallError::BadLease),
        );
    }
}

fn two_at_a_time(server: Handle<dyn Bytes>, text: &[u8]) {
    let mut to = LeaseBuf::<64>::new();
    expect("a copy from flash", server.copy(&CONSTANT, &mut to[..]), Ok(5));
    expect("the copy", to[..6] == [1, 2, 3, 4, 5, 0], true);
    let mut from = LeaseBuf::<32>::new();
    from.fill(9);
    expect("a copy from the stack", server.copy(&from[..], &mut to[..]), Ok(32));
    expect("the copy", (to[31], to[32]), (9, 0));
    expect("the lengths of both", server.lengths(text, &CONSTANT), Ok((100, 5)));
    expect("the lengths of both", server.lengths(&[0; 0], &to[..]), Ok((0, 64)));
}

/// Tests calls that lend their memory on, until the kernel keeps no more leases: two calls with two leases each.
fn many(director: Handle<dyn Bytes>, text: &[u8]) {
    expect("one lease three calls on", director.sum(text), Ok(100));
    let from = LeaseBuf::<32>::new();
    let mut to = LeaseBuf::<32>::new();
    let deepest = director.copy(&from[..], &mut to[..]);
    expect("two leases three calls on", deepest, Ok(REFUSED + CallError::TooDeep as u32));
    expect(
        "flash is lent for reading without a lease",
        director.copy(&CONSTANT, &mut to[..]),
        Ok(5),
    );
}
