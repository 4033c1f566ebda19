//! Statics that can be lent.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A static that can be lent in any part. Made by [`shared!`](crate::shared!), taken once, by the
/// thread that will use it.
// Its size is a multiple of its alignment, so that nothing else lies in its blocks.
#[repr(C, align(32))]
pub struct Shared<T> {
    value: UnsafeCell<T>,
    taken: AtomicBool,
}

// SAFETY: the value is reached only through the one reference that `take` gives out.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T: Send> Shared<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(value: T) -> Self {
        Shared { value: UnsafeCell::new(value), taken: AtomicBool::new(false) }
    }

    /// The value; `None` if it has been taken already.
    #[expect(clippy::mut_from_ref, reason = "it gives out one reference, once")]
    pub fn take(&'static self) -> Option<&'static mut T> {
        if self.taken.swap(true, Ordering::AcqRel) {
            return None;
        }
        // SAFETY: the flag goes up once, so this is the only reference.
        Some(unsafe { &mut *self.value.get() })
    }
}

/// Declares statics that can be lent in any part: they lie in the part of the process' memory that
/// it shares.
///
/// ```
/// crossgate::shared! {
///     /// What goes out next.
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
        #[cfg_attr(target_os = "none", unsafe(link_section = ".crossgate.shared"))]
        $visibility static $name: $crate::Shared<$type> = $crate::Shared::new($initial);
    )* };
}
