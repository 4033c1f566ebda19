// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port to copy. It compiles, and reports the parts that are missing.
//!
//! A port turns registers into values for the kernel core, and the core's effects into registers and memory protection.
//! Copy this folder, and write its files in this order; the chapter *Porting* of the book explains each. The existing
//! ports have files of the same names.
//!
//! | file | task | works when |
//! |---|---|---|
//! | `clock` | measures the time, and interrupts at a time | the guarantees about time are kept |
//! | `memory` | gives a process' memory its initial values | the guarantees about memory are kept |
//! | `context` | keeps the registers of a thread on its stack | the guarantees about stacks are kept |
//! | `machine` | the hardware as the core sees it: `impl Port` | no function in it calls `missing` |
//! | `boot` | from reset to the first thread | the idle thread runs |
//! | `start` | the port's code in threads | a thread starts |
//! | `exit` | opens the memory that the next thread may use, and loads its registers | the kernel switches to a thread |
//! | `entry` | from a trap to `handler` | a thread makes a system call |
//! | `handler` | passes traps to the core, and carries out its effects | it is complete: it is the same in all ports |
//! | `fault_status` | finds the cause of a fault | a wild access is a fault of its process |
//!
//! `missing` marks the parts that have to be written. Nothing calls this port except for its test, which lists the
//! guarantees of `crossgate-conformance` that the port breaks because of missing parts.
#![no_std]
#![forbid(unsafe_code)]

pub mod boot;
pub mod clock;
pub mod context;
pub mod entry;
pub mod exit;
pub mod fault_status;
pub mod handler;
pub mod machine;
pub mod memory;
pub mod start;

#[cfg(test)]
mod tests;

/// Panics with the name of a part that has to be written here.
///
/// # Panics
/// Always, because the part is not written yet.
#[track_caller]
fn missing(what: &str) -> ! {
    unimplemented!("{what}")
}
