// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of locks, with threads that run on the kernel.

use super::*;
use crate::notification::TimedOut;
use crate::testing::{Process, Wiring};
use crate::thread::yield_now;
use crate::time;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

const ROUNDS: u32 = if cfg!(miri) { 20 } else { 500 };
const MOMENT: Duration = Duration::from_millis(20);

/// Creates a value in the process of a test, wires threads that use this value, and runs the test with these threads.
fn with<T: Sync>(
    make: impl FnOnce(Process<'_>) -> T,
    wire: impl FnOnce(Process<'_>, &'static T),
    body: impl FnOnce(&'static T),
) -> &'static T {
    let wiring = Wiring::new();
    let home = wiring.test();
    let it = home.object(make(home));
    wire(home, it);
    wiring.run(|| body(it));
    it
}

#[test]
fn a_condition_is_waited_for() {
    let wiring = Wiring::new();
    let home = wiring.test();
    let turn = home.object((Mutex::new(0), Condvar::<3>::new(home.notifications())));
    let threads = [0, 1, 2].map(|me| {
        home.thread(1 + me as u8, move || {
            let (turn, changed) = turn;
            for _ in 0..ROUNDS {
                let mut guard = changed.wait_while(turn.lock(), |turn| *turn % 3 != me);
                *guard += 1;
                drop(guard);
                changed.notify_all();
            }
        })
    });
    wiring.run(|| threads.map(|thread| thread.join()));
    assert_eq!(*turn.0.lock(), 3 * ROUNDS);
}

#[test]
fn one_notification_wakes_one_and_no_later_one() {
    let make = |home: Process<'_>| (Mutex::new(0), Condvar::<3>::new(home.notifications()));
    let wire = |home: Process<'_>, it: &'static (Mutex<u32>, Condvar<3>)| {
        for _ in 0..3 {
            home.thread(2, || *it.1.wait(it.0.lock()) += 1);
        }
    };
    with(make, wire, |(woken, changed)| {
        for count in 0..3 {
            assert_eq!(*woken.lock(), count);
            changed.notify_one();
        }
        assert_eq!(*woken.lock(), 3);
        changed.notify_all();
        let (guard, result) = changed.wait_timeout(woken.lock(), MOMENT);
        assert_eq!((*guard, result), (3, Err(TimedOut)), "nobody waited for those");
    });
}

#[test]
fn a_wait_that_times_out_leaves_nothing_behind() {
    let make = |home: Process<'_>| (Mutex::new(0), Condvar::<1>::new([home.notification()]));
    let wire = |home: Process<'_>, it: &'static (Mutex<u32>, Condvar<1>)| {
        home.thread(2, || {
            time::sleep(4 * MOMENT);
            *it.0.lock() = 1;
            it.1.notify_one();
        });
    };
    with(make, wire, |(value, changed)| {
        for _ in 0..3 {
            let (guard, result) =
                changed.wait_timeout_while(value.lock(), MOMENT, |value| *value == 0);
            assert_eq!((*guard, result), (0, Err(TimedOut)));
        }
        drop(changed.wait_while(value.lock(), |value| *value == 0));
        assert_eq!(changed.wait_timeout_while(value.lock(), MOMENT, |it| *it == 0).1, Ok(()));
        assert_eq!(time::now().as_micros(), 80_000);
    });
}

/// Tests that notifications and the ends of waits may come in any order: no notification is lost, and none counts
/// twice.
#[test]
fn waits_that_end_while_they_are_told() {
    let wiring = Wiring::new();
    let home = wiring.test();
    let tokens = home.object(Semaphore::<2>::new(0, home.notifications()));
    let taken = home.object(AtomicU32::new(0));
    let threads = [3, 2].map(|patience| {
        home.thread(patience, move || {
            let patience = Duration::from_micros(patience.into());
            while taken.load(SeqCst) < ROUNDS {
                if let Ok(permit) = tokens.acquire_timeout(patience) {
                    permit.use_up();
                    taken.fetch_add(1, SeqCst);
                }
            }
        })
    });
    wiring.run(|| {
        for round in 0..ROUNDS {
            tokens.add(1);
            time::sleep(Duration::from_micros((round % 7).into()));
        }
        threads.into_iter().for_each(|thread| thread.join());
    });
    assert_eq!((taken.load(SeqCst), tokens.permits()), (ROUNDS, 0));
}

#[test]
#[should_panic(expected = "more threads wait here")]
fn no_more_wait_than_there_are_notifications() {
    let waiters = waiters::Waiters::<1>::new(Wiring::new().test().notifications());
    let _first = waiters.enter(waiters::Kind::One);
    let _second = waiters.enter(waiters::Kind::One);
}

#[test]
fn who_waits_longest_is_told_first_also_when_the_tickets_come_round() {
    use waiters::{Kind, Waiters};
    let make = |home: Process<'_>| Waiters::<3>::new(home.notifications());
    with(
        make,
        |_, _| (),
        |waiters| {
            for _ in 0..6 {
                let first = waiters.enter(Kind::One);
                let other = waiters.enter(Kind::Other);
                let second = waiters.enter(Kind::One);
                assert!(waiters.tell_one(Kind::One));
                assert_eq!(first.wait(Some(time::now())), Ok(()));
                assert!(waiters.tell_one(Kind::One) && !waiters.tell_one(Kind::One));
                assert!(second.leave(), "it was told");
                assert!(!other.leave(), "it was not");
                // In the next round the ticket wraps around.
                waiters.set_ticket(u32::MAX - 3 - 4);
            }
        },
    );
}

#[test]
fn no_more_than_there_are_permits() {
    let wiring = Wiring::new();
    let home = wiring.test();
    let semaphore = home.object(Semaphore::<4>::new(2, home.notifications()));
    let inside = home.object(AtomicU32::new(0));
    let threads = [1, 1, 2, 3].map(|priority| {
        home.thread(priority, || {
            for _ in 0..ROUNDS / 20 {
                let _permit = semaphore.acquire();
                assert!(inside.fetch_add(1, SeqCst) < 2);
                time::sleep(Duration::from_micros(3));
                inside.fetch_sub(1, SeqCst);
            }
        })
    });
    wiring.run(|| {
        threads.into_iter().for_each(|thread| thread.join());
        assert_eq!(semaphore.permits(), 2);
        assert!(semaphore.acquire_timeout(MOMENT).is_ok());
        let (_one, _other) = (semaphore.acquire(), semaphore.acquire());
        assert!(semaphore.try_acquire().is_none());
        assert_eq!(semaphore.acquire_timeout(MOMENT).err(), Some(TimedOut));
    });
}

#[test]
#[should_panic(expected = "too many permits")]
fn permits_do_not_overflow() {
    Semaphore::<1>::new(u32::MAX, Wiring::new().test().notifications()).add(1);
}

#[test]
fn many_read_or_one_writes() {
    let wiring = Wiring::new();
    let home = wiring.test();
    let pair = home.object(RwLock::<_, 4>::new((0, 0), home.notifications()));
    let threads = [0, 1, 2, 3].map(|me| {
        home.thread(1 + me as u8 / 2, move || {
            for round in 0..ROUNDS / 20 {
                if (round + me) % 4 == 0 {
                    let mut pair = pair.write();
                    pair.0 += 1;
                    time::sleep(Duration::from_micros(2));
                    pair.1 += 1;
                } else {
                    let pair = pair.read();
                    time::sleep(Duration::from_micros(1));
                    assert_eq!(pair.0, pair.1);
                }
            }
        })
    });
    wiring.run(|| threads.map(|thread| thread.join()));
    assert_eq!(*pair.read(), (ROUNDS / 20, ROUNDS / 20));
}

#[test]
fn a_writer_who_waits_is_before_new_readers() {
    let wiring = Wiring::new();
    let home = wiring.test();
    let value = home.object(RwLock::<_, 2>::new(0, home.notifications()));
    let [write, read] = home.notifications();
    let writer = home.thread(2, move || {
        write.wait();
        *value.write() = 1;
    });
    let reader = home.thread(2, move || {
        read.wait();
        *value.read()
    });
    wiring.run(|| {
        let (first, second) = (value.read(), value.read());
        assert!(value.try_write().is_none());
        write.signal();
        assert!(value.try_read().is_none());
        read.signal();
        assert_eq!(*first + *second, 0);
        drop((first, second));
        writer.join();
        assert_eq!(reader.join(), 1);
        assert!(value.try_read().is_some());
        let writing = value.write();
        assert!(value.try_read().is_none() && value.try_write().is_none());
        drop(writing);
    });
}

#[test]
fn values_come_in_their_order_and_none_is_lost() {
    let wiring = Wiring::new();
    let home = wiring.test();
    let channel = home.object(Channel::<u32, 3, 4>::new(home.notifications()));
    let sum = home.object(AtomicU32::new(0));
    let senders = [0, 1].map(|me| {
        home.thread(1 + me as u8, move || {
            (0..ROUNDS).for_each(|round| {
                channel.send(2 * round + me);
                if round % 3 == me {
                    yield_now();
                }
            });
        })
    });
    let receivers = [1, 3].map(|priority| {
        home.thread(priority, || {
            let mut last = [None, None];
            for _ in 0..ROUNDS {
                let value = channel.receive();
                let last = &mut last[value as usize % 2];
                assert!(*last < Some(value));
                *last = Some(value);
                sum.fetch_add(value, SeqCst);
            }
        })
    });
    wiring.run(|| senders.into_iter().chain(receivers).for_each(|thread| thread.join()));
    assert_eq!(sum.load(SeqCst), (0..2 * ROUNDS).fold(0, u32::wrapping_add));
    assert!(channel.is_empty());
}

#[test]
fn a_channel_that_is_full_or_empty() {
    let make = |home: Process<'_>| Channel::<_, 2, 1>::new(home.notifications());
    with(
        make,
        |_, _| (),
        |channel| {
            let times_out = channel.receive_timeout(MOMENT);
            assert_eq!((channel.try_receive(), times_out), (None, Err(TimedOut)));
            assert_eq!(
                (channel.try_send('a'), channel.send_timeout('b', MOMENT)),
                (Ok(()), Ok(()))
            );
            let times_out = channel.send_timeout('d', MOMENT);
            assert_eq!((channel.try_send('c'), times_out), (Err('c'), Err('d')));
            assert_eq!((channel.len(), channel.receive()), (2, 'a'));
            assert_eq!((channel.try_send('e'), channel.receive()), (Ok(()), 'b'));
            assert_eq!((channel.receive_timeout(MOMENT), channel.try_receive()), (Ok('e'), None));
            assert_eq!(time::now().as_micros(), 40_000);
        },
    );
}

#[test]
fn a_value_is_made_once() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    static VALUE: LazyLock<u32> = LazyLock::new(|| {
        time::sleep(MOMENT);
        MADE.fetch_add(1, SeqCst) + 7
    });
    let wiring = Wiring::new();
    let threads = [1, 2, 2, 3].map(|priority| wiring.test().thread(priority, || *VALUE));
    wiring.run(|| assert_eq!(threads.map(|thread| thread.join()), [7; 4]));
    assert_eq!(MADE.load(SeqCst), 1);
    let once = OnceLock::new();
    assert_eq!((once.get(), once.set(3), once.set(4)), (None, Ok(()), Err(4)));
    assert_eq!((once.get_or_init(|| 5), once.get()), (&3, Some(&3)));
}
