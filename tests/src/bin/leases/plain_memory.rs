// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of a beginner's program: plain arrays, values and parts of buffers are lent as if this were always
//! possible. If it is not, a copy is lent. The server reaches no other byte.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::cell::Cell;
use crossgate::abi::WHOLE_BLOCK;
use crossgate::abi::table::{RawReply, Thunk};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Lease, LeaseBuf, LeaseMut, Notification, Plain,
    ServedBy, interface,
};
use crossgate_abi::{Cause, Word};
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;
use system_tests::{arch, probe, raw};

/// The byte that the client writes around all memory that it lends.
const OTHER: u8 = 0x5e;

/// Two numbers.
#[derive(Plain, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Pair {
    first: u32,
    second: u32,
}

#[interface]
trait Bytes {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32;
    fn increment(&self, bytes: LeaseMut<'_, [u8]>) -> u32;
    fn copy(&self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> u32;
    fn swap(&self, pair: LeaseMut<'_, Pair>);
    fn write_and_crash(&self, bytes: LeaseMut<'_, [u8]>);
}

/// Methods that a hostile server implements by its own entries.
#[interface]
trait Look {
    fn look(&self, bytes: Lease<'_, [u8]>) -> u32;
    fn look_behind(&self, bytes: Lease<'_, [u8]>) -> u32;
}

struct Server;

impl Bytes for Server {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32 {
        bytes.iter().map(u32::from).sum()
    }
    fn increment(&self, mut bytes: LeaseMut<'_, [u8]>) -> u32 {
        for index in 0..bytes.len() {
            let byte = bytes.get(index).unwrap_or_default();
            bytes.set(index, byte + 1);
        }
        bytes.len() as u32
    }
    fn copy(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> u32 {
        for (index, byte) in from.iter().enumerate() {
            to.set(index, byte);
        }
        from.len().min(to.len()) as u32
    }
    fn swap(&self, mut pair: LeaseMut<'_, Pair>) {
        let Pair { first, second } = pair.copy();
        pair.write(Pair { first: second, second: first });
    }
    fn write_and_crash(&self, mut bytes: LeaseMut<'_, [u8]>) {
        bytes.fill(7);
        panic!("a crash on purpose")
    }
}

/// Lends parts of its lent memory on.
struct Relay {
    server: Handle<dyn Bytes>,
}

impl Bytes for Relay {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32 {
        let half = bytes.len() / 2;
        let of = |from, to| bytes.slice(from, to).and_then(|part| self.server.sum(&part).ok());
        of(0, half).unwrap_or(0) + of(half, bytes.len()).unwrap_or(0)
    }
    fn increment(&self, mut bytes: LeaseMut<'_, [u8]>) -> u32 {
        let half = bytes.len() / 2;
        let length = bytes.len();
        let mut of = |from, to| {
            bytes.slice_mut(from, to).and_then(|mut part| self.server.increment(&mut part).ok())
        };
        of(0, half).unwrap_or(0) + of(half, length).unwrap_or(0)
    }
    fn copy(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> u32 {
        self.server.copy(&from, &mut to).unwrap_or(0)
    }
    fn swap(&self, mut pair: LeaseMut<'_, Pair>) {
        let _ = self.server.swap(&mut pair);
    }
    fn write_and_crash(&self, _: LeaseMut<'_, [u8]>) {}
}

/// The object of a hostile server.
struct Spy;

/// Returns the offset of the last word of the block that contains the lent memory.
fn last(length: Word) -> usize {
    (length & !WHOLE_BLOCK).next_power_of_two().max(32) - 4
}

unsafe extern "C-unwind" fn look(
    _: *mut (),
    address: Word,
    length: Word,
    _: Word,
    _: Word,
) -> RawReply {
    let block = last(length) + 4;
    let start = arch::lent(address, block);
    let rest = (start + (length & !WHOLE_BLOCK).next_multiple_of(4)..start + block).step_by(4);
    raw::leave(0, [rest.map(probe::load).fold(0, |all, word| all | word) as Word, 0])
}

unsafe extern "C-unwind" fn look_behind(
    _: *mut (),
    address: Word,
    length: Word,
    _: Word,
    _: Word,
) -> RawReply {
    let start = arch::lent(address, last(length) + 4);
    raw::leave(0, [probe::load(start + last(length) + 4) as Word, 0])
}

// SAFETY: the entries use no object.
unsafe impl ServedBy<Spy> for dyn Look {
    const THUNKS: &'static [Thunk] = &[look, look_behind];
}

/// The client's private memory.
struct Private {
    bytes: Cell<[u8; 48]>,
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED);
    }
    process server { object server: Concurrent<Server> = Server => [SERVER: dyn Bytes]; }
    process relay {
        object relay (stack = 4096): Concurrent<Relay> = Relay { server: SERVER } => [RELAY: dyn Bytes];
    }
    process spy { object spy: Concurrent<Spy> = Spy => [SPY: dyn Look]; }
    process keeper {
        object keeper (stack = 2048): Exclusive<Keeper> =
            Keeper { private: Private { bytes: Cell::new([1; 48]) }, server: SERVER } => [KEEPER: dyn Keep];
    }
    process client { thread main (priority = 5, stack = 24576) = client(SERVER, RELAY, SPY, KEEPER); }
}
board::start!(SYSTEM);

/// Lends its own state.
#[interface]
trait Keep {
    fn increment(&mut self) -> u32;
}
struct Keeper {
    private: Private,
    server: Handle<dyn Bytes>,
}
impl Keep for Keeper {
    fn increment(&mut self) -> u32 {
        let bytes = self.private.bytes.get_mut();
        let length = self.server.increment(&mut *bytes).unwrap_or(0);
        let is_done = bytes.iter().all(|&byte| byte == 2);
        if is_done { length } else { 0 }
    }
}

fn client(
    server: Handle<dyn Bytes>,
    relay: Handle<dyn Bytes>,
    spy: Handle<dyn Look>,
    keeper: Handle<dyn Keep>,
) -> ! {
    for server in [server, relay] {
        arrays(server);
        parts(server);
        values(server);
    }
    array::<2048>(server);
    expect("private memory", keeper.increment(), Ok(48));
    too_long(server);
    hostile(server, spy);
    pass()
}

/// Tests an array of `N` bytes between other arrays. (The other arrays must be short, to leave stack for the copy.)
#[inline(never)]
fn array<const N: usize>(server: Handle<dyn Bytes>) {
    let mut row = ([OTHER; 3], [1; N], [OTHER; 5]);
    expect("the sum of an array", server.sum(&row.1), Ok(N as u32));
    expect("a call that writes", server.increment(&mut row.1), Ok(N as u32));
    expect("the bytes after the call", row, ([OTHER; 3], [2; N], [OTHER; 5]));
}

fn arrays(server: Handle<dyn Bytes>) {
    array::<1>(server);
    array::<31>(server);
    array::<32>(server);
    array::<33>(server);
    array::<48>(server);
    array::<300>(server);
    array::<1000>(server);
    array::<1500>(server);
}

fn parts(server: Handle<dyn Bytes>) {
    let mut buffer = LeaseBuf::<512>::new();
    for (start, end) in [(0, 1), (0, 48), (1, 32), (7, 500), (31, 33), (255, 257), (511, 512)] {
        buffer.fill(1);
        let length = (end - start) as u32;
        expect("the sum of a part", server.sum(&buffer[start..end]), Ok(length));
        expect(
            "a call that writes the part",
            server.increment(&mut buffer[start..end]),
            Ok(length),
        );
        let wanted = |index| if (start..end).contains(&index) { 2 } else { 1 };
        let is_right = buffer.iter().enumerate().all(|(index, &byte)| byte == wanted(index));
        expect("the bytes after the call", is_right, true);
    }
    let (from, mut to) = ([9; 40], [0; 70]);
    expect("two copies at a time", server.copy(&from, &mut to), Ok(40));
    expect("the copy", (to[39], to[40]), (9, 0));
    expect("one lease in place, one as a copy", server.copy(&from, &mut buffer[..]), Ok(40));
    expect("the copy", (buffer[39], buffer[40]), (9, 1));
    expect("nothing, and a copy", server.copy(&[0; 0], &mut to), Ok(0));
}

fn values(server: Handle<dyn Bytes>) {
    let mut pair = Pair { first: 1, second: 2 };
    expect("a value", server.swap(&mut pair), Ok(()));
    expect("the value", pair, Pair { first: 2, second: 1 });
}

/// Tests a part of variable size whose copy would need too much stack.
fn too_long(server: Handle<dyn Bytes>) {
    let long = [1; 4100];
    expect("a part that is too long", server.sum(&long[1..4098]), Err(CallError::BadLease));
    expect("the longest", server.sum(&long[1..4097]), Ok(4096));
}

fn hostile(server: Handle<dyn Bytes>, spy: Handle<dyn Look>) {
    let mut bytes = [OTHER; 33];
    expect("the rest of the block", spy.look(&bytes[..]), Ok(0));
    expect("the rest of the block", spy.look(&bytes[..5]), Ok(0));
    expect("the memory after the block", spy.look_behind(&bytes), Err(CallError::ServerFaulted));
    expect("a crash", server.write_and_crash(&mut bytes), Err(CallError::ServerFaulted));
    // The Linux port copies nothing back from a server that has crashed.
    expect("its memory", bytes == [7; 33] || bytes == [OTHER; 33], true);
}

fn witness(faulted: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect_one_of("spy", &[Cause::Access, Cause::Stack]);
    watch.expect("server", Cause::Panic);
    faulted.wait();
    system_tests::report::fail(format_args!("there are other faults"))
}
