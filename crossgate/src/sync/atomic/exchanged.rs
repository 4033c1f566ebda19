// SPDX-License-Identifier: MIT OR Apache-2.0
//! The types for a CPU without atomic instructions, from a function that compares and exchanges a word.
//!
//! Each type contains the type of `core`, which loads and stores. The CPU has one core, so threads need no memory
//! barriers. The compiler keeps the order of accesses, because the calls of the function are opaque to it.

use core::ops::{Deref, DerefMut};
use core::sync::atomic::{self, Ordering};

unsafe extern "C" {
    /// If the word is `expected`, changes it to `new`. Returns the word as it was before. The port has this function.
    fn __crossgate_compare_exchange(word: *mut u32, expected: u32, new: u32) -> u32;
}

/// Compares and exchanges a value of 1, 2 or 4 bytes. Returns the value as it was before.
///
/// # Safety
/// `place` is aligned, and the value there can be written.
#[inline]
unsafe fn compare_exchange<T>(place: *mut T, expected: u32, new: u32) -> u32 {
    let shift = (place.addr() & 3) * 8;
    let mask = u32::MAX >> (32 - size_of::<T>() * 8);
    let word: *mut u32 = place.map_addr(|address| address & !3).cast();
    loop {
        // SAFETY: if the value is smaller than a word, the bytes beside it are read and written too. They are in reach
        // as well, because no protection unit separates the bytes of an aligned word. They keep their values, because
        // the exchange writes the word only if it still is as it was read. The exchange is opaque to the compiler, as
        // an atomic instruction is.
        unsafe {
            if size_of::<T>() == 4 {
                return __crossgate_compare_exchange(word, expected, new);
            }
            let whole = __crossgate_compare_exchange(word, 0, 0);
            let value = whole >> shift & mask;
            if value != expected {
                return value;
            }
            let changed = whole & !(mask << shift) | new << shift;
            if __crossgate_compare_exchange(word, whole, changed) == whole {
                return value;
            }
        }
    }
}

/// Declares a type, with the methods that all types have.
macro_rules! atomic {
    (
        $name:ident $(<$parameter:ident>)?, $value:ty, $new:expr, $to_bits:expr, $of_bits:expr
    ) => {
        #[doc = concat!("As [`core::sync::atomic::", stringify!($name), "`].")]
        #[derive(Default)]
        #[repr(transparent)]
        pub struct $name $(<$parameter>)? (atomic::$name $(<$parameter>)?);

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// Creates it with this value.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self($new(value))
            }

            /// Returns the value, which no other thread uses any more.
            #[must_use]
            pub const fn into_inner(self) -> $value {
                self.0.into_inner()
            }

            /// If the value is `current`, changes it to `new`.
            ///
            /// # Errors
            /// The value, if it is another one.
            #[inline]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                _success: Ordering,
                _failure: Ordering,
            ) -> Result<$value, $value> {
                let expected = $to_bits(current);
                // SAFETY: the place is that of a value of this size, which may be changed through a shared reference.
                let before = unsafe { compare_exchange(self.0.as_ptr(), expected, $to_bits(new)) };
                if before == expected { Ok(current) } else { Err($of_bits(before)) }
            }

            /// As [`compare_exchange`](Self::compare_exchange).
            ///
            /// # Errors
            /// The value, if it is another one.
            #[inline]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            /// Changes the value to what the function makes of it. Returns the value as it was before.
            ///
            /// # Errors
            /// The value, if the function returns `None`.
            #[inline]
            pub fn fetch_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut before = self.load(Ordering::Relaxed);
                while let Some(new) = change(before) {
                    match self.compare_exchange(before, new, set_order, fetch_order) {
                        Ok(before) => return Ok(before),
                        Err(other) => before = other,
                    }
                }
                Err(before)
            }

            /// Changes the value. Returns the value as it was before.
            #[inline]
            pub fn swap(&self, new: $value, order: Ordering) -> $value {
                self.change(order, |_| new)
            }

            #[inline]
            fn change(&self, order: Ordering, change: impl Fn($value) -> $value) -> $value {
                let mut before = self.load(Ordering::Relaxed);
                loop {
                    match self.compare_exchange(before, change(before), order, Ordering::Relaxed) {
                        Ok(before) => return before,
                        Err(other) => before = other,
                    }
                }
            }
        }

        impl $(<$parameter>)? Deref for $name $(<$parameter>)? {
            type Target = atomic::$name $(<$parameter>)?;

            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl $(<$parameter>)? DerefMut for $name $(<$parameter>)? {
            #[inline]
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        impl $(<$parameter>)? From<$value> for $name $(<$parameter>)? {
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl $(<$parameter>)? core::fmt::Debug for $name $(<$parameter>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Declares methods that change the value by a function of the value and an operand.
macro_rules! changes {
    ($name:ident, $value:ty: $($method:ident = $change:expr;)*) => {
        impl $name { $(
            #[doc = concat!("As [`core::sync::atomic::", stringify!($name), "::", stringify!($method), "`].")]
            #[inline]
            pub fn $method(&self, operand: $value, order: Ordering) -> $value {
                self.change(order, |value| $change(value, operand))
            }
        )* }
    };
}

/// Declares a type of integers.
macro_rules! integer {
    ($name:ident, $value:ident, $bits:ident) => {
        atomic!(
            $name,
            $value,
            atomic::$name::new,
            |value: $value| u32::from(value as $bits),
            |bits: u32| bits as $value
        );
        changes!(
            $name, $value:
            fetch_add = $value::wrapping_add;
            fetch_sub = $value::wrapping_sub;
            fetch_and = |value: $value, operand| value & operand;
            fetch_nand = |value: $value, operand: $value| !(value & operand);
            fetch_or = |value: $value, operand| value | operand;
            fetch_xor = |value: $value, operand| value ^ operand;
            fetch_max = $value::max;
            fetch_min = $value::min;
        );
    };
}

integer!(AtomicI8, i8, u8);
integer!(AtomicU8, u8, u8);
integer!(AtomicI16, i16, u16);
integer!(AtomicU16, u16, u16);
integer!(AtomicI32, i32, u32);
integer!(AtomicU32, u32, u32);
integer!(AtomicIsize, isize, u32);
integer!(AtomicUsize, usize, u32);

atomic!(AtomicBool, bool, atomic::AtomicBool::new, u32::from, |bits: u32| bits != 0);
changes!(
    AtomicBool, bool:
    fetch_and = |value, operand| value & operand;
    fetch_nand = |value: bool, operand: bool| !(value & operand);
    fetch_or = |value, operand| value | operand;
    fetch_xor = |value, operand| value ^ operand;
);

atomic!(
    AtomicPtr<T>,
    *mut T,
    atomic::AtomicPtr::new,
    |pointer: *mut T| pointer.expose_provenance() as u32,
    |bits: u32| core::ptr::with_exposed_provenance_mut(bits as usize)
);
