// SPDX-License-Identifier: MIT OR Apache-2.0
//! All threads wait for all notifications. Signals wake half of the threads. The timeouts of the others end at the same
//! time.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::notification::wait_any_timeout;
use crossgate::{Concurrent, Notification, Signal, time};
use system_tests::report::expect;
use worst_cases::{CLIENTS, SOON, end, soon, with_clients};

/// The notifications for which the threads wait.
struct All([Notification; CLIENTS]);

macro_rules! firmware {
    ($(($number:literal $client:ident $object:ident $notification:ident $next:ident))*) => {
        worst_cases::judged! {
            CLIENTS;
            process clients {
                $(notification $notification;)*
                object all: Concurrent<All> = All([$($notification),*]) => [];
                thread signaller (priority = 30, stack = 1024) = signal(&all);
                $(thread $client (priority = 1 + $number, stack = 1024) = wait($number, &all, DONE);)*
            }
        }
    };
}

with_clients!(firmware);

/// Wakes the more urgent half.
fn signal(all: &All) -> ! {
    time::sleep(SOON / 2);
    for notification in &all.0[..CLIENTS / 2] {
        notification.signal();
        time::sleep(SOON / 100);
    }
    crossgate::thread::exit()
}

fn wait(number: usize, all: &All, done: Signal) -> ! {
    let woken = wait_any_timeout(all.0, soon() - time::now()).is_ok();
    expect("a signal wakes the thread", woken, number >= CLIENTS / 2);
    end(done)
}
