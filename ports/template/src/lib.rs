// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port to copy: it compiles, and says what is missing.
//!
//! A port turns registers into values for the kernel core, and the core's effects into registers and memory protection.
//! Copy this folder, and write its files in this order; the chapter *Porting* of the book explains each. The two ports
//! that exist have the same files by the same names.
//!
//! | file | what it has to do | when it works |
//! |---|---|---|
//! | `clock` | tell the time, and interrupt at a time | the promises about time are kept |
//! | `memory` | give a process' memory its initial values | those about memory are kept |
//! | `context` | keep the registers of a thread on its stack | those about stacks are kept |
//! | `machine` | the hardware as the core sees it: `impl Port` | it has no `missing` any more |
//! | `boot` | from reset to the first thread | the idle thread runs |
//! | `start` | the port's code in threads | a thread begins |
//! | `entry` | from a trap to `handler` | a thread makes a system call |
//! | `handler` | tell the core what happened, and do what it says | done: it is the same everywhere |
//! | `exit` | open what the next thread may use, and load its registers | a thread is switched to |
//! | `fault` | say why the CPU refused | a wild access is a fault of its process |
//!
//! `missing` marks what is to be written. Nothing calls this port but the test below, which counts what is missing by
//! the promises of `crossgate-conformance` that are broken.
#![no_std]
#![forbid(unsafe_code)]

pub mod boot;
pub mod clock;
pub mod context;
pub mod entry;
pub mod exit;
pub mod fault;
pub mod handler;
pub mod machine;
pub mod memory;
pub mod start;

#[cfg(test)]
mod tests;

/// What is to be written here.
///
/// # Panics
/// Always: it is not written yet.
#[track_caller]
fn missing(what: &str) -> ! {
    unimplemented!("{what}")
}
