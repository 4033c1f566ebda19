// SPDX-License-Identifier: MIT OR Apache-2.0
//! The properties of a protection unit.

use crate::{Shape, Span};
use core::fmt::Debug;

/// The open part of a stack: from its lowest address up to `top`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first address that is closed: a stack in the window starts here and grows down.
    pub top: usize,
    /// The window in the form of the unit: a count of granules, or half a register. It has 16 bits, so that all rights
    /// of a thread fit into one word, which a call saves with one store instruction.
    pub registers: u16,
}

/// A kind of protection unit.
///
/// Sizes and addresses are below 2^32 and, unless stated otherwise, not 0.
pub trait Unit: 'static {
    /// A lease in the form of the unit: the values that open lent memory.
    type Lease: Copy + Debug + Eq;
    /// The lease of no memory. A thread without leases has this value in its tables.
    const NO_LEASE: Self::Lease;
    /// The memory that a region can open.
    const SHAPE: Shape;

    /// Returns the part of a [stack](Shape::stack) that is open to a callee when everything from `stack_pointer` up is
    /// closed. If `stack_pointer` is the end of the stack, the part is the whole stack.
    ///
    /// The top is at most `stack_pointer`. It may be lower, down to the start of the stack. No byte from the top up is
    /// open.
    fn window(stack: Span, stack_pointer: usize) -> Window;

    /// Returns the lease that opens `memory`, and perhaps more memory within `limits`. Returns `None` if every region
    /// that opens `memory` also opens a byte outside `limits`.
    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<Self::Lease>;
}
