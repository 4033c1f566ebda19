// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of services with hardly any stack left. Each call is refused, or the stack is enough: with the stack size that
//! the documentation of the services states for each object, no client can make an object overflow its stack.
//!
//! Without seeds: nothing depends on the order in which threads run.
#![cfg_attr(target_os = "none", no_std, no_main)]

use console::{Both, Console, Past, Settings};
use core::time::Duration;
use crossgate::{CallError, Concurrent, Handle, LeaseBuf, thread};
use crossgate_barrier::{Barrier, Rendezvous};
use crossgate_bytes::{
    ByteReader, ByteWriter, MessageBuffer, MessageReceiver, MessageSender, StreamBuffer,
};
use crossgate_event_flags::{EventFlags, EventSetter, EventWaiter, Until};
use crossgate_log::{History, Level, Levels, Log, SetLevels};
use crossgate_publish::{Publisher, Subscriber, Subscription, Topic};
use crossgate_queue::{ItemReceiver, ItemSender, Queue, Receiver, Sender};
use crossgate_semaphore::{Giver, Holder, Permits, Semaphore, Taker, Warden};
use crossgate_timer::Timer;
use crossgate_watch::{Observer, Updater, Watch};
use supervise::Supervise;
use system_tests::dark::Dark;
use system_tests::probe;
use system_tests::report::pass;
use system_tests::watch::allow_no_fault;
use timers::{Alarms, Expire};

const MOMENT: Duration = Duration::from_micros(1);

const SETTINGS: Settings = Settings { levels: &[("attacker", Level::Debug)], colour: true };

