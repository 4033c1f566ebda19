// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files that depend on the CPU, for 64-bit ARM. Each has a counterpart of the same name for the other CPUs.

pub mod blocking;
pub mod context;
pub mod cpu;
pub mod entry;
pub mod exit;
pub mod gate;
pub mod handling;
pub mod interrupt;
pub mod keys;
pub mod pages;
pub mod registers;
pub mod step;
