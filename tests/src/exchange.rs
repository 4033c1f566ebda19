// SPDX-License-Identifier: MIT OR Apache-2.0
//! The firmware of the tests that interrupt the exchange of words on a CPU without atomic instructions. The packages of
//! the tests of ports include this file.

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering::Relaxed};
use crossgate::{Concurrent, Handle, Notification, Signal, thread, time};
use crossgate_abi::Cause;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, probe};

#[cfg(not(target_has_atomic = "32"))]
unsafe extern "C" {
    safe fn __crossgate_compare_exchange(word: usize, expected: u32, new: u32) -> u32;
}
/// A CPU with atomic instructions has no such function, and does not run this test.
#[cfg(target_has_atomic = "32")]
extern "C" fn __crossgate_compare_exchange(_: usize, _: u32, _: u32) -> u32 {
    broken("this CPU has atomic instructions")
}

/// The first instruction of the sequence.
const SEQUENCE: *const () = __crossgate_compare_exchange as *const ();
/// The number of times that each thread counts.
const ROUNDS: u32 = 20_000;
/// The number of jumps into the middle.
const JUMPS: u32 = 20_000;

/// The counters of the threads. The two small ones are in one word, with a neighbour that only one thread writes, by
/// plain stores.
#[repr(C)]
struct Counts {
    whole: AtomicU32,
    byte: AtomicU8,
    neighbour: AtomicU8,
    half: AtomicU16,
    hasty: AtomicU32,
}

impl Counts {
    const fn new() -> Counts {
        Counts {
            whole: AtomicU32::new(0),
            byte: AtomicU8::new(0),
            neighbour: AtomicU8::new(0),
            half: AtomicU16::new(0),
            hasty: AtomicU32::new(0),
        }
    }

    fn count(&self) {
        self.whole.fetch_add(1, Relaxed);
        self.byte.fetch_add(1, Relaxed);
        self.half.fetch_add(1, Relaxed);
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process counting {
        on_fault = stop;
        object counts: Concurrent<Counts> = Counts::new() => [];
        thread hasty (priority = 6, stack = 1024) = preempt(&counts);
        thread patient (priority = 5, stack = 1024) = count(&counts, DONE);
    }
    process jumper {
        on_fault = stop;
        thread main (priority = 4, stack = 1024) = jump_into_the_middle(DONE);
    }
    process reader { on_fault = stop; thread attack (priority = 3, stack = 1024) = exchange(VAULT); }
    process writer { on_fault = stop; thread attack (priority = 3, stack = 1024) = store_from_the_middle(VAULT); }
    process flasher { on_fault = stop; thread attack (priority = 3, stack = 1024) = exchange_flash(); }
    process straddler { on_fault = stop; thread attack (priority = 3, stack = 1024) = exchange_at_the_end(); }
}
board::start!(SYSTEM);

fn count(counts: &Counts, done: Signal) -> ! {
    for round in 0..ROUNDS {
        counts.count();
        counts.neighbour.store(round as u8, Relaxed);
        expect("a neighbour", counts.neighbour.load(Relaxed), round as u8);
    }
    let all = ROUNDS + counts.hasty.load(Relaxed);
    expect("words", counts.whole.load(Relaxed), all);
    expect("halves", counts.half.load(Relaxed), all as u16);
    expect("bytes", counts.byte.load(Relaxed), all as u8);
    expect_that("the other thread has come between", counts.hasty.load(Relaxed) > ROUNDS / 100);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Also counts, at moments such that it interrupts the other thread at each of its instructions.
fn preempt(counts: &Counts) -> ! {
    for round in 0.. {
        time::sleep(Duration::from_micros(3));
        for _ in 0..round % 17 {
            core::hint::black_box(round);
        }
        counts.count();
        counts.hasty.store(counts.hasty.load(Relaxed) + 1, Relaxed);
    }
    thread::exit()
}

/// While other threads interrupt it, this thread only harms itself: the kernel sends it to the start of the sequence,
/// which then does not find what is expected.
fn jump_into_the_middle(done: Signal) -> ! {
    let mut missed = 0;
    let word = AtomicU32::new(0);
    for round in 1..=JUMPS {
        let before = word.load(Relaxed);
        arch::store_of_exchange(SEQUENCE.addr(), word.as_ptr().addr(), round);
        let after = word.load(Relaxed);
        expect_that("the value or that of before", after == round || after == before);
        missed += u32::from(after != round);
    }
    expect_that("most jumps are not interrupted", missed < JUMPS / 10);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn exchange(vault: Handle<dyn Vault>) -> ! {
    let address = vault.address().unwrap_or(0);
    __crossgate_compare_exchange(address, 0, 0);
    broken("has exchanged a word of another process")
}

fn store_from_the_middle(vault: Handle<dyn Vault>) -> ! {
    arch::store_of_exchange(SEQUENCE.addr(), vault.address().unwrap_or(0), 0);
    broken("has stored to another process")
}

/// The load is allowed, the store is not.
fn exchange_flash() -> ! {
    let address = arch::constants().start;
    __crossgate_compare_exchange(address, probe::load(address), 0);
    broken("has exchanged a word of flash")
}

/// The word is half in the memory of the process, and half behind it.
fn exchange_at_the_end() -> ! {
    let address = probe::stack_of(&SYSTEM, "straddler", 3).end - 2;
    __crossgate_compare_exchange(address, 0, 0);
    broken("has exchanged a word that is not its own")
}

fn witness(faulted: Notification, done: Notification, vault: Handle<dyn Vault>) -> ! {
    done.wait();
    done.wait();
    let mut watch = Watch::new(&SYSTEM, faulted);
    let address = vault.address().unwrap_or(0);
    watch.expect_at("reader", Cause::Access, address);
    watch.expect_at("writer", Cause::Access, address);
    watch.expect_at("flasher", Cause::Access, arch::constants().start);
    watch.expect_one_of("straddler", &[Cause::Access, Cause::Instruction]);
    watch.expect_no_more();
    expect("the victim continues", vault.is_intact(), Ok(true));
    pass()
}
