// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attempts on frames of callers, and on the stacks of others. With protection keys, each part of a stack that is closed
//! has one: there are enough.

#[path = "../reach.rs"]
mod reach;

reach::firmware! {}
