// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interfaces of processes of async tasks.
#![no_std]
#![forbid(unsafe_code)]

use crossgate::interface;

/// Counts the beats of its process.
#[interface]
pub trait Heart {
    /// One for each 10 ms, and 1000 for each 25 ms.
    fn beats(&self) -> u32;
    /// The process crashes.
    fn crash(&self);
}

/// Takes its time.
#[interface]
pub trait Slow {
    /// Returns after so many ms, with one more.
    fn take(&self, milliseconds: u32) -> u32;
}
