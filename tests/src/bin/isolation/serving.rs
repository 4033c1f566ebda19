// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server uses its own statics, shared memory, device and stack while it serves. It does so next to lent memory, too,
//! and while it has lent memory itself.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{TIMER0, Timer};
use crossgate::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use crossgate::{
    Concurrent, Handle, Lease, LeaseBuf, LeaseMut, Notification, Signal, interface, shared,
};
use system_tests::probe;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

/// The word that all writes store.
const WORD: u32 = 0x0a11_900d;

#[interface]
trait Use {
    /// Uses everything that is the server's own, while it holds memory for reading.
    fn use_own(&self, held: Lease<'_, [u8]>) -> u32;
    /// Uses everything that is the server's own, while it holds memory for writing.
    fn use_own_and_write(&self, held: LeaseMut<'_, [u8]>) -> u32;
}

shared! {
    static FIRST: [u8; 64] = [1; 64];
    static SECOND: [u8; 64] = [2; 64];
    static THIRD: [u8; 64] = [3; 64];
}

/// The state of the server, and the addresses of its shared statics.
struct Server {
    calls: AtomicU32,
    shared: AtomicUsize,
}

impl Server {
    /// Writes its private and its shared memory, its stack, and reads its device.
    fn use_all(&self) {
        let local = AtomicU32::new(0);
        local.store(WORD, Ordering::Relaxed);
        expect("the server's stack", local.load(Ordering::Relaxed), WORD);
        Timer::new(TIMER0).start();
        let _ = Timer::new(TIMER0).elapsed();
        let shared = self.shared.load(Ordering::Relaxed);
        for address in (shared..shared + 3 * 64).step_by(32) {
            if shared != 0 {
                probe::store(address, WORD);
                expect("the server's shared memory", probe::load(address), WORD);
            }
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

impl Use for Server {
    fn use_own(&self, held: Lease<'_, [u8]>) -> u32 {
        self.use_all();
        held.iter().map(u32::from).sum()
    }
    fn use_own_and_write(&self, mut held: LeaseMut<'_, [u8]>) -> u32 {
        self.use_all();
        held.fill(4);
        self.use_all();
        self.calls.load(Ordering::Relaxed)
    }
}

/// Lends memory on to the server. The memory belongs to the server itself.
struct Relay {
    server: Handle<dyn Use>,
}

impl Use for Relay {
    fn use_own(&self, held: Lease<'_, [u8]>) -> u32 {
        u32::from(self.server.use_own(&held).is_ok())
    }
    fn use_own_and_write(&self, mut held: LeaseMut<'_, [u8]>) -> u32 {
        let lent_for_reading = self.server.use_own(&held).is_ok();
        let lent_for_writing = self.server.use_own_and_write(&mut held).is_ok();
        u32::from(lent_for_reading && lent_for_writing)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process server {
        mmio TIMER0;
        object server: Concurrent<Server> =
            Server { calls: AtomicU32::new(0), shared: AtomicUsize::new(0) } => [SERVER: dyn Use];
        thread main (priority = 5, stack = 4096) = lend_and_be_called(&server, RELAY, READY);
    }
    process relay { object relay: Concurrent<Relay> = Relay { server: SERVER } => [RELAY: dyn Use]; }
    process client {
        notification READY;
        thread main (priority = 4, stack = 2048) = client(SERVER, READY);
    }
}
board::start!(SYSTEM);

/// Lends its own shared memory. The holder calls this process back, and lends the memory on.
fn lend_and_be_called(server: &Server, relay: Handle<dyn Use>, ready: Signal) -> ! {
    let (Some(first), Some(second), Some(third)) = (FIRST.take(), SECOND.take(), THIRD.take())
    else {
        broken("has taken the statics before")
    };
    let starts = [&first[..], &second[..], &third[..]].map(|part| part.as_ptr().addr());
    let lowest = starts.iter().copied().fold(usize::MAX, usize::min);
    expect_that("the statics lie side by side", starts.iter().all(|start| start - lowest <= 128));
    server.shared.store(lowest, Ordering::Relaxed);
    for part in [first, second, third] {
        expect("its own memory, for reading", relay.use_own(&part[..]), Ok(1));
        expect("a part of it, for reading", relay.use_own(&part[3..5]), Ok(1));
        expect("its own memory, for writing", relay.use_own_and_write(&mut part[..]), Ok(1));
    }
    expect("signal", ready.signal(), Ok(()));
    crossgate::thread::exit()
}

/// Lends parts of its stack.
fn client(server: Handle<dyn Use>, ready: Notification) -> ! {
    ready.wait();
    let mut buffer = LeaseBuf::<32>::new();
    buffer.fill(1);
    expect("a call", server.use_own(&buffer[..]), Ok(32));
    expect_that("a call", server.use_own_and_write(&mut buffer[..]).is_ok());
    expect("what the server wrote", buffer.iter().all(|&byte| byte == 4), true);
    pass()
}
