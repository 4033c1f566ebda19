// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each process has its own statics of a library, even if two processes are the same driver. The statics are reset with
//! their process, and are closed to other processes that have statics of the same library.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{CallError, Concurrent, Handle, Notification, interface};
use crossgate_abi::Cause;
use system_tests::probe;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;
use tally::{LENGTH, MARK, START, Tally};

/// Counts.
#[interface]
trait Count {
    /// Returns the next number, and the number of marks that the object had made before.
    fn count(&self) -> (u32, u32);
    /// Returns the sum of the last numbers.
    fn past(&self) -> u32;
    /// Returns the address of the library's static.
    fn address(&self) -> usize;
    fn crash(&self);
}

impl Count for Tally {
    fn count(&self) -> (u32, u32) {
        Tally::count(self)
    }
    fn past(&self) -> u32 {
        tally::past()
    }
    fn address(&self) -> usize {
        tally::address()
    }
    fn crash(&self) {
        panic!("a server panics on request")
    }
}

crossgate::system! {
    static SYSTEM;
    process left { object counter: Concurrent<Tally> = Tally::new(&MARK) => [LEFT: dyn Count]; }
    process right { object counter_on_the_right: Concurrent<Tally> = Tally::new(&MARK) => [RIGHT: dyn Count]; }
    process reader { on_fault = stop; thread attack (priority = 2, stack = 1024) = read(RIGHT); }
    process writer { on_fault = stop; thread attack (priority = 2, stack = 1024) = write(RIGHT); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 3, stack = 2048) = witness(LEFT, RIGHT, FAULTED);
    }
}
board::start!(SYSTEM);

/// Has its own static of the library, like the attacker below.
fn read(other: Handle<dyn Count>) -> ! {
    expect("the attacker's own number", Tally::new(&MARK).count(), (START, 7));
    let word = probe::load(other.address().unwrap_or(0));
    core::hint::black_box(word);
    broken("has read another process' static of the library")
}

fn write(other: Handle<dyn Count>) -> ! {
    expect("the attacker's own number", Tally::new(&MARK).count(), (START, 7));
    probe::store(other.address().unwrap_or(0), 0);
    broken("has written another process' static of the library")
}

fn witness(left: Handle<dyn Count>, right: Handle<dyn Count>, faulted: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for (step, mark) in (0..3).zip(7..) {
        expect("left", left.count(), Ok((START + step, mark)));
    }
    expect("right", right.count(), Ok((START, 7)));
    expect("left's past", left.past(), Ok(3 * START + 3));
    expect("right's past", right.past(), Ok(START));
    for (name, counter) in [("left", left), ("right", right)] {
        let memory = probe::memory_of(&SYSTEM, name);
        let address = counter.address().unwrap_or(0);
        expect_that("a static is in the memory of its process", memory.contains(&address));
    }

    expect("a crash", right.crash(), Err(CallError::ServerFaulted));
    watch.expect("right", Cause::Panic);
    expect("right, after the restart", right.count(), Ok((START, 7)));
    expect("left, which has not restarted", left.count(), Ok((START + 3, 10)));
    expect("a crash", left.crash(), Err(CallError::ServerFaulted));
    watch.expect("left", Cause::Panic);
    expect("left, after the restart", left.count(), Ok((START, 7)));
    expect("right, which has not restarted", right.count(), Ok((START + 1, 8)));

    let address = right.address().unwrap_or(0);
    for attacker in ["reader", "writer"] {
        watch.expect_at(attacker, Cause::Access, address);
    }
    let length = LENGTH as u32;
    for step in 2..length {
        expect("right, after the attacks", right.count(), Ok((START + step, 7 + step)));
    }
    expect("right's past", right.past(), Ok(length * START + length * (length - 1) / 2));
    watch.expect_no_more();
    pass()
}
