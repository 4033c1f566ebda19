// SPDX-License-Identifier: MIT OR Apache-2.0
//! Queues between processes: values, handles and lent items, in order, for several senders and receivers. Waiting
//! threads are woken by urgency, none is forgotten, and each wait ends at its timeout or at the deadline of the caller.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::time::with_deadline;
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_queue::{Empty, Full, ItemReceiver, ItemSender, Queue, Receiver, Sender};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

const MILLISECOND: Duration = Duration::from_millis(1);
/// The size of the lent item: more than registers hold, and not the size of a block of a protection unit.
type Item = [u32; 9];

#[interface]
trait Bell {
    fn ring(&self) -> u32;
}

struct Porter;

impl Bell for Porter {
    fn ring(&self) -> u32 {
        77
    }
}

type Words = (Handle<dyn Sender<u32>>, Handle<dyn Receiver<u32>>);
type Items = (Handle<dyn ItemSender<Item>>, Handle<dyn ItemReceiver<Item>>);

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process server {
        notification WORDS_FILLED;
        notification WORDS_FREED;
        notification ITEMS_FILLED;
        notification ITEMS_FREED;
        notification BELLS_FILLED;
        notification BELLS_FREED;
        notification ORDERS_FILLED;
        notification ORDERS_FREED;
        object words: Concurrent<Queue<u32, 3>> = Queue::new(WORDS_FILLED, WORDS_FREED) =>
            [WORDS_IN: dyn Sender<u32>, WORDS_OUT: dyn Receiver<u32>];
        object items: Concurrent<Queue<Item, 2>> = Queue::new(ITEMS_FILLED, ITEMS_FREED) =>
            [ITEMS_IN: dyn ItemSender<Item>, ITEMS_OUT: dyn ItemReceiver<Item>];
        object bells: Concurrent<Queue<Handle<dyn Bell>, 1>> = Queue::new(BELLS_FILLED, BELLS_FREED) =>
            [BELLS_IN: dyn Sender<Handle<dyn Bell>>, BELLS_OUT: dyn Receiver<Handle<dyn Bell>>];
        object orders: Concurrent<Queue<u32, 1>> = Queue::new(ORDERS_FILLED, ORDERS_FREED) =>
            [ORDERS_IN: dyn Sender<u32>, ORDERS_OUT: dyn Receiver<u32>];
    }
    process porter {
        object porter: Concurrent<Porter> = Porter => [BELL: dyn Bell];
        thread main (priority = 6, stack = 1024) = give(BELL, BELLS_IN);
    }
    process judge {
        deadlines;
        counting notification DONE;
        thread main (priority = 5, stack = 2048) = judge(
            (WORDS_IN, WORDS_OUT),
            (ITEMS_IN, ITEMS_OUT),
            BELLS_OUT,
            (ORDERS_IN, ORDERS_OUT),
            START,
            DONE,
        );
    }
    process workers {
        counting notification START;
        thread first (priority = 9, stack = 1024) = work(START, ORDERS_OUT, WORDS_IN, DONE, 1);
        thread second (priority = 8, stack = 1024) = work(START, ORDERS_OUT, WORDS_IN, DONE, 2);
        thread third (priority = 7, stack = 1024) = work(START, ORDERS_OUT, WORDS_IN, DONE, 3);
    }
}
board::start!(SYSTEM);

/// Puts the right to ring a bell into a queue. The process that takes the handle out may ring.
fn give(bell: Handle<dyn Bell>, bells: Handle<dyn Sender<Handle<dyn Bell>>>) -> ! {
    expect("a handle is sent", bells.send(bell), Ok(Ok(())));
    thread::exit()
}

/// Starts to wait for orders at the same time as the other workers. Reports each order, and the worker that has
/// received it.
fn work(
    start: Notification,
    orders: Handle<dyn Receiver<u32>>,
    words: Handle<dyn Sender<u32>>,
    done: Signal,
    worker: u32,
) -> ! {
    start.wait();
    loop {
        let order = orders.receive();
        let Ok(Ok(order)) = order else { system_tests::report::fail(format_args!("{order:?}")) };
        expect("a report", words.send(10 * order + worker), Ok(Ok(())));
        expect("signal", done.signal(), Ok(()));
    }
}

fn judge(
    (sender, receiver): Words,
    items: Items,
    bells: Handle<dyn Receiver<Handle<dyn Bell>>>,
    orders: Words,
    start: Signal,
    done: Notification,
) -> ! {
    order_of_words(sender, receiver);
    times(sender, receiver);
    lent_items(items);

    let bell = bells.receive();
    let Ok(Ok(bell)) = bell else { system_tests::report::fail(format_args!("{bell:?}")) };
    expect("a right that came through a queue", bell.ring(), Ok(77));

    wakes_by_urgency((sender, receiver), orders, start, done);
    pass()
}

