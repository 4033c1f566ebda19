// SPDX-License-Identifier: MIT OR Apache-2.0
//! Without the library, a server lends memory on by the address that its client uses. The memory still belongs to the
//! client, so the server can lend no more of it, and with no more rights.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicUsize, Ordering};
use crossgate::{CallError, Concurrent, Handle, Lease, LeaseBuf, LeaseMut, interface, shared};
use system_tests::report::{broken, expect, pass};
use system_tests::watch::allow_no_fault;
use system_tests::{arch, raw};

#[interface]
trait Bytes {
    /// Returns the sum of the bytes. `address` is the address of the first byte in the caller.
    fn sum(&self, bytes: Lease<'_, [u8]>, address: usize) -> u32;
    /// Adds one to each byte.
    fn increment(&self, bytes: LeaseMut<'_, [u8]>, address: usize);
}

const SUM: usize = 0;
const INCREMENT: usize = 1;

/// Does the work.
struct Worker;

impl Bytes for Worker {
    fn sum(&self, bytes: Lease<'_, [u8]>, _: usize) -> u32 {
        bytes.iter().map(u32::from).sum()
    }
    fn increment(&self, mut bytes: LeaseMut<'_, [u8]>, _: usize) {
        for index in 0..bytes.len() {
            let byte = bytes.get(index).unwrap_or(0);
            bytes.set(index, byte + 1);
        }
    }
}

/// Makes another server work, with the client's address.
struct Relay {
    #[expect(dead_code, reason = "it is called by its name")]
    next: Handle<dyn Bytes>,
    name: &'static str,
}

impl Relay {
    fn pass(&self, method: usize, address: usize, length: usize) -> raw::Reply {
        raw::call(raw::service(&SYSTEM, self.name), method, [address, length, address, 0])
    }
}

impl Bytes for Relay {
    fn sum(&self, bytes: Lease<'_, [u8]>, address: usize) -> u32 {
        for address in [address, arch::lent(address, bytes.len())] {
            let error = self.pass(INCREMENT, address, bytes.len()).error();
            expect("lent for reading, lent on for writing", error, Some(CallError::BadLease));
        }
        let reply = self.pass(SUM, address, bytes.len());
        expect("lent on for reading", reply.error(), None);
        reply.words[0] as u32
    }
    fn increment(&self, mut bytes: LeaseMut<'_, [u8]>, address: usize) {
        let length = bytes.len();
        for address in [address - 32, address + 32, address + length, address - length] {
            let reply = self.pass(INCREMENT, address, length);
            expect("more than was lent", reply.error(), Some(CallError::BadLease));
        }
        bytes.set(0, 10);
        let reply = self.pass(INCREMENT, address, length);
        expect("lent on for writing", reply.error(), None);
        expect("what the other server has done", bytes.get(0), Some(11));
        let half = length / 2;
        let reply = self.pass(INCREMENT, address + half, half);
        expect("the second half, lent on for writing", reply.error(), None);
        expect("the second half does not contain the first byte", bytes.get(0), Some(11));
    }
}

/// Lends its own memory to a server that calls back. Both then use the same bytes.
#[interface]
trait Owner {
    /// Adds 100 to the first byte.
    fn add(&self, bytes: LeaseMut<'_, [u8]>);
}

struct Client(AtomicUsize);

impl Owner for Client {
    fn add(&self, mut bytes: LeaseMut<'_, [u8]>) {
        let byte = bytes.get(0).unwrap_or(0);
        bytes.set(0, byte + 100);
        let own = core::ptr::with_exposed_provenance_mut::<u8>(self.0.load(Ordering::Relaxed));
        // SAFETY: the address is that of a byte of this process, which only this thread uses.
        let own = unsafe { &mut *own };
        expect("its own memory, with the value that was lent", *own, byte + 100);
    }
}

#[interface]
trait CallBack {
    fn call_back(&self, bytes: LeaseMut<'_, [u8]>);
}

struct Caller {
    owner: Handle<dyn Owner>,
}

impl CallBack for Caller {
    fn call_back(&self, mut bytes: LeaseMut<'_, [u8]>) {
        bytes.set(0, 7);
        expect("a call back", self.owner.add(&mut bytes), Ok(()));
        expect("the byte after the owner's change", bytes.get(0), Some(107));
    }
}

shared! {
    static SHARED: [u8; 160] = [1; 160];
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process worker { object worker: Concurrent<Worker> = Worker => [WORKER: dyn Bytes]; }
    process relay { object relay: Concurrent<Relay> = Relay { next: WORKER, name: "WORKER" } => [RELAY: dyn Bytes]; }
    process second { object second: Concurrent<Relay> = Relay { next: RELAY, name: "RELAY" } => [SECOND: dyn Bytes]; }
    process calls_back { object caller: Concurrent<Caller> = Caller { owner: OWNER } => [CALLS_BACK: dyn CallBack]; }
    process client {
        object owner: Concurrent<Client> = Client(AtomicUsize::new(0)) => [OWNER: dyn Owner];
        thread main (priority = 5, stack = 8192) = client(&owner, RELAY, SECOND, CALLS_BACK);
    }
}
board::start!(SYSTEM);

fn client(
    own: &Client,
    relay: Handle<dyn Bytes>,
    second: Handle<dyn Bytes>,
    calls_back: Handle<dyn CallBack>,
) -> ! {
    let Some(shared) = SHARED.take() else { broken("has taken the static before") };
    for server in [relay, second] {
        let mut frame = [const { LeaseBuf::<128>::new() }; 3];
        let buffer = &mut frame[1];
        buffer.fill(2);
        lend(server, &mut buffer[..]);
        expect("the memory around the lent part", frame[0][..] == frame[2][..], true);
        shared.fill(2);
        lend(server, &mut shared[16..144]);
        expect("the memory around the lent part", shared[0] + shared[144], 4);
    }
    own.0.store(shared.as_ptr().addr(), Ordering::Relaxed);
    expect("a call that calls back", calls_back.call_back(&mut shared[..64]), Ok(()));
    expect("the byte after the changes of both", shared[0], 107);
    pass()
}

/// Lends bytes, which are all 2, to calls that sum them up and increment them.
fn lend(server: Handle<dyn Bytes>, bytes: &mut [u8]) {
    let (address, length) = (bytes.as_ptr().addr(), bytes.len());
    expect("the sum", server.sum(&*bytes, address), Ok(2 * length as u32));
    expect("a call", server.increment(&mut *bytes, address), Ok(()));
    // Each relay sets the first byte, and lets the second half be incremented once more.
    expect("the byte that was set and incremented", bytes[0], 11);
    expect("a byte that was incremented", bytes[length / 2 - 1], 3);
    expect("a byte that was incremented twice or more", bytes[length - 1] > 3, true);
}
