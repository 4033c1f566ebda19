// SPDX-License-Identifier: MIT OR Apache-2.0
//! Priority is lent to a visitor only while the visitor is inside. A process may forge a mutex that a thread of another
//! process seems to hold, and let its own urgent thread wait for this mutex. This does not influence the visitor after
//! its return.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, thread,
};
use crossgate_abi::{Cause, Status, number};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use system_tests::{probe, raw};

const OK: Status = Status::OK;
const BAD_ARGUMENT: Status = Status(CallError::BadArgument as usize);

/// The way in which a visitor leaves the forger.
#[derive(crossgate::Wire, Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Returns,
    Fails,
    Crashes,
}

#[interface]
trait Trap {
    fn visit(&self, way: Way);
    /// Fails unless the visitor still has the priority that was lent to it.
    fn check(&self);
}

/// The data that the threads of the forger share.
struct Forgery {
    mutex: AtomicUsize,
    /// True if a thread has run that is less urgent than the thread that waits for the mutex.
    between_ran: AtomicBool,
    visited: Notification,
    between: Notification,
}

impl Trap for Forgery {
    fn visit(&self, way: Way) {
        self.between_ran.store(false, Ordering::Relaxed);
        self.visited.signal();
        self.between.signal();
        self.check();
        match way {
            Way::Fails => raw::leave(BAD_ARGUMENT.0, [0; 2]),
            Way::Crashes => panic!("the forger crashes"),
            Way::Returns => {}
        }
    }
    fn check(&self) {
        let between_ran = self.between_ran.load(Ordering::Relaxed);
        expect_that("a visitor is as urgent as the thread that waits for it", !between_ran);
    }
}

/// Passes its visitors on.
struct Passes {
    next: Handle<dyn Trap>,
}

impl Trap for Passes {
    fn visit(&self, way: Way) {
        expect("a call", self.next.visit(way), Ok(()));
        self.check();
    }
    fn check(&self) {
        expect("a call", self.next.check(), Ok(()));
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE);
    }
    process forger {
        notification VISITED;
        notification BETWEEN;
        object forgery: Concurrent<Forgery> = Forgery {
            mutex: AtomicUsize::new(0),
            between_ran: AtomicBool::new(false),
            visited: VISITED,
            between: BETWEEN,
        } => [FORGER: dyn Trap];
        object alone: Exclusive<Passes> = Passes { next: FORGER } => [ALONE: dyn Trap];
        object twice: Concurrent<Passes> = Passes { next: RELAY } => [TWICE: dyn Trap];
        thread urgent (priority = 20, stack = 1024) = urgent(&forgery);
        thread between (priority = 15, stack = 512) = between(&forgery);
    }
    process relay { object relay: Concurrent<Passes> = Passes { next: FORGER } => [RELAY: dyn Trap]; }
    process home {
        notification MIDDLE;
        object middle_ran: Concurrent<AtomicBool> = AtomicBool::new(false) => [];
        thread visitor (priority = 2, stack = 4096) = visitor(&middle_ran, MIDDLE, [FORGER, ALONE, TWICE], DONE);
        thread middle (priority = 10, stack = 512) = middle(&middle_ran, MIDDLE);
    }
}
board::start!(SYSTEM);

/// Waits, until the visitor has left, for a forged mutex that says that the visitor holds it.
fn urgent(forgery: &Forgery) -> ! {
    let inside_its_stack = probe::stack_of(&SYSTEM, "visitor", 2).start + 64;
    let wait = || {
        forgery.mutex.store(inside_its_stack, Ordering::Relaxed);
        raw::system_call(number::MUTEX_WAIT, [forgery.mutex.as_ptr().addr(), 0, 0, 0]).status
    };
    loop {
        forgery.visited.wait();
        expect("a wait for a visitor", wait(), OK);
        let mut again = OK;
        while again == OK {
            again = wait();
        }
        expect("a wait for a thread outside of the process", again, BAD_ARGUMENT);
    }
}

fn between(forgery: &Forgery) -> ! {
    loop {
        forgery.between.wait();
        forgery.between_ran.store(true, Ordering::Relaxed);
    }
}

fn visitor(
    middle_ran: &AtomicBool,
    middle: Notification,
    [forger, alone, twice]: [Handle<dyn Trap>; 3],
    done: Signal,
) -> ! {
    let expect_own_priority = || {
        middle_ran.store(false, Ordering::Relaxed);
        middle.signal();
        expect_that("at home the visitor has its own priority", middle_ran.load(Ordering::Relaxed));
    };
    expect_own_priority();
    expect("a visit", forger.visit(Way::Returns), Ok(()));
    expect_own_priority();
    expect("a visit that fails", forger.visit(Way::Fails), Err(CallError::BadArgument));
    expect_own_priority();
    expect(
        "a visit that leaves the process and enters it again",
        twice.visit(Way::Returns),
        Ok(()),
    );
    expect_own_priority();
    expect("a visit of an exclusive object", alone.visit(Way::Returns), Ok(()));
    expect_own_priority();
    expect("a visit that crashes", forger.visit(Way::Crashes), Err(CallError::ServerFaulted));
    expect_own_priority();
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn middle(middle_ran: &AtomicBool, start: Notification) -> ! {
    loop {
        start.wait();
        middle_ran.store(true, Ordering::Relaxed);
    }
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("forger", Cause::Panic);
    expect("the visitor is done", done.wait_timeout(core::time::Duration::from_secs(2)), Ok(()));
    watch.expect_no_more();
    pass()
}
