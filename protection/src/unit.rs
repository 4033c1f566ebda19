// SPDX-License-Identifier: MIT OR Apache-2.0
//! The properties of a protection unit.

use crate::Span;
use core::fmt::Debug;

/// The open part of a stack: from its lowest address up to `top`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first address that is closed: where a stack in it starts to grow down.
    pub top: usize,
    /// The same in the form that the unit wants: a count of granules, or half a register. It has 16 bits, so that all
    /// rights of a thread are one word, which a call saves with one store.
    pub registers: u16,
}

/// The size and alignment that memory needs so that a region can open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Its length in bytes.
    pub size: usize,
    /// The alignment of its address, a power of two.
    pub step: usize,
}

/// A kind of protection unit.
///
/// Sizes and addresses are below 2^32 and, where it is not said, not 0.
pub trait Unit: 'static {
    /// Memory that is lent, in the form that the unit wants.
    type Lease: Copy + Debug + Eq;
    /// Such a value for no memory: it fills the tables of a thread that is lent none.
    const NO_LEASE: Self::Lease;

    /// The least memory of at least so many bytes that is one region: where it starts at a multiple of the step, and a
    /// region [opens](Self::opens) just that. There is such a place in each run of twice its next power of two.
    fn process(bytes: usize) -> Fit;

    /// The same for a stack, of which a part from the bottom up is to be [opened](Self::window). It is a region at each
    /// multiple of the step.
    fn stack(bytes: usize) -> Fit;

    /// The same for memory that is lent in parts: a region for any part of it opens nothing outside.
    fn shared(bytes: usize) -> Fit;

    /// The smallest region that holds all of `memory`.
    fn covering(memory: Span) -> Span;

    /// Returns whether one region opens exactly this. None is empty.
    fn opens(memory: Span) -> bool {
        !memory.is_empty() && Self::covering(memory) == memory
    }

    /// Returns what of a [stack](Self::stack) is open to a callee when everything from `stack_pointer` up is closed.
    /// With the end of the stack it is all of it.
    ///
    /// The top is at most `stack_pointer`. It may be lower, down to the start of the stack: no byte above it is open.
    fn window(stack: Span, stack_pointer: usize) -> Window;

    /// Returns what opens `memory`, and perhaps more, but not a byte outside `limits`; `None` if no region does.
    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<Self::Lease>;
}
