// SPDX-License-Identifier: MIT OR Apache-2.0
//! A channel between the threads of one process.

use super::mutex::{Mutex, MutexGuard};
use super::waiters::{End, Kind, Waiters, end_after};
use crate::Notification;
use crate::notification::TimedOut;
use core::time::Duration;

const RECEIVER: Kind = Kind::One;
const SENDER: Kind = Kind::Other;

/// A first-in, first-out channel for values. Up to `CAPACITY` values may be in the channel. Any number of threads may
/// send and receive. Up to `N` threads may wait at the same time.
///
/// ```
/// # use crossgate::testing::Wiring;
/// use crossgate::sync::Channel;
/// let wiring = Wiring::new();
/// let home = wiring.test();
/// let readings = home.object(Channel::<u16, 8, 2>::new(home.notifications()));
/// home.thread(2, || (0..100).for_each(|reading| readings.send(reading)));
/// wiring.run(|| {
///     assert!((0..100).all(|reading| readings.receive() == reading));
///     assert_eq!(readings.try_receive(), None);
/// });
/// ```
#[derive(Debug)]
pub struct Channel<T, const CAPACITY: usize, const N: usize> {
    ring: Mutex<Ring<T, CAPACITY>>,
    waiters: Waiters<N>,
}

#[derive(Debug)]
struct Ring<T, const CAPACITY: usize> {
    values: [Option<T>; CAPACITY],
    first: usize,
    count: usize,
}

impl<T, const CAPACITY: usize> Ring<T, CAPACITY> {
    fn push(&mut self, value: T) -> Result<(), T> {
        if self.count == CAPACITY {
            return Err(value);
        }
        let end = self.first + self.count;
        let place = if end < CAPACITY { end } else { end - CAPACITY };
        self.values[place] = Some(value);
        self.count += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        let value = self.values.get_mut(self.first)?.take()?;
        self.first = if self.first + 1 < CAPACITY { self.first + 1 } else { 0 };
        self.count -= 1;
        Some(value)
    }
}

impl<T, const CAPACITY: usize, const N: usize> Channel<T, CAPACITY, N> {
    /// Creates an empty channel. The process must use these notifications for nothing else.
    #[must_use]
    pub const fn new(notifications: [Notification; N]) -> Self {
        const { assert!(CAPACITY > 0, "a channel has room for a value") }
        let ring = Ring { values: [const { None }; CAPACITY], first: 0, count: 0 };
        Channel { ring: Mutex::new(ring), waiters: Waiters::new(notifications) }
    }

    /// Returns the number of values in the channel.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.lock().count
    }

    /// Returns whether the channel is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends a value. Waits until there is room.
    ///
    /// # Panics
    /// If `N` threads wait already.
    pub fn send(&self, value: T) {
        // The result is ignored, because a wait without an end can't time out.
        let _ = self.send_until(value, None);
    }

    /// Sends a value if there is room.
    ///
    /// # Errors
    /// The value, if there is no room.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        self.ring.lock().push(value)?;
        self.waiters.tell_one(RECEIVER);
        Ok(())
    }

    /// Sends a value. Waits until there is room, but not longer than `timeout`.
    ///
    /// # Errors
    /// The value, if there was no room in time.
    ///
    /// # Panics
    /// If `N` threads wait already.
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), T> {
        self.send_until(value, end_after(timeout))
    }

    /// Receives the value that was sent first. Waits until there is one.
    ///
    /// # Panics
    /// If `N` threads wait already.
    pub fn receive(&self) -> T {
        loop {
            if let Ok(value) = self.receive_until(None) {
                return value;
            }
        }
    }

    /// Receives the value that was sent first, if there is one.
    pub fn try_receive(&self) -> Option<T> {
        let value = self.ring.lock().pop()?;
        self.waiters.tell_one(SENDER);
        Some(value)
    }

    /// Receives the value that was sent first. Waits until there is one, but not longer than `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`] if there was no value in time.
    ///
    /// # Panics
    /// If `N` threads wait already.
    pub fn receive_timeout(&self, timeout: Duration) -> Result<T, TimedOut> {
        self.receive_until(end_after(timeout))
    }

    fn send_until(&self, mut value: T, end: End) -> Result<(), T> {
        let mut last = false;
        loop {
            let mut ring = self.ring.lock();
            match ring.push(value) {
                Ok(()) => break,
                Err(back) if last => return Err(back),
                Err(back) => value = back,
            }
            last = self.wait(SENDER, ring, end).is_err();
        }
        self.waiters.tell_one(RECEIVER);
        Ok(())
    }

    fn receive_until(&self, end: End) -> Result<T, TimedOut> {
        let mut result = Ok(());
        let value = loop {
            let mut ring = self.ring.lock();
            if let Some(value) = ring.pop() {
                break value;
            }
            result?;
            result = self.wait(RECEIVER, ring, end);
        };
        self.waiters.tell_one(SENDER);
        Ok(value)
    }

    /// Frees the lock of the ring, and waits until the thread is woken.
    #[cold]
    fn wait(
        &self,
        kind: Kind,
        ring: MutexGuard<'_, Ring<T, CAPACITY>>,
        end: End,
    ) -> Result<(), TimedOut> {
        let waiting = self.waiters.enter(kind);
        drop(ring);
        waiting.wait(end)
    }
}
