// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waits until a value has changed.

use super::mutex::{Mutex, MutexGuard};
use super::waiters::{End, Kind, Waiters, end_after};
use crate::Notification;
use crate::notification::TimedOut;
use core::time::Duration;

/// Lets threads wait until a value behind a [`Mutex`] has changed: up to `N` at a time.
///
/// A thread that changes the value notifies one of the waiting threads, or all of them. If no thread waits, this makes
/// no system call. A wait ends only after a notification. But another thread may have changed the value again before
/// the woken thread runs, so use [`wait_while`](Condvar::wait_while).
///
/// The module [`sync`](crate::sync) has an example.
#[derive(Debug)]
pub struct Condvar<const N: usize> {
    waiters: Waiters<N>,
}

impl<const N: usize> Condvar<N> {
    /// Creates a condition variable. The process must use these notifications for nothing else.
    #[must_use]
    pub const fn new(notifications: [Notification; N]) -> Self {
        Condvar { waiters: Waiters::new(notifications) }
    }

    /// Frees the mutex, waits for a notification, and takes the mutex again. The thread misses no notification that
    /// comes after the mutex was freed.
    ///
    /// # Panics
    /// If `N` threads wait already, or if this thread would wait for the mutex for ever.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.wait_until(guard, None).0
    }

    /// Waits while `condition` is true of the value.
    ///
    /// # Panics
    /// As for [`wait`](Condvar::wait).
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        while condition(&mut guard) {
            guard = self.wait(guard);
        }
        guard
    }

    /// Waits for a notification, but not longer than `timeout`, and then for the mutex. Returns `true` if there was no
    /// notification in time.
    ///
    /// # Panics
    /// As for [`wait`](Condvar::wait).
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> (MutexGuard<'a, T>, Result<(), TimedOut>) {
        self.wait_until(guard, end_after(timeout))
    }

    /// Waits while `condition` is true of the value, but not longer than `timeout`, and then for the mutex. Returns
    /// `true` if the condition is still true.
    ///
    /// # Panics
    /// As for [`wait`](Condvar::wait).
    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> (MutexGuard<'a, T>, Result<(), TimedOut>) {
        let end = end_after(timeout);
        loop {
            if !condition(&mut guard) {
                return (guard, Ok(()));
            }
            let (again, result) = self.wait_until(guard, end);
            guard = again;
            if result.is_err() {
                let result = if condition(&mut guard) { result } else { Ok(()) };
                return (guard, result);
            }
        }
    }

    /// Wakes the thread that has waited longest, if one waits.
    #[inline]
    pub fn notify_one(&self) {
        self.waiters.tell_one(Kind::One);
    }

    /// Wakes all threads that wait now.
    #[inline]
    pub fn notify_all(&self) {
        self.waiters.tell_all(Kind::One);
    }

    fn wait_until<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        end: End,
    ) -> (MutexGuard<'a, T>, Result<(), TimedOut>) {
        let mutex: &'a Mutex<T> = guard.mutex;
        let waiting = self.waiters.enter(Kind::One);
        drop(guard);
        let result = waiting.wait(end);
        (mutex.lock(), result)
    }
}
