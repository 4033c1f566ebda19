// SPDX-License-Identifier: MIT OR Apache-2.0
//! A host for which no program has a kernel.

use super::reply::Reply;
use core::any::TypeId;
use core::convert::Infallible;
use crossgate_abi::Word;

/// The entry into a kernel that is linked into the program.
pub struct Gate(Infallible);

/// Returns `None`, because there is no kernel.
pub fn find() -> Option<Gate> {
    None
}

impl Gate {
    /// Is never called.
    pub fn enter(&self, _: Word, _: [Word; 4]) -> Reply {
        match self.0 {}
    }

    /// Is never called.
    pub fn interface_of(&self, _: Word) -> Option<TypeId> {
        match self.0 {}
    }

    /// Is never called.
    pub fn name_of(&self, _: Word) -> Option<&'static str> {
        match self.0 {}
    }
}
