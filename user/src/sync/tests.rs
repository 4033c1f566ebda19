//! With the threads of the host, and its notifications: each test has some of its own.

use super::*;
use crate::notification::TimedOut;
use crate::{Notification, host};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use std::thread;

const ROUNDS: u32 = if cfg!(miri) { 50 } else { 20_000 };
const MOMENT: Duration = Duration::from_millis(20);

/// `N` notifications from `first` on.
fn notifications<const N: usize>(first: usize) -> [Notification; N] {
    core::array::from_fn(|index| host::notification(first + index))
}

#[test]
fn a_condition_is_waited_for() {
    let (turn, changed) = (Mutex::new(0), Condvar::<3>::new(notifications(0)));
    thread::scope(|scope| {
        for me in 0..3 {
            let (turn, changed) = (&turn, &changed);
            scope.spawn(move || {
                for _ in 0..ROUNDS / 100 {
                    let mut guard = changed.wait_while(turn.lock(), |turn| *turn % 3 != me);
                    *guard += 1;
                    drop(guard);
                    changed.notify_all();
                }
            });
        }
    });
    assert_eq!(*turn.lock(), 3 * (ROUNDS / 100));
}

#[test]
fn one_notification_wakes_one_and_no_later_one() {
    let (woken, changed) = (Mutex::new(0), Condvar::<3>::new(notifications(3)));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| *changed.wait(woken.lock()) += 1);
        }
        thread::sleep(MOMENT);
        for count in 0..3 {
            assert_eq!(*woken.lock(), count);
            changed.notify_one();
            thread::sleep(MOMENT);
        }
    });
    assert_eq!(*woken.lock(), 3);
    changed.notify_all();
    let (guard, result) = changed.wait_timeout(woken.lock(), MOMENT);
    assert_eq!((*guard, result), (3, Err(TimedOut)), "nobody waited for those");
}

#[test]
fn a_wait_that_times_out_leaves_nothing_behind() {
    let (value, changed) = (Mutex::new(0), Condvar::<1>::new(notifications(6)));
    for _ in 0..3 {
        let (guard, result) = changed.wait_timeout_while(value.lock(), MOMENT, |value| *value == 0);
        assert_eq!((*guard, result), (0, Err(TimedOut)));
    }
    thread::scope(|scope| {
        scope.spawn(|| drop(changed.wait_while(value.lock(), |value| *value == 0)));
        thread::sleep(MOMENT);
        *value.lock() = 1;
        changed.notify_one();
    });
    assert_eq!(changed.wait_timeout_while(value.lock(), MOMENT, |value| *value == 0).1, Ok(()));
}

/// Notifications and the ends of waits cross in all ways: none is lost, and none counts twice.
#[test]
fn waits_that_end_while_they_are_told() {
    let (tokens, changed) = (Semaphore::<2>::new(0, notifications(7)), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while changed.load(SeqCst) < ROUNDS {
                    if let Ok(permit) = tokens.acquire_timeout(Duration::from_micros(20)) {
                        permit.use_up();
                        changed.fetch_add(1, SeqCst);
                    }
                }
            });
        }
        for round in 0..ROUNDS {
            tokens.add(1);
            if round % 3 == 0 {
                thread::yield_now();
            }
        }
    });
    assert_eq!((changed.load(SeqCst), tokens.permits()), (ROUNDS, 0));
}

#[test]
#[should_panic(expected = "more threads wait here")]
fn no_more_wait_than_there_are_notifications() {
    let waiters = waiters::Waiters::<1>::new(notifications(9));
    let _first = waiters.enter(waiters::Kind::One);
    let _second = waiters.enter(waiters::Kind::One);
}

#[test]
fn who_waits_longest_is_told_first_also_when_the_tickets_come_round() {
    use waiters::{Kind, Waiters};
    let waiters = Waiters::<3>::new(notifications(10));
    for _ in 0..6 {
        let first = waiters.enter(Kind::One);
        let other = waiters.enter(Kind::Other);
        let second = waiters.enter(Kind::One);
        assert!(waiters.tell_one(Kind::One));
        assert_eq!(first.wait(Some(crate::time::now())), Ok(()));
        assert!(waiters.tell_one(Kind::One) && !waiters.tell_one(Kind::One));
        assert!(second.leave(), "it was told");
        assert!(!other.leave(), "it was not");
        // The next round wraps.
        waiters.set_ticket(u32::MAX - 3 - 4);
    }
}

