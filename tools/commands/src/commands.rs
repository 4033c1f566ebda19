// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands, a file each.

pub mod bench;
pub mod history;
pub mod map;
pub mod soak;
pub mod test;
pub mod worst;
