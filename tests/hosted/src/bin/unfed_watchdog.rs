// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watchdog ends the program when a crashed process no longer feeds its guard, and not before. The firmware names
//! the guard before that.
//!
//! Status: 75
//! Without seeds: they let time jump, past the end of a period.

use board::{WATCHDOG, Watchdog};
use core::time::Duration;
use crossgate::{Concurrent, Handle, time};
use crossgate_watchdog::{Guard, Guarded, Guards, LastReset};
use system_tests::report::{expect, fail};

const PERIOD: Duration = Duration::from_millis(20);
const LONG_PERIOD: Duration = Duration::from_millis(200);
/// The time of the hardware.
const TIME: Duration = Duration::from_millis(30);

crossgate::system! {
    static SYSTEM;
    process kennel {
        mmio WATCHDOG;
        object guards (stack = 256): Concurrent<Guards<2>> =
            Guards::new([Guarded::new("radio", LONG_PERIOD), Guarded::new("motor", PERIOD)]) =>
            [RADIO: dyn Guard<0>, MOTOR: dyn Guard<1>, LAST_RESET: dyn LastReset];
        thread keeper (priority = 20, stack = 1024) = keep(&guards);
    }
    process radio { thread main (priority = 3, stack = 1024) = radio(RADIO, LAST_RESET); }
    process motor { on_fault = stop; thread main (priority = 4, stack = 1024) = motor(MOTOR, LAST_RESET); }
}
board::start!(SYSTEM);

fn keep(guards: &Guards<2>) -> ! {
    let mut watchdog = Watchdog::new(WATCHDOG);
    watchdog.start(TIME);
    guards.keep(|| watchdog.feed(), TIME / 2)
}

fn motor(guard: Handle<dyn Guard<1>>, last: Handle<dyn LastReset>) -> ! {
    for _ in 0..40 {
        expect("feed", guard.feed(), Ok(()));
        expect("the guard that has starved", last.starved(), Ok(None));
        time::sleep(PERIOD / 2);
    }
    panic!("a process crashes, and stays down")
}

fn radio(guard: Handle<dyn Guard<0>>, last: Handle<dyn LastReset>) -> ! {
    for _ in 0..100 {
        expect("feed", guard.feed(), Ok(()));
        if let Ok(Some(place)) = last.starved() {
            expect("the guard that has starved", place, 1);
            time::sleep(2 * TIME);
            fail(format_args!("the program does not end"))
        }
        time::sleep(TIME / 3);
    }
    fail(format_args!("the guard that is not fed is not named"))
}
