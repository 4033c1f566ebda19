// SPDX-License-Identifier: MIT OR Apache-2.0
//! Notifications, time and threads.

use core::time::Duration;
use crossgate::testing::Wiring;
use crossgate::{notification, thread, time};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_signal_is_kept_until_it_is_waited_for() {
    let wiring = Wiring::new();
    let news = wiring.test().notification();
    let each = wiring.test().counting_notification();
    wiring.run(|| {
        assert!(!news.try_wait());
        for notification in [news, each] {
            notification.signal();
            notification.signal();
            notification.wait();
        }
        assert!(!news.try_wait(), "two signals that nobody waited for are one");
        assert!(each.try_wait() && !each.try_wait(), "each counts");
        assert_eq!(news.wait_timeout(SHORT), Err(notification::TimedOut));
    });
}

#[test]
fn a_signal_wakes_a_thread_that_waits() {
    let wiring = Wiring::new();
    let ping = wiring.process("other").notification();
    let pong = wiring.test().notification();
    wiring.process("other").thread(2, move || {
        ping.wait();
        time::sleep(SHORT);
        assert_eq!(pong.as_signal().signal(), Ok(()));
    });
    wiring.run(|| {
        assert!(!pong.try_wait());
        ping.signal();
        assert!(!pong.try_wait());
        assert_eq!(pong.wait_timeout(LONG), Ok(()));
        assert_eq!(time::now().as_micros(), 2000);
    });
}

#[test]
fn the_place_of_the_signal_is_told() {
    let wiring = Wiring::new();
    let [left, right] = wiring.test().notifications();
    wiring.run(|| {
        right.signal();
        assert_eq!(notification::wait_any([left, right]), 1);
        left.signal();
        assert_eq!(notification::wait_any_timeout([right, left], LONG), Ok(1));
        let times_out = notification::wait_any_timeout([right, left], SHORT);
        assert_eq!(times_out, Err(notification::TimedOut));
    });
}

#[test]
fn time_passes_in_sleep() {
    Wiring::new().run(|| {
        let start = time::now();
        time::sleep(SHORT);
        let after = time::now();
        assert_eq!(after - start, SHORT);
        assert_eq!(start - after, Duration::ZERO);
        time::sleep_until(after + SHORT);
        assert_eq!(time::now(), after + SHORT);
        assert!(after.as_micros() > start.as_micros());
    });
}

#[test]
fn a_thread_ends() {
    let wiring = Wiring::new();
    let ends = wiring.process("other").thread(2, || {
        if thread::id() == 2 {
            thread::exit();
        }
    });
    wiring.run(|| {
        assert_eq!(thread::id(), 1);
        thread::yield_now();
        assert!(!ends.has_ended(), "not by the end of its body");
    });
}
