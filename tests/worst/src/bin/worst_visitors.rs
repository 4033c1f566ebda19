// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process crashes that has the largest possible number of visitors.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::Concurrent;
use worst_cases::{CLIENTS, Keeps, Stay, crash, visit, with_clients};

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process server {
                object keeps: Concurrent<Keeps> = Keeps => [KEEPS: dyn Stay];
                thread saboteur (priority = 30, stack = 512) = crash();
            }
            process clients {
                $(thread $client (priority = 1 + $number, stack = 1024) = visit(KEEPS, DONE);)*
            }
        }
    };
}

with_clients!(firmware);
