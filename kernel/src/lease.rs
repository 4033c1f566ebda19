//! Memory that a call may use while it runs.
//!
//! A caller can lend what is its own to lend: the shared part of its process' memory, its part of
//! its stack, and what it was lent itself, with no more rights. (Flash is readable by all, so
//! lending it for reading needs no lease.) A lease belongs to one thread and one call; it is
//! dropped when the call ends, however it ends.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::table::Method;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Kind, WHOLE_BLOCK, Word};
use crossgate_protection::Span;
use crossgate_protection::Unit;

const WRITE: u16 = Kind::Write as u16;
/// In bytes, of those that [`WHOLE_BLOCK`] means.
const SMALLEST_BLOCK: Word = 32;

/// Where leased memory comes from, which says how far the protection unit may round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
struct Source(u8);

impl Source {
    /// A stack: not a byte more than was offered. (Other numbers are those of processes, of whose
    /// shared memory any part may be exposed.)
    const STACK: Source = Source(u8::MAX);
}

/// Memory that one call of one thread may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(C)]
pub struct Lease {
    /// The memory.
    pub memory: Span,
    /// What the protection unit wants to be told to open it.
    pub registers: u32,
    /// Whether it may be written.
    pub writable: bool,
    source: Source,
}

impl Lease {
    /// Where a port's assembly finds the start of its memory, in bytes, ...
    pub const START: usize = core::mem::offset_of!(Lease, memory.start);
    /// ... and its registers.
    pub const REGISTERS: usize = core::mem::offset_of!(Lease, registers);
    /// Behind the registers: a byte that says whether it is for writing, and one with where it comes from, which is
    /// this if it is a stack.
    pub const OF_STACK: u8 = Source::STACK.0;

    /// Whether it is of the shared memory of `process`.
    #[must_use]
    pub fn is_of(&self, process: u8) -> bool {
        self.source == Source(process)
    }

    pub(crate) const EMPTY: Lease =
        Lease { memory: Span::EMPTY, registers: 0, writable: false, source: Source(0) };
}

/// Which of a thread's leases are in force: those of the call that it is in. The ones before belong to
/// its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(transparent)]
pub struct InForce(
    // The first in the upper four bits, the end in the lower ones.
    u8,
);

impl InForce {
    /// No leases at all.
    pub const NONE: InForce = InForce(0);

    /// Those of a callee, which has got none yet.
    #[inline(always)]
    #[must_use]
    pub const fn of_callee(self) -> InForce {
        InForce(self.count() << 4 | self.count())
    }

    /// These and one more.
    #[inline(always)]
    const fn and_one(self) -> InForce {
        InForce(self.0 + 1)
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

/// The memory that the two words of a lease offer; `None` if it runs over the end of the address space.
#[must_use]
pub fn offered(address: Word, length: Word) -> Option<Span> {
    let length = if length & WHOLE_BLOCK == 0 { length } else { block_of(length) };
    Span::new(address, length)
}

/// The size of the smallest block that holds as many bytes as this says besides [`WHOLE_BLOCK`]; 0 if it
/// says none at all.
#[cold]
#[inline(never)]
fn block_of(length: Word) -> Word {
    let last = (length & !WHOLE_BLOCK).wrapping_sub(1) | (SMALLEST_BLOCK - 1);
    Word::MAX.unbounded_shr(last.leading_zeros()).wrapping_add(1)
}

impl<P: Port> Kernel<P> {
    /// Checks the leases among the argument words of a call of the current thread, whose registers
    /// are saved at `stack_pointer`, and writes down those that the call needs. Tells which will be in
    /// force in it.
    #[inline(never)]
    pub(crate) fn take_leases(
        &mut self,
        stack_pointer: Word,
        method: &Method,
        words: &[Word; ARGUMENT_WORDS],
        callee: u8,
    ) -> Result<InForce, CallError> {
        let mut in_force = self.threads.current().level.leases.of_callee();
        let mut kinds = method.arguments.kinds;
        for word in words.windows(2) {
            let &[address, length] = word else { break };
            if kinds == 0 {
                break;
            }
            let kind = kinds & 3;
            kinds >>= 4;
            if kind == 0 {
                continue;
            }
            let length = match length as isize {
                1.. => length,
                // Empty memory is nobody's.
                0 => continue,
                // The bit is the sign, which the CPU tells apart at once.
                _ => block_of(length),
            };
            let memory = Span::new(address, length).ok_or(CallError::BadLease)?;
            let writable = kind == WRITE;
            // Flash is readable by all.
            if !writable && self.flash.contains(memory) {
                continue;
            }
            let source = self.source_of(stack_pointer, memory, writable)?;
            // A lease of what is the callee's own could only take rights away from it.
            if source == Source(callee) {
                continue;
            }
            let limits = if source == Source::STACK { memory } else { self.shared(source.0) };
            let registers =
                P::Unit::lease_within(limits, memory, writable).ok_or(CallError::BadLease)?;
            let place = usize::from(in_force.count());
            let lease = self.threads.current().leases.get_mut(place).ok_or(CallError::TooDeep)?;
            *lease = Lease { memory, registers, writable, source };
            in_force = in_force.and_one();
        }
        Ok(in_force)
    }

    /// Where `memory` that the current thread lends comes from, if it may.
    #[inline(never)]
    fn source_of(
        &mut self,
        stack_pointer: Word,
        memory: Span,
        writable: bool,
    ) -> Result<Source, CallError> {
        let thread = self.threads.current();
        // Below are the registers that the kernel saved, and the callee's stack; above is what
        // the callers of this thread closed.
        let own = Span { start: stack_pointer + P::CONTEXT_SIZE, end: thread.window_top::<P>() };
        if own.contains(memory) {
            return Ok(Source::STACK);
        }
        let process = thread.level.process;
        if self.shared(process).contains(memory) {
            return Ok(Source(process));
        }
        self.threads
            .current()
            .leases()
            .find(|held| held.memory.contains(memory) && (held.writable || !writable))
            .map(|held| held.source)
            .ok_or(CallError::BadLease)
    }

    /// The part of a process' memory that it may lend.
    fn shared(&self, process: u8) -> Span {
        self.processes.get(usize::from(process)).map_or(Span::EMPTY, |process| Span {
            start: process.memory.shared_start,
            end: process.memory.shared_end,
        })
    }
}
