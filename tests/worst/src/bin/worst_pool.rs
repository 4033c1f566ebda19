// SPDX-License-Identifier: MIT OR Apache-2.0
//! A job of a pool is ended while it waits for all notifications: first a job that is eight calls deep, then a job that
//! holds a mutex for which all other threads wait. These threads panic, and their process restarts.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::notification::wait_any_timeout;
use crossgate::pool::{Ended, Pool};
use crossgate::sync::Mutex;
use crossgate::{Concurrent, Handle, Notification, Signal, time};
use system_tests::report::expect;
use worst_cases::{NEVER, SOON, Stay, with_clients};

/// The number of lives of the process with the pool.
const LIVES: usize = 3;

/// Calls the next object.
struct Link(Handle<dyn Stay>);

impl Stay for Link {
    fn stay(&self) {
        let _ = self.0.stay();
    }
}

/// Waits for all notifications.
struct Waits([Notification; 32]);

impl Stay for Waits {
    fn stay(&self) {
        let _ = wait_any_timeout(self.0, NEVER);
    }
}

/// The state that the threads share.
struct Shared {
    turn: Mutex<usize>,
    all: [Notification; 32],
}

macro_rules! firmware {
    ($(($number:literal $client:ident $object:ident $notification:ident $next:ident))*) => {
        worst_cases::judged! {
            LIVES;
            process relay {
                $(notification $notification;)*
                notification LAST0; notification LAST1; notification LAST2; notification LAST3;
                object first (stack = 64): Concurrent<Link> = Link(SECOND) => [FIRST: dyn Stay];
                object second (stack = 64): Concurrent<Link> = Link(THIRD) => [SECOND: dyn Stay];
                object third (stack = 64): Concurrent<Link> = Link(FOURTH) => [THIRD: dyn Stay];
                object fourth (stack = 64): Concurrent<Link> = Link(FIFTH) => [FOURTH: dyn Stay];
                object fifth (stack = 64): Concurrent<Link> = Link(SIXTH) => [FIFTH: dyn Stay];
                object sixth (stack = 64): Concurrent<Link> = Link(SEVENTH) => [SIXTH: dyn Stay];
                object seventh (stack = 64): Concurrent<Link> = Link(EIGHTH) => [SEVENTH: dyn Stay];
                object eighth (stack = 256): Concurrent<Waits> =
                    Waits([$($notification,)* LAST0, LAST1, LAST2, LAST3]) => [EIGHTH: dyn Stay];
            }
            process clients {
                $(notification $object;)*
                notification OWN0; notification OWN1; notification OWN2;
                pool workers (count = 1, stack = 4096, priority = 1);
                object shared: Concurrent<Shared> =
                    Shared { turn: Mutex::new(0), all: [$($object,)* OWN0, OWN1, OWN2, OWN2] } => [];
                thread main (priority = 30, stack = 1024) = end_jobs(&shared, workers, FIRST, DONE);
                $(thread $client (priority = 2 + $number, stack = 1024) = take(&shared);)*
            }
        }
    };
}

with_clients!(firmware);

fn end_jobs(shared: &'static Shared, workers: Pool, first: Handle<dyn Stay>, done: Signal) -> ! {
    let visit = workers.spawn(move || first.stay()).expect("the thread is free");
    time::sleep(SOON / 4);
    visit.end();
    expect("the end of the visit", visit.join(), Err(Ended));
    let hold = workers.spawn(move || shared.hold()).expect("the thread is free");
    time::sleep(SOON);
    let _ = done.signal();
    hold.end();
    time::sleep(NEVER);
    crossgate::thread::exit()
}

impl Shared {
    /// Takes the mutex, and does not free it.
    fn hold(&self) {
        let _held = self.turn.lock();
        let _ = wait_any_timeout(self.all, NEVER);
    }
}

fn take(shared: &Shared) -> ! {
    time::sleep(SOON / 2);
    *shared.turn.lock() += 1;
    crossgate::thread::exit()
}
