// SPDX-License-Identifier: MIT OR Apache-2.0
//! Event flags, semaphores, watches, topics, buffers of bytes and a barrier between processes: waiting threads are
//! woken at the right time, by urgency, and each wait ends at its timeout or at the deadline of the caller.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::time::with_deadline;
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, time};
use crossgate_barrier::{Barrier, Rendezvous};
use crossgate_bytes::{
    ByteReader, ByteWriter, MessageBuffer, MessageReceiver, MessageSender, StreamBuffer,
    Unreceived, Unsent,
};
use crossgate_event_flags::{EventFlags, EventSetter, EventWaiter, Until};
use crossgate_publish::{Missed, Publisher, Subscriber, Subscription, Topic};
use crossgate_semaphore::{Full, Giver, Semaphore, Taker};
use crossgate_watch::{Observer, Updater, Watch};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

const MILLISECOND: Duration = Duration::from_millis(1);

type Flags = (Handle<dyn EventSetter>, Handle<dyn EventWaiter>);
type Semaphores = (Handle<dyn Giver>, Handle<dyn Taker>);
type Values = (Handle<dyn Updater<u32>>, Handle<dyn Observer<u32>>);
type Topics = (Handle<dyn Publisher<u32>>, [Handle<dyn Subscriber<u32>>; 2]);
type Streams = (Handle<dyn ByteWriter>, Handle<dyn ByteReader>);
type Messages = (Handle<dyn MessageSender>, Handle<dyn MessageReceiver>);

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process server {
        notification FLAGS0;
        notification FLAGS1;
        notification FLAGS2;
        notification GIVEN;
        notification CHANGED0;
        notification CHANGED1;
        notification CHANGED2;
        notification NEWS;
        notification OTHER_NEWS;
        notification STREAM_FILLED;
        notification STREAM_FREED;
        notification MESSAGES_FILLED;
        notification MESSAGES_FREED;
        notification MEET0;
        notification MEET1;
        notification MEET2;
        object flags: Concurrent<EventFlags<3>> = EventFlags::new([FLAGS0, FLAGS1, FLAGS2]) =>
            [FLAGS_SET: dyn EventSetter, FLAGS: dyn EventWaiter];
        object semaphore: Concurrent<Semaphore> = Semaphore::counting(0, 3, GIVEN) =>
            [GIVE: dyn Giver, TAKE: dyn Taker];
        object value: Concurrent<Watch<u32, 3>> = Watch::new(0, [CHANGED0, CHANGED1, CHANGED2]) =>
            [VALUE_SET: dyn Updater<u32>, VALUE: dyn Observer<u32>];
        object inbox: Concurrent<Subscription<u32, 2>> = Subscription::new(NEWS) =>
            [INBOX: dyn Subscriber<u32>];
        object other: Concurrent<Subscription<u32, 8>> = Subscription::new(OTHER_NEWS) =>
            [OTHER: dyn Subscriber<u32>];
        object topic: Concurrent<Topic<u32>> = Topic::new(&[&inbox, &other]) =>
            [TOPIC: dyn Publisher<u32>];
        object stream: Concurrent<StreamBuffer<8>> = StreamBuffer::new(STREAM_FILLED, STREAM_FREED) =>
            [STREAM_IN: dyn ByteWriter, STREAM_OUT: dyn ByteReader];
        object messages: Concurrent<MessageBuffer<16>> =
            MessageBuffer::new(MESSAGES_FILLED, MESSAGES_FREED) =>
            [MESSAGES_IN: dyn MessageSender, MESSAGES_OUT: dyn MessageReceiver];
        object barrier: Concurrent<Barrier<3>> = Barrier::new([MEET0, MEET1, MEET2]) =>
            [MEET: dyn Rendezvous];
    }
    process judge {
        deadlines;
        counting notification DONE;
        thread main (priority = 5, stack = 4096) = judge(
            (FLAGS_SET, FLAGS),
            (GIVE, TAKE),
            (VALUE_SET, VALUE),
            (TOPIC, [INBOX, OTHER]),
            ((STREAM_IN, STREAM_OUT), (MESSAGES_IN, MESSAGES_OUT)),
            MEET,
            DONE,
        );
    }
    process helpers {
        thread first (priority = 9, stack = 2048) =
            help(1, FLAGS, TAKE, VALUE, (STREAM_OUT, MESSAGES_OUT), MEET, DONE);
        thread second (priority = 8, stack = 2048) =
            help(2, FLAGS, TAKE, VALUE, (STREAM_OUT, MESSAGES_OUT), MEET, DONE);
    }
}
board::start!(SYSTEM);

/// The flags of the tasks of a helper.
const TAKE_ONE: u32 = 1 << 8;
const OBSERVE: u32 = 1 << 9;
const READ: u32 = 1 << 10;
const GO_TO_MEET: u32 = 1 << 11;

