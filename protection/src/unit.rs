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

/// The size and alignment that memory needs so that a region can open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The length in bytes.
    pub size: usize,
    /// The alignment of the address, a power of two.
    pub step: usize,
}

/// A kind of protection unit.
///
/// Sizes and addresses are below 2^32 and, unless stated otherwise, not 0.
pub trait Unit: 'static {
    /// A lease in the form of the unit: the values that open lent memory.
    type Lease: Copy + Debug + Eq;
    /// The lease of no memory. A thread without leases has this value in its tables.
    const NO_LEASE: Self::Lease;
    /// The memory that a region can open, from which [`Regions`](crate::Regions) are computed.
    const SHAPE: Shape;

    /// Returns the fit of the smallest memory of at least `bytes` bytes that one region can open exactly. A region
    /// [opens](Self::opens) this memory at some multiples of the step, perhaps not at all of them. Let n be the size,
    /// rounded up to a power of two: each run of 2n bytes contains a suitable address.
    fn process(bytes: usize) -> Fit;

    /// Returns the fit of a stack, of which a part from the bottom up can be [opened](Self::window). At each multiple
    /// of the step, one region can open the whole stack.
    fn stack(bytes: usize) -> Fit;

    /// Returns the fit of memory that is lent in parts. The region for any part opens nothing outside of the memory.
    fn shared(bytes: usize) -> Fit;

    /// Returns the smallest region that holds all of `memory`.
    fn covering(memory: Span) -> Span;

    /// Returns whether one region opens exactly this memory. No region is empty.
    fn opens(memory: Span) -> bool {
        !memory.is_empty() && Self::covering(memory) == memory
    }

    /// Returns the part of a [stack](Self::stack) that is open to a callee when everything from `stack_pointer` up is
    /// closed. If `stack_pointer` is the end of the stack, the part is the whole stack.
    ///
    /// The top is at most `stack_pointer`. It may be lower, down to the start of the stack. No byte from the top up is
    /// open.
    fn window(stack: Span, stack_pointer: usize) -> Window;

    /// Returns the lease that opens `memory`, and perhaps more memory within `limits`. Returns `None` if every region
    /// that opens `memory` also opens a byte outside `limits`.
    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<Self::Lease>;
}
