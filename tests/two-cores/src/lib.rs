// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interfaces of the tests with two cores.
#![no_std]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::{Wire, interface};

/// An error of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Full;

/// A service with all that can happen in a call.
#[interface(remote)]
pub trait Echo {
    /// Returns the sum; [`Full`] if it is too large.
    fn add(&self, first: u32, second: u32) -> Result<u32, Full>;
    /// Returns the exclusive or.
    fn mix(&self, first: u64, second: u64) -> u64;
    /// Returns the number after some time.
    fn later(&self, number: u32, time: Duration) -> u32;
    /// Waits until nobody wants the result any more.
    fn wait(&self);
    /// Returns how many threads wait in [`wait`](Self::wait), and how many calls of it have ended.
    fn waiting(&self) -> (u32, u32);
    /// Crashes the process of the service.
    fn crash(&self);
    /// Refuses the call.
    fn refuse(&self);
}

/// A service whose object lets one call in at a time.
#[interface(remote)]
pub trait Count {
    /// Counts, and returns the count before.
    fn next(&mut self) -> u32;
    /// Crashes the process.
    fn crash(&mut self);
}

/// A service that notes which calls it has executed, and crashes at any time.
#[interface(remote)]
pub trait Ledger {
    /// Notes the call with this number, takes some time, and returns [`mixed`] of both numbers.
    fn note(&self, call: u32, number: u32) -> u32;
    /// Returns how often the call with this number was executed.
    fn executed(&self, call: u32) -> u32;
    /// Lets nothing crash any more. Returns how often processes of the second core were restarted, and how often the
    /// core was reset.
    fn calm(&self) -> (u32, u32);
}

/// The number of calls of the test with crashes.
pub const CALLS: u32 = 6000;

/// The result of [`Ledger::note`].
#[must_use]
pub fn mixed(call: u32, number: u32) -> u32 {
    call.wrapping_mul(0x9e37_79b9) ^ number
}