/// Does the tasks of the helper, one after the other.
fn help(
    number: u32,
    flags: Handle<dyn EventWaiter>,
    semaphore: Handle<dyn Taker>,
    value: Handle<dyn Observer<u32>>,
    (stream, messages): (Handle<dyn ByteReader>, Handle<dyn MessageReceiver>),
    barrier: Handle<dyn Rendezvous>,
    done: Signal,
) -> ! {
    let own = 1 << number;
    let mut seen = 0;
    loop {
        // The flags of a task are set together with the helper's own flag.
        let task = flags.wait(own, Until::TakeAll);
        let Ok(Ok(task)) = task else { system_tests::report::fail(format_args!("{task:?}")) };
        if task & TAKE_ONE != 0 {
            expect("a semaphore is taken", semaphore.take(), Ok(Ok(())));
        }
        if task & OBSERVE != 0 {
            let changed = value.changed(seen);
            expect_that("a new value", matches!(changed, Ok((77, version)) if version != seen));
            seen = changed.map_or(seen, |(_, version)| version);
        }
        if task & READ != 0 {
            let mut bytes = [0; 8];
            expect("bytes come", stream.read(&mut bytes), Ok(Ok(3)));
            expect("the bytes", bytes, *b"abc\0\0\0\0\0");
            expect("a message comes", messages.receive(&mut bytes), Ok(Ok(5)));
            expect("the message", bytes, *b"hello\0\0\0");
        }
        if task & GO_TO_MEET != 0 {
            for _ in 0..10 {
                expect("all meet", barrier.meet(), Ok(Ok(())));
            }
        }
        expect("signal", done.signal(), Ok(()));
    }
}

fn judge(
    flags: Flags,
    semaphores: Semaphores,
    values: Values,
    topics: Topics,
    (streams, messages): (Streams, Messages),
    barrier: Handle<dyn Rendezvous>,
    done: Notification,
) -> ! {
    // Gives helpers a task. They are more urgent, so they have done it, or wait, when this function returns.
    let tell = |helpers: &[u32], task: u32| {
        let own = helpers.iter().fold(0, |set, helper| set | 1 << helper);
        expect("flags are set", flags.0.set(task | own), Ok(()));
        expect("a task is cleared", flags.0.clear(task), Ok(task));
    };
    event_flags(flags);
    semaphore(semaphores, &tell, done);
    latest_value(values, &tell, done);
    messages_to_several(topics);
    bytes(streams, messages, &tell, done);

    // The barrier is used several times.
    expect("no thread is at the barrier", barrier.try_meet(), Ok(false));
    expect("nobody comes", barrier.meet_timeout(MILLISECOND), Ok(Err(TimedOut)));
    tell(&[1, 2], GO_TO_MEET);
    expect("two wait", barrier.waiting(), Ok(2));
    for round in 0..10 {
        expect_that("no helper has continued", !done.try_wait());
        let met =
            if round % 2 == 0 { barrier.meet().map(|it| it.is_ok()) } else { barrier.try_meet() };
        expect("all meet", met, Ok(true));
    }
    expect_that("both have met", done.try_wait() && done.try_wait());
    pass()
}

type Tell<'a> = &'a dyn Fn(&[u32], u32);

/// Checks that a wait lasts for its timeout, and ends.
#[track_caller]
fn takes<T>(least: Duration, wait: impl FnOnce() -> T) -> T {
    let start = time::now();
    let result = wait();
    let time = time::now() - start;
    expect_that("a wait lasts for its timeout", time >= least && time < least + 100 * MILLISECOND);
    result
}

fn event_flags((setter, waiter): Flags) {
    let late = Ok(Err(TimedOut));
    expect("no flag", waiter.try_wait(1 << 20, Until::Any), Ok(None));
    let timed = || waiter.wait_timeout(1 << 20, Until::Any, 3 * MILLISECOND);
    expect("a wait", takes(3 * MILLISECOND, timed), late);
    let hurried = || with_deadline(3 * MILLISECOND, || waiter.wait(1 << 20, Until::Any));
    expect("a deadline", takes(3 * MILLISECOND, hurried), late);
    expect("flags", setter.set(0b11 << 20), Ok(()));
    expect("all of these", waiter.wait(0b11 << 20, Until::All), Ok(Ok(0b11 << 20)));
    expect("not all of those", waiter.try_wait(0b111 << 20, Until::All), Ok(None));
    expect("some of those", waiter.wait(0b110 << 20, Until::TakeAny), Ok(Ok(0b11 << 20)));
    expect("the rest", setter.clear(u32::MAX), Ok(1 << 20));
    expect("none", waiter.get(), Ok(0));
}

