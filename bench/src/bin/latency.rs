// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time from an interrupt to the thread that waits for it.
//!
//! The device holds its line all the time. So it interrupts again right after the system call that acknowledges the
//! interrupt. The time of this system call is subtracted: it is measured with a device that does not interrupt.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Arrival, Bench, ROUNDS};
use board::{TIMER0, TIMER1, Timer, UART0, Uart, interrupt};
use crossgate::{Concurrent, Notification, thread};

crossgate::system! {
    static SYSTEM;
    process driver {
        mmio UART0;
        mmio TIMER0;
        notification EXPIRED;
        interrupt interrupt::TIMER1 => EXPIRED;
        notification QUIET;
        interrupt interrupt::UART0_RX => QUIET;
        notification BEGIN;
        notification DONE;
        object arrival: Concurrent<Arrival> = Arrival::new() => [];
        thread main (priority = 8, stack = 2048) = run([EXPIRED, QUIET, DONE], BEGIN, &arrival);
        thread urgent (priority = 9, stack = 512) = urgent(EXPIRED, &arrival);
        thread other (priority = 7, stack = 512) = other(BEGIN, EXPIRED);
        thread last (priority = 6, stack = 512) = last(DONE);
    }
    process device {
        mmio TIMER1;
        thread main (priority = 10, stack = 512) = interrupt_for_ever();
    }
}
board::start!(SYSTEM);

fn interrupt_for_ever() -> ! {
    Timer::new(TIMER1).interrupt_after(1);
    thread::exit()
}

fn run([expired, quiet, done]: [Notification; 3], begin: Notification, arrival: &Arrival) -> ! {
    let clock = Timer::new(TIMER0);
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    let empty = || {
        quiet.acknowledge();
        arrival.note(&clock);
    };
    bench.measure_arrival("interrupt_to_thread", arrival, empty, || expired.acknowledge());
    begin.signal();
    done.wait();
    bench.measure_arrival("interrupt_of_other", arrival, empty, || {
        expired.acknowledge();
        arrival.note(&clock);
        done.wait();
    });
    bench.end()
}

/// This thread is more urgent than the thread that acknowledges.
fn urgent(expired: Notification, arrival: &Arrival) -> ! {
    let clock = Timer::new(TIMER0);
    for _ in 0..ROUNDS {
        expired.wait();
        arrival.note(&clock);
    }
    thread::exit()
}

/// This thread is less urgent than the thread that acknowledges, and waits each time.
fn other(begin: Notification, expired: Notification) -> ! {
    begin.wait();
    loop {
        expired.wait();
    }
}

/// This thread runs when all others wait.
fn last(done: Notification) -> ! {
    loop {
        done.signal();
    }
}
