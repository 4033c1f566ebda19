// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process crashes in which there is a visitor. The visitor is eight calls deep, every second call is a call of this
//! process, each of the objects is for one call at a time, and in the innermost call the visitor waits for all
//! notifications. The second time, the visitor itself crashes the process that it is in.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::notification::wait_any_timeout;
use crossgate::{Exclusive, Handle, Notification, Signal};
use system_tests::report::{expect, expect_that};
use worst_cases::{NEVER, StayAlone, crash, end};

/// Calls the next object.
struct Link(Handle<dyn StayAlone>);

impl StayAlone for Link {
    fn stay(&mut self) {
        let _ = self.0.stay();
    }
}

/// Waits for all notifications; later it crashes.
struct Waits {
    all: [Notification; 32],
    has_waited: bool,
}

impl StayAlone for Waits {
    fn stay(&mut self) {
        assert!(!self.has_waited, "a process crashes on purpose");
        self.has_waited = true;
        let _ = wait_any_timeout(self.all, NEVER);
    }
}

macro_rules! firmware {
    ($($notification:ident)*) => {
        worst_cases::judged! {
            1;
            process server {
                object first (stack = 64): Exclusive<Link> = Link(SECOND) => [FIRST: dyn StayAlone];
                object third (stack = 64): Exclusive<Link> = Link(FOURTH) => [THIRD: dyn StayAlone];
                object fifth (stack = 64): Exclusive<Link> = Link(SIXTH) => [FIFTH: dyn StayAlone];
                object seventh (stack = 64): Exclusive<Link> = Link(LAST) => [SEVENTH: dyn StayAlone];
                thread saboteur (priority = 30, stack = 512) = crash();
            }
            process relay {
                $(notification $notification;)*
                object second (stack = 64): Exclusive<Link> = Link(THIRD) => [SECOND: dyn StayAlone];
                object fourth (stack = 64): Exclusive<Link> = Link(FIFTH) => [FOURTH: dyn StayAlone];
                object sixth (stack = 64): Exclusive<Link> = Link(SEVENTH) => [SIXTH: dyn StayAlone];
                object last (stack = 256): Exclusive<Waits> =
                    Waits { all: [$($notification),*], has_waited: false } => [LAST: dyn StayAlone];
            }
            process clients {
                thread client (priority = 1, stack = 4096) = visit_twice(FIRST, DONE);
            }
        }
    };
}

firmware! {
    N0 N1 N2 N3 N4 N5 N6 N7 N8 N9 N10 N11 N12 N13 N14 N15 N16 N17 N18 N19 N20 N21 N22 N23 N24 N25 N26 N27 N28 N29 N30 N31
}

fn visit_twice(server: Handle<dyn StayAlone>, done: Signal) -> ! {
    expect_that("the server has crashed", server.stay().is_err());
    expect("the first object survives the last", server.stay(), Ok(()));
    end(done)
}
