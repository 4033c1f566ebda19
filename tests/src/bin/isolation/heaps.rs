// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes allocate, each in its own heap: with the same library, in visits, and from several threads at once; until
//! the memory is exhausted, and again after a crash.
#![cfg_attr(target_os = "none", no_std, no_main)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use crossgate::fault::panic_file;
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::Cause;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// The length of the heap of each process with a shelf, in bytes.
const HEAP: usize = 2048;
const ROUNDS: u32 = 300;
static URGENT_HAS_ENDED: AtomicBool = AtomicBool::new(false);
const VISITS: u32 = 60;
/// The number of the thread that interrupts the others.
const URGENT: u32 = 3;

/// Uses the library.
#[interface]
trait Shelf {
    fn put(&self, number: u32, pages: u32) -> u32;
    fn take(&self, number: u32) -> Option<u32>;
    fn address(&self, number: u32) -> Option<usize>;
    /// Returns the number of bytes that can be allocated.
    fn room(&self) -> u32;
    /// Lets a vector grow to this number of elements. Returns their sum.
    fn grow(&self, length: u32) -> u32;
    /// Allocates with a large alignment. Returns whether the address has this alignment.
    fn align(&self) -> bool;
    fn exhaust(&self);
    /// Allocates more memory at once than there is.
    fn ask(&self, bytes: u32);
}

struct Books;

impl Shelf for Books {
    fn put(&self, number: u32, pages: u32) -> u32 {
        shelf::put(number, pages as usize) as u32
    }
    fn take(&self, number: u32) -> Option<u32> {
        shelf::take(number).map(|pages| pages as u32)
    }
    fn address(&self, number: u32) -> Option<usize> {
        shelf::address(number)
    }
    fn room(&self) -> u32 {
        shelf::room() as u32
    }
    fn grow(&self, length: u32) -> u32 {
        (0..length).collect::<Vec<u32>>().iter().sum()
    }
    fn align(&self) -> bool {
        #[repr(align(64))]
        struct Line(u8);
        let line = black_box(Box::new(Line(7)));
        (&raw const *line).addr().is_multiple_of(64) && line.0 == 7
    }
    fn exhaust(&self) {
        shelf::exhaust();
    }
    fn ask(&self, bytes: u32) {
        black_box(Vec::<u8>::with_capacity(bytes as usize));
    }
}

crossgate::system! {
    static SYSTEM;
    process first {
        heap = HEAP;
        object one (stack = 1024): Concurrent<Books> = Books => [FIRST: dyn Shelf];
    }
    process second {
        heap = 2048;
        object two (stack = 1024): Concurrent<Books> = Books => [SECOND: dyn Shelf];
    }
    // Threads of different priorities, and a visitor, share a heap.
    process workers {
        heap = 4096;
        object three (stack = 1024): Concurrent<Books> = Books => [WORKERS: dyn Shelf];
        thread low (priority = 5, stack = 2048) = work(1, DONE);
        thread equal (priority = 5, stack = 2048) = work(2, DONE);
        thread high (priority = 6, stack = 2048) = work(URGENT, DONE);
    }
    // This process has its own heap, but the servers that it calls do not use it.
    process visitor {
        heap = 1024;
        thread main (priority = 6, stack = 4096) = visit(FIRST, WORKERS, DONE);
    }
    // This process allocates nothing, and needs no heap.
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 7, stack = 4096) = witness(FAULTED, DONE, FIRST, SECOND, WORKERS);
    }
}
board::start!(SYSTEM);

