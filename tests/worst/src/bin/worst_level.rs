// SPDX-License-Identifier: MIT OR Apache-2.0
//! All threads are ready, at one priority. Behind all others is a thread that is in an object for one call at a time.
//! Another thread calls this object and lends its priority, or its time is over and it takes the priority back.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::thread::yield_now;
use crossgate::time::{now, sleep, with_deadline};
use crossgate::{Exclusive, Handle, Signal};
use system_tests::report::expect;
use worst_cases::{CLIENTS, Moments, SOON, StayAlone, end, soon, with_clients};

/// The time after which a caller gives up.
const PATIENCE: Duration = Duration::from_micros(500);

/// Goes behind all others of its priority, again and again.
struct Yields;

impl StayAlone for Yields {
    fn stay(&mut self) {
        let end = soon();
        while now() < end {
            yield_now();
        }
    }
}

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        worst_cases::judged! {
            CLIENTS + 2;
            process server {
                object same: Exclusive<Yields> = Yields => [SAME: dyn StayAlone];
                object lower: Exclusive<Yields> = Yields => [LOWER: dyn StayAlone];
            }
            process clients {
                deadlines;
                $(thread $client (priority = 2, stack = 1024) = run($number, SAME, LOWER, DONE);)*
                thread low (priority = 1, stack = 1024) = visit(LOWER, DONE);
                thread urgent (priority = 30, stack = 1024) = hurry(SAME, DONE);
            }
        }
    };
}

with_clients!(firmware);

/// One thread stays in an object, one tries to get into the object of a less urgent thread, and the others let each
/// other run.
fn run(
    number: usize,
    same: Handle<dyn StayAlone>,
    lower: Handle<dyn StayAlone>,
    done: Signal,
) -> ! {
    // Until then the less urgent thread gets into its object.
    sleep(SOON / 10);
    match number {
        0 => visit(same, done),
        1 => try_again(lower, yield_now, done),
        _ => {
            Yields.stay();
            end(done)
        }
    }
}

fn visit(object: Handle<dyn StayAlone>, done: Signal) -> ! {
    expect("the call", object.stay(), Ok(()));
    end(done)
}

/// Calls an object at moments without a pattern.
fn hurry(object: Handle<dyn StayAlone>, done: Signal) -> ! {
    sleep(SOON / 5);
    let mut moments = Moments::default();
    let pause =
        || sleep(Duration::from_micros(moments.next().map_or(0, |moment| (moment >> 24).into())));
    try_again(object, pause, done)
}

/// Calls an object that is not free, and gives up, again and again.
fn try_again(object: Handle<dyn StayAlone>, mut pause: impl FnMut(), done: Signal) -> ! {
    while now() + PATIENCE < soon() {
        let _ = with_deadline(PATIENCE, || object.stay());
        pause();
    }
    end(done)
}
