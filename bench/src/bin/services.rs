// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of the services for communication and synchronisation in a process of their own.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, ROUNDS, check};
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::pool::Pool;
use crossgate::{Concurrent, Handle, LeaseBuf};
use crossgate_bytes::{ByteReader, ByteWriter, StreamBuffer};
use crossgate_event_flags::{EventFlags, EventSetter, EventWaiter, Until};
use crossgate_publish::{Publisher, Subscriber, Subscription, Topic};
use crossgate_queue::{Queue, Receiver, Sender};
use crossgate_semaphore::{Giver, Holder, Permits, Semaphore, Taker};
use crossgate_watch::{Observer, Updater, Watch};

/// Both ends of a queue, and the sender's end of another queue.
type Queues = (Handle<dyn Sender<u32>>, Handle<dyn Receiver<u32>>, Handle<dyn Sender<u32>>);
type Flags = (Handle<dyn EventSetter>, Handle<dyn EventWaiter>);
type Semaphores = (Handle<dyn Giver>, Handle<dyn Taker>, Handle<dyn Holder>);
type Values = (Handle<dyn Updater<u32>>, Handle<dyn Observer<u32>>);
type Topics = (Handle<dyn Publisher<u32>>, Handle<dyn Subscriber<u32>>);
type Bytes = (Handle<dyn ByteWriter>, Handle<dyn ByteReader>);

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        pool workers (count = 1, stack = 1024, priority = 9);
        thread main (priority = 8, stack = 4096) = run(
            (QUEUE_IN, QUEUE_OUT, WAKE_IN),
            (FLAGS_SET, FLAGS),
            (SEMAPHORE_GIVEN, SEMAPHORE, PERMITS),
            (WATCH_SET, WATCH),
            (TOPIC, INBOX),
            (BYTES_IN, BYTES_OUT),
            workers,
        );
    }
    process urgent {
        thread main (priority = 9, stack = 1024) = receive(WAKE_OUT);
    }
    process server {
        notification FILLED;
        notification FREED;
        notification WAKE_FILLED;
        notification WAKE_FREED;
        notification FLAGGED;
        notification FLAGGED_TOO;
        notification GIVEN;
        notification GIVEN_BACK;
        lost_clients GIVEN_BACK;
        notification CHANGED;
        notification CHANGED_TOO;
        notification NEWS;
        notification NEWS_TOO;
        notification BYTES_FILLED;
        notification BYTES_FREED;
        object flags: Concurrent<EventFlags<2>> = EventFlags::new([FLAGGED, FLAGGED_TOO]) =>
            [FLAGS_SET: dyn EventSetter, FLAGS: dyn EventWaiter];
        object semaphore: Concurrent<Semaphore> = Semaphore::binary(GIVEN) =>
            [SEMAPHORE_GIVEN: dyn Giver, SEMAPHORE: dyn Taker];
        object permits: Concurrent<Permits> = Permits::new(1, GIVEN_BACK) => [PERMITS: dyn Holder];
        object watch: Concurrent<Watch<u32, 2>> = Watch::new(0, [CHANGED, CHANGED_TOO]) =>
            [WATCH_SET: dyn Updater<u32>, WATCH: dyn Observer<u32>];
        object inbox: Concurrent<Subscription<u32, 4>> = Subscription::new(NEWS) =>
            [INBOX: dyn Subscriber<u32>];
        // Its messages are lost.
        object slow: Concurrent<Subscription<u32, 4>> = Subscription::new(NEWS_TOO) => [];
        object topic: Concurrent<Topic<u32>> = Topic::new(&[&inbox, &slow]) =>
            [TOPIC: dyn Publisher<u32>];
        object bytes: Concurrent<StreamBuffer<64>> = StreamBuffer::new(BYTES_FILLED, BYTES_FREED) =>
            [BYTES_IN: dyn ByteWriter, BYTES_OUT: dyn ByteReader];
        object queue: Concurrent<Queue<u32, 8>> = Queue::new(FILLED, FREED) =>
            [QUEUE_IN: dyn Sender<u32>, QUEUE_OUT: dyn Receiver<u32>];
        object wake: Concurrent<Queue<u32, 8>> = Queue::new(WAKE_FILLED, WAKE_FREED) =>
            [WAKE_IN: dyn Sender<u32>, WAKE_OUT: dyn Receiver<u32>];
    }
}
board::start!(SYSTEM);

fn run(
    (sender, receiver, wake): Queues,
    (setter, waiter): Flags,
    (giver, taker, holder): Semaphores,
    (publisher, observer): Values,
    (topic, inbox): Topics,
    (writer, reader): Bytes,
    workers: Pool,
) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    bench.measure("queue_send_receive", || {
        check(sender.send(7) == Ok(Ok(())) && receiver.receive() == Ok(Ok(7)));
    });
    // The receiver has the item, and waits again, before `send` returns.
    bench.measure_whole("queue_wake", ROUNDS, || {
        for item in 0..ROUNDS {
            check(wake.send(item) == Ok(Ok(())));
        }
    });
    bench.measure("event_flags", || {
        check(setter.set(1) == Ok(()) && waiter.wait(1, Until::TakeAll) == Ok(Ok(1)));
    });
    bench.measure("semaphore", || {
        check(giver.give() == Ok(Ok(())) && taker.take() == Ok(Ok(())));
    });
    bench.measure("semaphore_held", || {
        check(holder.take() == Ok(Ok(())) && holder.give_back() == Ok(Ok(())));
    });
    bench.measure("watch", || {
        check(publisher.set(9) == Ok(()) && observer.get() == Ok(9));
    });
    bench.measure("publish", || {
        check(topic.publish(5) == Ok(()) && inbox.receive() == Ok(Ok(5)));
    });
    let (from, mut to) = (LeaseBuf::<32>::new(), LeaseBuf::<32>::new());
    bench.measure("byte_stream", || {
        check(writer.write(&from) == Ok(Ok(32)) && reader.read(&mut to) == Ok(Ok(32)));
    });
    bench.measure("pool_spawn_join", || {
        check(workers.spawn(|| 7).is_ok_and(|job| job.join() == Ok(7)));
    });
    bench.end()
}

/// This thread is more urgent than the sender.
fn receive(queue: Handle<dyn Receiver<u32>>) -> ! {
    loop {
        check(matches!(queue.receive(), Ok(Ok(_))));
    }
}
