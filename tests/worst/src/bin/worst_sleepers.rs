// SPDX-License-Identifier: MIT OR Apache-2.0
//! All threads sleep until the same time.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::{Signal, time};
use worst_cases::{CLIENTS, end, soon, with_clients};

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process clients {
                $(thread $client (priority = 1 + $number, stack = 1024) = sleep(DONE);)*
            }
        }
    };
}

with_clients!(firmware);

fn sleep(done: Signal) -> ! {
    time::sleep_until(soon());
    end(done)
}
