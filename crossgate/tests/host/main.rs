// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library as processes and firmware use it, on the kernel in a test.
//!
//! Process crates forbid unsafe code, so this does: what the macros expand to must not count.
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
mod wiring;
