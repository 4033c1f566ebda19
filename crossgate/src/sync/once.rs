// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values that are made once.

use super::mutex::Mutex;
use crate::sync::atomic::{AtomicBool, Ordering};
use core::cell::UnsafeCell;
use core::ops::Deref;

/// A value that is set once. Reading it is one load and a comparison.
///
/// ```
/// use crossgate::sync::OnceLock;
/// static SERIAL: OnceLock<u32> = OnceLock::new();
/// assert_eq!(SERIAL.get(), None);
/// assert_eq!(*SERIAL.get_or_init(|| 4711), 4711);
/// assert_eq!(SERIAL.set(1), Err(1));
/// assert_eq!(SERIAL.get(), Some(&4711));
/// ```
#[derive(Debug)]
pub struct OnceLock<T> {
    is_set: AtomicBool,
    /// The lock that a thread holds while it sets the value.
    lock: Mutex<()>,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: one thread writes the value, once, before it is read.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// Creates a lock without a value.
    #[must_use]
    pub const fn new() -> Self {
        OnceLock {
            is_set: AtomicBool::new(false),
            lock: Mutex::new(()),
            value: UnsafeCell::new(None),
        }
    }

    /// Returns the value, if it is set.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        if !self.is_set.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: the value is set, and not written any more.
        unsafe { (*self.value.get()).as_ref() }
    }

    /// Sets the value.
    ///
    /// # Errors
    /// The given value, if a value is set already.
    ///
    /// # Panics
    /// If the function that makes the value calls this method.
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("it is made once"));
        value.map_or(Ok(()), Err)
    }

    /// Returns the value. If it is not set yet, `make` makes it. Meanwhile other threads that need the value wait, and
    /// the thread that runs `make` inherits their priority.
    ///
    /// # Panics
    /// If `make` needs the value itself.
    #[inline]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        match self.get() {
            Some(value) => value,
            None => self.init(make),
        }
    }

    #[cold]
    fn init(&self, make: impl FnOnce() -> T) -> &T {
        let _making = self.lock.lock();
        if !self.is_set.load(Ordering::Acquire) {
            let value = make();
            // SAFETY: no thread reads the value before it is set, and this thread holds the lock.
            unsafe { *self.value.get() = Some(value) };
            self.is_set.store(true, Ordering::Release);
        }
        self.get().expect("it is set")
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A value that is made when it is first needed.
///
/// ```
/// use crossgate::sync::LazyLock;
/// static SINE: LazyLock<[u8; 64]> =
///     LazyLock::new(|| core::array::from_fn(|step| (step as u8).wrapping_mul(3)));
/// assert_eq!(SINE[2], 6);
/// ```
#[derive(Debug)]
pub struct LazyLock<T, F = fn() -> T> {
    value: OnceLock<T>,
    make: F,
}

impl<T, F: Fn() -> T> LazyLock<T, F> {
    /// Creates a lazy value. `make` makes the value when it is first needed.
    #[must_use]
    pub const fn new(make: F) -> Self {
        LazyLock { value: OnceLock::new(), make }
    }
}

impl<T, F: Fn() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value.get_or_init(&self.make)
    }
}
