// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server refuses a call. The record names the client and the server, and there is one record for each call, however
//! often the server refuses it. A refusal takes down no process, and loses no record of a crash.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::fault::{FaultRecord, Faults};
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, server, thread};
use crossgate_abi::Cause;
use system_tests::raw;
use system_tests::report::{expect, fail, pass};
use system_tests::watch::Watch;

/// The number of times that a hostile server refuses the same call.
const OFTEN: u32 = 100;

#[interface]
trait Fickle {
    /// Makes the server refuse the call this number of times.
    fn ask(&self, refusals: u32) -> u32;
}

/// A server that accuses its clients.
struct Framer;

impl Fickle for Framer {
    fn ask(&self, refusals: u32) -> u32 {
        (0..refusals).for_each(|_| server::refuse());
        1
    }
}

/// The client of a server that accuses its clients, which also accuses its own clients.
struct Between {
    framer: Handle<dyn Fickle>,
}

impl Fickle for Between {
    fn ask(&self, refusals: u32) -> u32 {
        server::refuse();
        expect("a call", self.framer.ask(refusals), Err(CallError::Refused));
        server::refuse();
        1
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
    process crashes { on_fault = stop; thread main (priority = 7, stack = 1024) = crash(); }
    process framer { object framer: Concurrent<Framer> = Framer => [FRAMER: dyn Fickle]; }
    process between { object between: Concurrent<Between> = Between { framer: FRAMER } => [BETWEEN: dyn Fickle]; }
    process innocent { thread main (priority = 5, stack = 2048) = innocent(FRAMER, BETWEEN, DONE); }
}
board::start!(SYSTEM);

fn crash() -> ! {
    panic!("a crash that has to stay recorded")
}

fn innocent(framer: Handle<dyn Fickle>, between: Handle<dyn Fickle>, done: Signal) -> ! {
    server::refuse();
    expect("a call", framer.ask(0), Ok(1));
    expect("a call that is refused", framer.ask(1), Err(CallError::Refused));
    expect("the next call", framer.ask(0), Ok(1));
    expect("a call that is refused often", framer.ask(OFTEN), Err(CallError::Refused));
    expect("the same call once more", framer.ask(OFTEN), Err(CallError::Refused));
    expect("a call through two servers that refuse", between.ask(OFTEN), Err(CallError::Refused));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Returns the name of a process.
fn name(process: u8) -> &'static str {
    SYSTEM.processes.get(usize::from(process)).map_or("?", |process| process.name)
}

/// Expects a record of a refused call.
#[track_caller]
fn expect_accusation(record: &FaultRecord, accuser: &str, chain: &[&str]) {
    expect("the server that refused", record.accuser.map(name), Some(accuser));
    expect("calls in flight", usize::from(record.depth), chain.len());
    for (&service, wanted) in record.chain.iter().zip(chain) {
        expect("a service", usize::from(service), raw::index(&SYSTEM, wanted));
    }
    let home =
        SYSTEM.threads.get(usize::from(record.thread)).map_or("?", |it| name(it.process.number()));
    expect("the process of the thread", home, "innocent");
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("crashes", Cause::Panic);
    for _ in 0..3 {
        let record = watch.expect("innocent", Cause::Refused);
        expect_accusation(&record, "framer", &["FRAMER"]);
    }
    let record = watch.expect("innocent", Cause::Refused);
    expect_accusation(&record, "between", &["BETWEEN"]);
    let record = watch.expect("between", Cause::Refused);
    expect_accusation(&record, "framer", &["BETWEEN", "FRAMER"]);
    done.wait();
    watch.expect_no_more();

    // After so many refusals the crash is still recorded, and no refusal is among the crashes.
    let mut crashes = Faults::new();
    match crashes.next() {
        Some(record) => expect("the process that has crashed", name(record.process), "crashes"),
        None => fail(format_args!("the record of the crash is lost")),
    }
    expect("other crashes", crashes.next(), None);
    pass()
}
