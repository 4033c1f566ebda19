// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attacks on a queue and its users: wild words, floods, clients that crash in the middle of a wait, and a queue that
//! crashes while others wait in it. Only the attacker loses anything, and no thread waits for ever.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::{
    CallError, Concurrent, Handle, LeaseBuf, Notification, Signal, Wire, thread, time,
};
use crossgate_abi::Cause;
use crossgate_queue::{Full, ItemReceiver, ItemSender, Queue, Receiver, Sender};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use system_tests::{probe, raw};

const MILLISECOND: Duration = Duration::from_millis(1);

/// A type for which not every word is a value.
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Open,
    Close = 3,
}

type Items = (Handle<dyn ItemSender<[u8; 64]>>, Handle<dyn ItemReceiver<[u8; 64]>>);

crossgate::system! {
    static SYSTEM;
    process server {
        notification FILLED;
        notification FREED;
        notification ITEMS_FILLED;
        notification ITEMS_FREED;
        notification QUIET_FILLED;
        notification QUIET_FREED;
        notification LONG_FILLED;
        notification LONG_FREED;
        notification BREAK;
        object jobs (stack = 256): Concurrent<Queue<Job, 2>> = Queue::new(FILLED, FREED) =>
            [JOBS_IN: dyn Sender<Job>, JOBS_OUT: dyn Receiver<Job>];
        object items (stack = 512): Concurrent<Queue<[u8; 64], 1>> =
            Queue::new(ITEMS_FILLED, ITEMS_FREED) =>
            [ITEMS_IN: dyn ItemSender<[u8; 64]>, ITEMS_OUT: dyn ItemReceiver<[u8; 64]>];
        object quiet (stack = 256): Concurrent<Queue<Job, 2>> =
            Queue::new(QUIET_FILLED, QUIET_FREED) => [QUIET_OUT: dyn Receiver<Job>];
        object long (stack = 448): Concurrent<Queue<[u8; 64], 1>> = Queue::new(LONG_FILLED, LONG_FREED) =>
            [LONG_OUT: dyn ItemReceiver<[u8; 64]>];
        thread main (priority = 20, stack = 512) = break_down(BREAK);
    }
    process attacker {
        on_fault = stop;
        thread main (priority = 4, stack = 2048) =
            attack(JOBS_IN, (ITEMS_IN, ITEMS_OUT), FLOOD);
        // This thread is more urgent than all others, so that it runs first.
        thread starved (priority = 8, stack = 1024) = starve(QUIET_OUT, LONG_OUT);
        thread waiter (priority = 6, stack = 2048) = wait_for_items(ITEMS_OUT);
    }
    process flooder {
        notification FLOOD;
        thread main (priority = 2, stack = 1024) = flood(FLOOD, JOBS_IN);
    }
    process client {
        notification GO;
        thread main (priority = 5, stack = 4096) = client(GO, JOBS_OUT, (ITEMS_IN, ITEMS_OUT), DONE);
        thread other (priority = 7, stack = 2048) = wait_for_crash(QUIET_OUT, DONE);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE, GO, BREAK);
    }
}
board::start!(SYSTEM);

/// Crashes the process of the queue on a signal.
fn break_down(now: Notification) -> ! {
    now.wait();
    panic!("the process of the queue crashes")
}

/// Sends wild words and memory. Then crashes while another thread of the attacker waits in the queue.
fn attack(jobs: Handle<dyn Sender<Job>>, items: Items, flood: Signal) -> ! {
    let [gate, send, receive] =
        ["JOBS_IN", "ITEMS_IN", "ITEMS_OUT"].map(|name| raw::service(&SYSTEM, name));
    let call = |gate, method, words| raw::call(gate, method, words).error();
    for method in 0..3 {
        for word in [1, 2, 4, usize::MAX] {
            let status = call(gate, method, [word, usize::MAX, usize::MAX, usize::MAX]);
            expect("a word that is not a job", status, Some(CallError::BadArgument));
        }
    }
    expect("a value", jobs.try_send(Job::Open), Ok(Ok(())));
    let server = probe::memory_of(&SYSTEM, "server");
    for memory in [server.start, server.end - 64, usize::MAX - 63, probe::kernel_memory()] {
        for method in 0..3 {
            let status = call(send, method, [memory, 64, 0, 0]);
            expect("the memory of others is not sent", status, Some(CallError::BadLease));
            let status = call(receive, method, [memory, 64, 0, 0]);
            expect("the memory of others is not written", status, Some(CallError::BadLease));
        }
    }
    let mut memory = LeaseBuf::<128>::new();
    let start = memory.as_mut_ptr().expose_provenance();
    for length in [0, 1, 63, 65, 128] {
        let status = call(send, 1, [start, length, 0, 0]);
        let refused = [Some(CallError::BadArgument), Some(CallError::BadLease)];
        expect_that("an item has its length", refused.contains(&status));
    }
    for _ in 0..100 {
        let _ = items.0.try_send(&[1; 64]);
    }
    expect("signal", flood.signal(), Ok(()));
    panic!("the attacker crashes")
}

