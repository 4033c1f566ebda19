// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lending: how a caller lends memory to a call.
//!
//! A caller may lend the shared part of its process' memory, the open part of its stack, and memory that was lent to
//! the caller, with no more rights than the caller has. (Every process can read flash, so flash is lent for reading
//! without a [lease](Lease).)

use crate::Kernel;
use crate::effect::Effect;
use crate::lease::{InForce, Lease, Source, block_of};
use crate::port::Port;
use crossgate_abi::table::Method;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Kind, ProcessId, Word};
use crossgate_protection::{Span, Unit};

const WRITE: u16 = Kind::Write as u16;

impl<P: Port> Kernel<P> {
    /// Checks the leases among the argument words of a call of the current thread, whose registers are saved at
    /// `stack_pointer`, and stores those that the call needs. Returns the leases that will be in force in the call.
    #[inline]
    pub(crate) fn take_leases(
        &mut self,
        stack_pointer: Word,
        method: &Method,
        words: &[Word; ARGUMENT_WORDS],
        callee: ProcessId,
    ) -> Result<InForce, Effect> {
        let mut in_force = self.threads.current().rights.leases.of_callee();
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
                // Empty memory needs no lease.
                0 => continue,
                // `WHOLE_BLOCK` is set: it is the sign bit, which the same comparison tests.
                _ => block_of(length),
            };
            if self.gives_way() {
                return Err(Effect::SWITCH);
            }
            let memory = Span::new(address, length).ok_or(CallError::BadLease)?;
            let writable = kind == WRITE;
            // Every process can read flash.
            if !writable && self.flash.contains(memory) {
                continue;
            }
            let source = self.source_of(stack_pointer, memory, writable)?;
            // The callee's own memory needs no lease, and a lease could only reduce the callee's rights.
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

    /// Returns the origin of `memory`, if the current thread may lend it.
    #[inline]
    fn source_of(
        &mut self,
        stack_pointer: Word,
        memory: Span,
        writable: bool,
    ) -> Result<Source, CallError> {
        let thread = self.threads.current();
        // Below this part are the registers that the kernel saved, and the callee's stack. Above it is the part of the
        // callers, which is closed.
        let own = Span { start: P::context_end(stack_pointer), end: thread.window_top() };
        if own.contains(memory) {
            return Ok(Source::STACK);
        }
        let process = thread.rights.process;
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

    /// Returns the part of a process' memory that the process may lend.
    #[inline]
    fn shared(&self, process: ProcessId) -> Span {
        self.processes.get(process.index()).map_or(Span::EMPTY, |process| Span {
            start: process.memory.shared_start,
            end: process.memory.shared_end,
        })
    }
}
