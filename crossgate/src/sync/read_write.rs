// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lock for many readers or one writer.

use super::waiters::{Kind, Waiters};
use crate::Notification;
use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

/// The value of `users` while a thread writes.
const WRITING: u32 = u32::MAX;

/// Lets many threads read its value at the same time, or one thread write it. Up to `N` threads may wait at the same
/// time.
///
/// While a writer waits, no more readers are let in. So a thread must not start to read again while it reads: it could
/// wait for ever. There is no priority inheritance, because the lock does not record the readers. If you need priority
/// inheritance, or if reads are short, use a [`Mutex`](super::Mutex).
///
/// ```
/// # use crossgate::testing::Wiring;
/// use crossgate::sync::RwLock;
/// # let wiring = Wiring::new();
/// let settings = RwLock::new([0; 8], wiring.test().notifications::<2>());
/// settings.write()[3] = 7;
/// let (one, other) = (settings.read(), settings.read());
/// assert_eq!(one[3] + other[3], 14);
/// assert!(settings.try_write().is_none());
/// ```
#[derive(Debug)]
pub struct RwLock<T, const N: usize> {
    /// The number of readers, or [`WRITING`].
    users: AtomicU32,
    /// The number of threads that want to write.
    writers: AtomicU32,
    waiters: Waiters<N>,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets only one thread at a time write the value, and no thread reads it during the write.
unsafe impl<T: Send + Sync, const N: usize> Sync for RwLock<T, N> {}

impl<T, const N: usize> RwLock<T, N> {
    /// Creates a free lock. The process must use these notifications for nothing else.
    #[must_use]
    pub const fn new(value: T, notifications: [Notification; N]) -> Self {
        RwLock {
            users: AtomicU32::new(0),
            writers: AtomicU32::new(0),
            waiters: Waiters::new(notifications),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until no thread writes or waits to write, and then reads.
    ///
    /// # Panics
    /// If `N` threads wait already.
    #[inline]
    pub fn read(&self) -> ReadGuard<'_, T, N> {
        if !self.start_reading() {
            self.wait(Kind::One, || self.start_reading());
        }
        ReadGuard(self)
    }

    /// Reads, if no thread writes or waits to write.
    pub fn try_read(&self) -> Option<ReadGuard<'_, T, N>> {
        self.start_reading().then(|| ReadGuard(self))
    }

    /// Waits until no thread reads or writes, and then writes.
    ///
    /// # Panics
    /// If `N` threads wait already.
    #[inline]
    pub fn write(&self) -> WriteGuard<'_, T, N> {
        if !self.start_writing() {
            self.writers.fetch_add(1, SeqCst);
            self.wait(Kind::Other, || self.start_writing());
            self.writers.fetch_sub(1, SeqCst);
        }
        WriteGuard(self)
    }

    /// Writes, if no thread reads or writes.
    pub fn try_write(&self) -> Option<WriteGuard<'_, T, N>> {
        self.start_writing().then(|| WriteGuard(self))
    }

    fn start_reading(&self) -> bool {
        let one_more = |users: u32| {
            let may = users < WRITING - 1 && self.writers.load(SeqCst) == 0;
            may.then(|| users + 1)
        };
        self.users.fetch_update(SeqCst, SeqCst, one_more).is_ok()
    }

    fn start_writing(&self) -> bool {
        self.users.compare_exchange(0, WRITING, SeqCst, SeqCst).is_ok()
    }

    #[cold]
    fn wait(&self, kind: Kind, start: impl Fn() -> bool) {
        loop {
            let waiting = self.waiters.enter(kind);
            if start() {
                if waiting.leave() {
                    self.wake();
                }
                return;
            }
            // The result is ignored, because a wait without an end can't time out.
            let _ = waiting.wait(None);
            if start() {
                return;
            }
        }
    }

    /// Wakes the writer that has waited longest, or if no writer waits, all readers. Called when no thread reads or
    /// writes.
    fn wake(&self) {
        if !self.waiters.tell_one(Kind::Other) {
            self.waiters.tell_all(Kind::One);
        }
    }
}

/// Reads the value of a [`RwLock`], until this guard is dropped.
#[derive(Debug)]
#[must_use = "reading ends as soon as the guard is dropped"]
pub struct ReadGuard<'a, T, const N: usize>(&'a RwLock<T, N>);

impl<T, const N: usize> Deref for ReadGuard<'_, T, N> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread is one of the readers, so no thread writes.
        unsafe { &*self.0.value.get() }
    }
}

impl<T, const N: usize> Drop for ReadGuard<'_, T, N> {
    fn drop(&mut self) {
        if self.0.users.fetch_sub(1, SeqCst) == 1 {
            self.0.wake();
        }
    }
}

/// Reads and writes the value of a [`RwLock`], until this guard is dropped.
#[derive(Debug)]
#[must_use = "writing ends as soon as the guard is dropped"]
pub struct WriteGuard<'a, T, const N: usize>(&'a RwLock<T, N>);

impl<T, const N: usize> Deref for WriteGuard<'_, T, N> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread is the writer, so no other thread uses the value.
        unsafe { &*self.0.value.get() }
    }
}

impl<T, const N: usize> DerefMut for WriteGuard<'_, T, N> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T, const N: usize> Drop for WriteGuard<'_, T, N> {
    fn drop(&mut self) {
        self.0.users.store(0, SeqCst);
        self.0.wake();
    }
}
