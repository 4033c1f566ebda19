// SPDX-License-Identifier: MIT OR Apache-2.0
//! All threads compute until their budgets are used up: first the own budget of each thread, then the budget of their
//! process.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::{Signal, time};
use worst_cases::{CLIENTS, end, soon, with_clients};

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process clients {
                budget = 5 ms / 20 ms;
                $(thread $client (priority = 2 + $number, stack = 1024, budget = 200 us / 10 ms) = compute(DONE);)*
            }
        }
    };
}

with_clients!(firmware);

fn compute(done: Signal) -> ! {
    let end_of_all = soon();
    while time::now() < end_of_all {}
    end(done)
}
