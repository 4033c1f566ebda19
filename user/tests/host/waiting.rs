//! Notifications, time and threads.

use core::time::Duration;
use crossgate::{host, notification, thread, time};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_signal_is_kept_until_it_is_waited_for() {
    let news = host::notification(0);
    assert!(!news.try_wait());
    news.signal();
    news.signal();
    news.wait();
    assert!(!news.try_wait(), "two signals that nobody waited for are one");
    assert_eq!(news.wait_timeout(SHORT), Err(notification::TimedOut));
}

#[test]
fn a_signal_wakes_a_thread_that_waits() {
    let (ping, pong) = (host::notification(1), host::notification(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            ping.wait();
            assert_eq!(pong.as_signal().signal(), Ok(()));
        });
        assert!(!pong.try_wait());
        ping.signal();
        assert_eq!(pong.wait_timeout(LONG), Ok(()));
    });
}

#[test]
fn the_place_of_the_signal_is_told() {
    let (left, right) = (host::notification(3), host::notification(4));
    right.signal();
    assert_eq!(notification::wait_any([left, right]), 1);
    left.signal();
    assert_eq!(notification::wait_any_timeout([right, left], LONG), Ok(1));
    assert_eq!(notification::wait_any_timeout([right, left], SHORT), Err(notification::TimedOut));
}

#[test]
fn time_passes_in_sleep() {
    let start = time::now();
    time::sleep(SHORT);
    let after = time::now();
    assert!(after - start >= SHORT);
    assert_eq!(start - after, Duration::ZERO);
    time::sleep_until(after + SHORT);
    assert!(time::now() >= after + SHORT);
    assert!(after.as_micros() > start.as_micros());
}

#[test]
fn a_thread_ends() {
    assert_eq!(thread::id(), 0);
    thread::yield_now();
    assert!(std::thread::spawn(|| thread::exit()).join().is_err());
}
