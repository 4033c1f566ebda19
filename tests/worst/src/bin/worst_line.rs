// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt signals a notification for which all threads wait. Each of them waits for all other notifications of the
//! process, too, and has a time limit.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use board::{TIMER0, Timer, interrupt};
use core::time::Duration;
use crossgate::notification::wait_any_timeout;
use crossgate::{Concurrent, Notification, Signal, time};
use system_tests::report::expect_that;
use worst_cases::{CLIENTS, NEVER, SOON, end, with_clients};

/// The notifications for which the threads wait. The interrupt signals the last one.
struct All([Notification; CLIENTS + 1]);

macro_rules! firmware {
    ($(($number:literal $client:ident $object:ident $notification:ident $next:ident))*) => {
        worst_cases::judged! {
            CLIENTS;
            process clients {
                mmio TIMER0;
                $(notification $notification;)*
                notification EXPIRED;
                interrupt interrupt::TIMER0 => EXPIRED;
                object all: Concurrent<All> = All([$($notification,)* EXPIRED]) => [];
                thread main (priority = 30, stack = 1024) = interrupt(EXPIRED);
                $(thread $client (priority = 1 + $number, stack = 1024) = wait(&all, DONE);)*
            }
        }
    };
}

with_clients!(firmware);

/// Makes the device interrupt once for each of the threads that wait.
fn interrupt(expired: Notification) -> ! {
    time::sleep(SOON);
    let mut timer = Timer::new(TIMER0);
    for _ in 0..CLIENTS {
        timer.clear_interrupt();
        expired.acknowledge();
        timer.interrupt_after(1000);
        time::sleep(Duration::from_millis(1));
    }
    crossgate::thread::exit()
}

fn wait(all: &All, done: Signal) -> ! {
    let woken = wait_any_timeout(all.0, NEVER);
    expect_that("the interrupt wakes the thread", woken.is_ok());
    end(done)
}
