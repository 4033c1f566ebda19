// SPDX-License-Identifier: MIT OR Apache-2.0
//! Timers of the threads of one process.

use crate::{Expired, Full, Id, Queue};
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::{Notification, time};

/// A [`Queue`] in which any thread of a process starts timers, and which one thread runs.
///
/// ```
/// # use crossgate::{testing::Wiring, time};
/// use core::time::Duration;
/// use timers::Timers;
///
/// // object timers: Concurrent<Timers<char, 1000>> = Timers::new(CHANGED) => [];
/// let wiring = Wiring::new();
/// let timers = Timers::<char, 1000>::new(wiring.test().notification());
/// wiring.run(|| {
///     timers.start(Duration::from_micros(2500), 'b').unwrap();
///     timers.start_periodic(Duration::from_millis(1), 'a').unwrap();
///     let mut seen = String::new();
///     // thread main (priority = 3, stack = 1024) = timers.run(|expired| ...);
///     while seen.len() < 4 {
///         timers.step(|expired| seen.push(expired.value));
///     }
///     assert_eq!((&seen[..], time::now().as_micros()), ("aaba", 3000));
/// });
/// ```
#[derive(Debug)]
pub struct Timers<T, const N: usize> {
    queue: Mutex<Queue<T, N>>,
    changed: Notification,
}

impl<T: Copy, const N: usize> Timers<T, N> {
    /// Creates timers, none of which runs. The notification wakes the thread that runs the timers when one is started;
    /// it must not be used for anything else.
    #[must_use]
    pub const fn new(changed: Notification) -> Self {
        Timers { queue: Mutex::new(Queue::new()), changed }
    }

    /// Starts a timer that expires once, after a time.
    ///
    /// # Errors
    /// [`Full`] if `N` run.
    pub fn start(&self, after: Duration, value: T) -> Result<Id, Full> {
        self.add(after, None, value)
    }

    /// Starts a timer that expires again and again, at the multiples of a time from now.
    ///
    /// # Errors
    /// [`Full`] if `N` run.
    ///
    /// # Panics
    /// If the time is less than 1 µs.
    pub fn start_periodic(&self, every: Duration, value: T) -> Result<Id, Full> {
        self.add(every, Some(every), value)
    }

    /// Stops a timer. Returns the value that it was started with, if it runs. (The action of an earlier expiry may
    /// still be under way.)
    pub fn cancel(&self, id: Id) -> Option<T> {
        self.queue.lock().cancel(id)
    }

    /// Stops all timers.
    pub fn clear(&self) {
        self.queue.lock().clear();
    }

    /// Passes all timers that expire to `act`, for ever, and waits in between. While `act` runs, other threads may
    /// start and stop timers, and so may `act`.
    pub fn run(&self, mut act: impl FnMut(Expired<T>)) -> ! {
        loop {
            self.step(&mut act);
        }
    }

    /// Waits until a timer expires, or until a timer is started that may expire sooner; then passes the timers that
    /// have expired to `act`.
    pub fn step(&self, act: impl FnMut(Expired<T>)) {
        wait(self.changed, self.next());
        self.expire(act);
    }

    /// Returns when the next timer expires.
    pub(crate) fn next(&self) -> Option<time::Instant> {
        self.queue.lock().next()
    }

    /// Passes the timers that have expired by now to `act`.
    pub(crate) fn expire(&self, mut act: impl FnMut(Expired<T>)) {
        let now = time::now();
        loop {
            let expired = self.queue.lock().expire(now);
            let Some(expired) = expired else { return };
            act(expired);
        }
    }

    fn add(&self, after: Duration, period: Option<Duration>, value: T) -> Result<Id, Full> {
        let at = time::now() + after;
        let mut queue = self.queue.lock();
        let before = queue.next();
        let id = queue.start(at, period, value)?;
        drop(queue);
        if before.is_none_or(|before| at < before) {
            self.changed.signal();
        }
        Ok(id)
    }
}

/// Waits until this time, or until a timer is started or stopped.
pub(crate) fn wait(changed: Notification, until: Option<time::Instant>) {
    match until {
        None => changed.wait(),
        // A signal and the timeout are both a reason to look.
        Some(until) => drop(changed.wait_timeout(until - time::now())),
    }
}
