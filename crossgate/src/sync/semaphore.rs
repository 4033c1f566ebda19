// SPDX-License-Identifier: MIT OR Apache-2.0
//! A semaphore.

use super::waiters::{End, Kind, Waiters, end_after};
use crate::Notification;
use crate::notification::TimedOut;
use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

/// A count of permits. A thread that takes a permit waits until one is available. Up to `N` threads may wait at the
/// same time.
///
/// There are two ways to use it. A thread takes a permit, and gives it back when it drops the permit. Or one thread
/// adds permits, and another thread [uses them up](Permit::use_up). There is no priority inheritance, because it is not
/// known which thread will add permits. So if only one thread at a time may enter, use a [`Mutex`](super::Mutex).
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
    /// Creates a semaphore with this number of permits. The process must use these notifications for nothing else.
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
            // The result is ignored, because a wait without an end can't time out.
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

    /// Adds permits. Wakes one waiting thread for each added permit.
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
                // This thread has a permit already. If it was also woken, the signal was for another permit, so it
                // wakes the next waiting thread.
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
    /// Uses the permit up, so that it is not given back.
    pub fn use_up(self) {
        core::mem::forget(self);
    }
}

impl<const N: usize> Drop for Permit<'_, N> {
    fn drop(&mut self) {
        self.0.add(1);
    }
}
