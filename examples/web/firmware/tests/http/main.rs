// SPDX-License-Identifier: MIT OR Apache-2.0
//! The page as clients over TCP get it: from a program of this machine, and from the emulated board.
#![cfg(target_os = "linux")]

mod board;
mod client;
mod hosted;
mod load;
