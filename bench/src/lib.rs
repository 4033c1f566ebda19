// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shared parts of the benchmarks: interfaces, their servers, and a clock.
//!
//! `cargo xtask bench` runs the binaries on QEMU with `-icount shift=0`, where an instruction takes one nanosecond of
//! virtual time, or as programs of the host, and reads the lines `result NAME NANOSECONDS ROUNDS GOES` that they print.
//! In one go, an operation is repeated 2,000 times (on a host 10,000 times), and the time of an empty loop is
//! subtracted. The programs report the median of the goes. They call [`report::mark`] before and after each loop: in
//! every go first for the empty loop, then for the loop with the operation. An operation that ends in another thread is
//! measured once in each go. For such an operation the programs report the mean of the goes.
#![no_std]
#![forbid(unsafe_code)]

pub mod report;

use crossgate::{CallError, Handle, Lease, interface};

/// Methods that do nothing, so that only the cost of the call is left.
#[interface]
pub trait Null {
    /// Has no argument words and no result words.
    fn nothing(&self);
    /// Has four argument words and no result words.
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32);
}

/// Like [`Null`], but for one call at a time.
#[interface]
pub trait Alone {
    /// Has no argument words and no result words.
    fn nothing(&mut self);
}

/// A method that makes another call.
#[interface]
pub trait Nested {
    /// Calls another process' method, with four words.
    fn call_on(&self);
}

/// A method that reads lent memory.
#[interface]
pub trait Sum {
    /// Returns the sum of the numbers.
    fn sum(&self, numbers: Lease<'_, [u32]>) -> u32;
}

/// A method that does not return, and one that does.
#[interface]
pub trait Crash {
    /// Does nothing. (The first call of a process resets its memory.)
    fn ready(&self);
    /// Writes to memory that the process has no right to.
    fn crash(&self) -> u32;
}

/// 64 bytes that can be lent exactly.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Buffer(pub [u32; 16]);

/// The server of [`Null`] and [`Sum`].
#[derive(Debug)]
pub struct Server;

impl Null for Server {
    fn nothing(&self) {}
    fn four(&self, _: u32, _: u32, _: u32, _: u32) {}
}

impl Alone for Server {
    fn nothing(&mut self) {}
}

impl Sum for Server {
    fn sum(&self, numbers: Lease<'_, [u32]>) -> u32 {
        numbers.iter().sum()
    }
}

/// The server of [`Nested`].
#[derive(Debug)]
pub struct Forwarder {
    next: Handle<dyn Null>,
}

impl Forwarder {
    /// Creates a server that calls `next`.
    #[must_use]
    pub const fn new(next: Handle<dyn Null>) -> Forwarder {
        Forwarder { next }
    }
}

impl Nested for Forwarder {
    #[inline]
    fn call_on(&self) {
        let answer: Result<(), CallError> = self.next.four(1, 2, 3, 4);
        assert!(answer.is_ok());
    }
}
