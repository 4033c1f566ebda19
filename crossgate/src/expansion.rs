// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code that the attributes, derives and the wiring expand to.
//!
//! The macros of `crossgate-macros` cut the source into pieces, and pass these to the `macro_rules!` macros here in
//! slots: `name: [tokens]`. Each macro here has one task, and gets only the slots that it needs for this task.

mod budgets;
mod derive_wire;
mod heaps;
mod interface;
mod names;
mod plain;
mod processes;
mod stacks;
mod tables;
