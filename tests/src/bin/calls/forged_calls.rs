// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls that must not take place: each is refused with the right error, and has no effect.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::num::NonZeroU32;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Handle, Notification, Wire, interface, thread};
use crossgate_abi::{Status, number};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

/// A type with fewer values than a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
enum Colour {
    Red,
    Green,
}

/// Arguments that can be wrong.
#[interface]
trait Typed {
    fn boolean(&self, value: bool) -> bool;
    fn colour(&self, value: Colour) -> Colour;
    fn non_zero(&self, value: NonZeroU32) -> NonZeroU32;
    fn vault(&self, value: Handle<dyn Vault>);
    /// Returns the number of calls of the methods above.
    fn entered(&self) -> u32;
}

struct Server {
    entered: AtomicU32,
}

impl Server {
    const fn new() -> Server {
        Server { entered: AtomicU32::new(0) }
    }

    fn enter(&self) {
        self.entered.fetch_add(1, Ordering::Relaxed);
    }
}

impl Typed for Server {
    fn boolean(&self, value: bool) -> bool {
        self.enter();
        value
    }
    fn colour(&self, value: Colour) -> Colour {
        self.enter();
        value
    }
    fn non_zero(&self, value: NonZeroU32) -> NonZeroU32 {
        self.enter();
        value
    }
    fn vault(&self, _value: Handle<dyn Vault>) {
        self.enter();
    }
    fn entered(&self) -> u32 {
        self.entered.load(Ordering::Relaxed)
    }
}

/// A server that lies.
struct Liar;

impl Typed for Liar {
    fn boolean(&self, _value: bool) -> bool {
        raw::leave(Status::OK.0, [2, 0])
    }
    fn colour(&self, _value: Colour) -> Colour {
        raw::leave(Status::OK.0, [77, 0])
    }
    fn non_zero(&self, _value: NonZeroU32) -> NonZeroU32 {
        raw::leave(Status::OK.0, [0, 0])
    }
    /// Tries to restart the thread of its visitor.
    fn vault(&self, _value: Handle<dyn Vault>) {
        let reply = raw::system_call(number::BEGIN, [0; 4]);
        expect("a start during a call", reply.error(), Some(CallError::NotPermitted));
    }
    /// Returns the status of a refused call, which only the kernel may give.
    fn entered(&self) -> u32 {
        raw::leave(Status::from(CallError::Refused).0, [7, 7])
    }
}

crossgate::system! {
    static SYSTEM;
    process liar {
        object liar: Concurrent<Liar> = Liar => [LIAR: dyn Typed];
    }
    process victim {
        object server: Concurrent<Server> = Server::new() => [TYPED: dyn Typed];
        object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault];
        // This service is the last one, so that a handle past the table does not become a handle of another interface.
        object private: Concurrent<Safe> = Safe::new() => [PRIVATE: dyn Vault];
    }
    process attacker {
        thread attack (priority = 5, stack = 2048) = attack(VAULT, TYPED);
    }
    process client {
        thread main (priority = 4, stack = 2048) = client(LIAR, VAULT);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 1, stack = 2048) = witness(FAULTED, PRIVATE, TYPED);
    }
}
board::start!(SYSTEM);

fn attack(vault: Handle<dyn Vault>, _typed: Handle<dyn Typed>) -> ! {
    handle_past_the_table();
    method_past_the_end();
    // Processes start at the first permitted call. Before that, another check refuses calls.
    service_of_others();
    expect("a call", vault.is_intact(), Ok(true));
    service_of_others();
    values_that_are_none();
    handles_that_are_none();
    thread::exit()
}

fn handle_past_the_table() {
    let end = SYSTEM.gates.len();
    for service in [end, end + 1, 0xff, 0xffff, usize::MAX >> 1] {
        let reply = raw::call(service, 0, [0; 4]);
        expect("a handle past the table", reply.error(), Some(CallError::NoSuchService));
    }
}

fn method_past_the_end() {
    let vault = raw::service(&SYSTEM, "VAULT");
    for (method, error) in [
        (3, CallError::NotPermitted), // this is the first method of the next service
        (6, CallError::NoSuchService),
        (0xff, CallError::NoSuchService),
    ] {
        let reply = raw::call(vault, method, [0; 4]);
        expect("a method past the end", reply.error(), Some(error));
    }
}

fn service_of_others() {
    let private = raw::service(&SYSTEM, "PRIVATE");
    for method in 0..3 {
        let reply = raw::call(private, method, [0; 4]);
        expect("a service of others", reply.error(), Some(CallError::NotPermitted));
        expect("the result of a refused call", reply.words, [0; 2]);
    }
}

fn values_that_are_none() {
    let typed = raw::service(&SYSTEM, "TYPED");
    for (method, value) in [(0, 2), (0, usize::MAX), (1, 2), (1, usize::MAX), (2, 0)] {
        let reply = raw::call(typed, method, [value, 0, 0, 0]);
        expect("a value that the type does not have", reply.error(), Some(CallError::BadArgument));
    }
}

fn handles_that_are_none() {
    let typed = raw::service(&SYSTEM, "TYPED");
    let vault = raw::service(&SYSTEM, "VAULT");
    for (forged, error) in [
        (typed, CallError::BadArgument),
        (vault + 1, CallError::BadArgument),
        (SYSTEM.gates.len(), CallError::NotPermitted),
        (usize::MAX, CallError::NotPermitted),
    ] {
        let reply = raw::call(typed, 3, [forged, 0, 0, 0]);
        expect("a handle of another interface", reply.error(), Some(error));
    }
}

fn client(liar: Handle<dyn Typed>, vault: Handle<dyn Vault>) -> ! {
    let one = const { NonZeroU32::new(1).unwrap() };
    expect("a word that is not a boolean", liar.boolean(true), Err(CallError::BadReply));
    expect("a word that is not a colour", liar.colour(Colour::Red), Err(CallError::BadReply));
    expect("a zero of a type without zero", liar.non_zero(one), Err(CallError::BadReply));
    expect("a forged status", liar.entered(), Err(CallError::BadReply));
    let reply = raw::call(raw::service(&SYSTEM, "LIAR"), 4, [0; 4]);
    expect("the words of a forged status", reply.words, [0; 2]);
    expect("a call in which the server restarts", liar.vault(vault), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, private: Handle<dyn Vault>, typed: Handle<dyn Typed>) -> ! {
    Watch::new(&SYSTEM, faulted).expect_no_more();
    expect("methods entered with forged values", typed.entered(), Ok(0));
    expect("others are served", typed.boolean(true), Ok(true));
    expect("others are served", typed.colour(Colour::Green), Ok(Colour::Green));
    expect("visits", private.visit(), Ok(1));
    expect_that("the secret is unchanged", private.is_intact() == Ok(true));
    pass()
}
