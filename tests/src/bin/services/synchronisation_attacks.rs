// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attacks on services for synchronisation and their users: wild words, floods, more waiting threads than places,
//! clients that crash while they wait or hold something, and a server that crashes. Only the attacker loses anything,
//! and the things that it held are free again.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::fault::Faults;
use crossgate::notification::TimedOut;
use crossgate::{CallError, Concurrent, Handle, LeaseBuf, Notification, Signal, thread, time};
use crossgate_bytes::{MessageBuffer, MessageReceiver, MessageSender};
use crossgate_event_flags::{EventFlags, EventSetter, EventWaiter, Until};
use crossgate_publish::{Missed, Publisher, Subscriber, Subscription, Topic};
use crossgate_semaphore::{Holder, NotHeld, Permits, Warden};
use crossgate_watch::{Observer, Watch};
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::{probe, raw};

const MILLISECOND: Duration = Duration::from_millis(1);

type Flags = (Handle<dyn EventSetter>, Handle<dyn EventWaiter>);

crossgate::system! {
    static SYSTEM;
    process server {
        notification FLAGS0;
        notification FLAGS1;
        notification GIVEN_BACK;
        notification CHANGED;
        notification NEWS;
        notification FILLED;
        notification FREED;
        notification BREAK;
        object flags (stack = 256): Concurrent<EventFlags<2>> = EventFlags::new([FLAGS0, FLAGS1]) =>
            [FLAGS_SET: dyn EventSetter, FLAGS: dyn EventWaiter];
        object permits (stack = 256): Concurrent<Permits> = Permits::new(2, GIVEN_BACK) =>
            [PERMITS: dyn Holder, WARDEN: dyn Warden];
        object value (stack = 256): Concurrent<Watch<u32, 1>> = Watch::new(5, [CHANGED]) =>
            [VALUE: dyn Observer<u32>];
        object inbox (stack = 256): Concurrent<Subscription<u32, 4>> = Subscription::new(NEWS) =>
            [INBOX: dyn Subscriber<u32>];
        object topic (stack = 256): Concurrent<Topic<u32>> = Topic::new(&[&inbox]) =>
            [TOPIC: dyn Publisher<u32>];
        object messages (stack = 384): Concurrent<MessageBuffer<32>> =
            MessageBuffer::new(FILLED, FREED) =>
            [MESSAGES_IN: dyn MessageSender, MESSAGES_OUT: dyn MessageReceiver];
        thread main (priority = 20, stack = 512) = break_down(BREAK);
    }
    process attacker {
        on_fault = stop;
        notification STARVED;
        // This thread waits in the server for an event that never comes. Its process crashes meanwhile.
        thread waiter (priority = 7, stack = 2048) = wait_for_ever(FLAGS);
        // This thread is more urgent than all others, so that it runs first.
        thread starved (priority = 8, stack = 1024) =
            starve(STARVED.as_signal(), FLAGS, PERMITS, VALUE, INBOX, MESSAGES_OUT);
        thread main (priority = 6, stack = 2048) =
            attack(STARVED, (FLAGS_SET, FLAGS), PERMITS, TOPIC, VALUE, (MESSAGES_IN, MESSAGES_OUT));
    }
    process client {
        notification GO;
        thread main (priority = 5, stack = 4096) =
            client(GO, (FLAGS_SET, FLAGS), PERMITS, INBOX, (MESSAGES_IN, MESSAGES_OUT), DONE);
        thread holder (priority = 4, stack = 2048) = wait_for_permit(PERMITS, GO2, DONE);
        notification GO2;
    }
    process warden {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 30, stack = 2048) = warden(FAULTED, DONE, WARDEN, [GO, GO2], BREAK);
    }
}
board::start!(SYSTEM);

/// Crashes the process of the services on a signal.
fn break_down(now: Notification) -> ! {
    now.wait();
    panic!("the services break down")
}

