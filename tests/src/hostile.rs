// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hostile server: its methods attack their callers, or attack other processes for any caller.

use crate::{arch, probe, raw};
use core::cell::UnsafeCell;
use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::{Lease, interface, time};
use crossgate_abi::Status;

/// A hostile server. The methods do what their names say, with the rights that they have.
#[interface]
pub trait Attack {
    /// Reads a word.
    fn read(&self, address: usize) -> u32;
    /// Writes a word.
    fn write(&self, address: usize);
    /// Executes code in its own RAM.
    fn run_data(&self);
    /// Calls a gate. Returns the number of the error, or 0.
    fn call(&self, gate: usize) -> usize;
    /// Returns the sum of the bytes.
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32;
    /// Writes to `bytes`, which the caller has lent from `address`.
    fn write_lent(&self, bytes: Lease<'_, [u8]>, address: usize);
    /// Reads behind `bytes`.
    fn read_behind(&self, bytes: Lease<'_, [u8]>, address: usize) -> u32;
    /// Returns the opposite of `yes`.
    fn decide(&self, yes: bool) -> bool;
    /// Returns a word that is no `bool`.
    fn lie(&self) -> bool;
    /// Panics.
    fn panic(&self);
    /// Computes for half a second, which is longer than any caller wants to wait.
    fn spin(&self);
    /// Returns the number of times that this method, [`sum`](Attack::sum) and [`decide`](Attack::decide) have been
    /// entered in this life.
    fn entered(&self) -> u32;
}

/// The number of the method [`Attack::sum`].
pub const SUM: usize = 4;
/// The number of the method [`Attack::decide`].
pub const DECIDE: usize = 7;

/// The time of [`Attack::spin`].
const LONG: Duration = Duration::from_millis(500);

/// The server.
pub struct Hostile {
    entered: AtomicU32,
    code: Data,
}

impl Hostile {
    /// Creates the server.
    #[must_use]
    pub const fn new() -> Hostile {
        let code = Data(UnsafeCell::new(arch::RETURN));
        Hostile { entered: AtomicU32::new(0), code }
    }
}

impl Default for Hostile {
    fn default() -> Hostile {
        Hostile::new()
    }
}

/// Memory that the process may write, with the code of a function that returns.
struct Data(UnsafeCell<u32>);

// SAFETY: nothing writes to it.
unsafe impl Sync for Data {}

impl Attack for Hostile {
    fn read(&self, address: usize) -> u32 {
        probe::load(address)
    }
    fn write(&self, address: usize) {
        probe::store(address, 0xbad0_bad0);
    }
    fn run_data(&self) {
        arch::run(self.code.0.get().addr());
    }
    fn call(&self, gate: usize) -> usize {
        raw::call(gate, 0, [0; 4]).error().map_or(0, |error| error as usize)
    }
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32 {
        self.entered.fetch_add(1, Relaxed);
        bytes.iter().map(u32::from).sum()
    }
    fn write_lent(&self, bytes: Lease<'_, [u8]>, address: usize) {
        probe::store(arch::lent(address, bytes.len()), 0xbad0_bad0);
    }
    fn read_behind(&self, bytes: Lease<'_, [u8]>, address: usize) -> u32 {
        probe::load(address + bytes.len())
    }
    fn decide(&self, yes: bool) -> bool {
        self.entered.fetch_add(1, Relaxed);
        !yes
    }
    fn lie(&self) -> bool {
        raw::leave(Status::OK.0, [7, 0])
    }
    fn panic(&self) {
        panic!("on purpose")
    }
    fn spin(&self) {
        let start = time::now();
        while time::now() - start < LONG {}
    }
    fn entered(&self) -> u32 {
        self.entered.fetch_add(1, Relaxed) + 1
    }
}
