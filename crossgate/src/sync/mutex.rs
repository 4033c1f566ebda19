// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lock that one thread at a time holds.

use super::raw::RawMutex;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

/// Lets only one thread at a time use its value. It is for the threads of one process, and for its visitors.
///
/// Without contention a mutex makes no system call. With contention the holder inherits the priority of the most urgent
/// thread that waits, and so does the thread that the holder waits for, and so on.
///
/// ```
/// use crossgate::sync::Mutex;
/// static COUNT: Mutex<u32> = Mutex::new(0);
/// *COUNT.lock() += 1;
/// assert_eq!(*COUNT.lock(), 1);
/// ```
#[derive(Debug)]
pub struct Mutex<T> {
    raw: RawMutex,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one thread at a time use the value.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Creates a free mutex.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Mutex { raw: RawMutex::new(), value: UnsafeCell::new(value) }
    }

    /// Waits until the mutex is free, and takes it.
    ///
    /// # Panics
    /// If this thread holds the mutex already, or if waiting for it would close a cycle of threads that wait for each
    /// other.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        if !self.raw.take() {
            self.wait();
        }
        MutexGuard { mutex: self }
    }

    /// Takes the mutex if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.raw.take().then(|| MutexGuard { mutex: self })
    }

    /// Returns the value. No lock is needed, because the reference to the mutex is exclusive.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    #[cold]
    fn wait(&self) {
        loop {
            assert!(self.raw.wait(), "waiting for this mutex would never end");
            if self.raw.take() {
                return;
            }
        }
    }
}

/// Gives access to the value of a [`Mutex`]. The mutex is freed when this guard is dropped.
#[derive(Debug)]
#[must_use = "the mutex is free again as soon as the guard is dropped"]
pub struct MutexGuard<'a, T> {
    pub(super) mutex: &'a Mutex<T>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this thread holds the mutex.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread holds the mutex.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.mutex.raw.free();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Wiring;
    use crate::time;
    use core::time::Duration;

    #[test]
    fn one_at_a_time() {
        let wiring = Wiring::new();
        let home = wiring.test();
        let count = home.object(Mutex::new(0));
        let threads = [1, 2, 3, 3].map(|priority| {
            home.thread(priority, || {
                for _ in 0..10 {
                    let mut count = count.lock();
                    let before = *count;
                    time::sleep(Duration::from_millis(1));
                    *count = before + 1;
                }
            })
        });
        wiring.run(|| threads.map(|thread| thread.join()));
        assert_eq!(*count.lock(), 40);
    }

    #[test]
    fn try_lock_does_not_wait() {
        let mutex = Mutex::new(1);
        let guard = mutex.try_lock();
        assert!(guard.is_some() && mutex.try_lock().is_none());
        drop(guard);
        assert!(mutex.try_lock().is_some());
    }
}
