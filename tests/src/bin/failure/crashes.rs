// SPDX-License-Identifier: MIT OR Apache-2.0
//! A crash does not affect other processes. A process that panics, or violates the rules of the kernel's interface, is
//! stopped. A visitor in it returns to its caller, and all other threads continue.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::fault::{Cause, FaultRecord, panic_file};
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, thread};
use crossgate_abi::{Status, number};
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, raw};

/// A server that crashes.
#[interface]
trait Fragile {
    fn act(&self) -> u32;
}

struct Panics;
const PANIC_LINE: u32 = line!() + 3;
impl Fragile for Panics {
    fn act(&self) -> u32 {
        panic!("a server panics")
    }
}

/// Tries to end the thread of its visitor.
struct Exits;
impl Fragile for Exits {
    fn act(&self) -> u32 {
        let _ = raw::system_call(number::EXIT, [0; 4]);
        broken("continues after the end of its thread")
    }
}

/// Forwards to a server that crashes, and handles the error.
struct Forwards {
    next: Handle<dyn Fragile>,
}
impl Fragile for Forwards {
    fn act(&self) -> u32 {
        match self.next.act() {
            Err(CallError::ServerFaulted) => 7,
            _ => 0,
        }
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process panics_at_home { on_fault = stop; thread main (priority = 7, stack = 1024) = panic_at_home(); }
    process panics_twice { on_fault = stop; thread main (priority = 7, stack = 1024) = panic_twice(); }
    process forges_a_place { on_fault = stop; thread main (priority = 7, stack = 1024) = panic_in_ram(); }
    process returns { on_fault = stop; thread main (priority = 7, stack = 256) = return_without_call(); }
    process returns_twice { on_fault = stop; thread main (priority = 7, stack = 1024) = return_twice(VAULT); }
    process exits { on_fault = stop; thread main (priority = 7, stack = 256) = thread::exit(); }

    process panics { on_fault = stop; object panics: Concurrent<Panics> = Panics => [PANICS: dyn Fragile]; }
    process leaver { on_fault = stop; object exits: Concurrent<Exits> = Exits => [EXITS: dyn Fragile]; }
    process inner { on_fault = stop; object inner: Concurrent<Panics> = Panics => [INNER: dyn Fragile]; }
    process outer { on_fault = stop; object outer: Concurrent<Forwards> = Forwards { next: INNER } => [OUTER: dyn Fragile]; }
    process client { on_fault = stop; thread client (priority = 6, stack = 2048) = client(PANICS, EXITS, OUTER, DONE); }
}
board::start!(SYSTEM);

const HOME_LINE: u32 = line!() + 2;
fn panic_at_home() -> ! {
    panic!("a process panics")
}

/// A value that panics when it is formatted, and when it is dropped.
struct PanicsAgain;

impl core::fmt::Display for PanicsAgain {
    fn fmt(&self, _formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        panic!("a message panics")
    }
}

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        panic!("a destructor panics")
    }
}

/// Panics with this value. No second panic occurs, because the message is not formatted, and nothing is dropped.
const TWICE_LINE: u32 = line!() + 3;
fn panic_twice() -> ! {
    let again = PanicsAgain;
    panic!("{again}")
}

/// Panics with a file name that lies in the RAM of the process, where the console must not read.
fn panic_in_ram() -> ! {
    let name = *b"secret.rs";
    let _ = raw::system_call(number::PANIC, [name.as_ptr().addr(), name.len(), 1, 1]);
    broken("continues after a panic")
}

fn return_without_call() -> ! {
    let _ = raw::system_call(number::RETURN, [Status::OK.0, 1, 2, 3]);
    broken("continues after a return without a call")
}

/// Returns twice. The frame of a call that has returned is gone.
fn return_twice(vault: Handle<dyn Vault>) -> ! {
    expect("a call", vault.is_intact(), Ok(true));
    let _ = raw::system_call(number::RETURN, [Status::OK.0, 1, 2, 3]);
    broken("has returned twice")
}

fn client(
    panics: Handle<dyn Fragile>,
    exits: Handle<dyn Fragile>,
    outer: Handle<dyn Fragile>,
    done: Signal,
) -> ! {
    expect("a call of a server that panics", panics.act(), Err(CallError::ServerFaulted));
    expect("a call of a stopped server", panics.act(), Err(CallError::ServerDown));
    expect("a call of a server that exits", exits.act(), Err(CallError::ServerFaulted));
    expect("a call of a server whose server panics", outer.act(), Ok(7));
    expect("the same call, when the inner server is stopped", outer.act(), Ok(0));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Expects that the record has this line of this file.
#[track_caller]
fn expect_place(record: &FaultRecord, line: u32) {
    expect("the line of the panic", record.line, line as usize);
    let names_this_file = panic_file(record).is_some_and(|name| name.ends_with(file!()));
    expect("the name of the file", names_this_file, true);
    expect_no_file_outside_flash(record);
}

/// Tests that a record that the kernel did not write gives no access to memory other than flash.
#[track_caller]
fn expect_no_file_outside_flash(record: &FaultRecord) {
    let flash_end = arch::constants().end;
    let local = (&raw const *record).addr();
    for (file, file_length) in [(local, 1), (flash_end - 1, 2), (record.file, usize::MAX), (0, 1)] {
        let forged = FaultRecord { file, file_length, ..*record };
        expect("a name outside of flash", panic_file(&forged), None);
    }
}

fn witness(faulted: Notification, done: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim continues", vault.is_intact(), Ok(true));
    let thread = |name| SYSTEM.threads.iter().position(|thread| thread.name == name).unwrap_or(0);
    let chain = |names: &[&str]| {
        let mut chain = [0; 8];
        for (place, name) in chain.iter_mut().zip(names) {
            *place = raw::index(&SYSTEM, name) as u8;
        }
        chain
    };

    let record = watch.expect("panics_at_home", Cause::Panic);
    expect_place(&record, HOME_LINE);
    goes_on();
    let record = watch.expect("panics_twice", Cause::Panic);
    expect_place(&record, TWICE_LINE);
    goes_on();
    let record = watch.expect("forges_a_place", Cause::Panic);
    expect("the name of a file in RAM", (record.file, record.file_length), (0, 0));
    goes_on();
    watch.expect("returns", Cause::ReturnWithoutCall);
    goes_on();
    watch.expect("returns_twice", Cause::ReturnWithoutCall);
    goes_on();

    let record = watch.expect("panics", Cause::Panic);
    expect_place(&record, PANIC_LINE);
    expect("the thread", usize::from(record.thread), thread("client"));
    expect("the calls in flight", record.depth, 1);
    expect("the chain of calls", record.chain, chain(&["PANICS"]));
    goes_on();
    watch.expect("leaver", Cause::Exit);
    goes_on();
    let record = watch.expect("inner", Cause::Panic);
    expect("the calls in flight", record.depth, 2);
    expect("the chain of calls", record.chain, chain(&["OUTER", "INNER"]));
    goes_on();

    done.wait();
    watch.expect_no_more();
    pass()
}
