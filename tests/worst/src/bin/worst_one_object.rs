// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process crashes that has an object for one call at a time. All other threads wait for this object.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::Exclusive;
use worst_cases::{CLIENTS, Keeps, StayAlone, crash, visit_alone, with_clients};

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process server {
                on_fault = stop;
                object keeps: Exclusive<Keeps> = Keeps => [KEEPS: dyn StayAlone];
                thread saboteur (priority = 30, stack = 512) = crash();
            }
            process clients {
                $(thread $client (priority = 1 + $number, stack = 1024) = visit_alone(KEEPS, DONE);)*
            }
        }
    };
}

with_clients!(firmware);
