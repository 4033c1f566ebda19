// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attempts on the kernel's memory. No process can change constants in it. With protection keys no process can change
//! any of the kernel's or the libraries' memory, or read memory that only the kernel uses.
//!
//! Without seeds: with them, a process that is single-stepped to its crash takes long.

use board::port::inside::{self, Closed, KernelMemory};
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, Notification, interface, supervise, thread};
use crossgate_abi::Cause;
use system_tests::probe;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

/// Chooses the next attempt.
#[interface]
trait Turns {
    /// Returns the number of the next attempt.
    fn next(&self) -> u32;
}

struct Turn(AtomicU32);

impl Turns for Turn {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process turns { object turn: Concurrent<Turn> = Turn(AtomicU32::new(0)) => [TURN: dyn Turns]; }
    process attacker { on_fault = stop; thread attack (priority = 5, stack = 1024) = attack(TURN); }
    process last { on_fault = stop; thread last (priority = 1, stack = 1024) = last(); }
}
board::start!(SYSTEM);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Read,
    Write,
}

/// Returns the attempts, each of which has to fail.
fn attempts() -> impl Iterator<Item = (KernelMemory, Attempt)> {
    let is_closed = |&(place, attempt): &(KernelMemory, Attempt)| match (place.closed, attempt) {
        (Closed::Constant, attempt) => attempt == Attempt::Write,
        (Closed::Writing, attempt) => inside::has_keys() && attempt == Attempt::Write,
        (Closed::All, _) => inside::has_keys(),
    };
    let all = [Attempt::Read, Attempt::Write];
    let attempts = inside::all().iter().flat_map(move |&place| all.map(|attempt| (place, attempt)));
    attempts.filter(is_closed)
}

/// Makes one attempt in each life of the process.
fn attack(turns: Handle<dyn Turns>) -> ! {
    let turn = turns.next().unwrap_or(u32::MAX);
    let Some((place, attempt)) = attempts().nth(turn as usize) else { thread::exit() };
    match attempt {
        Attempt::Read => {
            let _ = probe::load(place.address);
        }
        // Memory that can be read gets the value that it already has, because the code that continues has to work.
        Attempt::Write if place.closed == Closed::All => probe::store(place.address, 0),
        Attempt::Write => probe::store(place.address, probe::load(place.address)),
    }
    broken(place.name)
}

/// Runs when all others have ended.
fn last() -> ! {
    expect_that("there were attempts", attempts().count() >= 4);
    pass()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for (place, _) in attempts() {
        let record = watch.expect_at("attacker", Cause::Access, place.address);
        expect("the victim goes on", vault.is_intact(), Ok(true));
        expect("the restart", supervise::restart(record.process), Ok(()));
    }
    faulted.wait();
    watch.expect_no_more();
    broken("has caused one more fault")
}
