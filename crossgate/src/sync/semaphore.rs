// SPDX-License-Identifier: MIT OR Apache-2.0
//! A semaphore.

use super::waiters::{End, Kind, Waiters, end_after};
use crate::Notification;
use crate::notification::TimedOut;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

/// A count of permits: a thread that takes one waits until there is one. Up to `N` threads wait at a time.
///
/// A thread that has taken a permit gives it back by dropping it; or one thread adds permits and another [uses them
/// up](Permit::use_up). There is no priority inheritance, because it is not known which thread will add permits: to let
/// in one thread at a time, use a [`Mutex`](super::Mutex).
///
/// ```
/// # use crossgate::testing::Wiring;
/// use crossgate::sync::Semaphore;
/// # let wiring = Wiring::new();
/// let channels = Semaphore::new(2, [wiring.test().notification()]);
/// let first = channels.acquire();
/// let second = channels.acquire();
/// assert!(channels.try_acquire().is_none());
/// drop(first);
/// assert!(channels.try_acquire().is_some());
/// ```
#[derive(Debug)]
pub struct Semaphore<const N: usize> {
    permits: AtomicU32,
    waiters: Waiters<N>,
}

impl<const N: usize> Semaphore<N> {
    /// Creates a semaphore with so many permits. The notifications must be used for nothing else.
    #[must_use]
    pub const fn new(permits: u32, notifications: [Notification; N]) -> Self {
        Semaphore { permits: AtomicU32::new(permits), waiters: Waiters::new(notifications) }
    }

    /// Returns the present number of permits.
    #[must_use]
    pub fn permits(&self) -> u32 {
        self.permits.load(SeqCst)
    }

    /// Takes a permit. Waits until there is one.
    ///
    /// # Panics
    /// If `N` threads wait already.
    #[inline]
    pub fn acquire(&self) -> Permit<'_, N> {
        if !self.take() {
            // A wait without an end does not time out.
            let _ = self.wait(None);
        }
        Permit(self)
    }

    /// Takes a permit if there is one.
    #[inline]
    pub fn try_acquire(&self) -> Option<Permit<'_, N>> {
        self.take().then(|| Permit(self))
    }

    /// Takes a permit. Waits until there is one, but not longer than `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`] if there was no permit in time.
    ///
    /// # Panics
    /// If `N` threads wait already.
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<Permit<'_, N>, TimedOut> {
        if !self.take() {
            self.wait(end_after(timeout))?;
        }
        Ok(Permit(self))
    }

    /// Adds permits, and wakes as many threads that wait for one.
    ///
    /// # Panics
    /// If there would be more than `u32::MAX` permits.
    pub fn add(&self, permits: u32) {
        let more = |count: u32| count.checked_add(permits);
        let before = self.permits.fetch_update(SeqCst, SeqCst, more);
        assert!(before.is_ok(), "too many permits");
        for _ in 0..permits {
            if !self.waiters.tell_one(Kind::One) {
                break;
            }
        }
    }

    #[inline]
    fn take(&self) -> bool {
        self.permits.fetch_update(SeqCst, SeqCst, |count| count.checked_sub(1)).is_ok()
    }

    #[cold]
    fn wait(&self, end: End) -> Result<(), TimedOut> {
        loop {
            let waiting = self.waiters.enter(Kind::One);
            if self.take() {
                // The thread that woke this one has added another permit.
                if waiting.leave() {
                    self.waiters.tell_one(Kind::One);
                }
                return Ok(());
            }
            let result = waiting.wait(end);
            if self.take() {
                return Ok(());
            }
            result?;
        }
    }
}

/// One of the permits of a [`Semaphore`]. Dropping it gives the permit back.
#[derive(Debug)]
#[must_use = "the permit is given back as soon as this is dropped"]
pub struct Permit<'a, const N: usize>(&'a Semaphore<N>);

impl<const N: usize> Permit<'_, N> {
    /// Uses the permit up: it is not given back.
    pub fn use_up(self) {
        core::mem::forget(self);
    }
}

impl<const N: usize> Drop for Permit<'_, N> {
    fn drop(&mut self) {
        self.0.add(1);
    }
}
