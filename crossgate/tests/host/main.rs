// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the library, used as processes and firmware use it, with the kernel of a test.
//!
//! Process crates forbid unsafe code, so this crate forbids it too. This tests that the expansions of the macros are
//! still allowed.
#![forbid(unsafe_code)]

mod calls;
mod capabilities;
mod in_place;
mod interfaces;
mod leases;
mod limits;
mod rights;
mod testing;
mod waiting;
mod wire;
mod wiring;
