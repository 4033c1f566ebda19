// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attempts on frames of callers, and on the stacks of others. There are enough protection keys for every closed part
//! of a stack.

#[path = "../reach.rs"]
mod reach;

reach::firmware! {}
