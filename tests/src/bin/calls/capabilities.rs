// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handles as capabilities: a process that gets a handle may call the service, until the owner revokes the right, or
//! the receiver or the owner crashes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, server, thread};
use crossgate_abi::{Cause, number};
use system_tests::raw;
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;

/// A file of a store.
#[interface]
trait File {
    fn read(&self) -> u32;
    /// Waits until there is a change. Returns `true` if there is one.
    fn follow(&self) -> bool;
}

/// A store, which gives files to the processes that it chooses.
#[interface]
trait Store {
    fn open(&self, name: u32) -> Option<Handle<dyn File>>;
    fn close_all(&self);
    fn crash(&self);
}

/// A process that reads for others.
#[interface]
trait Reader {
    fn read(&self, file: Handle<dyn File>) -> Result<u32, Failed>;
    /// Reads a file that it was given before, by its number.
    fn read_again(&self, number: u32) -> u32;
    fn crash(&self);
}

/// The error of a reader that could not read.
#[derive(crossgate::Wire, Clone, Copy, Debug, PartialEq)]
struct Failed {
    status: u32,
}

struct Contents {
    value: u32,
    changed: Notification,
}

impl File for Contents {
    fn read(&self) -> u32 {
        self.value
    }
    fn follow(&self) -> bool {
        self.changed.wait_within_call().is_ok()
    }
}

struct Shelf {
    file: Handle<dyn File>,
}

impl Store for Shelf {
    fn open(&self, name: u32) -> Option<Handle<dyn File>> {
        (name == 1).then_some(self.file)
    }
    fn close_all(&self) {
        expect("revoke", server::revoke(self.file), Ok(()));
    }
    fn crash(&self) {
        panic!("the store crashes")
    }
}

struct Reads;

impl Reader for Reads {
    fn read(&self, file: Handle<dyn File>) -> Result<u32, Failed> {
        file.read().map_err(|error| Failed { status: error as u32 })
    }
    fn read_again(&self, number: u32) -> u32 {
        raw::call(number as usize, 0, [0; 4]).status.0 as u32
    }
    fn crash(&self) {
        panic!("the reader crashes")
    }
}

crossgate::system! {
    static SYSTEM;
    process store {
        notification CHANGED;
        object secret: Concurrent<Contents> =
            Contents { value: 42, changed: CHANGED } => [SECRET: dyn File];
        object shelf: Concurrent<Shelf> = Shelf { file: SECRET } => [STORE: dyn Store];
    }
    process reader { object reads: Concurrent<Reads> = Reads => [READER: dyn Reader]; }
    process client {
        notification OPENED;
        notification CLOSED;
        thread main (priority = 5, stack = 2048) = client(STORE, READER, [OPENED, CLOSED], DONE);
        thread follower (priority = 6, stack = 1024) = follower(STORE, OPENED, CLOSED);
    }
    process stranger {
        thread main (priority = 6, stack = 1024) = stranger(READER);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

/// A thread without a right that tries to give the right away.
fn stranger(reader: Handle<dyn Reader>) -> ! {
    let secret = raw::service(&SYSTEM, "SECRET");
    for forged in [secret, SYSTEM.gates.len(), usize::MAX] {
        let reply = raw::call(raw::service(&SYSTEM, "READER"), 0, [forged, 0, 0, 0]);
        expect("a handle of others", reply.error(), Some(CallError::NotPermitted));
    }
    let denied = CallError::NotPermitted as u32;
    expect("the reader has no right either", reader.read_again(secret as u32), Ok(denied));
    let reply = raw::system_call(number::REVOKE, [secret, 0, 0, 0]);
    expect("a revocation of a right of others", reply.error(), Some(CallError::NotPermitted));
    thread::exit()
}

/// Makes a call that waits in a file.
fn follower(store: Handle<dyn Store>, opened: Notification, closed: Notification) -> ! {
    opened.wait();
    let Ok(Some(file)) = store.open(1) else { system_tests::report::broken("opens no file") };
    expect("a call in which the handle is taken back", file.follow(), Err(CallError::Refused));
    expect("the next call", file.follow(), Err(CallError::NotPermitted));
    closed.signal();
    thread::exit()
}

fn client(
    store: Handle<dyn Store>,
    reader: Handle<dyn Reader>,
    [opened, closed]: [Notification; 2],
    done: Signal,
) -> ! {
    let secret = raw::service(&SYSTEM, "SECRET");
    let denied = CallError::NotPermitted;
    let reply = raw::call(secret, 0, [0; 4]);
    expect("before it is given", reply.error(), Some(denied));
    expect("a file that does not exist", store.open(0), Ok(None));
    expect("the result gives no right", raw::call(secret, 0, [0; 4]).error(), Some(denied));

    let Ok(Some(file)) = store.open(1) else { system_tests::report::broken("opens no file") };
    expect("a call through a handle that was given", file.read(), Ok(42));
    expect("the reader, without the handle", reader.read_again(secret as u32), Ok(denied as u32));
    expect("the reader, with the handle", reader.read(file), Ok(Ok(42)));
    expect("the reader, later", reader.read_again(secret as u32), Ok(0));

    opened.signal();
    expect("a call", store.close_all(), Ok(()));
    expect(
        "the thread that waited in the file",
        closed.wait_timeout(Duration::from_secs(1)),
        Ok(()),
    );
    expect("a call after the right was revoked", file.read(), Err(denied));
    expect("from all", reader.read_again(secret as u32), Ok(denied as u32));
    expect("a handle without the right is not passed on", reader.read(file), Err(denied));

    expect("a call", store.open(1).is_ok(), true);
    expect("the reader, with the handle", reader.read(file), Ok(Ok(42)));
    expect("the reader", reader.crash(), Err(CallError::ServerFaulted));
    expect(
        "the next life of the reader has no rights",
        reader.read_again(secret as u32),
        Ok(denied as u32),
    );
    expect("the client keeps its own right", file.read(), Ok(42));
    expect("the store", store.crash(), Err(CallError::ServerFaulted));
    expect("a grant of an earlier life", file.read(), Err(denied));

    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("reader", Cause::Panic);
    watch.expect("store", Cause::Panic);
    done.wait();
    watch.expect_no_more();
    pass()
}