#[test]
fn no_more_than_there_are_permits() {
    let (semaphore, inside) = (Semaphore::<4>::new(2, notifications(13)), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..ROUNDS / 20 {
                    let _permit = semaphore.acquire();
                    assert!(inside.fetch_add(1, SeqCst) < 2);
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                }
            });
        }
    });
    assert_eq!(semaphore.permits(), 2);
    assert!(semaphore.acquire_timeout(MOMENT).is_ok());
    let (_one, _other) = (semaphore.acquire(), semaphore.acquire());
    assert!(semaphore.try_acquire().is_none());
    assert_eq!(semaphore.acquire_timeout(MOMENT).err(), Some(TimedOut));
}

#[test]
#[should_panic(expected = "too many permits")]
fn permits_do_not_overflow() {
    Semaphore::<1>::new(u32::MAX, notifications(17)).add(1);
}

#[test]
fn many_read_or_one_writes() {
    let pair = RwLock::<_, 4>::new((0, 0), notifications(18));
    thread::scope(|scope| {
        for me in 0..4 {
            let pair = &pair;
            scope.spawn(move || {
                for round in 0..ROUNDS / 20 {
                    if (round + me) % 4 == 0 {
                        let mut pair = pair.write();
                        pair.0 += 1;
                        thread::yield_now();
                        pair.1 += 1;
                    } else {
                        let pair = pair.read();
                        assert_eq!(pair.0, pair.1);
                    }
                }
            });
        }
    });
    assert_eq!(*pair.read(), (ROUNDS / 20, ROUNDS / 20));
}

#[test]
fn a_writer_who_waits_is_before_new_readers() {
    let value = RwLock::<_, 2>::new(0, notifications(22));
    thread::scope(|scope| {
        let (first, second) = (value.read(), value.read());
        assert!(value.try_write().is_none());
        scope.spawn(|| *value.write() = 1);
        thread::sleep(MOMENT);
        assert!(value.try_read().is_none());
        scope.spawn(|| assert_eq!(*value.read(), 1));
        thread::sleep(MOMENT);
        assert_eq!(*first + *second, 0);
    });
    assert!(value.try_read().is_some());
    let writing = value.write();
    assert!(value.try_read().is_none() && value.try_write().is_none());
    drop(writing);
}

#[test]
fn values_come_in_their_order_and_none_is_lost() {
    let channel = Channel::<u32, 3, 4>::new(notifications(24));
    let sum = AtomicU32::new(0);
    thread::scope(|scope| {
        for me in 0..2 {
            let channel = &channel;
            scope.spawn(move || (0..ROUNDS).for_each(|round| channel.send(2 * round + me)));
        }
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = [None, None];
                for _ in 0..ROUNDS {
                    let value = channel.receive();
                    let last = &mut last[value as usize % 2];
                    assert!(*last < Some(value));
                    *last = Some(value);
                    sum.fetch_add(value, SeqCst);
                }
            });
        }
    });
    assert_eq!(sum.load(SeqCst), (0..2 * ROUNDS).fold(0, u32::wrapping_add));
    assert!(channel.is_empty());
}

#[test]
fn a_channel_that_is_full_or_empty() {
    let channel = Channel::<_, 2, 1>::new(notifications(28));
    assert_eq!((channel.try_receive(), channel.receive_timeout(MOMENT)), (None, Err(TimedOut)));
    assert_eq!((channel.try_send('a'), channel.send_timeout('b', MOMENT)), (Ok(()), Ok(())));
    assert_eq!((channel.try_send('c'), channel.send_timeout('d', MOMENT)), (Err('c'), Err('d')));
    assert_eq!((channel.len(), channel.receive()), (2, 'a'));
    assert_eq!((channel.try_send('e'), channel.receive()), (Ok(()), 'b'));
    assert_eq!((channel.receive_timeout(MOMENT), channel.try_receive()), (Ok('e'), None));
}

#[test]
fn a_value_is_made_once() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    static VALUE: LazyLock<u32> = LazyLock::new(|| {
        thread::sleep(MOMENT);
        MADE.fetch_add(1, SeqCst) + 7
    });
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(*VALUE, 7));
        }
    });
    assert_eq!(MADE.load(SeqCst), 1);
    let once = OnceLock::new();
    assert_eq!((once.get(), once.set(3), once.set(4)), (None, Ok(()), Err(4)));
    assert_eq!((once.get_or_init(|| 5), once.get()), (&3, Some(&3)));
}
