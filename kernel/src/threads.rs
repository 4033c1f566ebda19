// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads of the wiring, and which of them runs.

use crate::Kernel;
use crate::port::Port;
use crate::thread::Thread;
use crossgate_abi::{Set, ThreadId, Word};

/// The threads of the wiring.
///
/// The current one is kept apart, so that it is found at once; it also answers for every index that
/// is not another thread's, so that a look-up is total and needs no panic.
///
/// The place of every thread but the current one is taken, by that thread (invariant **places**).
#[repr(C)]
pub struct Threads {
    current: &'static mut Thread,
    places: &'static mut [Place],
}

/// Where a thread is while it is not the current one: its index is that of the thread.
pub type Place = Option<&'static mut Thread>;

impl Threads {
    /// All threads, each in its place but the idle one, which is current.
    pub(crate) const fn new(idle: &'static mut Thread, places: &'static mut [Place]) -> Threads {
        Threads { current: idle, places }
    }

    /// The index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn current_id(&self) -> ThreadId {
        self.current.id
    }

    /// The current thread.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread {
        self.current
    }

    /// The thread of this index.
    #[must_use]
    pub fn get(&self, id: ThreadId) -> &Thread {
        match self.places.get(id.index()) {
            Some(Some(thread)) => thread,
            _ => self.current,
        }
    }

    /// The same, where it is looked at many.
    #[inline(always)]
    pub(crate) fn at(&self, id: ThreadId) -> &Thread {
        match self.places.get(id.index()) {
            Some(Some(thread)) => thread,
            _ => self.current,
        }
    }

    /// The thread of this index, to change it.
    #[inline]
    pub fn get_mut(&mut self, id: ThreadId) -> &mut Thread {
        match self.places.get_mut(id.index()) {
            Some(Some(thread)) => thread,
            _ => self.current,
        }
    }

    /// Makes a thread the current one. Tells whether it was not.
    #[inline(always)]
    pub(crate) fn switch_to(&mut self, id: ThreadId) -> bool {
        let Some(next) = self.places.get_mut(id.index()).and_then(Option::take) else {
            return false;
        };
        let previous = core::mem::replace(&mut self.current, next);
        let place = previous.id.index();
        if let Some(place) = self.places.get_mut(place) {
            *place = Some(previous);
        }
        true
    }

    /// The threads whose places are empty.
    #[cfg(test)]
    pub(crate) fn empty_places(&self) -> impl Iterator<Item = ThreadId> {
        let places = self.places.iter().enumerate();
        places.filter(|(_, place)| place.is_none()).map(|(index, _)| ThreadId::new(index))
    }

    /// All but the idle thread, which calls nobody and waits for nothing.
    #[inline(always)]
    pub fn ids(&self) -> impl Iterator<Item = ThreadId> + use<> {
        Ids { next: 1, end: self.places.len() }
    }
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
    pub fn current(&mut self) -> &mut Thread {
        self.threads.current()
    }

    /// The same, to look at.
    #[must_use]
    pub fn current_thread(&self) -> &Thread {
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
