// SPDX-License-Identifier: MIT OR Apache-2.0
//! The atomic types of [`core::sync::atomic`], on every target.
//!
//! On a CPU without atomic instructions (RV32IMC), the types of `core` can only be loaded and stored. There, this module
//! has types of the same names, with the usual methods to exchange and change the value as well. On all other targets it
//! has the types of `core` itself. So a process that uses this module compiles for every board.
//!
//! The types work across all threads that can reach the value, also if they belong to several processes.
//!
//! ```
//! use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
//!
//! static SAMPLES: AtomicU32 = AtomicU32::new(0);
//! assert_eq!(SAMPLES.fetch_add(1, Relaxed), 0);
//! assert_eq!(SAMPLES.load(Relaxed), 1);
//! ```

pub use core::sync::atomic::Ordering;
#[cfg(target_has_atomic = "32")]
pub use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
    AtomicU32, AtomicUsize,
};

#[cfg(not(target_has_atomic = "32"))]
pub use exchanged::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
    AtomicU32, AtomicUsize,
};

#[cfg(not(target_has_atomic = "32"))]
mod exchanged;
