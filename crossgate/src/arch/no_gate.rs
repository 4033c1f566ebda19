// SPDX-License-Identifier: MIT OR Apache-2.0
//! No program for this host has a kernel.

use super::Reply;
use core::any::TypeId;
use core::convert::Infallible;
use crossgate_abi::Word;

/// The way into a kernel that is linked into the program.
pub struct Gate(Infallible);

/// There is none.
pub fn find() -> Option<Gate> {
    None
}

impl Gate {
    /// Does not happen.
    pub fn enter(&self, _: Word, _: [Word; 4]) -> Reply {
        match self.0 {}
    }

    /// Does not happen.
    pub fn interface_of(&self, _: Word) -> Option<TypeId> {
        match self.0 {}
    }

    /// Does not happen.
    pub fn name_of(&self, _: Word) -> Option<&'static str> {
        match self.0 {}
    }
}
