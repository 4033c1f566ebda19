// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process crashes that has many objects for one call at a time. In each object there is a visitor, and another
//! thread waits for the object.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::Exclusive;
use worst_cases::{CLIENTS, Keeps, StayAlone, crash, visit_alone, with_clients};

/// There are two clients for each object.
const OBJECTS: usize = CLIENTS / 2;

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process server {
                object keeps: [Exclusive<Keeps>; OBJECTS] = [const { Exclusive::new(Keeps) }; OBJECTS] => [KEEPS: dyn StayAlone];
                thread saboteur (priority = 30, stack = 512) = crash();
            }
            // The more urgent clients call first, and are inside.
            process clients {
                $(thread $client (priority = 1 + $number, stack = 1024) = visit_alone(KEEPS.at($number % OBJECTS), DONE);)*
            }
        }
    };
}

with_clients!(firmware);
