// SPDX-License-Identifier: MIT OR Apache-2.0
//! While no thread is ready, the CPU sleeps as deep as the board can and all processes admit. A guard of a process
//! keeps the CPU from it, until the guard is dropped or the process crashes. A process without the right can neither
//! keep the CPU awake nor end the guard of another one, nor become a part of the kernel, as the idle thread does. No
//! time is lost.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without seeds: the test measures time, and seeds let time jump.
//! Without measuring: the idle thread is a part of the kernel while it sleeps.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::power::{self, Awake, Depth, Slept};
use crossgate::{CallError, Exclusive, Handle, Notification, interface, time};
use crossgate_abi::power::{ADMIT, FALL_ASLEEP, SLEPT, WAKE_UP};
use crossgate_abi::{Cause, Status, number};
use system_tests::raw;
use system_tests::report::{broken, expect, expect_that, fail, pass};
use system_tests::watch::Watch;

/// The time for which all threads sleep, several times.
const WHILE: Duration = Duration::from_millis(50);

/// A device that does not work while the CPU sleeps deeply.
#[interface]
trait Radio {
    fn receive(&mut self, depth: u8) -> bool;
    fn rest(&mut self);
    fn crash(&mut self);
}

struct Aerial {
    guards: [Option<Awake>; 3],
}

impl Radio for Aerial {
    fn receive(&mut self, depth: u8) -> bool {
        let Some(depth) = Depth::from_number(depth.into()) else { return false };
        self.guards[depth as usize] = power::stay_awake(depth).ok();
        self.guards[depth as usize].is_some()
    }

    fn rest(&mut self) {
        // The lightest guard first: the others still count.
        if let Some(guard) = self.guards.iter_mut().find(|guard| guard.is_some()) {
            *guard = None;
        }
    }

    fn crash(&mut self) {
        panic!("the process of the radio crashes")
    }
}

crossgate::system! {
    static SYSTEM;
    deep_sleep;
    process witness {
        inspects;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, RADIO);
    }
    process radio {
        stay_awake;
        object aerial (stack = 1024): Exclusive<Aerial> = Aerial { guards: [None, None, None] } => [RADIO: dyn Radio];
    }
    process thief { thread main (priority = 5, stack = 1024) = steal(); }
}
board::start!(SYSTEM);

/// Has no right, and tries everything again and again.
fn steal() -> ! {
    let not_permitted: Status = CallError::NotPermitted.into();
    loop {
        let ask = |words| raw::system_call(number::OPTIONAL, words).status;
        for depth in 0..4 {
            expect("an admission", ask([ADMIT, depth, 0, 0]), not_permitted);
            expect("a look", ask([SLEPT, depth, 0, 0]), not_permitted);
        }
        let refused = Status::NO_SUCH_SYSTEM_CALL;
        expect("to become the kernel", ask([FALL_ASLEEP, 0, 0, 0]), refused);
        expect("to be the kernel no more", ask([WAKE_UP, 0, 0, 0]), refused);
        let guard = power::stay_awake(Depth::Light);
        expect("a guard", guard.err(), Some(CallError::NotPermitted));
        expect("a count", power::slept(Depth::Light), Err(CallError::NotPermitted));
        time::sleep(WHILE / 10);
    }
}

fn witness(faulted: Notification, radio: Handle<dyn Radio>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let deepest = deepest_of(sleep());
    // Linux sleeps as it likes, so there every depth counts as it is admitted.
    expect_that("the depth of Linux", cfg!(target_os = "none") || deepest == Depth::Deepest);
    for depth in Depth::ALL {
        expect("a guard", radio.receive(depth as u8), Ok(true));
        expect("a guarded sleep", deepest_of(sleep()), depth.min(deepest));
        expect("the end of the guard", radio.rest(), Ok(()));
        expect("a sleep", deepest_of(sleep()), deepest);
    }
    // The CPU sleeps no deeper than the strictest guard says.
    for depth in [Depth::Deepest, Depth::Deep, Depth::Light] {
        expect("a guard", radio.receive(depth as u8), Ok(true));
        expect("a guarded sleep", deepest_of(sleep()), depth.min(deepest));
    }
    for depth in [Depth::Deep, Depth::Deepest, Depth::Deepest] {
        expect("the end of a guard", radio.rest(), Ok(()));
        expect("a guarded sleep", deepest_of(sleep()), depth.min(deepest));
    }
    // A process that crashes holds no guard any more.
    for _ in 0..3 {
        expect("a guard", radio.receive(Depth::Light as u8), Ok(true));
        expect("a guarded sleep", deepest_of(sleep()), Depth::Light);
        expect("a crash", radio.crash(), Err(CallError::ServerFaulted));
        watch.expect("radio", Cause::Panic);
        expect("a sleep after the crash", deepest_of(sleep()), deepest);
    }
    watch.expect_no_more();
    pass()
}

/// Lets the CPU sleep for a while. Returns how it has slept at each depth.
fn sleep() -> [Slept; 3] {
    let look = || {
        Depth::ALL.map(|depth| match power::slept(depth) {
            Ok(Some(slept)) => slept,
            other => fail(format_args!("{other:?}")),
        })
    };
    let (before, start) = (look(), time::now());
    time::sleep(WHILE);
    let (after, took) = (look(), time::now() - start);
    expect_that("the time of the sleep", took >= WHILE && took < WHILE + WHILE / 10);
    let slept: [Slept; 3] = core::array::from_fn(|depth| Slept {
        count: after[depth].count - before[depth].count,
        time: after[depth].time - before[depth].time,
    });
    let all: Duration = slept.iter().map(|slept| slept.time).sum();
    // The threads need some of the time, most of all where they print.
    expect_that("the time of all sleeps", all <= took && all > took / 2);
    slept
}

/// Returns the depth at which most of the time was slept. The CPU has not slept deeper, and has seldom slept lighter.
fn deepest_of(slept: [Slept; 3]) -> Depth {
    let of = |depth: Depth| slept[depth as usize];
    let deepest = Depth::ALL.into_iter().rev().find(|depth| of(*depth).count != 0);
    let Some(deepest) = deepest else { broken("the CPU has not slept") };
    let all: Duration = Depth::ALL.into_iter().map(|depth| of(depth).time).sum();
    expect_that("the share of the deepest sleep", of(deepest).time > all / 2);
    deepest
}
