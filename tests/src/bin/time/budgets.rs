// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread with a budget gets no more CPU time than that at its priority, whatever it tries: endless loops, loops that
//! yield just before the end of the budget, calls of other servers, crashes, many threads, and priority that its own
//! threads lend to it. All other time is left for a less urgent thread. Each budget that is used up is recorded.
//!
//! With 250 instructions in a µs, the kernel's own work, which no budget pays, takes little time on every CPU. (On
//! ARMv6-M and ARMv8-M Baseline the core makes all decisions, which takes four times as many instructions.)
//!
//! Emulator: -icount shift=2,sleep=off
//! Without seeds: the test measures time, and seeds let time jump.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::spin_loop;
use core::time::Duration;
use crossgate::fault::Faults;
use crossgate::sync::Mutex;
use crossgate::{Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::Cause;
use system_tests::report::{expect, expect_that, fail, pass};

/// The budget of each attacker in each period: `budget = 300 us / 10 ms` below.
const BUDGET: Duration = Duration::from_micros(300);
const PERIOD: Duration = Duration::from_millis(10);
/// The number of budgets.
const BUDGETS: u32 = 8;
/// The time for which the victim counts.
const COUNTED: Duration = Duration::from_millis(60);
/// If the victim does not read the time for this long, it has been interrupted.
const GAP: Duration = Duration::from_micros(100);

#[interface]
trait Mill {
    /// Computes for this time.
    fn turn(&self, time: Duration);
}

struct Stone;
impl Mill for Stone {
    fn turn(&self, time: Duration) {
        compute(time);
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification COUNTED_UP;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, COUNTED_UP);
    }
    process spinner {
        thread main (priority = 20, stack = 512, budget = 300 us / 10 ms) = spin();
    }
    process dodger {
        thread sleeps (priority = 19, stack = 1024, budget = 300 us / 10 ms) = dodge(false);
        thread yields (priority = 18, stack = 1024, budget = 300 us / 10 ms) = dodge(true);
    }
    process caller {
        thread main (priority = 17, stack = 4096, budget = 300 us / 10 ms) = call(MILL);
    }
    process mill { object stone: Concurrent<Stone> = Stone => [MILL: dyn Mill]; }
    process crasher {
        on_fault = restart (limit = 255);
        budget = 300 us / 10 ms;
        thread main (priority = 16, stack = 1024) = crash();
    }
    process crowd {
        budget = 300 us / 10 ms;
        thread one (priority = 15, stack = 512) = spin();
        thread two (priority = 14, stack = 1024) = dodge(false);
        thread three (priority = 13, stack = 1024) = dodge(true);
        thread four (priority = 12, stack = 512) = spin();
    }
    process lender {
        object gate: Concurrent<Mutex<()>> = Mutex::new(()) => [];
        thread holds (priority = 10, stack = 1024, budget = 300 us / 10 ms) = hold(&gate);
        thread waits (priority = 21, stack = 1024, budget = 300 us / 10 ms) = wait(&gate);
    }
    process herald {
        notification CALL;
        thread ticks (priority = 23, stack = 1024) = tick(CALL);
        thread answers (priority = 22, stack = 512) = answer(CALL);
    }
    process victim {
        thread main (priority = 5, stack = 1024) = count(COUNTED_UP);
    }
}
board::start!(SYSTEM);

/// Runs an endless loop.
fn spin() -> ! {
    loop {
        spin_loop();
    }
}

fn compute(length: Duration) {
    let end = time::now() + length;
    while time::now() < end {}
}

/// Yields just before the budget is used up.
fn dodge(yields: bool) -> ! {
    loop {
        compute(BUDGET - Duration::from_micros(50));
        if yields {
            thread::yield_now();
        } else {
            time::sleep(Duration::from_micros(1));
        }
    }
}

/// Makes another process compute.
fn call(mill: Handle<dyn Mill>) -> ! {
    loop {
        expect("a call", mill.turn(Duration::from_millis(7)), Ok(()));
    }
}

/// Restarts before the budget is used up.
fn crash() -> ! {
    compute(BUDGET - Duration::from_micros(50));
    panic!("it restarts")
}

/// Holds a mutex for which a more urgent thread waits.
fn hold(gate: &Mutex<()>) -> ! {
    let _held = gate.lock();
    spin()
}

fn wait(gate: &Mutex<()>) -> ! {
    time::sleep(Duration::from_millis(15));
    loop {
        let _held = gate.lock();
    }
}

/// Often wakes a thread that only waits again, so that attackers continue by the switch at this wait.
fn tick(call: Notification) -> ! {
    loop {
        call.signal();
        time::sleep(Duration::from_micros(250));
    }
}

fn answer(call: Notification) -> ! {
    loop {
        call.wait();
    }
}

/// Counts the time for which this thread was interrupted.
fn count(done: Signal) -> ! {
    let start = time::now();
    let (mut last, mut lost) = (start, Duration::ZERO);
    while last - start < COUNTED {
        let now = time::now();
        if now - last > GAP {
            lost += now - last;
        }
        last = now;
    }
    // One more period, for the period that runs at the end, and for the interrupts and the witness.
    let periods = ((last - start).as_micros() / PERIOD.as_micros()) as u32 + 2;
    expect_that("the budgets limit the time that others take", lost <= BUDGET * BUDGETS * periods);
    expect_that("budgets are used", lost >= BUDGET * 10);
    expect("signal", done.signal(), Ok(()));
    spin()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut faults = Faults::new();
    let mut told = [0_u32; 32];
    loop {
        if done.try_wait() {
            break;
        }
        if faulted.wait_timeout(Duration::from_millis(5)).is_err() {
            continue;
        }
        for record in faults.by_ref() {
            let process = usize::from(record.process);
            match record.cause {
                Cause::Budget => {
                    expect_that("the record is not that of a crash", !record.is_crash());
                    expect_that(
                        "only some of the times are reported",
                        record.address.is_power_of_two(),
                    );
                    told[process] |= record.address as u32;
                }
                cause => {
                    expect("who crashes", SYSTEM.processes[process].name, "crasher");
                    expect("how", cause, Cause::Panic);
                    expect_that("the process has crashed", record.is_crash());
                }
            }
        }
    }
    for (process, told) in SYSTEM.processes.iter().zip(told) {
        match process.name {
            "witness" | "mill" | "herald" | "victim" => expect(process.name, told, 0),
            _ if told & 1 == 0 => {
                fail(format_args!("no record says that the budget of {} is used up", process.name))
            }
            _ => {}
        }
    }
    pass()
}
