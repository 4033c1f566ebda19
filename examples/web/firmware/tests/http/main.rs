// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the page with TCP clients: the firmware runs as a Linux program, and on the emulated board.
#![cfg(target_os = "linux")]

mod board;
mod client;
mod hosted;
mod load;
