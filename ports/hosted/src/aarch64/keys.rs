// SPDX-License-Identifier: MIT OR Apache-2.0
//! Protection keys, which the port does not use on this CPU: memory is always closed by page tables.

use core::convert::Infallible;
use crossgate_protection::Span;

/// A protection key: there is none.
pub struct Key(Infallible);

impl Key {
    /// Returns an error.
    ///
    /// # Errors
    /// Always.
    pub fn new() -> Result<Key, String> {
        Err("there are no protection keys on aarch64".to_owned())
    }

    /// Is never called.
    pub fn bits(&self) -> u32 {
        match self.0 {}
    }

    /// Is never called.
    pub fn reading(&self) -> u32 {
        match self.0 {}
    }

    /// Is never called.
    ///
    /// # Errors
    /// None.
    pub fn protect(&self, _: Span) -> Result<(), String> {
        match self.0 {}
    }
}

/// Is never called.
///
/// # Errors
/// None.
pub fn give_up(_: Span) -> Result<(), String> {
    Ok(())
}

/// The rights without any key.
pub const NO_RIGHTS: u32 = 0;
/// The rights with all keys.
pub const ALL_RIGHTS: u32 = 0;

/// Is never called.
pub fn set_rights(_: u32) {}

/// Is never called.
///
/// # Errors
/// None.
pub fn writable_memory() -> Result<Vec<Span>, String> {
    Ok(Vec::new())
}

/// Is never called.
pub fn stop_restartable_sequences() {}
