// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chain of objects for one call at a time. In each object there is a client that waits for the next object. The most
//! urgent client comes last, and raises the priority of all other clients to its own.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::{Exclusive, time};
use worst_cases::{CLIENTS, Link, StayAlone, follow_chain, soon, visit_chain, with_clients};

/// The last object.
struct Ends;

impl StayAlone for Ends {
    fn stay(&mut self) {
        time::sleep_until(soon());
    }
}

macro_rules! firmware {
    ($(($number:literal $client:ident $object:ident $service:ident $next:ident))*) => {
        worst_cases::judged! {
            CLIENTS;
            process last { object ends: Exclusive<Ends> = Ends => [LOCK28: dyn StayAlone]; }
            process chain {
                $(object $object: Exclusive<Link> = Link($next) => [$service: dyn StayAlone];)*
            }
            process clients {
                $(thread $client (priority = 1 + $number, stack = 1024) = visit_chain($service, DONE);)*
                thread urgent (priority = 30, stack = 1024) = follow_chain(LOCK0);
            }
        }
    };
}

with_clients!(firmware);
