// SPDX-License-Identifier: MIT OR Apache-2.0
//! Firmware in which the largest number of threads makes the kernel do as much as possible at once.
//!
//! `cargo xtask worst` runs these programs, and looks for the longest stretches with interrupts held off. A program
//! succeeds if its event has happened to all of its threads.
#![cfg_attr(target_os = "none", no_std)]

use core::time::Duration;
use crossgate::time::Instant;
use crossgate::{CallError, Handle, Notification, Signal, interface, thread, time};
use system_tests::report::{expect, expect_that, pass};

/// The number of clients. Together with the idle thread, a [judge], and two others, it is the largest number of threads
/// of a firmware.
pub const CLIENTS: usize = 28;
/// The time until all clients are in their places.
pub const SOON: Duration = Duration::from_millis(50);
/// A time that no client reaches.
pub const NEVER: Duration = Duration::from_secs(1000);

/// Makes a macro define a firmware with this number of clients. For each client, the macro gets a number, the names of
/// a thread, of an object and of the object's service, and the name of the next service.
#[macro_export]
macro_rules! with_clients {
    ($firmware:ident) => {
        $firmware! {
            (0 client0 lock0 LOCK0 LOCK1) (1 client1 lock1 LOCK1 LOCK2) (2 client2 lock2 LOCK2 LOCK3) (3 client3 lock3 LOCK3 LOCK4)
            (4 client4 lock4 LOCK4 LOCK5) (5 client5 lock5 LOCK5 LOCK6) (6 client6 lock6 LOCK6 LOCK7) (7 client7 lock7 LOCK7 LOCK8)
            (8 client8 lock8 LOCK8 LOCK9) (9 client9 lock9 LOCK9 LOCK10) (10 client10 lock10 LOCK10 LOCK11) (11 client11 lock11 LOCK11 LOCK12)
            (12 client12 lock12 LOCK12 LOCK13) (13 client13 lock13 LOCK13 LOCK14) (14 client14 lock14 LOCK14 LOCK15) (15 client15 lock15 LOCK15 LOCK16)
            (16 client16 lock16 LOCK16 LOCK17) (17 client17 lock17 LOCK17 LOCK18) (18 client18 lock18 LOCK18 LOCK19) (19 client19 lock19 LOCK19 LOCK20)
            (20 client20 lock20 LOCK20 LOCK21) (21 client21 lock21 LOCK21 LOCK22) (22 client22 lock22 LOCK22 LOCK23) (23 client23 lock23 LOCK23 LOCK24)
            (24 client24 lock24 LOCK24 LOCK25) (25 client25 lock25 LOCK25 LOCK26) (26 client26 lock26 LOCK26 LOCK27) (27 client27 lock27 LOCK27 LOCK28)
        }
    };
}

/// Defines a firmware of these processes and a [judge] (or another judge that is named first), to which this number of
/// clients has to signal `DONE`.
#[macro_export]
macro_rules! judged {
    ($count:expr; $($others:tt)*) => {
        $crate::judged! { judge, $count; $($others)* }
    };
    ($judge:ident, $count:expr; $($others:tt)*) => {
        crossgate::system! {
            static SYSTEM;
            process judge {
                counting notification DONE;
                thread main (priority = 31, stack = 2048) = $crate::$judge(DONE, $count);
            }
            $($others)*
        }
        board::start!(SYSTEM);
    };
}

/// A server that keeps its visitors.
#[interface]
pub trait Stay {
    /// Does not return.
    fn stay(&self);
}

/// A server that keeps its visitors, one at a time.
#[interface]
pub trait StayAlone {
    /// Does not return.
    fn stay(&mut self);
}

/// Keeps its visitors itself.
#[derive(Debug)]
pub struct Keeps;

impl Stay for Keeps {
    fn stay(&self) {
        time::sleep(NEVER);
    }
}

impl StayAlone for Keeps {
    fn stay(&mut self) {
        time::sleep(NEVER);
    }
}

/// Makes another server keep its visitors.
#[derive(Debug)]
pub struct Passes(pub Handle<dyn Stay>);

impl Stay for Passes {
    fn stay(&self) {
        let _ = self.0.stay();
    }
}

/// Makes its visitor visit the next server of a chain, too.
#[derive(Debug)]
pub struct Link(pub Handle<dyn StayAlone>);

impl StayAlone for Link {
    fn stay(&mut self) {
        let _ = self.0.stay();
    }
}

/// Returns the time of [`SOON`], which is the same for all clients.
#[must_use]
pub fn soon() -> Instant {
    let now = time::now();
    now + SOON.saturating_sub(Duration::from_micros(now.as_micros()))
}

/// Panics after a while: its process crashes.
pub fn crash() -> ! {
    time::sleep(SOON);
    panic!("a process crashes on purpose")
}

/// Visits a server that crashes meanwhile.
pub fn visit(server: Handle<dyn Stay>, done: Signal) -> ! {
    expect("the end of the call", server.stay(), Err(CallError::ServerFaulted));
    end(done)
}

/// Visits a server that crashes meanwhile, one visitor at a time.
pub fn visit_alone(server: Handle<dyn StayAlone>, done: Signal) -> ! {
    expect_that("the server has crashed", server.stay().is_err());
    end(done)
}

/// Visits a chain of servers.
pub fn visit_chain(first: Handle<dyn StayAlone>, done: Signal) -> ! {
    expect("the call", first.stay(), Ok(()));
    end(done)
}

/// Visits a chain of servers when the other visitors are in their places.
pub fn follow_chain(first: Handle<dyn StayAlone>) -> ! {
    time::sleep(SOON / 2);
    expect("the call", first.stay(), Ok(()));
    thread::exit()
}

/// Tells the judge that everything is done.
pub fn end(done: Signal) -> ! {
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Numbers without a pattern, for moments at which interrupts come.
#[derive(Debug)]
pub struct Moments(u32);

impl Default for Moments {
    fn default() -> Moments {
        Moments(1)
    }
}

impl Iterator for Moments {
    type Item = u32;

    /// Returns the next number. Its highest bits are the least predictable. There is always a next number.
    fn next(&mut self) -> Option<u32> {
        // "Numerical Recipes", 7.1.
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(self.0)
    }
}

/// Ends with success as soon as this number of clients has finished. Until then it lets the timer interrupt again and
/// again, so that the kernel often finds an interrupt when it checks for one.
pub fn judge(done: Notification, count: usize) -> ! {
    watch(done, count, 28)
}

/// The same as [`judge`], but the interrupts come less often, so that the kernel also has to set the timer for others.
pub fn judge_slowly(done: Notification, count: usize) -> ! {
    watch(done, count, 22)
}

/// Lets the timer interrupt after times that have `32 - shift` bits, in µs.
fn watch(done: Notification, count: usize, shift: u32) -> ! {
    let (mut ended, mut last) = (0, time::now());
    for moment in Moments::default() {
        expect_that("all clients finish", time::now() - last < 4 * SOON);
        if done.wait_timeout(Duration::from_micros(1 + u64::from(moment >> shift))).is_ok() {
            (ended, last) = (ended + 1, time::now());
        }
        if ended == count {
            break;
        }
    }
    pass()
}
