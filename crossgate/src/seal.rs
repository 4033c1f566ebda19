// SPDX-License-Identifier: MIT OR Apache-2.0
//! Traits that no other crate implements.
//!
//! A trait with `const SEAL: Seal` can be implemented only in this crate, because only this crate can name the type
//! `Seal`. (A private supertrait would have the same effect, but the compiler would show it in messages.)

#[derive(Clone, Copy, Debug)]
pub struct Seal;
