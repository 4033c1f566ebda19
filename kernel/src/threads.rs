// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads of the wiring, and the one that runs.

use crate::Kernel;
use crate::port::Port;
use crate::thread::Thread;
use crossgate_abi::{Set, ThreadId, Word};
use crossgate_protection::Unit;

/// The threads of the wiring.
///
/// The current thread is stored apart, so that access to it is fast. Its slot is empty: a look-up that finds an empty
/// slot returns the current thread. No other slot is ever empty, and every id is that of an existing thread, because
/// ids come only from the firmware's tables and from [`ids`](Threads::ids). So a look-up can't fail. The tests check
/// this at each look-up.
///
/// Every thread but the current one is in its own slot (invariant **slots**).
#[repr(C)]
pub struct Threads<U: Unit> {
    current: &'static mut Thread<U>,
    slots: &'static mut [Slot<U>],
}

/// The place of a thread while it is not the current one: its index is that of the thread.
pub type Slot<U> = Option<&'static mut Thread<U>>;

impl<U: Unit> Threads<U> {
    /// Returns the table of all threads. The idle thread is the current one; every other thread is in its slot.
    #[inline]
    pub(crate) const fn new(
        idle: &'static mut Thread<U>,
        slots: &'static mut [Slot<U>],
    ) -> Threads<U> {
        Threads { current: idle, slots }
    }

    /// Returns the index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn current_id(&self) -> ThreadId {
        self.current.id
    }

    /// Returns the current thread.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread<U> {
        self.current
    }

    /// Returns the thread of this index.
    #[must_use]
    #[inline]
    pub fn get(&self, id: ThreadId) -> &Thread<U> {
        match self.slots.get(id.index()) {
            Some(Some(thread)) => thread,
            _ => {
                check_is_current(id, self.current);
                self.current
            }
        }
    }

    /// The same as [`get`](Self::get), but inlined, for code that looks at many threads.
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

    /// Returns the thread of this index, to change it.
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

    /// The same as [`get_mut`](Self::get_mut), but inlined.
    #[inline(always)]
    pub(crate) fn at_mut(&mut self, id: ThreadId) -> &mut Thread<U> {
        match self.slots.get_mut(id.index()) {
            Some(Some(thread)) => thread,
            _ => {
                check_is_current(id, self.current);
                self.current
            }
        }
    }

    /// Makes a thread the current one.
    #[inline(always)]
    pub(crate) fn switch_to(&mut self, id: ThreadId) {
        let Some(next) = self.slots.get_mut(id.index()).and_then(Option::take) else { return };
        let previous = core::mem::replace(&mut self.current, next);
        let slot = previous.id.index();
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Some(previous);
        }
    }

    /// Returns the threads whose slots are empty.
    #[cfg(test)]
    pub(crate) fn empty_slots(&self) -> impl Iterator<Item = ThreadId> {
        let slots = self.slots.iter().enumerate();
        slots.filter(|(_, slot)| slot.is_none()).map(|(index, _)| ThreadId::new(index))
    }

    /// Returns all threads but the idle one, which makes no calls and waits for nothing.
    #[inline(always)]
    pub fn ids(&self) -> impl Iterator<Item = ThreadId> + use<U> {
        Ids { next: 1, end: self.slots.len() }
    }
}

/// Fails a test in which a look-up would return the wrong thread.
#[inline(always)]
fn check_is_current<U: Unit>(id: ThreadId, current: &Thread<U>) {
    #[cfg(test)]
    assert_eq!(id, current.id, "there is no such thread");
    #[cfg(not(test))]
    let _ = (id, current);
}

/// The indices of threads, one after the other.
// Not a range: when the compiler optimises for size, it turns each step of a range into a function call.
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
    /// Returns the current thread.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread<P::Unit> {
        self.threads.current()
    }

    /// Returns the current thread, to look at it.
    #[must_use]
    #[inline]
    pub fn current_thread(&self) -> &Thread<P::Unit> {
        self.threads.get(self.threads.current_id())
    }

    /// Returns the set of all threads but the idle one.
    #[inline]
    pub(crate) fn all_threads(&self) -> Set<ThreadId> {
        // (There are at most 32 threads, including the idle thread.)
        let end = (self.threads.slots.len() as u32).wrapping_sub(1);
        Set::of_bits(2u32.wrapping_shl(end).wrapping_sub(2))
    }

    /// Returns the index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn thread_id(&self) -> Word {
        self.threads.current_id().index()
    }
}
