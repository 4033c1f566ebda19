// SPDX-License-Identifier: MIT OR Apache-2.0
//! A library that is written in C, like a vendor's: each process that uses it has its own statics of it.
#![no_std]

unsafe extern "C" {
    /// Returns the mean of the last values, with this one.
    pub safe fn filter_add(value: u32) -> u32;
    /// Returns the number of values so far.
    pub safe fn filter_counted() -> u32;
}
