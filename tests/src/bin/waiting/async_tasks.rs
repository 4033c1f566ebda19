// SPDX-License-Identifier: MIT OR Apache-2.0
//! Embassy in several processes. Each process has its own executors, timers and tasks, and new ones after a restart. A
//! task waits for an interrupt, and makes a call while other tasks continue.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{TIMER0, Timer, interrupt};
use core::time::Duration;
use crossgate::time::{self, Instant};
use crossgate::{CallError, Concurrent, Handle, Notification};
use crossgate_abi::Cause;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use tasks::{Beats, Sleeper};
use tasks_interfaces::{Heart, Slow};

crossgate::system! {
    static SYSTEM;
    process first {
        object one (stack = 512): Concurrent<Beats> = Beats => [FIRST: dyn Heart];
        notification FIRST_BELL;
        thread main (priority = 5, stack = STACK) = tasks::heart(FIRST_BELL);
    }
    process second {
        object two (stack = 512): Concurrent<Beats> = Beats => [SECOND: dyn Heart];
        notification SECOND_BELL;
        thread main (priority = 5, stack = STACK) = tasks::heart(SECOND_BELL);
    }
    process driver {
        mmio TIMER0;
        notification EXPIRED;
        interrupt interrupt::TIMER0 => EXPIRED;
        notification DRIVER_BELL;
        // This thread never waits.
        thread main (priority = 1, stack = STACK) =
            tasks::driver(DRIVER_BELL, Timer::new(TIMER0), EXPIRED, DRIVEN);
    }
    process sleeper { object slow (stack = 512): Concurrent<Sleeper> = Sleeper => [SLOW: dyn Slow]; }
    process caller {
        notification CALLER_BELL;
        pool helpers (count = 1, stack = 1024, priority = 4);
        thread main (priority = 5, stack = STACK) = tasks::caller(CALLER_BELL, helpers, SLOW, CALLED);
    }
    process pair {
        notification URGENT_BELL;
        notification PATIENT_BELL;
        thread urgent (priority = 4, stack = STACK) = tasks::urgent(URGENT_BELL);
        thread patient (priority = 3, stack = STACK) = tasks::patient(PATIENT_BELL, ANSWERED);
    }
    process witness {
        notification FAULTED;
        notification DRIVEN;
        notification CALLED;
        notification ANSWERED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) =
            witness(FIRST, SECOND, FAULTED, [ANSWERED, DRIVEN, CALLED]);
    }
}
board::start!(SYSTEM);

/// The size of a stack, which is larger without optimisation.
const STACK: usize = if cfg!(target_os = "none") { 1024 } else { 16_384 };

const PATIENCE: Duration = Duration::from_secs(10);

fn witness(
    first: Handle<dyn Heart>,
    second: Handle<dyn Heart>,
    faulted: Notification,
    done: [Notification; 3],
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let begun = time::now();
    expect_beats(first, begun, 10);
    expect_beats(second, begun, 10);
    expect("a crash", second.crash(), Err(CallError::ServerFaulted));
    watch.expect("second", Cause::Panic);
    let restarted = time::now();
    expect("the beats of the new life", second.beats(), Ok(0));
    expect_beats(second, restarted, 10);
    // These beats include the earlier ones, so the process has not restarted.
    expect_beats(first, begun, 20);
    for done in done {
        expect_that("the other processes have finished", done.wait_timeout(PATIENCE).is_ok());
    }
    watch.expect_no_more();
    pass()
}

/// Waits until a process has had this number of beats of 10 ms, and the beats of 25 ms that belong to the same time.
#[track_caller]
fn expect_beats(heart: Handle<dyn Heart>, since: Instant, count: u32) {
    loop {
        let beats = heart.beats().unwrap_or(0);
        if beats % 1000 >= count && beats / 1000 >= count * 10 / 25 {
            break;
        }
        expect_that("the process continues to beat", time::now() - since < PATIENCE);
        time::sleep(Duration::from_millis(1));
    }
    expect_that("in time", time::now() - since >= count * Duration::from_millis(10));
}
