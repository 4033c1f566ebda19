// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code that the attributes, derives and the wiring expand to.
//!
//! The macros of `crossgate-macros` cut the source into pieces, which are passed to the templates in slots: `name:
//! [tokens]`. Each template does one thing, and gets the slots that it needs for that.

mod budgets;
mod heaps;
mod interface;
mod names;
mod plain;
mod processes;
mod stacks;
mod tables;
mod wire;
