// SPDX-License-Identifier: MIT OR Apache-2.0
//! The deadlines of all calls pass at once. Half of the clients wait for an object at that time, and the others are
//! inside servers.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::time::{now, with_deadline};
use crossgate::{Concurrent, Exclusive, Handle, Signal};
use system_tests::report::expect_that;
use worst_cases::{CLIENTS, Keeps, Stay, StayAlone, end, soon, with_clients};

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process server {
                object keeps: Concurrent<Keeps> = Keeps => [KEEPS: dyn Stay];
                object alone: Exclusive<Keeps> = Keeps => [ALONE: dyn StayAlone];
            }
            process clients {
                deadlines;
                $(thread $client (priority = 1 + $number, stack = 1024) = call($number, KEEPS, ALONE, DONE);)*
            }
        }
    };
}

with_clients!(firmware);

fn call(number: usize, keeps: Handle<dyn Stay>, alone: Handle<dyn StayAlone>, done: Signal) -> ! {
    let end_of_time = soon();
    let result = with_deadline(end_of_time - now(), || match number % 2 {
        0 => keeps.stay(),
        _ => alone.stay(),
    });
    // Either the orderly server gives up, or the kernel ends the call.
    expect_that("the deadline has passed", result.is_ok() || now() >= end_of_time);
    end(done)
}