crossgate::system! {
    static SYSTEM;
    process values {
        notification FILLED;
        notification FREED;
        notification ITEMS_FILLED;
        notification ITEMS_FREED;
        notification GIVEN;
        notification RETURNED;
        notification NEWS;
        object queue (stack = 256): Concurrent<Queue<u32, 8>> = Queue::new(FILLED, FREED) =>
            [IN: dyn Sender<u32>, OUT: dyn Receiver<u32>];
        object items (stack = 448): Concurrent<Queue<[u8; 64], 1>> = Queue::new(ITEMS_FILLED, ITEMS_FREED) =>
            [ITEMS_IN: dyn ItemSender<[u8; 64]>, ITEMS_OUT: dyn ItemReceiver<[u8; 64]>];
        object semaphore (stack = 256): Concurrent<Semaphore> = Semaphore::binary(GIVEN) =>
            [GIVER: dyn Giver, TAKER: dyn Taker];
        object permits (stack = 256): Concurrent<Permits> = Permits::new(2, RETURNED) =>
            [PERMITS: dyn Holder, WARDEN: dyn Warden];
        object inbox (stack = 320): Concurrent<Subscription<u32, 4>> = Subscription::new(NEWS) =>
            [INBOX: dyn Subscriber<u32>];
        object topic (stack = 256): Concurrent<Topic<u32>> = Topic::new(&[&inbox]) => [TOPIC: dyn Publisher<u32>];
    }
    process buffers {
        notification BYTES_FILLED;
        notification BYTES_FREED;
        notification MESSAGES_FILLED;
        notification MESSAGES_FREED;
        object stream (stack = 512): Concurrent<StreamBuffer<256>> = StreamBuffer::new(BYTES_FILLED, BYTES_FREED) =>
            [BYTES_IN: dyn ByteWriter, BYTES_OUT: dyn ByteReader];
        object messages (stack = 512): Concurrent<MessageBuffer<256>> =
            MessageBuffer::new(MESSAGES_FILLED, MESSAGES_FREED) =>
            [MESSAGES_IN: dyn MessageSender, MESSAGES_OUT: dyn MessageReceiver];
    }
    process places {
        notification F0; notification F1; notification F2; notification F3;
        notification F4; notification F5; notification F6; notification F7;
        notification W0; notification W1; notification W2; notification W3;
        notification W4; notification W5; notification W6; notification W7;
        notification B0; notification B1; notification B2; notification B3;
        notification B4; notification B5; notification B6; notification B7;
        object flags (stack = 256): Concurrent<EventFlags<8>> = EventFlags::new([F0, F1, F2, F3, F4, F5, F6, F7]) =>
            [FLAGS_SET: dyn EventSetter, FLAGS: dyn EventWaiter];
        object value (stack = 256): Concurrent<Watch<u32, 8>> = Watch::new(5, [W0, W1, W2, W3, W4, W5, W6, W7]) =>
            [SET_VALUE: dyn Updater<u32>, VALUE: dyn Observer<u32>];
        object barrier (stack = 256): Concurrent<Barrier<8>> = Barrier::new([B0, B1, B2, B3, B4, B5, B6, B7]) =>
            [BARRIER: dyn Rendezvous];
    }
    process times {
        notification CHANGED;
        object alarms (stack = 320): Concurrent<Alarms<16>> = Alarms::new(ALARM, CHANGED) => [TIMER: dyn Timer];
        thread main (priority = 20, stack = 2048) = timers::serve([&*alarms as &dyn Expire], CHANGED);
    }
    process console {
        object terminal (stack = 1024): Concurrent<Console<Both<Dark, Past>>> =
            Console::with_settings(Both(Dark, Past::new()), SETTINGS) =>
            [LOG: dyn Log, LEVELS: dyn Levels, SET_LEVELS: dyn SetLevels, HISTORY: dyn History];
    }
    process office {
        object office (stack = 256): Concurrent<supervisor::Office> = supervisor::Office::new() =>
            [SUPERVISOR: dyn Supervise];
    }
    process attacker {
        notification ALARM;
        thread queues (priority = 9, stack = 2048) = starve_queues((IN, OUT), (ITEMS_IN, ITEMS_OUT), (INBOX, TOPIC));
        thread counts (priority = 8, stack = 2048) = starve_counts((GIVER, TAKER), (PERMITS, WARDEN), SUPERVISOR);
        thread bytes (priority = 7, stack = 2048) =
            starve_bytes((BYTES_IN, BYTES_OUT), (MESSAGES_IN, MESSAGES_OUT));
        thread places (priority = 6, stack = 2048) =
            starve_places((FLAGS_SET, FLAGS), (SET_VALUE, VALUE), BARRIER);
        thread times (priority = 5, stack = 2048) = starve_timer(TIMER);
        thread lines (priority = 4, stack = 2048) = starve_console(LOG, LEVELS, SET_LEVELS, HISTORY);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
        thread last (priority = 1, stack = 1024) = pass();
    }
}
board::start!(SYSTEM);

/// Makes calls with ever less stack left, by each multiple of 8 bytes.
fn starve(call: &mut dyn FnMut() -> Result<(), CallError>) {
    // The sizes that services declare are meant for the release profile. Code of the dev profile takes more.
    if cfg!(all(target_os = "none", debug_assertions)) {
        return;
    }
    from::<0>(call);
    // On Linux a stack is larger than its declaration.
    if cfg!(not(target_os = "none")) {
        return;
    }
    from::<8>(call);
    from::<16>(call);
    from::<24>(call);
    from::<32>(call);
    from::<40>(call);
    from::<48>(call);
    from::<56>(call);
}

#[inline(never)]
fn from<const ROOM: usize>(call: &mut dyn FnMut() -> Result<(), CallError>) {
    let room = core::hint::black_box([0_u8; ROOM]);
    probe::call_with_ever_less_stack(call);
    core::hint::black_box(room);
}

type Values = (Handle<dyn Sender<u32>>, Handle<dyn Receiver<u32>>);
type Items = (Handle<dyn ItemSender<[u8; 64]>>, Handle<dyn ItemReceiver<[u8; 64]>>);
type News = (Handle<dyn Subscriber<u32>>, Handle<dyn Publisher<u32>>);

