// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread waits in two servers, one behind the other, while its own process crashes. No caller waits for it any more,
//! so each server gives up, and the thread returns and restarts. The same happens to a thread that computes in a
//! server, at its next wait. A thread whose process does not crash continues to wait.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::{CallError, Concurrent, Handle, Notification, interface, thread, time};
use system_tests::report::{broken, expect, expect_that, pass};

/// The server in which threads stay.
#[interface]
trait Lobby {
    /// Returns only if no caller waits any more.
    fn stay(&self);
    /// Computes for this number of ms, and then stays.
    fn stay_later(&self, milliseconds: u32);
    /// Returns the number of threads that have entered, ...
    fn came(&self) -> u32;
    /// ... and the number of threads that have left.
    fn went(&self) -> u32;
}

struct Hall {
    never: Notification,
    inner: Option<Handle<dyn Lobby>>,
    came: AtomicU32,
    went: AtomicU32,
}

impl Hall {
    const fn new(never: Notification, inner: Option<Handle<dyn Lobby>>) -> Hall {
        Hall { never, inner, came: AtomicU32::new(0), went: AtomicU32::new(0) }
    }
}

impl Lobby for Hall {
    fn stay(&self) {
        self.came.fetch_add(1, Relaxed);
        if let Some(inner) = self.inner {
            expect("a stay further on", inner.stay(), Ok(()));
        }
        expect_that("nothing comes", self.never.wait_within_call().is_err());
        self.went.fetch_add(1, Relaxed);
    }
    fn stay_later(&self, milliseconds: u32) {
        let end = time::now() + Duration::from_millis(milliseconds.into());
        while time::now() < end {}
        self.stay();
    }
    fn came(&self) -> u32 {
        self.came.load(Relaxed)
    }
    fn went(&self) -> u32 {
        self.went.load(Relaxed)
    }
}

crossgate::system! {
    static SYSTEM;
    process inner {
        notification INNER;
        object inside: Concurrent<Hall> = Hall::new(INNER, None) => [INSIDE: dyn Lobby];
    }
    process outer {
        notification OUTER;
        object outside (stack = 512): Concurrent<Hall> = Hall::new(OUTER, Some(INSIDE)) => [OUTSIDE: dyn Lobby];
    }
    process guest {
        thread main (priority = 5, stack = 2048) = visit(OUTSIDE);
        thread breaker (priority = 4, stack = 2048) = break_down(OUTSIDE);
    }
    process late {
        thread main (priority = 3, stack = 2048) = visit_later(INSIDE);
        thread breaker (priority = 8, stack = 1024) = break_down_soon();
    }
    process patient {
        thread main (priority = 6, stack = 2048) = wait_on(INSIDE);
    }
    process judge {
        thread main (priority = 9, stack = 2048) = judge(OUTSIDE, INSIDE);
    }
}
board::start!(SYSTEM);

fn visit(lobby: Handle<dyn Lobby>) -> ! {
    let stayed = lobby.stay();
    broken(if stayed.is_ok() {
        "returns to a caller that has crashed"
    } else {
        "stays in a call for which nobody waits"
    })
}

/// Crashes once, while the other thread is in a call.
fn break_down(lobby: Handle<dyn Lobby>) -> ! {
    if lobby.came() == Ok(1) {
        panic!("the home of a waiting thread crashes");
    }
    thread::exit()
}

fn visit_later(lobby: Handle<dyn Lobby>) -> ! {
    let _ = lobby.stay_later(40);
    broken("returns to a caller that has crashed")
}

fn break_down_soon() -> ! {
    let is_first_life = time::now().as_micros() < 10_000;
    time::sleep(Duration::from_millis(20));
    if is_first_life {
        panic!("the home of a computing thread crashes");
    }
    thread::exit()
}

fn wait_on(lobby: Handle<dyn Lobby>) -> ! {
    let _ = lobby.stay();
    broken("is taken home although its process has not crashed")
}

fn judge(outer: Handle<dyn Lobby>, inner: Handle<dyn Lobby>) -> ! {
    let count = |of: Result<u32, CallError>| of.unwrap_or(u32::MAX);
    for _ in 0..1000 {
        time::sleep(Duration::from_millis(1));
        // The guest has entered twice, and left once. The patient thread was inside as well, and the late thread twice.
        let (came, went) = (count(outer.came()), count(outer.went()));
        let (came_inside, went_inside) = (count(inner.came()), count(inner.went()));
        if (came, went, came_inside, went_inside) == (2, 1, 5, 2) {
            time::sleep(Duration::from_millis(50));
            expect(
                "the numbers of threads that have left",
                (inner.went(), outer.went()),
                (Ok(2), Ok(1)),
            );
            pass()
        }
    }
    broken("stays in a call although its home has crashed")
}