fn semaphore((giver, taker): Semaphores, tell: Tell, done: Notification) {
    expect("no permit to take", taker.try_take(), Ok(false));
    let timed = || taker.take_timeout(3 * MILLISECOND);
    expect("a wait", takes(3 * MILLISECOND, timed), Ok(Err(TimedOut)));
    let hurried = || with_deadline(3 * MILLISECOND, || taker.take());
    expect("a deadline", takes(3 * MILLISECOND, hurried), Ok(Err(TimedOut)));
    tell(&[1, 2], TAKE_ONE);
    for _ in 0..2 {
        expect_that("they wait", !done.try_wait());
        expect("a permit is given", giver.give(), Ok(Ok(())));
        expect_that("one helper continues", done.try_wait());
    }
    for _ in 0..3 {
        expect("it counts", giver.give(), Ok(Ok(())));
    }
    expect("the semaphore is full", giver.give(), Ok(Err(Full)));
    for _ in 0..3 {
        expect("the permit is taken", taker.take(), Ok(Ok(())));
    }
    expect("no permit is left", taker.try_take(), Ok(false));
}

fn latest_value((publisher, observer): Values, tell: Tell, done: Notification) {
    expect("the first value", observer.get(), Ok(0));
    let timed = || observer.changed_timeout(0, 3 * MILLISECOND);
    expect("no change", takes(3 * MILLISECOND, timed), Ok((0, 0)));
    let hurried = || with_deadline(3 * MILLISECOND, || observer.changed(0));
    expect("a deadline", takes(3 * MILLISECOND, hurried), Ok((0, 0)));
    for _ in 0..5 {
        tell(&[1, 2], OBSERVE);
        expect_that("they wait", !done.try_wait());
        expect("a change", publisher.set(77), Ok(()));
        expect_that("both helpers see the value", done.try_wait() && done.try_wait());
    }
    expect("the number of changes", observer.changed(0), Ok((77, 5)));
}

fn messages_to_several((topic, [inbox, other]): Topics) {
    let nothing = Ok(Err(Missed::Nothing));
    expect("nothing yet", inbox.try_receive(), nothing);
    let timed = || inbox.receive_timeout(3 * MILLISECOND);
    expect("a wait", takes(3 * MILLISECOND, timed), nothing);
    let hurried = || with_deadline(3 * MILLISECOND, || inbox.receive());
    expect("a deadline", takes(3 * MILLISECOND, hurried), nothing);
    for message in 0..6 {
        expect("the publisher never waits", topic.publish(message), Ok(()));
    }
    expect(
        "the slow subscriber learns of lost messages",
        inbox.receive(),
        Ok(Err(Missed::Lost(4))),
    );
    expect("the oldest message that is left", inbox.receive(), Ok(Ok(4)));
    expect("the last", inbox.receive(), Ok(Ok(5)));
    for message in 0..6 {
        expect("the other subscriber gets all messages", other.try_receive(), Ok(Ok(message)));
    }
    expect("no more messages", other.try_receive(), nothing);
}

fn bytes((writer, reader): Streams, (sender, receiver): Messages, tell: Tell, done: Notification) {
    let mut to = [0; 4];
    let timed = || reader.read_timeout(&mut to, 3 * MILLISECOND);
    expect("a wait", takes(3 * MILLISECOND, timed), Ok(Err(TimedOut)));
    tell(&[1], READ);
    expect("bytes", writer.write(b"abc"), Ok(Ok(3)));
    expect_that("no message yet", !done.try_wait());
    expect("a message", sender.send("hello"), Ok(Ok(())));
    expect_that("both came", done.try_wait());
    expect("as many bytes as there is room for", writer.write(b"0123456789"), Ok(Ok(8)));
    let hurried = || with_deadline(3 * MILLISECOND, || writer.write(b"x"));
    expect("a deadline", takes(3 * MILLISECOND, hurried), Ok(Err(TimedOut)));
    for part in [*b"0123", *b"4567"] {
        expect("in order", (reader.try_read(&mut to), to), (Ok(4), part));
    }
    expect("a message that never fits", sender.send(&[0; 15]), Ok(Err(Unsent::TooLong)));
    expect("just not", sender.send(&[7; 14]), Ok(Ok(())));
    let timed = || sender.send_timeout(b"", 3 * MILLISECOND);
    expect("no room", takes(3 * MILLISECOND, timed), Ok(Err(Unsent::TimedOut)));
    expect("too short", receiver.try_receive(&mut to), Ok(Err(Unreceived::TooLong)));
    let mut to = [0; 20];
    expect("a message", receiver.receive(&mut to), Ok(Ok(14)));
    let late: Result<_, CallError> = with_deadline(3 * MILLISECOND, || receiver.receive(&mut to));
    expect("no other", late, Ok(Err(Unreceived::TimedOut)));
}
