// SPDX-License-Identifier: MIT OR Apache-2.0
//! A library that is written in C, like the libraries of vendors. Each process that uses it has its own statics of the
//! library.
#![no_std]

unsafe extern "C" {
    /// Returns the mean of this value and the last values.
    pub safe fn filter_add(value: u32) -> u32;
    /// Returns the number of values so far.
    pub safe fn filter_counted() -> u32;
}
