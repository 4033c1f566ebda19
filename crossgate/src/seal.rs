// SPDX-License-Identifier: MIT OR Apache-2.0
//! Traits that no other crate implements.
//!
//! A trait with `const SEAL: Seal` can be implemented only where `Seal` can be named, which is in this
//! crate. (A private supertrait would do the same, but shows up in the messages of the compiler.)

#[derive(Clone, Copy, Debug)]
pub struct Seal;