/// Allocates and frees blocks of many lengths, each time in another order, and checks that they are intact. The most
/// urgent thread interrupts the others meanwhile. They continue until this thread ends.
#[inline(never)]
fn churn(seed: u32) {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for round in 0.. {
        let length = (round * 7 + seed * 13) % 90 + 1;
        kept.push(vec![seed as u8; length as usize]);
        if seed != URGENT {
            if URGENT_HAS_ENDED.load(Ordering::Relaxed) {
                return;
            }
            if round % 4 == seed {
                thread::yield_now();
            }
        } else if round < ROUNDS {
            time::sleep(Duration::from_micros(u64::from(50 + 7 * (round % 17))));
        } else {
            return URGENT_HAS_ENDED.store(true, Ordering::Relaxed);
        }
        if kept.len() > 4 {
            let block = kept.swap_remove((round % 5) as usize);
            let is_intact = block.len() <= 90 && block.iter().all(|&byte| byte == seed as u8);
            expect_that("a block is intact", is_intact);
        }
    }
}

fn work(seed: u32, done: Signal) -> ! {
    churn(seed);
    let _ = done.signal();
    thread::exit()
}

fn visit(first: Handle<dyn Shelf>, workers: Handle<dyn Shelf>, done: Signal) -> ! {
    let own = shelf::room();
    for round in 0..VISITS {
        expect("a visit allocates", workers.put(round, round % 8), Ok(1));
        expect("a visit frees", workers.take(round), Ok(Some(round % 8)));
    }
    // Memory that a visitor allocates belongs to the callee, and stays there.
    let before = first.room().unwrap_or(0);
    expect("a book for the first", first.put(1, 10), Ok(1));
    expect_that("the callee has less memory", first.room().unwrap_or(0) < before);
    expect("the visitor has as much memory as before", shelf::room(), own);
    expect("the visitor has no such book", shelf::take(1), None);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(
    faulted: Notification,
    done: Notification,
    first: Handle<dyn Shelf>,
    second: Handle<dyn Shelf>,
    workers: Handle<dyn Shelf>,
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let room = first.room().unwrap_or(0);
    expect_that("half of a heap can be used", (HEAP * 7 / 16..HEAP).contains(&(room as usize)));
    expect("an equal heap", second.room(), Ok(room));
    // A map keeps some memory even without books.
    expect("a book", (workers.put(0, 1), workers.take(0)), (Ok(1), Ok(Some(1))));
    let of_workers = workers.room();
    for _ in 0..4 {
        done.wait();
    }
    expect("no memory is lost", workers.room(), of_workers);

    // The same library has other books in each process, at other addresses.
    expect("the book is the first's alone", second.take(1), Ok(None));
    expect("a book for the second", second.put(1, 5), Ok(1));
    let addresses = [first.address(1), second.address(1)].map(|it| it.ok().flatten());
    expect_that("both processes have a book", addresses.iter().all(Option::is_some));
    expect_that("the books are at different addresses", addresses[0] != addresses[1]);
    expect("the first's", first.take(1), Ok(Some(10)));
    expect("the second's", second.take(1), Ok(Some(5)));
    expect("growing", first.grow(200), Ok(199 * 100));
    expect("alignment", first.align(), Ok(true));

    // The memory is exhausted. This crashes the process, and no other process.
    expect("a book for the second", second.put(2, 5), Ok(1));
    expect("exhausted", first.exhaust(), Err(CallError::ServerFaulted));
    let record = watch.expect("first", Cause::Panic);
    let told = "heap exhausted: `heap = HEAP` in the wiring of `first`, bytes asked for";
    expect("the text of the record", panic_file(&record), Some(told));
    expect("the bytes", record.line, 100);
    expect("the second process continues", second.take(2), Ok(Some(5)));

    // After the crash all memory is free again, and its contents are gone.
    while first.room() == Err(CallError::ServerDown) {
        thread::yield_now();
    }
    expect("all memory is free", first.room(), Ok(room));
    expect("no book is left", first.take(1), Ok(None));

    expect("far too much", second.ask(1 << 30), Err(CallError::ServerFaulted));
    let record = watch.expect("second", Cause::Panic);
    expect("the bytes", record.line, 1 << 30);
    watch.expect_no_more();
    pass()
}
