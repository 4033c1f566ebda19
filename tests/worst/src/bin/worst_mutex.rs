// SPDX-License-Identifier: MIT OR Apache-2.0
//! All threads wait for one mutex, the more urgent ones later.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::sync::Mutex;
use crossgate::{Concurrent, Signal, time};
use worst_cases::{CLIENTS, NEVER, end, soon, with_clients};

/// The mutex for which the threads wait.
struct Turn(Mutex<usize>);

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process clients {
                object turn: Concurrent<Turn> = Turn(Mutex::new(0)) => [];
                thread holder (priority = 30, stack = 1024) = hold(&turn);
                $(thread $client (priority = 1 + $number, stack = 1024) = take(&turn, DONE);)*
            }
        }
    };
}

with_clients!(firmware);

fn hold(turn: &Turn) -> ! {
    let held = turn.0.lock();
    time::sleep_until(soon());
    drop(held);
    loop {
        time::sleep(NEVER);
    }
}

fn take(turn: &Turn, done: Signal) -> ! {
    *turn.0.lock() += 1;
    end(done)
}
