// SPDX-License-Identifier: MIT OR Apache-2.0
//! The scheduler: fixed priorities, first come first served within each.
//!
//! The ready threads of one priority, a *level*, form a list: each thread has the index of the next one, and the level
//! has the indices of the first and the last one. The running thread is the first of its level, and stays the first
//! while more urgent threads preempt it. Finding the thread to run, adding a thread, and removing the first are O(1);
//! removing another is O(n).

use crate::Kernel;
use crate::port::Port;
use crate::thread::Thread;
use crossgate_abi::{MAX_THREADS, PRIORITIES, ThreadId};
use crossgate_protection::Unit;

/// The ready threads.
///
/// Level 0 is the most urgent, and has the highest bit, because the CPU finds the highest set bit with one instruction.
///
/// The bit of level l in `levels` is set if and only if the level has a list. The list goes from `first[l]` through
/// `next` to `last[l]`, and holds exactly the ready threads of that level (invariant **levels**).
#[cfg_attr(test, derive(Clone))]
#[repr(C)]
// A port's assembly knows the layout.
pub struct Ready {
    pub(crate) first: [ThreadId; PRIORITIES],
    pub(crate) last: [ThreadId; PRIORITIES],
    pub(crate) next: [ThreadId; MAX_THREADS],
    pub(crate) levels: u32,
}

impl Ready {
    /// The offset, in bytes from the start, of the first thread of each level (a byte each), for a port's assembly.
    pub const FIRST: usize = core::mem::offset_of!(Ready, first);
    /// The offset of the last thread of each level (a byte each).
    pub const LAST: usize = core::mem::offset_of!(Ready, last);
    /// The offset of the thread that follows each thread (a byte each).
    pub const NEXT: usize = core::mem::offset_of!(Ready, next);
    /// The offset of the set of levels that are not empty. Bit 31 is the most urgent level.
    pub const LEVELS: usize = core::mem::offset_of!(Ready, levels);

    #[inline]
    pub(crate) const fn new() -> Ready {
        let nobody = [ThreadId::IDLE; PRIORITIES];
        Ready { levels: 0, first: nobody, last: nobody, next: [ThreadId::IDLE; MAX_THREADS] }
    }

    /// Returns the thread to run: the first of the most urgent level.
    #[inline(always)]
    #[must_use]
    pub fn first(&self) -> ThreadId {
        // Some level is not empty, because the idle thread is always ready.
        self.first[self.levels.leading_zeros() as usize % PRIORITIES]
    }

    /// Adds a thread at the end of its level.
    #[inline]
    pub(crate) fn push<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        if self.levels & bit(level) == 0 {
            self.levels |= bit(level);
            self.first[level] = thread.id;
        } else {
            self.next[self.last[level].place()] = thread.id;
        }
        self.last[level] = thread.id;
    }

    /// Adds a thread at the beginning of its level.
    #[inline]
    pub(crate) fn push_first<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        if self.levels & bit(level) == 0 {
            return self.push(thread);
        }
        self.next[thread.id.place()] = self.first[level];
        self.first[level] = thread.id;
    }

    /// Removes a thread that is the first of its level, as the current one is.
    #[inline]
    pub(crate) fn remove_first<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        if self.last[level] == thread.id {
            self.levels &= !bit(level);
        } else {
            self.first[level] = self.next[thread.id.place()];
        }
    }

    /// Removes a ready thread.
    #[inline]
    pub(crate) fn remove<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        let mut before = self.first[level];
        if before == thread.id {
            return self.remove_first(thread);
        }
        // (The loop ends, because the thread is in the list. Its body is as short as possible, because the list may
        // have all threads.)
        loop {
            let next = self.next[before.place()];
            if next == thread.id {
                break;
            }
            before = next;
        }
        self.next[before.place()] = self.next[thread.id.place()];
        if self.last[level] == thread.id {
            self.last[level] = before;
        }
    }

    /// Moves a thread that is the first of its level, as the current one is, to the end of the level.
    #[inline(always)]
    pub(crate) fn rotate<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        let last = self.last[level];
        if last != thread.id {
            self.first[level] = self.next[thread.id.place()];
            self.next[last.place()] = thread.id;
            self.last[level] = thread.id;
        }
    }
}

#[inline(always)]
fn level<U: Unit>(thread: &Thread<U>) -> usize {
    usize::from(!thread.priority) % PRIORITIES
}

/// Returns the bit of a level.
#[inline(always)]
const fn bit(level: usize) -> u32 {
    1 << 31 >> level
}

impl<P: Port> Kernel<P> {
    /// Ends the handling of an event: makes the most urgent thread current, and sets the port's timer if the core wants
    /// it at another time.
    ///
    /// The port calls this function after an event, before it loads a context. Between the event and this call, the
    /// port may report interrupts. The current thread may then not be the one that runs next, but its context is saved.
    // (A port's assembly does the same by itself.)
    #[inline]
    pub fn reschedule(&mut self) {
        if self.rearms {
            self.rearm();
        }
        self.switch();
    }

    /// Sets the port's timer.
    // A port's assembly calls it.
    #[inline]
    pub extern "C" fn rearm(&mut self) {
        self.rearms = false;
        // (During a round of checks, the timer interrupts at once.)
        self.port.set_timer(if self.checked == 0 { self.next_wake } else { 0 });
    }

    /// Makes the most urgent thread current.
    #[inline(always)]
    pub(crate) fn switch(&mut self) {
        self.threads.switch_to(self.ready.first());
    }

    /// Returns whether a thread is more urgent than the current one, or the current one is not ready.
    #[inline(always)]
    pub(crate) fn is_preempted(&self) -> bool {
        self.ready.first() != self.threads.current_id()
    }
}