fn starve_queues((input, output): Values, (sender, receiver): Items, (inbox, topic): News) -> ! {
    starve(&mut || output.receive_timeout(MOMENT).map(drop));
    starve(&mut || output.try_receive().map(drop));
    starve(&mut || output.count().map(drop));
    starve(&mut || input.send_timeout(1, MOMENT).map(drop));
    starve(&mut || input.try_send(1).map(drop));
    let mut item = LeaseBuf::<64>::new();
    let Some(item) = item.first_chunk_mut::<64>() else { thread::exit() };
    starve(&mut || receiver.receive_timeout(&mut *item, MOMENT).map(drop));
    starve(&mut || receiver.try_receive(&mut *item).map(drop));
    starve(&mut || sender.send_timeout(&*item, MOMENT).map(drop));
    starve(&mut || sender.try_send(&*item).map(drop));
    starve(&mut || inbox.receive_timeout(MOMENT).map(drop));
    starve(&mut || topic.publish(1));
    thread::exit()
}

fn starve_counts(
    (giver, taker): (Handle<dyn Giver>, Handle<dyn Taker>),
    (permits, warden): (Handle<dyn Holder>, Handle<dyn Warden>),
    supervisor: Handle<dyn Supervise>,
) -> ! {
    starve(&mut || taker.take_timeout(MOMENT).map(drop));
    starve(&mut || giver.give().map(drop));
    starve(&mut || permits.take_timeout(MOMENT).map(drop));
    starve(&mut || permits.give_back().map(drop));
    starve(&mut || warden.has_crashed(3).map(drop));
    starve(&mut || supervisor.restart(99).map(drop));
    starve(&mut || supervisor.stop(99).map(drop));
    thread::exit()
}

fn starve_bytes(
    (writer, reader): (Handle<dyn ByteWriter>, Handle<dyn ByteReader>),
    (sender, receiver): (Handle<dyn MessageSender>, Handle<dyn MessageReceiver>),
) -> ! {
    let mut bytes = LeaseBuf::<128>::new();
    starve(&mut || reader.read_timeout(&mut bytes, MOMENT).map(drop));
    starve(&mut || writer.write_timeout(&bytes, MOMENT).map(drop));
    starve(&mut || reader.try_read(&mut bytes).map(drop));
    starve(&mut || receiver.receive_timeout(&mut bytes, MOMENT).map(drop));
    starve(&mut || sender.send_timeout(&bytes, MOMENT).map(drop));
    starve(&mut || receiver.try_receive(&mut bytes).map(drop));
    starve(&mut || receiver.next_len().map(drop));
    thread::exit()
}

fn starve_places(
    (setter, waiter): (Handle<dyn EventSetter>, Handle<dyn EventWaiter>),
    (updater, observer): (Handle<dyn Updater<u32>>, Handle<dyn Observer<u32>>),
    barrier: Handle<dyn Rendezvous>,
) -> ! {
    starve(&mut || waiter.wait_timeout(1, Until::Any, MOMENT).map(drop));
    starve(&mut || setter.set(1));
    starve(&mut || setter.clear(1).map(drop));
    starve(&mut || observer.changed_timeout(0, MOMENT).map(drop));
    starve(&mut || updater.set(1));
    starve(&mut || barrier.meet_timeout(MOMENT).map(drop));
    starve(&mut || barrier.try_meet().map(drop));
    thread::exit()
}

fn starve_timer(timer: Handle<dyn Timer>) -> ! {
    starve(&mut || timer.start(1, Duration::ZERO).map(drop));
    starve(&mut || timer.start_periodic(2, Duration::from_millis(1)).map(drop));
    starve(&mut || timer.next_expired().map(drop));
    starve(&mut || timer.cancel(2).map(drop));
    starve(&mut || timer.clear());
    thread::exit()
}

fn starve_console(
    log: Handle<dyn Log>,
    levels: Handle<dyn Levels>,
    set: Handle<dyn SetLevels>,
    history: Handle<dyn History>,
) -> ! {
    let mut line = LeaseBuf::<128>::new();
    starve(&mut || levels.level().map(drop));
    starve(&mut || set.set_level(1, Level::Debug));
    starve(&mut || set.level_of(1).map(drop));
    line.fill(b'x');
    starve(&mut || log.write(Level::Error, &line));
    starve(&mut || history.line(0, &mut line).map(drop));
    thread::exit()
}
