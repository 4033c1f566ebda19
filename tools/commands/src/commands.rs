// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands. There is one file for each command.

pub mod bench;
pub mod history;
pub mod map;
pub mod ports;
pub mod soak;
pub mod test;
pub mod worst;
