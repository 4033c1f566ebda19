//! Memory that a call may use while it runs.
//!
//! A caller can lend what is its own to lend: the shared part of its process' memory, its part of
//! its stack, and what it was lent itself, with no more rights. (Flash is readable by all, so
//! lending it for reading needs no lease.) A lease belongs to one thread and one call; it is
//! dropped when the call ends, however it ends.

use crate::Kernel;
use crate::memory::Span;
use crate::port::Port;
use crossgate_abi::{CallError, Word};

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

impl<P: Port> Kernel<P> {
    /// The lease that the current thread, whose registers are saved at `stack_pointer`, asks for.
    /// `None`: it is allowed and needs none, because the memory is empty or readable by all.
    pub(crate) fn lend(
        &self,
        stack_pointer: Word,
        address: Word,
        length: Word,
        writable: bool,
    ) -> Result<Option<Lease>, CallError> {
        if length == 0 {
            return Ok(None);
        }
        let memory = Span::new(address, length).ok_or(CallError::BadLease)?;
        if !writable && self.flash.contains(memory) {
            return Ok(None);
        }
        let source = self.source(stack_pointer, memory, writable).ok_or(CallError::BadLease)?;
        let lease = Lease { memory, writable, source };
        if !P::coverable(memory, self.limits(&lease)) {
            return Err(CallError::BadLease);
        }
        Ok(Some(lease))
    }

    /// By what right the current thread may lend `memory`, if it may.
    fn source(&self, stack_pointer: Word, memory: Span, writable: bool) -> Option<Source> {
        let thread = self.threads.get(self.threads.current_id());
        if self.shared(thread.level.process).contains(memory) {
            return Some(Source::Shared(thread.level.process));
        }
        // Below are the registers that the kernel saved, and the callee's stack; above is what
        // the callers of this thread closed.
        let own_stack = Span {
            start: stack_pointer.saturating_add(P::CONTEXT_SIZE),
            end: thread.window_top::<P>(),
        };
        if own_stack.contains(memory) {
            return Some(Source::Stack);
        }
        thread
            .leases()
            .iter()
            .find(|held| held.memory.contains(memory) && (held.writable || !writable))
            .map(|held| held.source)
    }

    /// What the protection unit may open for a lease.
    #[must_use]
    pub fn limits(&self, lease: &Lease) -> Span {
        match lease.source {
            Source::Shared(process) => self.shared(process),
            Source::Stack => lease.memory,
        }
    }

    /// The part of a process' memory that it may lend.
    fn shared(&self, process: u8) -> Span {
        self.processes.get(usize::from(process)).map_or(Span::EMPTY, |process| Span {
            start: process.memory.shared_start,
            end: process.memory.shared_end,
        })
    }
}
