// SPDX-License-Identifier: MIT OR Apache-2.0
//! Units whose regions are runs of granules, at any start and of any length.

use crate::{Fit, Shape, Span, Unit, Window};
use core::fmt::Debug;

/// A unit whose regions are runs of granules. All properties of the [`Unit`] follow from the size of a granule.
pub trait Granules: 'static {
    /// The size of a granule in bytes, a power of two.
    const GRANULE: usize;
    /// A lease in the form of the unit: the values that open lent memory.
    type Lease: Copy + Debug + Eq;
    /// The lease of no memory.
    const NO_LEASE: Self::Lease;

    /// Returns the lease that opens the granules of `memory`.
    fn lease(memory: Span, writable: bool) -> Self::Lease;

    /// Returns whether a region can open `memory`, and nothing outside `limits`.
    fn can_lease(limits: Span, memory: Span) -> bool {
        limits.contains(covering::<Self>(memory))
    }
}

/// Returns the granules that hold a span.
fn covering<G: Granules + ?Sized>(memory: Span) -> Span {
    Span { start: memory.start & !(G::GRANULE - 1), end: memory.end.next_multiple_of(G::GRANULE) }
}

fn fit<G: Granules>(bytes: usize) -> Fit {
    Fit { size: bytes.next_multiple_of(G::GRANULE), step: G::GRANULE }
}

impl<G: Granules> Unit for G {
    type Lease = G::Lease;
    const NO_LEASE: G::Lease = G::NO_LEASE;
    const SHAPE: Shape = Shape::Run { granule: G::GRANULE };

    fn process(bytes: usize) -> Fit {
        fit::<G>(bytes)
    }

    fn stack(bytes: usize) -> Fit {
        fit::<G>(bytes)
    }

    fn shared(bytes: usize) -> Fit {
        fit::<G>(bytes)
    }

    fn covering(memory: Span) -> Span {
        covering::<G>(memory)
    }

    /// The window is given as a number of granules, in 16 bits. So only the lowest 65,535 granules of a stack are ever
    /// open, even if the stack has more.
    fn window(stack: Span, stack_pointer: usize) -> Window {
        let granules = stack_pointer.saturating_sub(stack.start) / G::GRANULE;
        let granules = u16::try_from(granules).unwrap_or(u16::MAX);
        Window { top: stack.start + usize::from(granules) * G::GRANULE, registers: granules }
    }

    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<G::Lease> {
        G::can_lease(limits, memory).then(|| G::lease(memory, writable))
    }
}
