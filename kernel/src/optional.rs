// SPDX-License-Identifier: MIT OR Apache-2.0
//! The optional parts of the kernel: a firmware that needs none does not carry their code.

use crate::Kernel;
use crate::note::Inspection;
use crate::port::Port;
use crossgate_abi::table::System;
use crossgate_abi::{ARGUMENT_WORDS, ProcessId, Status, Word};

/// The optional parts that a firmware has.
#[repr(C)]
pub struct Optional<P: Port> {
    /// A system call of it is made.
    // It comes first, and is called as `Deadlines::set` is, so that both take the same code.
    pub(crate) call: extern "C" fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// A process goes down.
    pub(crate) end_life: fn(&mut Kernel<P>, ProcessId),
    /// The same, which may be by a crash.
    pub(crate) note: fn(&mut Kernel<P>, ProcessId),
    /// Tells in the third word the life in which the process of the second made the call that the current thread is in.
    pub(crate) life_of_caller: fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// The number of lives of each process that have ended, if some process is told.
    pub(crate) ended: &'static mut [u32],
    /// The code that answers processes which may inspect, if there are any.
    pub(crate) inspection: Option<&'static mut Inspection>,
}

/// Returns whether a firmware needs something of it.
#[must_use]
pub const fn is_needed(system: &System) -> bool {
    system.is_inspected()
        || !system.pooled.is_empty()
        || !system.lost_clients.is_empty()
        || system.passes_handles
}
