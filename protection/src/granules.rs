// SPDX-License-Identifier: MIT OR Apache-2.0
//! Units whose regions are runs of granules, wherever they start and however long they are.

use crate::{Fit, Span, Unit, Window};
use core::fmt::Debug;

/// Such a unit. All that a [`Unit`] tells follows from the size of a granule.
pub trait Granules: 'static {
    /// Bytes of a granule, a power of two.
    const GRANULE: usize;
    /// Memory that is lent, in the form that the unit wants.
    type Lease: Copy + Debug + Eq;
    /// Such a value for no memory.
    const NO_LEASE: Self::Lease;

    /// Returns what opens the granules of `memory`.
    fn lease(memory: Span, writable: bool) -> Self::Lease;

    /// Returns whether `memory` can be opened, and nothing outside `limits`.
    fn can_lease(limits: Span, memory: Span) -> bool {
        limits.contains(covering::<Self>(memory))
    }
}

/// The granules that hold a span.
fn covering<G: Granules + ?Sized>(memory: Span) -> Span {
    Span { start: memory.start & !(G::GRANULE - 1), end: memory.end.next_multiple_of(G::GRANULE) }
}

fn fit<G: Granules>(bytes: usize) -> Fit {
    Fit { size: bytes.next_multiple_of(G::GRANULE), step: G::GRANULE }
}

impl<G: Granules> Unit for G {
    type Lease = G::Lease;
    const NO_LEASE: G::Lease = G::NO_LEASE;

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

    /// The window is told as a number of granules. So of a stack of 65,536 of them or more the 65,535 lowest are ever
    /// open.
    fn window(stack: Span, stack_pointer: usize) -> Window {
        let granules = stack_pointer.saturating_sub(stack.start) / G::GRANULE;
        let granules = u16::try_from(granules).unwrap_or(u16::MAX);
        Window { top: stack.start + usize::from(granules) * G::GRANULE, registers: granules }
    }

    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<G::Lease> {
        G::can_lease(limits, memory).then(|| G::lease(memory, writable))
    }
}
