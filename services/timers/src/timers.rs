// SPDX-License-Identifier: MIT OR Apache-2.0
//! Timers of the threads of one process.

use crate::{Expired, Full, Id, Queue};
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::{Notification, time};

/// A [`Queue`] for the threads of a process: any thread starts timers, and one thread runs them.
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
    /// Creates timers. None of them runs. The notification wakes the thread that runs the timers when a timer is
    /// started. The process must use this notification for nothing else.
    #[must_use]
    pub const fn new(changed: Notification) -> Self {
        Timers { queue: Mutex::new(Queue::new()), changed }
    }

    /// Starts a timer that expires once, after a time.
    ///
    /// # Errors
    /// [`Full`] if `N` timers run already.
    pub fn start(&self, after: Duration, value: T) -> Result<Id, Full> {
        self.add(after, None, value)
    }

    /// Starts a timer that expires again and again, at the multiples of `every` from now on.
    ///
    /// # Errors
    /// [`Full`] if `N` timers run already.
    ///
    /// # Panics
    /// If `every` is less than 1 µs.
    pub fn start_periodic(&self, every: Duration, value: T) -> Result<Id, Full> {
        self.add(every, Some(every), value)
    }

    /// Stops a timer. Returns its value if the timer was running. (The action of an earlier expiry may still be
    /// running.)
    pub fn cancel(&self, id: Id) -> Option<T> {
        self.queue.lock().cancel(id)
    }

    /// Stops all timers.
    pub fn clear(&self) {
        self.queue.lock().clear();
    }

    /// Waits for timers that expire, and passes each of them to `act`, for ever. While `act` runs, other threads may
    /// start and stop timers, and so may `act`.
    pub fn run(&self, mut act: impl FnMut(Expired<T>)) -> ! {
        loop {
            self.step(&mut act);
        }
    }

    /// Waits until a timer expires, or until another thread starts or stops a timer. Then passes the timers that have
    /// expired to `act`.
    pub fn step(&self, act: impl FnMut(Expired<T>)) {
        wait(self.changed, self.next());
        self.expire(act);
    }

    /// Returns the time at which the next timer expires.
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
        // The thread looks after a signal, and also after a timeout.
        Some(until) => drop(changed.wait_until(until)),
    }
}
