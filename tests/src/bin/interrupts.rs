//! Interrupts as notifications: masked until acknowledged, also the one with number 0; a driver
//! that never acknowledges does no harm, nor does one that crashes.
#![cfg_attr(target_os = "none", no_std)]
#![no_main]
#![cfg(target_os = "none")]

use core::arch::global_asm;
use core::time::Duration;
use crossgate::{Notification, Signal, time};
use crossgate_abi::{Cause, number};
use mps2_an385::{TIMER0, TIMER1, interrupt};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use system_tests::{probe, raw};

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        faults FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED);
    }
    process driver {
        mmio TIMER0;
        notification EXPIRED;
        interrupt interrupt::TIMER0 => EXPIRED;
        notification RECEIVED;
        interrupt interrupt::UART0_RX => RECEIVED;
        notification QUIET;
        thread main (priority = 5, stack = 2048) = driver(EXPIRED, RECEIVED, QUIET);
    }
    process careless {
        mmio TIMER1;
        notification IGNORED;
        interrupt interrupt::TIMER1 => IGNORED;
        thread main (priority = 9, stack = 1024) = careless(IGNORED, QUIET);
    }
}
crossgate_cortex_m::start!(SYSTEM, clock_hz = mps2_an385::CLOCK_HZ);

const MILLISECOND: Duration = Duration::from_millis(1);

// Line 0 can't be raised without input from outside, so it is made pending before the start, as if a
// byte had arrived in the meantime.
global_asm!(
    ".section .text.__pre_init",
    ".global __pre_init",
    ".thumb_func",
    "__pre_init:",
    "ldr r0, =0xe000e200", // the interrupt controller's set-pending register
    "movs r1, #1",
    "str r1, [r0]",
    "bx lr",
);

/// Registers of the timers: control, value, reload, and interrupt status.
const CONTROL: usize = 0;
const VALUE: usize = 4;
const RELOAD: usize = 8;
const STATUS: usize = 12;
const ENABLE_WITH_INTERRUPT: u32 = 1 | 1 << 3;

/// Has a timer of this process interrupt every so many ticks of 40 ns.
fn start_timer(start: usize, ticks: u32) {
    probe::store(start + CONTROL, 0);
    probe::store(start + RELOAD, ticks);
    probe::store(start + VALUE, ticks);
    probe::store(start + CONTROL, ENABLE_WITH_INTERRUPT);
}

fn driver(expired: Notification, received: Notification, quiet: Notification) -> ! {
    // Mutation: `Kernel::interrupt` ignores line 0.
    expect("a line is masked at first", received.try_wait(), false);
    received.acknowledge();
    expect_that("interrupt 0 comes", received.wait_timeout(10 * MILLISECOND).is_ok());

    start_timer(TIMER0.start, 25_000);
    time::sleep(3 * MILLISECOND);
    expect("a line is masked at first", expired.try_wait(), false);
    for _ in 0..20 {
        probe::store(TIMER0.start + STATUS, 1);
        expired.acknowledge();
        expect_that("the interrupt comes", expired.wait_timeout(100 * MILLISECOND).is_ok());
    }
    // Mutation: `Kernel::interrupt` does not mask the line.
    probe::store(TIMER0.start + STATUS, 1);
    time::sleep(5 * MILLISECOND);
    expect("it stays masked until it is acknowledged", expired.try_wait(), false);

    // Mutation: `acknowledge` without the check of the owner.
    let foreign = SYSTEM.notifications.iter().position(|other| other.name == "IGNORED");
    let reply = raw::system_call(number::ACKNOWLEDGE, [foreign.unwrap_or(0), 0, 0, 0]);
    expect("a line of others", reply.error(), Some(crossgate::CallError::NotPermitted));
    expect_that("the other driver is quiet", quiet.wait_timeout(1000 * MILLISECOND).is_ok());
    pass()
}

/// Lets its device interrupt all the time, and acknowledges without quieting it: each time costs one
/// interrupt, no more. Then it crashes with its line open and a signal kept: neither is left to its
/// second life, in which its device still interrupts.
///
/// Mutations: `silence` does not mask the lines; `silence` keeps the signals.
fn careless(ignored: Notification, quiet: Signal) -> ! {
    let second_life = probe::load(TIMER1.start + CONTROL) != 0;
    if second_life {
        time::sleep(5 * MILLISECOND);
        expect("a signal of the first life", ignored.try_wait(), false);
        expect("signal", quiet.signal(), Ok(()));
        crossgate::thread::exit()
    }
    start_timer(TIMER1.start, 2_500);
    for _ in 0..50 {
        ignored.acknowledge();
        time::sleep(Duration::from_micros(100));
    }
    // Twice, as the first time an interrupt is still pending, which masks the line once more.
    probe::store(TIMER1.start + CONTROL, 0);
    for _ in 0..2 {
        probe::store(TIMER1.start + STATUS, 1);
        ignored.acknowledge();
    }
    start_timer(TIMER1.start, 25_000);
    panic!("the driver crashes")
}

fn witness(faulted: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("careless", Cause::Panic);
    loop {
        faulted.wait();
        watch.expect_no_more();
    }
}
