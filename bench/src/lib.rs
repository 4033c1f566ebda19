//! What the benchmarks share: interfaces, their servers, and a clock.
//!
//! `cargo xtask bench` runs the binaries on QEMU with `-icount shift=0`, where an instruction takes
//! one nanosecond of virtual time, and reads the lines `result NAME INSTRUCTIONS` that they print.
//! An operation is repeated 10,000 times; the empty loop is subtracted.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
pub mod report;

use crossgate::{CallError, Handle, Lent, interface};

/// Methods that do nothing: what is left is the call.
#[interface]
pub trait Null {
    /// No words there, none back.
    fn nothing(&self);
    /// Four words there, none back.
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32);
}

/// A method that calls on.
#[interface]
pub trait Nested {
    /// Calls another process' method with four words.
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32);
}

/// A method that reads lent memory.
#[interface]
pub trait Sum {
    /// The sum of the bytes.
    fn sum(&self, bytes: Lent<'_, [u8]>) -> u32;
}

/// A method that does not come back.
#[interface]
pub trait Crash {
    /// Writes where it may not.
    fn crash(&self) -> u32;
}

/// The server of [`Null`] and [`Sum`].
#[derive(Debug)]
pub struct Server;

impl Null for Server {
    fn nothing(&self) {}
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32) {
        core::hint::black_box([first, second, third, fourth]);
    }
}

impl Sum for Server {
    fn sum(&self, bytes: Lent<'_, [u8]>) -> u32 {
        let mut copy = [0; 64];
        let length = bytes.copy_to(&mut copy);
        copy.iter().take(length).map(|&byte| u32::from(byte)).sum()
    }
}

/// The server of [`Nested`].
#[derive(Debug)]
pub struct Forwarder {
    next: Handle<dyn Null>,
}

impl Forwarder {
    /// A server that calls `next`.
    #[must_use]
    pub const fn new(next: Handle<dyn Null>) -> Forwarder {
        Forwarder { next }
    }
}

impl Nested for Forwarder {
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32) {
        let answer: Result<(), CallError> = self.next.four(first, second, third, fourth);
        assert!(answer.is_ok());
    }
}
