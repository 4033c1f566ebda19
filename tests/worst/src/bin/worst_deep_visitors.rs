// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process crashes in which there are visitors. Most of them are seven calls deep, and every second call is a call of
//! this process.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::Concurrent;
use worst_cases::{CLIENTS, Keeps, Passes, Stay, crash, visit, with_clients};

/// There is not enough memory for the stacks of eight processes at once.
const DEEP: usize = 24;

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS;
            process server {
                object first (stack = 64): Concurrent<Passes> = Passes(SECOND) => [FIRST: dyn Stay];
                object third (stack = 64): Concurrent<Passes> = Passes(FOURTH) => [THIRD: dyn Stay];
                object fifth (stack = 64): Concurrent<Passes> = Passes(SIXTH) => [FIFTH: dyn Stay];
                object last (stack = 64): Concurrent<Keeps> = Keeps => [LAST: dyn Stay];
                thread saboteur (priority = 30, stack = 512) = crash();
            }
            process relay {
                object second (stack = 64): Concurrent<Passes> = Passes(THIRD) => [SECOND: dyn Stay];
                object fourth (stack = 64): Concurrent<Passes> = Passes(FIFTH) => [FOURTH: dyn Stay];
                object sixth (stack = 64): Concurrent<Passes> = Passes(LAST) => [SIXTH: dyn Stay];
            }
            process clients {
                $(thread $client (priority = 1 + $number, stack = if $number < DEEP { 2048 } else { 896 }) =
                    visit(if $number < DEEP { FIRST } else { LAST }, DONE);)*
            }
        }
    };
}

with_clients!(firmware);
