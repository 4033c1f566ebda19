// SPDX-License-Identifier: MIT OR Apache-2.0
//! The optional parts of the kernel. A firmware that does not use them does not contain their code.

use crate::Kernel;
use crate::note::Inspection;
use crate::port::Port;
use crate::power::Power;
use crossgate_abi::table::System;
use crossgate_abi::{ARGUMENT_WORDS, ProcessId, Set, Status, ThreadId, Word};

/// The optional parts of a firmware.
#[repr(C)]
pub struct Optional<P: Port> {
    /// Carries out a system call of an optional part.
    // This field and `Deadlines::set` are both the first of their structs and have the same type, so that the compiler
    // merges the code of the two calls.
    pub(crate) call: extern "C" fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// Ends the life of a process that is taken down.
    pub(crate) end_life: fn(&mut Kernel<P>, ProcessId),
    /// Notes a crash of a process. The newest record is the one of this crash.
    pub(crate) note: fn(&mut Kernel<P>, ProcessId),
    /// Does a piece of the work that the optional parts have left.
    pub(crate) piece: fn(&mut Kernel<P>),
    /// Writes the life of a caller to the third word. The caller is the process in the second word. The life is the one
    /// in which the caller made the call that the current thread is in.
    pub(crate) life_of_caller: fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// The number of lives of each process that have ended, if some process is notified of lost clients.
    pub(crate) ended: &'static mut [u32],
    /// The processes of which a life has ended, as long as servers still have to be notified.
    pub(crate) lost: Set<ProcessId>,
    /// The number of servers that the worker has already checked for these processes.
    pub(crate) told: usize,
    /// The part that serves inspections, if some process may inspect.
    pub(crate) inspection: Option<&'static mut Inspection>,
    /// The part that lets the CPU sleep deeply, if the wiring wants it.
    pub(crate) power: Option<&'static mut Power<P>>,
}

/// The part of the kernel for a firmware in which some process may set deadlines for its calls. Other firmware does not
/// contain its code.
#[repr(C)]
pub(crate) struct Deadlines<P: Port> {
    /// Sets or removes the deadline of the calls that the current thread makes in its present method, or at home.
    // The first field, because a port's assembly calls it, too.
    pub set: extern "C" fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// Checks whether calls of a thread that [has deadlines](crate::thread::Thread::has_deadlines) have taken too long.
    pub check: fn(&mut Kernel<P>, ThreadId, u64),
    /// Returns whether the current thread is in a call whose deadline has passed.
    pub is_late: fn(&mut Kernel<P>) -> bool,
}

/// Returns whether a firmware needs any of the parts of [`Optional`].
#[must_use]
#[inline]
pub const fn is_needed(system: &System) -> bool {
    system.is_inspected()
        || !system.pooled.is_empty()
        || !system.lost_clients.is_empty()
        || system.passes_handles
        || system.deep_sleep.is_some()
}
