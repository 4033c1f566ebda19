// SPDX-License-Identifier: MIT OR Apache-2.0
//! All threads sleep until the same times, while a device interrupts. The kernel wakes one thread in each interrupt of
//! the timer, and often finds a pending interrupt of the device then.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use board::{TIMER0, Timer, interrupt};
use core::time::Duration;
use crossgate::{Notification, Signal, time};
use worst_cases::{CLIENTS, Moments, end, soon, with_clients};

/// The number of times that each thread sleeps.
const ROUNDS: u32 = 20;
/// The time between two such times.
const ROUND: Duration = Duration::from_millis(1);

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process driver {
                mmio TIMER0;
                notification EXPIRED;
                interrupt interrupt::TIMER0 => EXPIRED;
                thread main (priority = 31, stack = 1024) = drive(EXPIRED);
            }
            process clients {
                $(thread $client (priority = 1 + $number, stack = 1024) = sleep(DONE);)*
            }
        }
    };
}

with_clients!(firmware);

fn sleep(done: Signal) -> ! {
    let first = soon();
    for round in 0..ROUNDS {
        time::sleep_until(first + round * ROUND);
    }
    end(done)
}

/// Lets its device interrupt again and again, each time a few microseconds after it has served the device.
fn drive(expired: Notification) -> ! {
    let mut timer = Timer::new(TIMER0);
    for moment in Moments::default() {
        timer.clear_interrupt();
        expired.acknowledge();
        timer.interrupt_after(64 + (moment >> 26));
        expired.wait();
    }
    unreachable!("there is always a next moment")
}
