// SPDX-License-Identifier: MIT OR Apache-2.0
//! Units whose regions are runs of granules, at any start and of any length.

use crate::{Shape, Span, Unit, Window};
use core::fmt::Debug;

/// A unit whose regions are runs of granules. All properties of the [`Unit`] follow from the sizes of granules.
pub trait Granules: 'static {
    /// The size of a granule in bytes, a power of two.
    const GRANULE: usize;
    /// The size in bytes of the granules in which a stack is divided, a power of two.
    const STACK_GRANULE: usize = Self::GRANULE;
    /// A lease in the form of the unit: the values that open lent memory.
    type Lease: Copy + Debug + Eq;
    /// The lease of no memory.
    const NO_LEASE: Self::Lease;

    /// Returns the lease that opens the granules of `memory`.
    fn lease(memory: Span, writable: bool) -> Self::Lease;

    /// Returns whether a region can open `memory`, and nothing outside `limits`.
    fn can_lease(limits: Span, memory: Span) -> bool {
        limits.contains(shape::<Self>().covering(memory))
    }
}

const fn shape<G: Granules + ?Sized>() -> Shape {
    Shape::Run { granule: G::GRANULE, stack_granule: G::STACK_GRANULE }
}

impl<G: Granules> Unit for G {
    type Lease = G::Lease;
    const NO_LEASE: G::Lease = G::NO_LEASE;
    const SHAPE: Shape = shape::<G>();

    /// The window is a number of the stack's granules, in 16 bits. So at most the lowest 65,535 granules of a stack are
    /// open, even if the stack has more.
    fn window(stack: Span, stack_pointer: usize) -> Window {
        let granules = stack_pointer.saturating_sub(stack.start) / G::STACK_GRANULE;
        let granules = u16::try_from(granules).unwrap_or(u16::MAX);
        Window { top: stack.start + usize::from(granules) * G::STACK_GRANULE, registers: granules }
    }

    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<G::Lease> {
        G::can_lease(limits, memory).then(|| G::lease(memory, writable))
    }
}
