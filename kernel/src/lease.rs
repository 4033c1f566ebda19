//! Memory that a call may use while it runs.
//!
//! A caller can lend what is its own to lend: the shared part of its process' memory, its part of
//! its stack, and what it was lent itself, with no more rights. (Flash is readable by all, so
//! lending it for reading needs no lease.) A lease belongs to one thread and one call; it is
//! dropped when the call ends, however it ends.

use crate::Kernel;
use crate::memory::Span;
use crate::port::Port;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Kind, Shape, Word};

const READ: u16 = Kind::Read as u16;
const WRITE: u16 = Kind::Write as u16;

/// Where leased memory comes from, which says how far the protection unit may round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The shared part of this process: any of it may be exposed.
    Shared(u8),
    /// A stack: not a byte more than was offered.
    Stack,
}

/// Memory that one call of one thread may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The memory.
    pub memory: Span,
    /// Whether it may be written.
    pub writable: bool,
    source: Source,
}

impl Lease {
    pub(crate) const EMPTY: Lease =
        Lease { memory: Span::EMPTY, writable: false, source: Source::Stack };
}

/// Which of a thread's leases are in force: those of the call that it is in. The ones before belong to
/// its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct InForce(
    // The first in the upper four bits, the end in the lower ones.
    u8,
);

impl InForce {
    /// No leases at all.
    pub const NONE: InForce = InForce(0);

    /// Those of a callee, which got `count` new ones.
    #[inline(always)]
    #[must_use]
    pub const fn of_callee(self, count: u8) -> InForce {
        InForce(self.count() << 4 | (self.count() + count))
    }

    /// How many leases the thread holds over all its calls.
    #[inline(always)]
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0 & 15
    }

    /// Their places.
    #[inline(always)]
    #[must_use]
    pub const fn places(self) -> core::ops::Range<usize> {
        (self.0 >> 4) as usize..self.count() as usize
    }

    /// 0 if the thread holds none, over all its calls.
    #[inline(always)]
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl<P: Port> Kernel<P> {
    /// Checks the leases among the argument words of a call of the current thread, whose registers
    /// are saved at `stack_pointer`, and writes down those that the call needs; they come into force
    /// with it. Tells how many.
    #[inline(always)]
    pub(crate) fn take_leases(
        &mut self,
        stack_pointer: Word,
        arguments: Shape,
        words: &[Word; ARGUMENT_WORDS],
    ) -> Result<u8, CallError> {
        let mut count = 0;
        let mut kinds = arguments.kinds;
        while kinds != 0 {
            let index = kinds.trailing_zeros() as usize / 4;
            let kind = kinds >> (4 * index) & 15;
            kinds &= !(15 << (4 * index));
            if kind != READ && kind != WRITE {
                continue;
            }
            let (Some(&address), Some(&length)) = (words.get(index), words.get(index + 1)) else {
                continue;
            };
            // Empty memory is nobody's.
            if length == 0 {
                continue;
            }
            let memory = Span::new(address, length).ok_or(CallError::BadLease)?;
            let writable = kind == WRITE;
            let source = if self.is_on_own_stack(stack_pointer, memory) {
                Source::Stack
            } else {
                match self.source(memory, writable)? {
                    Some(source) => source,
                    None => continue,
                }
            };
            let thread = self.threads.current();
            let place = usize::from(thread.level.leases.count() + count);
            let lease = thread.leases.get_mut(place).ok_or(CallError::TooDeep)?;
            *lease = Lease { memory, writable, source };
            count += 1;
        }
        Ok(count)
    }

    /// Whether `memory` is of the current caller's part of its stack, and can be opened alone.
    #[inline(always)]
    fn is_on_own_stack(&mut self, stack_pointer: Word, memory: Span) -> bool {
        let thread = self.threads.current();
        // Below are the registers that the kernel saved, and the callee's stack; above is what
        // the callers of this thread closed.
        let own = Span { start: stack_pointer + P::CONTEXT_SIZE, end: thread.window_top::<P>() };
        own.contains(memory) && P::coverable(memory, memory)
    }

    /// By what right the current thread may lend `memory` that is not of its own stack; `None` if it
    /// needs none.
    #[inline(never)]
    fn source(&mut self, memory: Span, writable: bool) -> Result<Option<Source>, CallError> {
        // Flash is readable by all.
        if !writable && self.flash.contains(memory) {
            return Ok(None);
        }
        let process = self.current().level.process;
        let shared = self.shared(process);
        if shared.contains(memory) && P::coverable(memory, shared) {
            return Ok(Some(Source::Shared(process)));
        }
        let thread = self.threads.current();
        let held = thread
            .leases()
            .iter()
            .find(|held| held.memory.contains(memory) && (held.writable || !writable))
            .ok_or(CallError::BadLease)?;
        let source = held.source;
        let limits = match source {
            Source::Shared(process) => self.shared(process),
            Source::Stack => memory,
        };
        if P::coverable(memory, limits) { Ok(Some(source)) } else { Err(CallError::BadLease) }
    }

    /// The part of a process' memory that it may lend.
    fn shared(&self, process: u8) -> Span {
        self.processes.get(usize::from(process)).map_or(Span::EMPTY, |process| Span {
            start: process.memory.shared_start,
            end: process.memory.shared_end,
        })
    }
}
