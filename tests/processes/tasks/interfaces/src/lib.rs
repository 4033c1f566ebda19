// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interfaces of processes of async tasks.
#![no_std]
#![forbid(unsafe_code)]

use crossgate::interface;

/// Counts the beats of its process.
#[interface]
pub trait Heart {
    /// Returns one beat for each 10 ms, and 1000 for each 25 ms.
    fn beats(&self) -> u32;
    /// Makes the process crash.
    fn crash(&self);
}

/// Takes some time.
#[interface]
pub trait Slow {
    /// Returns after this number of ms. The result is the number plus one.
    fn take(&self, milliseconds: u32) -> u32;
}
