//! Who runs next: fixed priorities, first come first served within one.
//!
//! The ready threads of a priority form a ring, linked by indices in the threads; the one at its
//! head is the one that runs, or ran last. Everything here is O(1).

use crate::thread::{Thread, ThreadId, Threads};
use crossgate_abi::PRIORITIES;

/// The ready threads.
///
/// Invariant **levels**: bit p of `levels` is set if and only if `heads[p]` is the head of a ring
/// that holds exactly the ready threads of priority p.
pub struct Ready {
    levels: u32,
    heads: [ThreadId; PRIORITIES],
}

impl Ready {
    pub(crate) const fn new() -> Ready {
        Ready { levels: 0, heads: [ThreadId::IDLE; PRIORITIES] }
    }

    /// The thread to run: the head of the highest level.
    #[inline(always)]
    #[must_use]
    pub fn first(&self) -> ThreadId {
        // Level 0 is never empty, as the idle thread is always ready.
        self.heads[31 - (self.levels | 1).leading_zeros() as usize]
    }

    /// Adds a thread at the end of its level.
    #[inline(never)]
    pub(crate) fn push(&mut self, threads: &mut Threads, id: ThreadId) {
        let level = usize::from(threads.get(id).priority) % PRIORITIES;
        if self.levels >> level & 1 == 0 {
            self.levels |= 1 << level;
            self.heads[level] = id;
            let thread = threads.get_mut(id);
            (thread.next, thread.previous) = (id, id);
            return;
        }
        let head = self.heads[level];
        let tail = threads.get(head).previous;
        threads.get_mut(tail).next = id;
        threads.get_mut(head).previous = id;
        let thread = threads.get_mut(id);
        (thread.next, thread.previous) = (head, tail);
    }

    /// Takes a ready thread out.
    #[inline(never)]
    pub(crate) fn remove(&mut self, threads: &mut Threads, id: ThreadId) {
        let thread = threads.get(id);
        let (next, previous) = (thread.next, thread.previous);
        let level = usize::from(thread.priority) % PRIORITIES;
        if next == id {
            self.levels &= !(1 << level);
            return;
        }
        threads.get_mut(previous).next = next;
        threads.get_mut(next).previous = previous;
        if self.heads[level] == id {
            self.heads[level] = next;
        }
    }

    /// Sends a thread that is the head of its level to its end.
    #[inline(always)]
    pub(crate) fn rotate(&mut self, thread: &Thread) {
        self.heads[usize::from(thread.priority) % PRIORITIES] = thread.next;
    }
}
