// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of notifications.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{ProcessId, Set, ThreadId};

/// The state of a notification.
///
/// A notification has signals or waiters, but not both, unless the worker is about to wake all of its waiters (invariant
/// **one side**).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(Hash))]
#[repr(C)]
// A port's assembly knows the layout.
pub struct Notification {
    /// The number of signals that no thread has taken yet.
    pub(crate) signals: u32,
    /// The threads that wait for this notification. (They may wait for others at the same time.)
    pub(crate) waiters: Set<ThreadId>,
}

impl Notification {
    /// The offset of the number of signals, in bytes, for a port's assembly.
    pub const SIGNALS: usize = core::mem::offset_of!(Notification, signals);
    /// The offset of the set of waiters, in bytes, for a port's assembly. Bit t of the set is thread t.
    pub const WAITERS: usize = core::mem::offset_of!(Notification, waiters);

    /// The state without signals and waiters.
    pub const QUIET: Notification = Notification { signals: 0, waiters: Set::EMPTY };
}

impl<P: Port> Kernel<P> {
    /// Removes a thread from the waiters of a set of notifications of this process, in which it executes.
    #[inline]
    pub(crate) fn forget_waiter(&mut self, id: ThreadId, process: ProcessId, set: u32) {
        let Some(wiring) = self.processes.get(process.index()) else { return };
        let first = wiring.first_notification.index();
        let count = (u32::BITS - set.trailing_zeros()) as usize;
        let Some(states) = self.notifications.get_mut(first..first + count) else { return };
        // (The loop may also visit notifications that are not in the set. It changes nothing there, because the thread
        // does not wait for them. It visits four at a time, because it holds off interrupts while it visits up to 32.)
        let (quads, rest) = states.as_chunks_mut::<4>();
        for [first, second, third, fourth] in quads {
            first.waiters.remove(id);
            second.waiters.remove(id);
            third.waiters.remove(id);
            fourth.waiters.remove(id);
        }
        for state in rest {
            state.waiters.remove(id);
        }
    }
}