/// Makes calls with ever less stack left.
fn starve(jobs: Handle<dyn Receiver<Job>>, items: Handle<dyn ItemReceiver<[u8; 64]>>) -> ! {
    let moment = Duration::from_micros(1);
    probe::call_with_ever_less_stack(&mut || jobs.receive_timeout(moment).map(drop));
    let mut item = LeaseBuf::<64>::new();
    probe::call_with_ever_less_stack(&mut || {
        let item = item.first_chunk_mut::<64>();
        item.map_or(Ok(()), |item| items.receive_timeout(item, moment).map(drop))
    });
    thread::exit()
}

/// Waits in the queue when its process crashes.
fn wait_for_items(items: Handle<dyn ItemReceiver<[u8; 64]>>) -> ! {
    let mut item = [0; 64];
    loop {
        let received = items.receive(&mut item);
        expect_that(
            "calls with enough stack are entered",
            matches!(received, Ok(_) | Err(CallError::ServerFaulted)),
        );
    }
}

/// Sends without end, as fast as possible.
fn flood(start: Notification, jobs: Handle<dyn Sender<Job>>) -> ! {
    start.wait();
    loop {
        let _ = jobs.try_send(Job::Close);
        let _ = jobs.send(Job::Close);
        let _ = jobs.send_timeout(Job::Close, Duration::ZERO);
    }
}

fn client(
    go: Notification,
    jobs: Handle<dyn Receiver<Job>>,
    (sender, receiver): Items,
    done: Signal,
) -> ! {
    go.wait();
    // The flood fills the queue, but each item that comes out is a valid value.
    for _ in 0..200 {
        expect_that("a job comes out", matches!(jobs.receive(), Ok(Ok(_))));
    }
    expect_that("never more than there is room for", jobs.count().is_ok_and(|count| count <= 2));
    // The queue of items works, whatever the attacker has left, and whatever its thread takes when it returns.
    let mut item = [0; 64];
    while receiver.receive_timeout(&mut item, 2 * MILLISECOND) != Ok(Err(TimedOut)) {}
    for value in 2..20 {
        expect("there is room", sender.send(&[value; 64]), Ok(Ok(())));
        if receiver.try_receive(&mut item) == Ok(Ok(())) {
            expect("an item", item, [value; 64]);
        }
    }
    expect("signal", done.signal(), Ok(()));
    // Waits while the process of the queue crashes.
    let crashed = loop {
        match receiver.receive(&mut item) {
            Ok(Ok(())) => {}
            other => break other,
        }
    };
    expect("a wait in a process that crashes", crashed, Err(CallError::ServerFaulted));
    expect("the queue has restarted", sender.try_send(&[1; 64]), Ok(Ok(())));
    expect("the queue is full", sender.try_send(&[1; 64]), Ok(Err(Full)));
    expect("an item", receiver.receive(&mut item), Ok(Ok(())));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Waits, too. The crash of the queue ends this wait.
fn wait_for_crash(jobs: Handle<dyn Receiver<Job>>, done: Signal) -> ! {
    expect("a wait for an item that never comes", jobs.receive(), Err(CallError::ServerFaulted));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification, go: Signal, breaks: Signal) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("attacker", Cause::Panic);
    expect("signal", go.signal(), Ok(()));
    expect_that("the queue continues to work", done.wait_timeout(2000 * MILLISECOND).is_ok());
    time::sleep(5 * MILLISECOND);
    expect("signal", breaks.signal(), Ok(()));
    watch.expect("server", Cause::Panic);
    for _ in 0..2 {
        expect_that("all threads come home", done.wait_timeout(2000 * MILLISECOND).is_ok());
    }
    watch.expect_no_more();
    pass()
}
