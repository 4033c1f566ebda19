// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads of the wiring, and which of them runs.

use crate::Kernel;
use crate::port::Port;
use crate::thread::Thread;
use crossgate_abi::{Set, ThreadId, Word};
use crossgate_protection::Unit;

/// The threads of the wiring.
///
/// The current one is kept apart, so that it is found at once. Its slot is empty, and that is how a look-up finds it. A
/// slot is never empty otherwise, and an id is always that of a thread, because ids come from the firmware's tables and
/// from [`ids`](Threads::ids) only: a look-up needs no panic. The tests check it at each look-up.
///
/// The slot of every thread but the current one is taken, by that thread (invariant **slots**).
#[repr(C)]
pub struct Threads<U: Unit> {
    current: &'static mut Thread<U>,
    slots: &'static mut [Slot<U>],
}

/// The slot of a thread while it is not the current one: its index is that of the thread.
pub type Slot<U> = Option<&'static mut Thread<U>>;

impl<U: Unit> Threads<U> {
    /// All threads, each in its slot but the idle one, which is current.
    pub(crate) const fn new(
        idle: &'static mut Thread<U>,
        slots: &'static mut [Slot<U>],
    ) -> Threads<U> {
        Threads { current: idle, slots }
    }

    /// The index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn current_id(&self) -> ThreadId {
        self.current.id
    }

    /// The current thread.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread<U> {
        self.current
    }

    /// The thread of this index.
    #[must_use]
    pub fn get(&self, id: ThreadId) -> &Thread<U> {
        match self.slots.get(id.index()) {
            Some(Some(thread)) => thread,
            _ => {
                check_is_current(id, self.current);
                self.current
            }
        }
    }

    /// The same, where it is looked at many.
    #[inline(always)]
    pub(crate) fn at(&self, id: ThreadId) -> &Thread<U> {
        match self.slots.get(id.index()) {
            Some(Some(thread)) => thread,
            _ => {
                check_is_current(id, self.current);
                self.current
            }
        }
    }

    /// The thread of this index, to change it.
    #[inline]
    pub fn get_mut(&mut self, id: ThreadId) -> &mut Thread<U> {
        match self.slots.get_mut(id.index()) {
            Some(Some(thread)) => thread,
            _ => {
                check_is_current(id, self.current);
                self.current
            }
        }
    }

    /// Makes a thread the current one. Returns whether it was not.
    #[inline(always)]
    pub(crate) fn switch_to(&mut self, id: ThreadId) -> bool {
        let Some(next) = self.slots.get_mut(id.index()).and_then(Option::take) else {
            return false;
        };
        let previous = core::mem::replace(&mut self.current, next);
        let slot = previous.id.index();
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Some(previous);
        }
        true
    }

    /// The threads whose slots are empty.
    #[cfg(test)]
    pub(crate) fn empty_slots(&self) -> impl Iterator<Item = ThreadId> {
        let slots = self.slots.iter().enumerate();
        slots.filter(|(_, slot)| slot.is_none()).map(|(index, _)| ThreadId::new(index))
    }

    /// All but the idle thread, which calls nobody and waits for nothing.
    #[inline(always)]
    pub fn ids(&self) -> impl Iterator<Item = ThreadId> + use<U> {
        Ids { next: 1, end: self.slots.len() }
    }
}

/// Fails a test in which a look-up would be answered with another thread.
#[inline(always)]
fn check_is_current<U: Unit>(id: ThreadId, current: &Thread<U>) {
    #[cfg(test)]
    assert_eq!(id, current.id, "there is no such thread");
    #[cfg(not(test))]
    let _ = (id, current);
}

/// The indices of threads, one after the other.
// A range would do, but of each of its steps the compiler makes a call when it optimises for size.
struct Ids {
    next: usize,
    end: usize,
}

impl Iterator for Ids {
    type Item = ThreadId;

    #[inline(always)]
    fn next(&mut self) -> Option<ThreadId> {
        let index = self.next;
        self.next += 1;
        (index < self.end).then_some(ThreadId::new(index))
    }
}

impl<P: Port> Kernel<P> {
    /// The thread that runs.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread<P::Unit> {
        self.threads.current()
    }

    /// The same, to look at.
    #[must_use]
    pub fn current_thread(&self) -> &Thread<P::Unit> {
        self.threads.get(self.threads.current_id())
    }

    /// The set of all threads but the idle one.
    pub(crate) fn all_threads(&self) -> Set<ThreadId> {
        // (There are at most 32, and the idle thread is one.)
        let end = (self.system.threads.len() as u32).wrapping_sub(1);
        Set::of_bits(2u32.wrapping_shl(end).wrapping_sub(2))
    }

    /// The index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn thread_id(&self) -> Word {
        self.threads.current_id().index()
    }
}
