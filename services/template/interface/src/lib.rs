// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interface of a service to copy. Clients depend on this crate, and not on the crate of the service.
//!
//! The service has a few drawers. A client that puts a number into a drawer keeps this drawer until it takes the number
//! out again.
#![no_std]
#![forbid(unsafe_code)]

use crossgate::{Wire, interface};

/// The error of the service: all drawers are taken.
// An error of the service is a value like any other. If the call itself fails, the client gets a `CallError` instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Full;

/// The interface of clients. There is one trait for each role, so the wiring gives a process only the roles that it
/// needs.
#[interface]
pub trait Drawer {
    /// Puts a number into the client's drawer, in place of the number that is there. Fails with [`Full`] if the client
    /// has no drawer and no drawer is free.
    fn put(&self, number: u32) -> Result<(), Full>;
    /// Takes the number out, and gives the drawer back. Returns `None` if the client has no drawer.
    fn take(&self) -> Option<u32>;
}

/// The interface of the process that looks after the drawers.
#[interface]
pub trait Caretaker {
    /// Returns how many drawers have a number in them.
    fn used(&self) -> u32;
}
