// SPDX-License-Identifier: MIT OR Apache-2.0
//! The scheduler: fixed priorities, first come first served within one.
//!
//! The ready threads of a priority form a list, each with the index of the next; the level has the
//! first, which is the one that runs or ran last, and the last. To find the thread to run, to add
//! one, and to take out the first is O(1); to take out another is O(n).

use crate::Kernel;
use crate::effect::Effect;
use crate::port::Port;
use crate::thread::Thread;
use crossgate_abi::{MAX_THREADS, PRIORITIES, ThreadId};
use crossgate_protection::Unit;

/// The ready threads.
///
/// Levels are numbered from the most urgent, 0, as that is what the CPU finds fastest.
///
/// The bit of level l in `levels` is set if and only if there is a list, from `first[l]` over `next` to `last[l]`: it
/// holds exactly the ready threads of that level (invariant **levels**).
#[cfg_attr(test, derive(Clone))]
#[repr(C)]
// A port's assembly knows it.
pub struct Ready {
    pub(crate) first: [ThreadId; PRIORITIES],
    pub(crate) last: [ThreadId; PRIORITIES],
    pub(crate) next: [ThreadId; MAX_THREADS],
    pub(crate) levels: u32,
}

impl Ready {
    /// The offsets, in bytes from the start, at which a port's assembly finds the first of each level (a byte each),
    /// ...
    pub const FIRST: usize = core::mem::offset_of!(Ready, first);
    /// ... the last, ...
    pub const LAST: usize = core::mem::offset_of!(Ready, last);
    /// ... the one behind each thread, ...
    pub const NEXT: usize = core::mem::offset_of!(Ready, next);
    /// ... and the levels that are not empty, the most urgent in bit 31.
    pub const LEVELS: usize = core::mem::offset_of!(Ready, levels);

    pub(crate) const fn new() -> Ready {
        let nobody = [ThreadId::IDLE; PRIORITIES];
        Ready { levels: 0, first: nobody, last: nobody, next: [ThreadId::IDLE; MAX_THREADS] }
    }

    /// The thread to run: the first of the highest level.
    #[inline(always)]
    #[must_use]
    pub fn first(&self) -> ThreadId {
        // There is a level that is not empty, as the idle thread is always ready.
        self.first[self.levels.leading_zeros() as usize % PRIORITIES]
    }

    /// Adds a thread at the end of its level.
    #[inline(never)]
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
    pub(crate) fn push_first<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        if self.levels & bit(level) == 0 {
            return self.push(thread);
        }
        self.next[thread.id.place()] = self.first[level];
        self.first[level] = thread.id;
    }

    /// Takes out a thread that is the first of its level, as the current one is.
    #[inline(never)]
    pub(crate) fn remove_first<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        if self.last[level] == thread.id {
            self.levels &= !bit(level);
        } else {
            self.first[level] = self.next[thread.id.place()];
        }
    }

    /// Takes out a ready thread.
    #[inline(never)]
    pub(crate) fn remove<U: Unit>(&mut self, thread: &Thread<U>) {
        let level = level(thread);
        let mut before = self.first[level];
        if before == thread.id {
            return self.remove_first(thread);
        }
        for _ in 0..MAX_THREADS {
            if self.next[before.place()] == thread.id {
                break;
            }
            before = self.next[before.place()];
        }
        self.next[before.place()] = self.next[thread.id.place()];
        if self.last[level] == thread.id {
            self.last[level] = before;
        }
    }

    /// Sends a thread that is the first of its level, as the current one is, to the end of it.
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

/// The bit of a level.
#[inline(always)]
const fn bit(level: usize) -> u32 {
    1 << 31 >> level
}

impl<P: Port> Kernel<P> {
    /// Goes on with the most urgent thread, after something that is no system call of the current
    /// one, or that made it wait.
    #[inline(never)]
    pub fn reschedule(&mut self) -> Effect {
        Effect { switch: self.switch(), ..Effect::CONTINUE }
    }

    /// Goes on with the most urgent thread, which may be the same at another place.
    pub(crate) fn reload(&mut self) -> Effect {
        let _ = self.reschedule();
        Effect::SWITCH
    }

    /// Makes the most urgent thread current. Returns whether it was not.
    #[inline(always)]
    pub(crate) fn switch(&mut self) -> bool {
        self.threads.switch_to(self.ready.first())
    }
}