/// Makes calls with ever less stack left.
fn starve(
    done: Signal,
    flags: Handle<dyn EventWaiter>,
    permits: Handle<dyn Holder>,
    value: Handle<dyn Observer<u32>>,
    inbox: Handle<dyn Subscriber<u32>>,
    messages: Handle<dyn MessageReceiver>,
) -> ! {
    let moment = Duration::from_micros(1);
    probe::call_with_ever_less_stack(&mut || flags.wait_timeout(1, Until::Any, moment).map(drop));
    probe::call_with_ever_less_stack(&mut || {
        permits.take_timeout(moment)?.map_or(Ok(()), |()| permits.give_back().map(drop))
    });
    probe::call_with_ever_less_stack(&mut || value.changed_timeout(0, moment).map(drop));
    probe::call_with_ever_less_stack(&mut || inbox.receive_timeout(moment).map(drop));
    let mut bytes = LeaseBuf::<32>::new();
    probe::call_with_ever_less_stack(&mut || {
        messages.receive_timeout(&mut bytes, moment).map(drop)
    });
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn wait_for_ever(flags: Handle<dyn EventWaiter>) -> ! {
    loop {
        let waited = flags.wait(1 << 31, Until::All);
        expect_that("nothing comes", waited == Err(CallError::ServerFaulted));
    }
}

fn attack(
    starved: Notification,
    flags: Flags,
    permits: Handle<dyn Holder>,
    topic: Handle<dyn Publisher<u32>>,
    value: Handle<dyn Observer<u32>>,
    (sender, receiver): (Handle<dyn MessageSender>, Handle<dyn MessageReceiver>),
) -> ! {
    // This call would take the message that has to stay.
    starved.wait();
    let service = |name| raw::service(&SYSTEM, name);
    let call = |gate, method, words| raw::call(gate, method, words).error();
    for method in 1..4 {
        for until in [4, 99, usize::MAX] {
            let status = call(service("FLAGS"), method, [1, until, 0, 0]);
            expect("a word that says what to wait for", status, Some(CallError::BadArgument));
        }
    }
    let server = probe::memory_of(&SYSTEM, "server");
    for memory in [server.start, server.end - 32, usize::MAX - 31, probe::kernel_memory()] {
        for name in ["MESSAGES_IN", "MESSAGES_OUT"] {
            let status = call(service(name), 1, [memory, 32, 0, 0]);
            expect("the memory of others", status, Some(CallError::BadLease));
        }
    }
    // The longest messages, and messages that never fit.
    for length in [0, 1, 29, 30, 31, 32, 4096] {
        let sent = sender.try_send(&[0xee; 4096][..length]);
        expect_that("a message is sent, or not", sent.is_ok());
    }
    let mut bytes = [0; 64];
    while receiver.try_receive(&mut bytes).is_ok_and(|it| it.is_ok()) {}
    expect("the attacker may fill the buffer again", sender.try_send(&[0xee; 30]), Ok(Ok(())));

    // A client can give back only its own permits, and take only as many as there are.
    expect("a permit that the attacker does not hold", permits.give_back(), Ok(Err(NotHeld)));
    expect("all permits", [permits.try_take(), permits.try_take()], [Ok(true); 2]);
    expect("no more", permits.take_timeout(MILLISECOND), Ok(Err(TimedOut)));
    // Only the warden may ask about crashes.
    let status = call(service("WARDEN"), 0, [4, 0, 0, 0]);
    expect("a right of another process", status, Some(CallError::NotPermitted));

    for message in 0..1000 {
        expect("the publisher never waits", topic.publish(message), Ok(()));
        expect("flags are set and cleared", flags.0.set(u32::MAX >> 1), Ok(()));
        expect("flags are set and cleared", flags.0.clear(u32::MAX), Ok(u32::MAX >> 1));
    }
    expect("the value has not changed", value.changed_timeout(0, MILLISECOND), Ok((5, 0)));
    panic!("the attacker crashes")
}

fn client(
    go: Notification,
    (setter, waiter): Flags,
    permits: Handle<dyn Holder>,
    inbox: Handle<dyn Subscriber<u32>>,
    (sender, receiver): (Handle<dyn MessageSender>, Handle<dyn MessageReceiver>),
    done: Signal,
) -> ! {
    go.wait();
    // Exactly the permits that the attacker held are free.
    expect("a permit", permits.try_take(), Ok(true));
    expect("another", permits.try_take(), Ok(true));
    expect("no third", permits.try_take(), Ok(false));
    for _ in 0..2 {
        expect("the permits are given back", permits.give_back(), Ok(Ok(())));
    }
    // The flood has cost only messages, which are counted.
    expect("the number of lost messages", inbox.receive(), Ok(Err(Missed::Lost(996))));
    for message in 996..1000 {
        expect("the messages that are left", inbox.receive(), Ok(Ok(message)));
    }
    let mut bytes = [0; 40];
    expect("a message is whole", receiver.try_receive(&mut bytes), Ok(Ok(30)));
    expect_that("the contents of the message", bytes[..30].iter().all(|&byte| byte == 0xee));
    expect("the buffer still works", sender.try_send("x"), Ok(Ok(())));
    expect("the buffer still works", receiver.receive(&mut bytes), Ok(Ok(1)));

    // One of the two places is taken by the attacker, or free. The other place is enough for one thread.
    expect("no flag", waiter.wait_timeout(1, Until::Any, MILLISECOND), Ok(Err(TimedOut)));
    expect("a flag", setter.set(1), Ok(()));
    expect("which", waiter.wait(1, Until::TakeAny), Ok(Ok(1)));
    expect("signal", done.signal(), Ok(()));

    // Waits while the process of the services crashes.
    let crashed = waiter.wait(1, Until::Any);
    expect("a wait in a process that crashes", crashed, Err(CallError::ServerFaulted));
    expect("the services have their initial state", waiter.get(), Ok(0));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Waits for a permit in a process that crashes, and gets an error. Then takes a permit in the next life of that
/// process.
fn wait_for_permit(permits: Handle<dyn Holder>, go: Notification, done: Signal) -> ! {
    go.wait();
    while permits.try_take() == Ok(true) {}
    expect("no permit is left", permits.take(), Err(CallError::ServerFaulted));
    expect("all permits are back", permits.take(), Ok(Ok(())));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Is notified of crashes, and reports them to the semaphore.
fn warden(
    faulted: Notification,
    done: Notification,
    permits: Handle<dyn Warden>,
    go: [Signal; 2],
    breaks: Signal,
) -> ! {
    let mut faults = Faults::new();
    let mut crashed = |name: &str| {
        expect_that("it crashes", faulted.wait_timeout(2000 * MILLISECOND).is_ok());
        let Some(record) = faults.next() else { fail(format_args!("there is no record")) };
        expect("who", SYSTEM.processes[usize::from(record.process)].name, name);
        record.process
    };
    let attacker = crashed("attacker");
    expect("the number of permits that the attacker held", permits.has_crashed(attacker), Ok(2));
    expect("no more", permits.has_crashed(attacker), Ok(0));
    for process in [31, 32, 255] {
        expect("nobody", permits.has_crashed(process), Ok(0));
    }
    expect("signal", go[0].signal(), Ok(()));
    expect_that("the services continue to work", done.wait_timeout(2000 * MILLISECOND).is_ok());
    expect("signal", go[1].signal(), Ok(()));
    time::sleep(5 * MILLISECOND);
    expect("signal", breaks.signal(), Ok(()));
    crashed("server");
    for _ in 0..2 {
        expect_that("all threads come home", done.wait_timeout(2000 * MILLISECOND).is_ok());
    }
    pass()
}
