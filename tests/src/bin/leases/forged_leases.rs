// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that must not be lent. Each such call is refused, and the server is never entered.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{
    CallError, Concurrent, Handle, Lease, LeaseBuf, LeaseMut, Notification, interface, shared,
    thread,
};
use crossgate_abi::number;
use system_tests::report::{expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, probe, raw};

/// A server that takes lent memory.
#[interface]
trait Store {
    fn read(&self, bytes: Lease<'_, [u8]>);
    fn write(&self, bytes: LeaseMut<'_, [u8]>);
    /// Returns the number of times that the other methods have been entered.
    fn entered(&self) -> u32;
}

const READ: usize = 0;
const WRITE: usize = 1;

struct Server {
    entered: AtomicU32,
}

impl Store for Server {
    fn read(&self, _bytes: Lease<'_, [u8]>) {
        self.entered.fetch_add(1, Ordering::Relaxed);
    }
    fn write(&self, _bytes: LeaseMut<'_, [u8]>) {
        self.entered.fetch_add(1, Ordering::Relaxed);
    }
    fn entered(&self) -> u32 {
        self.entered.load(Ordering::Relaxed)
    }
}

/// A server that lends its lent memory on, and tries to lend more.
#[interface]
trait Relay {
    /// Holds 64 bytes at `address` for reading, on the caller's stack.
    fn relay(&self, bytes: Lease<'_, [u8]>, address: usize);
}

struct Greedy {
    #[expect(dead_code, reason = "the server calls it by its number")]
    store: Handle<dyn Store>,
}

impl Relay for Greedy {
    fn relay(&self, bytes: Lease<'_, [u8]>, address: usize) {
        let _ = bytes;
        let lent = arch::lent(address, 64);
        refused("more than was lent", READ, lent, 128);
        refused("the memory after the lent memory", READ, lent + 64, 32);
        for method in [READ, WRITE] {
            refused("more than was lent", method, address - 64, 128);
            refused("a part that was not lent", method, address - 64, 64);
            refused("the memory after the lent memory", method, address + 64, 32);
            refused("the frame of the caller", method, address + 256, 32);
        }
        // A copy belongs to the server, so it is not the caller's memory.
        refused("a lease with more rights than the one held", WRITE, address, 64);
        refused("a range that wraps", READ, lent, usize::MAX);
    }
}

/// Private memory of the attacker. A process might lend such memory by mistake.
struct Private([AtomicU32; 16]);

shared! {
    static OWN: [u8; 64] = [0; 64];
}

crossgate::system! {
    static SYSTEM;
    process victim { object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process server {
        object server: Concurrent<Server> = Server { entered: AtomicU32::new(0) } => [STORE: dyn Store];
    }
    process greedy {
        object greedy: Concurrent<Greedy> = Greedy { store: STORE } => [RELAY: dyn Relay];
    }
    process attacker {
        mmio board::UART1;
        object private: Concurrent<Private> = Private([const { AtomicU32::new(0) }; 16]) => [];
        // On some ports the process' shared memory may follow the stack of the first thread.
        thread first (priority = 6, stack = 256) = thread::exit();
        thread attack (priority = 5, stack = 4096) = attack(&private, VAULT, STORE, RELAY);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 1, stack = 2048) = witness(FAULTED, VAULT, STORE);
    }
}
board::start!(SYSTEM);

/// Tries to lend memory by a raw call.
#[track_caller]
fn refused(what: &str, method: usize, address: usize, length: usize) {
    let reply = raw::call(raw::service(&SYSTEM, "STORE"), method, [address, length, 0, 0]);
    expect(what, reply.error(), Some(CallError::BadLease));
}

fn attack(
    private: &Private,
    vault: Handle<dyn Vault>,
    _store: Handle<dyn Store>,
    relay: Handle<dyn Relay>,
) -> ! {
    let secret = vault.address().unwrap_or(0);
    let private = private.0.as_ptr().addr();
    let own = OWN.take().map_or(0, |own| own.as_ptr().addr());
    let buffer = LeaseBuf::<64>::new();
    let buffer_address = buffer.as_ptr().addr();
    for method in [READ, WRITE] {
        refused("a private static", method, private, 32);
        refused("memory of another process", method, secret & !31, 32);
        refused("memory of the kernel", method, probe::kernel_memory() & !31, 32);
        refused("a device", method, board::UART0.start, 32);
        refused("its own device", method, board::UART1.start, 32);
        refused("a register of the system", method, 0xe000_ed80, 32);
        refused("nothing", method, 0x6000_0000, 32);
        refused("memory that wraps", method, usize::MAX - 15, 32);
        refused("memory that wraps", method, own, usize::MAX);
        refused("memory that wraps", method, own, own.wrapping_neg());
        refused("memory that wraps", method, buffer_address, usize::MAX - buffer_address + 2);
        refused("everything", method, 0, usize::MAX);
        refused("more than is shared", method, own.min(private), own.abs_diff(private) + 64);
        refused("past the end of the stack", method, stack_end() - 32, 64);
        refused("past the end of the stack", method, stack_end(), 32);
        saved_registers(method);
    }
    refused("flash for writing", WRITE, (&raw const SYSTEM).addr() & !31, 32);
    refused("past the end of flash", READ, arch::constants().end - 16, 32);
    refused("past the end of flash", READ, arch::constants().end, 32);
    lend_on(relay);
    thread::exit()
}

fn stack_end() -> usize {
    probe::stack_of(&SYSTEM, "attack", 5).end
}

/// Lends the memory in which the kernel saves the caller's registers during the call. A server that changes them would
/// change the caller.
fn saved_registers(method: usize) {
    let selector = number::call(raw::service(&SYSTEM, "STORE"), method);
    let status = arch::lend_saved_registers(selector, 64);
    expect("the registers that the kernel saved", status, CallError::BadLease.into());
}

/// Makes a server lend its lent memory on: half of a block. The server might want the whole block.
#[inline(never)]
fn lend_on(relay: Handle<dyn Relay>) {
    let frame = [const { LeaseBuf::<64>::new() }; 8];
    let half = frame[1..3].iter().find(|buffer| buffer.as_ptr().addr().is_multiple_of(128));
    let half = half.unwrap_or(&frame[1]);
    let address = half.as_ptr().addr();
    expect("a call of a server that lends on", relay.relay(&half[..], address), Ok(()));
    core::hint::black_box(&frame);
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>, store: Handle<dyn Store>) -> ! {
    Watch::new(&SYSTEM, faulted).expect_no_more();
    expect("calls with memory that must not be lent", store.entered(), Ok(0));
    expect("the victim's secret", vault.is_intact(), Ok(true));
    let buffer = LeaseBuf::<32>::new();
    expect("others lend their own memory", store.read(&buffer[..]), Ok(()));
    pass()
}
