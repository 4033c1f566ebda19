//! What the memory management unit of a host can express: runs of pages.

use crate::{Fit, Span, Unit, Window};

/// Pages of `SIZE` bytes, a power of two.
#[derive(Clone, Copy, Debug)]
pub struct Pages<const SIZE: usize>;

impl<const SIZE: usize> Pages<SIZE> {
    const IS_POWER: () = assert!(SIZE.is_power_of_two(), "a page has a power of two of bytes");

    /// The whole pages that hold so many bytes.
    #[must_use]
    pub const fn fit(bytes: usize) -> Fit {
        let () = Self::IS_POWER;
        Fit { size: bytes.next_multiple_of(SIZE), step: SIZE }
    }
}

impl<const SIZE: usize> Unit for Pages<SIZE> {
    /// How many pages.
    type Window = u16;
    /// It is all in the span.
    type Lease = ();

    fn process(bytes: usize) -> Fit {
        Self::fit(bytes)
    }

    fn stack(bytes: usize) -> Fit {
        Self::fit(bytes)
    }

    fn shared(bytes: usize) -> Fit {
        Self::fit(bytes)
    }

    fn covering(memory: Span) -> Span {
        Span { start: memory.start & !(SIZE - 1), end: memory.end.next_multiple_of(SIZE) }
    }

    fn window(stack: Span, stack_pointer: usize) -> Window<u16> {
        let pages = stack_pointer.saturating_sub(stack.start) / SIZE;
        let pages = u16::try_from(pages).unwrap_or(u16::MAX);
        Window { top: stack.start + usize::from(pages) * SIZE, registers: pages }
    }

    fn lease_within(limits: Span, memory: Span, _: bool) -> Option<()> {
        limits.contains(Self::covering(memory)).then_some(())
    }
}
