// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of messages, a barrier, timers and a guard of a watchdog in a process of their own.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, ROUNDS, check};
use board::{TIMER0, Timer as Clock, UART0, Uart};
use core::time::Duration;
use crossgate::{Concurrent, Handle, LeaseBuf, Notification};
use crossgate_barrier::{Barrier, Rendezvous};
use crossgate_bytes::{MessageBuffer, MessageReceiver, MessageSender};
use crossgate_timer::Timer;
use crossgate_watchdog::{Guard, Guarded, Guards};
use timers::{Alarms, Expire};

type Messages = (Handle<dyn MessageSender>, Handle<dyn MessageReceiver>);

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        notification ALARM;
        thread main (priority = 8, stack = 4096) =
            run((MESSAGES_IN, MESSAGES_OUT), MEET, (TIMER, ALARM), GUARD);
    }
    process urgent { thread main (priority = 9, stack = 1024) = meet(MEET); }
    process server {
        notification FILLED;
        notification FREED;
        notification FIRST;
        notification SECOND;
        notification CHANGED;
        object messages: Concurrent<MessageBuffer<64>> = MessageBuffer::new(FILLED, FREED) =>
            [MESSAGES_IN: dyn MessageSender, MESSAGES_OUT: dyn MessageReceiver];
        object barrier: Concurrent<Barrier<2>> = Barrier::new([FIRST, SECOND]) =>
            [MEET: dyn Rendezvous];
        object alarms: Concurrent<Alarms<4>> = Alarms::new(ALARM, CHANGED) => [TIMER: dyn Timer];
        object guards: Concurrent<Guards<1>> =
            Guards::new([Guarded::new("client", Duration::from_secs(10))]) => [GUARD: dyn Guard<0>];
        thread keeper (priority = 21, stack = 1024) = guards.keep(|| {}, Duration::from_secs(5));
        thread timers (priority = 20, stack = 1024) =
            timers::serve([&*alarms as &dyn Expire], CHANGED);
    }
}
board::start!(SYSTEM);

fn run(
    (sender, receiver): Messages,
    barrier: Handle<dyn Rendezvous>,
    (timer, alarm): (Handle<dyn Timer>, Notification),
    guard: Handle<dyn Guard<0>>,
) -> ! {
    let mut bench = Bench::new(Clock::new(TIMER0), Uart::new(UART0, 115_200));
    let (from, mut to) = (LeaseBuf::<32>::new(), LeaseBuf::<32>::new());
    bench.measure("message", || {
        check(sender.send(&from) == Ok(Ok(())) && receiver.receive(&mut to) == Ok(Ok(32)));
    });
    // The other thread continues, and waits again, before `meet` returns.
    bench.measure_whole("barrier", ROUNDS, || {
        for _ in 0..ROUNDS {
            check(barrier.meet() == Ok(Ok(())));
        }
    });
    bench.measure("timer_set", || {
        check(timer.start(0, Duration::from_secs(3600)) == Ok(Ok(())));
        check(timer.cancel(0) == Ok(true));
    });
    bench.measure_whole("timer_expiry", ROUNDS, || {
        for _ in 0..ROUNDS {
            check(timer.start(0, Duration::ZERO) == Ok(Ok(())));
            alarm.wait();
            check(timer.next_expired() == Ok(Some(0)));
        }
    });
    bench.measure("watchdog_feed", || check(guard.feed() == Ok(())));
    bench.end()
}

/// This thread is more urgent than the other one.
fn meet(barrier: Handle<dyn Rendezvous>) -> ! {
    loop {
        check(barrier.meet() == Ok(Ok(())));
    }
}
