// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads at home, which are in no call: their start and restart.

use crate::Kernel;
use crate::port::Port;
use crate::thread::Thread;
use crate::time::Deadline;
use crate::wait::Pending;
use crossgate_abi::{ThreadId, table};
use crossgate_protection::{Span, Unit};

/// Initialises a thread as thread `id` of the wiring, ready to start.
#[inline]
pub(crate) fn place<P: Port>(
    thread: &mut Thread<P::Unit>,
    id: ThreadId,
    wiring: &table::ThreadRow,
) {
    let start = wiring.stack.addr();
    thread.id = id;
    thread.stack = Span { start, end: start + wiring.stack_size };
    thread.stack_register = P::stack_register(start);
    thread.bounds = P::bounds(thread.stack);
    thread.base_priority = wiring.priority;
    thread.priority = wiring.priority;
    thread.rights.process = wiring.process;
    thread.rights.window = P::Unit::window(thread.stack, thread.stack.end).registers;
    begin::<P>(thread);
}

/// Makes a thread that is in no call start again.
#[inline]
pub(crate) fn begin<P: Port>(thread: &mut Thread<P::Unit>) {
    thread.pending = Pending::Nothing;
    thread.set_deadline(Deadline::NONE);
    thread.grace = Deadline::NONE;
    thread.stack_pointer = P::first_context(P::BEGIN, thread.stack.end);
}

impl<P: Port> Kernel<P> {
    /// Restarts or ends a thread that has come home, after its home process was taken down.
    #[inline]
    pub(crate) fn come_home(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(id);
        let home = self.states.get(thread.rights.process.index());
        if home.is_some_and(|home| !home.stopped) {
            begin::<P>(thread);
        } else {
            self.end(id);
        }
    }
}
