// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statics that can be lent.

use crate::Plain;
use crate::sync::atomic::{AtomicBool, Ordering};
use core::cell::UnsafeCell;

/// The memory of a [`Shared`] static. Its size is a multiple of its alignment, so that its blocks contain nothing else.
#[doc(hidden)]
#[repr(C, align(32))]
#[derive(Debug)]
pub struct SharedMemory<T>(UnsafeCell<T>);

// SAFETY: the value is reached only through the one reference that `Shared::take` gives out.
unsafe impl<T: Send> Sync for SharedMemory<T> {}

impl<T: Plain> SharedMemory<T> {
    #[must_use]
    pub const fn new(value: T) -> Self {
        SharedMemory(UnsafeCell::new(value))
    }
}

/// A static of which any part can be lent. [`shared!`](crate::shared!) declares it. The thread that uses it takes it
/// once.
//
// A server that is lent a part of the memory may also reach bytes next to this part, because a memory protection unit
// can't separate small pieces. So every bit pattern of the memory has to be a value, and the flag is not in this
// memory.
#[derive(Debug)]
pub struct Shared<T: 'static> {
    memory: &'static SharedMemory<T>,
    taken: AtomicBool,
}

impl<T: Plain> Shared<T> {
    /// Creates the static.
    ///
    /// # Safety
    /// No other `Shared` has this memory.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn new(memory: &'static SharedMemory<T>) -> Self {
        Shared { memory, taken: AtomicBool::new(false) }
    }

    /// Returns the value; `None` if it has been taken already.
    #[expect(clippy::mut_from_ref, reason = "it gives out one reference, once")]
    pub fn take(&'static self) -> Option<&'static mut T> {
        if self.taken.swap(true, Ordering::AcqRel) {
            return None;
        }
        // SAFETY: the flag is set once, and no other `Shared` has this memory, so this is the only reference.
        Some(unsafe { &mut *self.memory.0.get() })
    }
}

/// Declares statics of which any part can be lent. They are in that part of the process' memory that the process may
/// lend. Their types are [`Plain`](trait@crate::Plain).
///
/// A callee that is lent one of these statics may also reach the statics next to it during the call, because a memory
/// protection unit can't separate small pieces. So don't put data into them that you would not lend.
///
/// ```
/// crossgate::shared! {
///     /// The line that is sent next.
///     static LINE: [u8; 128] = [0; 128];
/// }
/// let line = LINE.take().expect("only this thread uses it");
/// line[0] = b'x';
/// assert!(LINE.take().is_none());
/// ```
#[macro_export]
macro_rules! shared {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $initial:expr;)*) => { $(
        $(#[$attribute])*
        $visibility static $name: $crate::Shared<$type> = {
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.shared.", module_path!(), "::", stringify!($name))))]
            static MEMORY: $crate::SharedMemory<$type> = $crate::SharedMemory::new($initial);
            // SAFETY: no other code can name the memory.
            unsafe { $crate::Shared::new(&MEMORY) }
        };
    )* };
}
