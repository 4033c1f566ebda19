// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chain of objects for one call at a time. In each object there is a client that waits for the next object. The most
//! urgent client comes last, and lends its priority to all other clients. The one at the end of the chain then
//! computes, at the cost of its own budgets and of those of the most urgent client.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::{Exclusive, time};
use worst_cases::{CLIENTS, Link, SOON, StayAlone, follow_chain, soon, visit_chain, with_clients};

/// The last object.
struct Ends;

impl StayAlone for Ends {
    fn stay(&mut self) {
        time::sleep(3 * SOON / 4);
        while time::now() < soon() {}
    }
}

macro_rules! firmware {
    ($(($number:literal $client:ident $object:ident $service:ident $next:ident))*) => {
        worst_cases::judged! {
            judge_slowly, CLIENTS;
            cpu_time;
            time_slice = 1 ms;
            process last { object ends: Exclusive<Ends> = Ends => [LOCK28: dyn StayAlone]; }
            process chain {
                $(object $object: Exclusive<Link> = Link($next) => [$service: dyn StayAlone];)*
            }
            process clients {
                budget = 9 ms / 20 ms;
                $(thread $client (priority = 1 + $number, stack = 1024, budget = 5 ms / 20 ms) =
                    visit_chain($service, DONE);)*
            }
            process hurry {
                budget = 8 ms / 20 ms;
                thread urgent (priority = 30, stack = 1024, budget = 6 ms / 20 ms) = follow_chain(LOCK0);
            }
        }
    };
}

with_clients!(firmware);
