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

impl<P: Port> Kernel<P> {
    /// Checks the leases among the argument words of a call of the current thread, whose registers
    /// are saved at `stack_pointer`, and writes down those that the call needs; they come into force
    /// with it. Tells how many.
    pub(crate) fn take_leases(
        &mut self,
        stack_pointer: Word,
        arguments: Shape,
        words: &[Word; ARGUMENT_WORDS],
    ) -> Result<u8, CallError> {
        let mut count = 0;
        for (index, pair) in words.windows(2).enumerate() {
            let kinds = arguments.kinds >> (4 * index);
            if kinds == 0 {
                break;
            }
            let writable = match kinds & 15 {
                READ => false,
                WRITE => true,
                _ => continue,
            };
            let [address, length] = *pair else { continue };
            // Empty memory is nobody's.
            if length != 0 {
                let memory = Span::new(address, length).ok_or(CallError::BadLease)?;
                count += u8::from(self.take_lease(stack_pointer, memory, writable, count)?);
            }
        }
        Ok(count)
    }

    /// Checks and writes down one lease, after `taken` others of the same call. Tells whether it
    /// needs one.
    #[inline(always)]
    fn take_lease(
        &mut self,
        stack_pointer: Word,
        memory: Span,
        writable: bool,
        taken: u8,
    ) -> Result<bool, CallError> {
        // Flash is readable by all.
        if !writable && self.flash.contains(memory) {
            return Ok(false);
        }
        let source = self.source(stack_pointer, memory, writable).ok_or(CallError::BadLease)?;
        let limits = match source {
            Source::Shared(process) => self.shared(process),
            Source::Stack => memory,
        };
        if !P::coverable(memory, limits) {
            return Err(CallError::BadLease);
        }
        let thread = self.threads.current();
        let place = usize::from(thread.level.leases + taken);
        let lease = thread.leases.get_mut(place).ok_or(CallError::TooDeep)?;
        *lease = Lease { memory, writable, source };
        Ok(true)
    }

    /// By what right the current thread may lend `memory`, if it may.
    #[inline(always)]
    fn source(&mut self, stack_pointer: Word, memory: Span, writable: bool) -> Option<Source> {
        let thread = self.threads.current();
        // Below are the registers that the kernel saved, and the callee's stack; above is what
        // the callers of this thread closed.
        let own_stack =
            Span { start: stack_pointer + P::CONTEXT_SIZE, end: thread.window_top::<P>() };
        if own_stack.contains(memory) {
            return Some(Source::Stack);
        }
        let process = thread.level.process;
        if self.shared(process).contains(memory) {
            return Some(Source::Shared(process));
        }
        self.threads
            .current()
            .leases()
            .iter()
            .find(|held| held.memory.contains(memory) && (held.writable || !writable))
            .map(|held| held.source)
    }

    /// The part of a process' memory that it may lend.
    fn shared(&self, process: u8) -> Span {
        self.processes.get(usize::from(process)).map_or(Span::EMPTY, |process| Span {
            start: process.memory.shared_start,
            end: process.memory.shared_end,
        })
    }
}