fn order_of_words(sender: Handle<dyn Sender<u32>>, receiver: Handle<dyn Receiver<u32>>) {
    expect("nothing yet", receiver.try_receive(), Ok(None));
    for item in [u32::MAX, 0, 5] {
        expect("there is room", sender.try_send(item), Ok(Ok(())));
    }
    expect("the queue is full", sender.try_send(6), Ok(Err(Full)));
    expect("the number of items", receiver.count(), Ok(3));
    expect("the first", receiver.receive(), Ok(Ok(u32::MAX)));
    expect("room again", sender.send(7), Ok(Ok(())));
    for item in [0, 5, 7] {
        expect("in order", receiver.try_receive(), Ok(Some(item)));
    }
}

fn times(sender: Handle<dyn Sender<u32>>, receiver: Handle<dyn Receiver<u32>>) {
    let mut start = time::now();
    let mut took = |least: Duration| {
        let time = time::now() - start;
        expect_that(
            "a wait lasts for its timeout",
            time >= least && time < least + 100 * MILLISECOND,
        );
        start = time::now();
    };
    let none = Ok(Err(TimedOut));
    expect("no item", receiver.receive_timeout(4 * MILLISECOND), none);
    took(4 * MILLISECOND);
    expect("no time", receiver.receive_timeout(Duration::ZERO), none);
    took(Duration::ZERO);
    let within = with_deadline(5 * MILLISECOND, || receiver.receive());
    expect("the caller's deadline", within, none);
    took(5 * MILLISECOND);
    let within = with_deadline(5 * MILLISECOND, || receiver.receive_timeout(Duration::MAX));
    expect("the nearer of deadline and timeout", within, none);
    took(5 * MILLISECOND);
    for item in 0..3 {
        expect("there is room", sender.send_timeout(item, Duration::ZERO), Ok(Ok(())));
    }
    expect("no room", sender.send_timeout(9, 4 * MILLISECOND), Ok(Err(TimedOut)));
    took(4 * MILLISECOND);
    let within = with_deadline(5 * MILLISECOND, || sender.send(9));
    expect("the caller's deadline", within, Ok(Err(TimedOut)));
    took(5 * MILLISECOND);
    let begun = with_deadline(Duration::ZERO, || receiver.receive());
    expect("a call after the deadline", begun, Err(CallError::DeadlineExceeded));
    for item in 0..3 {
        expect("nothing was lost", receiver.receive_timeout(Duration::MAX), Ok(Ok(item)));
    }
    expect("nothing was added", receiver.count(), Ok(0));
}

fn lent_items((sender, receiver): Items) {
    let mut item = [0; 9];
    expect("nothing yet", receiver.try_receive(&mut item), Ok(Err(Empty)));
    expect("no item", receiver.receive_timeout(&mut item, MILLISECOND), Ok(Err(TimedOut)));
    for value in [1, 2] {
        expect("there is room", sender.send(&[value; 9]), Ok(Ok(())));
    }
    expect("the queue is full", sender.try_send(&[3; 9]), Ok(Err(Full)));
    expect("no room", sender.send_timeout(&[3; 9], MILLISECOND), Ok(Err(TimedOut)));
    for value in [1, 2] {
        expect("an item", receiver.receive(&mut item), Ok(Ok(())));
        expect("the item is whole", item, [value; 9]);
    }
}

/// Tests three threads that wait for orders. Each order goes to the most urgent thread. All reports arrive, although
/// there is room for only one at a time.
fn wakes_by_urgency(reports: Words, orders: Words, start: Signal, done: Notification) {
    for _ in 0..3 {
        expect("signal", start.signal(), Ok(()));
    }
    time::sleep(MILLISECOND);
    for order in 1..4 {
        expect("an order", orders.0.send(order), Ok(Ok(())));
        expect(
            "the most urgent worker has the order",
            reports.1.try_receive(),
            Ok(Some(10 * order + 1)),
        );
        done.wait();
    }
    // There is no room for reports: the workers wait for room, the most urgent one with the first order.
    for item in 90..93 {
        expect("there is room", reports.0.try_send(item), Ok(Ok(())));
    }
    for order in 1..4 {
        expect("an order", orders.0.send(order), Ok(Ok(())));
    }
    expect("no worker could report", done.try_wait(), false);
    // As soon as there is room the most urgent worker reports, and waits for the next order.
    for item in [90, 91, 92, 11, 22, 33] {
        expect("a report", reports.1.try_receive(), Ok(Some(item)));
    }
    for _ in 0..3 {
        expect_that("all workers could report", done.try_wait());
    }
    expect("nothing else", reports.1.count(), Ok(0));
}
