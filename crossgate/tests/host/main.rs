// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library as it is used by processes and firmware, on the kernel in a test.
//!
//! Process crates forbid unsafe code, so this crate does, too: the expansions of the macros must not count.
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
