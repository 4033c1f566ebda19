// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that a server reaches through a lease: exactly the lent memory, with the lent rights, in this call and
//! this thread. Any other access stops the server.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use core::time::Duration;
use crossgate::{
    CallError, Concurrent, Handle, Lease, LeaseBuf, LeaseMut, Notification, Signal, interface,
    shared, thread, time,
};
use crossgate_abi::Cause;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;
use system_tests::{arch, probe};

/// A server that may misuse lent memory. All addresses are in the caller's memory.
#[interface]
trait Borrower {
    /// Reads at `offset` from the start of `bytes`, whose address in the caller is `address`.
    fn read_lent(&self, bytes: Lease<'_, [u8]>, address: usize, offset: u32) -> u32;
    /// Returns the first and the last byte.
    fn ends(&self, bytes: Lease<'_, [u8]>) -> (u8, u8);
    /// Reads at an address while it holds `bytes` for reading.
    fn read_at(&self, bytes: Lease<'_, [u8]>, address: usize) -> u32;
    /// Writes at an address while it holds `bytes` for reading.
    fn write_at(&self, bytes: Lease<'_, [u8]>, address: usize);
    /// Writes to `bytes`, which are lent for reading.
    fn write_lent(&self, bytes: Lease<'_, [u8]>, address: usize);
    /// Stores the address of `bytes` for later.
    fn keep(&self, bytes: LeaseMut<'_, [u8]>, address: usize);
    /// Writes at an address, without a lease.
    fn write_plainly(&self, address: usize);
    /// Reads at an address, without a lease.
    fn read_plainly(&self, address: usize) -> u32;
}

struct Server {
    kept: AtomicUsize,
}

impl Server {
    const fn new() -> Server {
        Server { kept: AtomicUsize::new(0) }
    }

    /// Writes to the address that it has stored.
    fn use_kept(&self) {
        probe::store(self.kept.load(Ordering::Relaxed), 0xbad0_bad0);
    }
}

impl Borrower for Server {
    fn read_lent(&self, bytes: Lease<'_, [u8]>, address: usize, offset: u32) -> u32 {
        probe::load(arch::lent(address, bytes.len()) + offset as usize)
    }
    fn ends(&self, bytes: Lease<'_, [u8]>) -> (u8, u8) {
        let last = bytes.len().wrapping_sub(1);
        (bytes.get(0).unwrap_or(0), bytes.get(last).unwrap_or(0))
    }
    fn read_at(&self, _bytes: Lease<'_, [u8]>, address: usize) -> u32 {
        probe::load(address)
    }
    fn write_at(&self, _bytes: Lease<'_, [u8]>, address: usize) {
        probe::store(address, 0xbad0_bad0);
    }
    fn write_lent(&self, bytes: Lease<'_, [u8]>, address: usize) {
        probe::store(arch::lent(address, bytes.len()), 0xbad0_bad0);
    }
    /// Uses the memory, which is open in this call. The call takes some time, so that threads of the server can try to
    /// use it, too.
    fn keep(&self, bytes: LeaseMut<'_, [u8]>, address: usize) {
        let place = arch::lent(address, bytes.len());
        probe::store(place, GIFT);
        self.kept.store(place, Ordering::Relaxed);
        time::sleep(Duration::from_millis(10));
    }
    fn write_plainly(&self, address: usize) {
        probe::store(address, 0xbad0_bad0);
    }
    fn read_plainly(&self, address: usize) -> u32 {
        probe::load(address)
    }
}

/// A server that holds a lease while it calls another, without lending it on.
struct Forwarder {
    next: Handle<dyn Borrower>,
}

impl Borrower for Forwarder {
    fn read_lent(&self, _bytes: Lease<'_, [u8]>, _address: usize, _offset: u32) -> u32 {
        0
    }
    fn ends(&self, _bytes: Lease<'_, [u8]>) -> (u8, u8) {
        (0, 0)
    }
    fn read_at(&self, _bytes: Lease<'_, [u8]>, address: usize) -> u32 {
        let other = LeaseBuf::<32>::new();
        match self.next.read_at(&other[..], address) {
            Err(CallError::ServerFaulted) => STOPPED,
            _ => 0,
        }
    }
    fn write_lent(&self, _bytes: Lease<'_, [u8]>, _address: usize) {}
    /// Lends memory on for reading, which it holds for reading. The next server tries to write.
    fn write_at(&self, bytes: Lease<'_, [u8]>, address: usize) {
        let _ = self.next.write_at(&bytes, address);
    }
    /// Calls the next server without a lease. Afterwards this server still has its own lease.
    fn keep(&self, bytes: LeaseMut<'_, [u8]>, address: usize) {
        let place = arch::lent(address, bytes.len());
        if self.next.read_plainly(place) == Err(CallError::ServerFaulted) {
            probe::store(place, STOPPED);
        }
    }
    fn write_plainly(&self, _address: usize) {}
    fn read_plainly(&self, _address: usize) -> u32 {
        0
    }
}

/// The word that a server writes with the right to write.
const GIFT: u32 = 0x61f7_0001;
/// The result of a forwarder whose next server was stopped.
const STOPPED: u32 = 0x57a7;
/// The word in the client's memory.
const MINE: u32 = 0x3e3e_3e3e;

shared! {
    static OFFER: [u8; 128] = [MINE as u8; 128];
}

/// Private memory of the client, next to its shared memory.
struct Private(AtomicU32);

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
    }
    process reads_before { object reads_before_server: Concurrent<Server> = Server::new() => [READS_BEFORE: dyn Borrower]; }
    process reads_after { object reads_after_server: Concurrent<Server> = Server::new() => [READS_AFTER: dyn Borrower]; }
    process reads_private { object reads_private_server: Concurrent<Server> = Server::new() => [READS_PRIVATE: dyn Borrower]; }
    process writes { object writes_server: Concurrent<Server> = Server::new() => [WRITES: dyn Borrower]; }
    process writes_lent { object writes_lent_server: Concurrent<Server> = Server::new() => [WRITES_LENT: dyn Borrower]; }
    process writes_shared { object writes_shared_server: Concurrent<Server> = Server::new() => [WRITES_SHARED: dyn Borrower]; }
    process keeps {
        object keeps_server: Concurrent<Server> = Server::new() => [KEEPS: dyn Borrower];
    }
    process spies {
        on_fault = stop;
        object spies_server: Concurrent<Server> = Server::new() => [SPIES: dyn Borrower];
        thread spy (priority = 7, stack = 512) = spy(&spies_server);
    }
    process hoards {
        on_fault = stop;
        object hoards_server: Concurrent<Server> = Server::new() => [HOARDS: dyn Borrower];
        thread later (priority = 4, stack = 512) = later(&hoards_server);
    }
    process last { object last_server: Concurrent<Server> = Server::new() => [LAST: dyn Borrower]; }
    process last_writes { object last_writes_server: Concurrent<Server> = Server::new() => [LAST_WRITES: dyn Borrower]; }
    process last_plainly { object last_plainly_server: Concurrent<Server> = Server::new() => [LAST_PLAINLY: dyn Borrower]; }
    process forwards {
        object forwards_server: Concurrent<Forwarder> = Forwarder { next: LAST } => [FORWARDS: dyn Borrower];
        object forwards_writes_server: Concurrent<Forwarder> = Forwarder { next: LAST_WRITES } => [FORWARDS_WRITES: dyn Borrower];
        object forwards_plainly_server: Concurrent<Forwarder> = Forwarder { next: LAST_PLAINLY } => [FORWARDS_PLAINLY: dyn Borrower];
    }
    process client {
        object private: Concurrent<Private> = Private(AtomicU32::new(MINE)) => [];
        thread main (priority = 5, stack = 4096) = client(
            &private,
            [READS_BEFORE, READS_AFTER, READS_PRIVATE, WRITES, WRITES_LENT, WRITES_SHARED],
            [KEEPS, SPIES, HOARDS],
            [FORWARDS, FORWARDS_WRITES, FORWARDS_PLAINLY],
            DONE,
        );
    }
}
board::start!(SYSTEM);

const FAULTED: Result<(), CallError> = Err(CallError::ServerFaulted);

/// Three buffers in a row: the middle one is lent.
struct Row([LeaseBuf<64>; 3]);

impl Row {
    fn new() -> Row {
        let mut row = Row([LeaseBuf::new(), LeaseBuf::new(), LeaseBuf::new()]);
        row.0.iter_mut().for_each(|buffer| buffer.fill(MINE as u8));
        row
    }

    fn address(&self) -> usize {
        self.0[1].as_ptr().addr()
    }

    #[track_caller]
    fn expect_untouched(&self) {
        for buffer in &self.0 {
            expect("the client's memory", buffer.iter().all(|&byte| byte == MINE as u8), true);
        }
    }
}

fn client(
    private: &Private,
    [before, after, private_reader, writes, writes_lent, writes_shared]: [Handle<dyn Borrower>; 6],
    [keeps, spies, hoards]: [Handle<dyn Borrower>; 3],
    [forwards, forwards_writes, forwards_plainly]: [Handle<dyn Borrower>; 3],
    done: Signal,
) -> ! {
    neighbours(before, after);
    let Some(offer) = OFFER.take() else { broken("has taken the static before") };
    private_memory(private, offer, private_reader);
    writing_what_is_lent_for_reading(offer, [writes, writes_lent, writes_shared]);
    after_the_call(keeps);
    in_another_thread(spies, hoards);
    further_on(forwards, forwards_writes);
    nothing_further_on(forwards_plainly);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Tests the words next to a lent buffer on the stack.
#[inline(never)]
fn neighbours(before: Handle<dyn Borrower>, after: Handle<dyn Borrower>) {
    let row = Row::new();
    let (buffer, address) = (&row.0[1], row.address());
    // Lent memory can be read, to its last byte.
    expect("the first word", before.read_lent(&buffer[..], address, 0), Ok(MINE));
    expect("the last word", after.read_lent(&buffer[..], address, 60), Ok(MINE));
    expect("the word before", before.read_at(&buffer[..], address - 4).map(drop), FAULTED);
    expect("the word after", after.read_lent(&buffer[..], address, 64).map(drop), FAULTED);
    row.expect_untouched();
}

/// Tests that the lease of a static may be rounded up, but only within shared memory.
fn private_memory(private: &Private, offer: &[u8; 128], server: Handle<dyn Borrower>) {
    let address = private.0.as_ptr().addr();
    for part in [&offer[..], &offer[3..8], &offer[96..], &offer[127..]] {
        expect("lent memory", server.ends(part), Ok((MINE as u8, MINE as u8)));
    }
    expect("a private static", server.read_at(&offer[127..], address).map(drop), FAULTED);
    expect("the static", private.0.load(Ordering::Relaxed), MINE);
}

#[inline(never)]
fn writing_what_is_lent_for_reading(
    offer: &[u8; 128],
    [writes, writes_lent, writes_shared]: [Handle<dyn Borrower>; 3],
) {
    let row = Row::new();
    expect("a write to the stack", writes.write_at(&row.0[1][..], row.address()), FAULTED);
    row.expect_untouched();
    let written = writes_lent.write_lent(&row.0[1][..], row.address());
    expect("a write to memory that is lent for reading", written, arch::WRITE_TO_WHAT_IS_READ);
    row.expect_untouched();
    let address = offer.as_ptr().addr();
    expect("a write to a static", writes_shared.write_at(&offer[..], address), FAULTED);
    expect("the static", offer.iter().all(|&byte| byte == MINE as u8), true);
}

/// Tests a second call of the same thread, without a lease.
#[inline(never)]
fn after_the_call(keeps: Handle<dyn Borrower>) {
    let mut row = Row::new();
    let address = row.address();
    expect("a call", keeps.keep(&mut row.0[1][..], address), Ok(()));
    expect("what the server wrote", row.0[1][..4] == GIFT.to_le_bytes(), true);
    row.0[1].fill(MINE as u8);
    expect("a write after the call", keeps.write_plainly(address), FAULTED);
    row.expect_untouched();
}

/// Tests that other threads of the server can't use the memory during the call, or after it.
#[inline(never)]
fn in_another_thread(spies: Handle<dyn Borrower>, hoards: Handle<dyn Borrower>) {
    let mut row = Row::new();
    let address = row.address();
    expect(
        "a call during which the server is stopped",
        spies.keep(&mut row.0[1][..], address),
        FAULTED,
    );
    row.0[1].fill(MINE as u8);
    expect("a call", hoards.keep(&mut row.0[1][..], address), Ok(()));
    row.0[1].fill(MINE as u8);
    time::sleep(Duration::from_millis(30));
    row.expect_untouched();
}

/// Uses the address that a call has stored, while the call still holds the lease.
fn spy(server: &Server) -> ! {
    while server.kept.load(Ordering::Relaxed) == 0 {
        time::sleep(Duration::from_millis(1));
    }
    server.use_kept();
    broken("has used memory that was lent to another thread")
}

/// Uses the address after the call.
fn later(server: &Server) -> ! {
    while server.kept.load(Ordering::Relaxed) == 0 {
        time::sleep(Duration::from_millis(7));
    }
    time::sleep(Duration::from_millis(15));
    server.use_kept();
    broken("has used memory that was lent to an earlier call")
}

/// Tests a server that calls another server. The other server reaches only memory that was lent on, with no more
/// rights.
#[inline(never)]
fn further_on(forwards: Handle<dyn Borrower>, forwards_writes: Handle<dyn Borrower>) {
    let row = Row::new();
    expect(
        "a read two calls further on",
        forwards.read_at(&row.0[1][..], row.address()),
        Ok(STOPPED),
    );
    expect(
        "a write two calls further on",
        forwards_writes.write_at(&row.0[1][..], row.address()),
        Ok(()),
    );
    row.expect_untouched();
}

/// Tests another server to which no memory is lent at all.
#[inline(never)]
fn nothing_further_on(forwards_plainly: Handle<dyn Borrower>) {
    let mut row = Row::new();
    let address = row.address();
    expect("a call", forwards_plainly.keep(&mut row.0[1][..], address), Ok(()));
    expect("what the server wrote", row.0[1][..4] == STOPPED.to_le_bytes(), true);
    row.0[1].fill(MINE as u8);
    row.expect_untouched();
}

fn is_of_client(address: usize) -> bool {
    probe::memory_of(&SYSTEM, "client").contains(&address)
        || probe::stack_of(&SYSTEM, "main", 5).contains(&address)
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for process in [
        "reads_before",
        "reads_after",
        "reads_private",
        "writes",
        "writes_lent",
        "writes_shared",
        "keeps",
        "spies",
        "hoards",
        "last",
        "last_writes",
        "last_plainly",
    ] {
        if process == "writes_lent" && arch::WRITE_TO_WHAT_IS_READ.is_ok() {
            continue;
        }
        let record = watch.expect(process, Cause::Access);
        expect_that("the address is in the client's memory", is_of_client(record.address));
    }
    done.wait();
    watch.expect_no_more();
    pass()
}
