// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start and the end of a wait, and priority inheritance.
//!
//! A thread may wait for something that another thread, the *holder*, holds. Then the waiting thread lends its priority
//! to the holder. If the holder itself waits for a thread, the holder tries again with this priority and so passes it
//! on: priority inheritance is transitive. When a thread frees something, all threads that wait for that thread become
//! ready and try again, even those that wait for something else that it holds. The most urgent one runs first, so it
//! gets what it waits for. A wait that would close a cycle is refused.

use crate::Kernel;
use crate::port::Port;
use crate::schedule::Ready;
use crate::thread::Thread;
use crate::time::NEVER;
use crate::wait::Wait;
use crate::work::Work;
use crossgate_abi::ThreadId;
use crossgate_protection::Unit;

impl<P: Port> Kernel<P> {
    /// Blocks the current thread in a wait.
    #[inline(always)]
    pub(crate) fn block(&mut self, wait: Wait) {
        let thread = self.threads.current();
        self.ready.remove_first(thread);
        thread.wait = wait;
    }

    /// Blocks the current thread until `holder` frees something, and lends the current thread's priority to `holder`.
    #[inline]
    pub(crate) fn block_on(&mut self, holder: ThreadId) {
        let thread = self.threads.current();
        self.ready.remove_first(thread);
        thread.blocked_on = Some(holder);
        let (id, priority) = (thread.id, thread.priority);
        let thread = self.threads.get_mut(holder);
        thread.waiters.insert(id);
        if thread.priority < priority {
            let waits = thread.blocked_on.is_some();
            change_priority(&mut self.ready, &mut self.work, thread, priority);
            // If the holder itself waits for a thread, the holder tries again with this priority.
            if waits {
                self.interrupt_wait(holder);
            }
            self.engage();
        }
    }

    /// Returns whether `holder` is the current thread, or waits for it, directly or not; `None` if the system call
    /// stops at a [preemption point](Self::gives_way).
    #[inline]
    pub(crate) fn leads_back(&mut self, mut holder: ThreadId) -> Option<bool> {
        let current = self.threads.current_id();
        // The loop would end even without this bound, because the chain of waits has no cycle: a wait that would close
        // one is refused.
        for _ in 0..crossgate_abi::MAX_THREADS {
            if self.gives_way() {
                return None;
            }
            if holder == current {
                return Some(true);
            }
            match self.threads.at(holder).blocked_on {
                Some(next) if !self.work.waking.contains(holder) => holder = next,
                _ => return Some(false),
            }
        }
        Some(true)
    }

    /// Returns the thread that holds the thing for which thread `id` waits; `None` if `id` is about to try again.
    #[cfg(test)]
    pub(crate) fn holder_for(&self, id: ThreadId) -> Option<ThreadId> {
        self.threads.get(id).blocked_on.filter(|_| !self.work.waking.contains(id))
    }

    /// Makes a waiting thread ready. Its `pending` already says how its system call ends, or that the call is made
    /// again.
    #[inline]
    pub(crate) fn wake(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(id);
        // The port's timer stays set, because an early interrupt does no harm.
        thread.wake_at = NEVER;
        thread.wait = Wait::Nothing;
        thread.blocked_on = None;
        self.ready.push(thread);
        self.work.waking.remove(id);
    }

    /// Takes back the priorities that thread `id` has inherited, and lets the worker wake all threads that wait for it,
    /// so that they try again. If they still have to wait, they lend their priorities to `id` again.
    #[inline]
    pub(crate) fn stir(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(id);
        self.work.waking |= core::mem::take(&mut thread.waiters);
        let own = thread.base_priority;
        change_priority(&mut self.ready, &mut self.work, thread, own);
        self.engage();
    }

    /// [Stirs](Self::stir) the current thread, and wakes one of the threads that waited for it at once, because in most
    /// cases only one did. (If no thread waits for the current thread, it has no inherited priority: the worker takes
    /// such a priority back before the thread runs.)
    #[inline]
    pub(crate) fn stir_current(&mut self) {
        let thread = self.threads.current();
        if let Some(first) = thread.waiters.take_first() {
            let id = thread.id;
            self.stir(id);
            self.wake(first);
        }
    }

    /// Gives a thread this priority: the highest one among its own and those of the threads that wait for it.
    #[inline]
    pub(crate) fn set_priority(&mut self, id: ThreadId, priority: u8) {
        change_priority(&mut self.ready, &mut self.work, self.threads.get_mut(id), priority);
        self.engage();
    }

    /// Makes a waiting thread ready, whatever it waits for. If it waits for another thread, which may have inherited
    /// its priority, the worker takes the priority back.
    #[inline]
    pub(crate) fn interrupt_wait(&mut self, id: ThreadId) {
        let thread = self.threads.get(id);
        if let Wait::Notifications(set) = thread.wait {
            self.forget_waiter(id, thread.rights.process, set);
        } else if let Some(holder) = thread.blocked_on {
            self.threads.get_mut(holder).waiters.remove(id);
            self.work.lowering.insert(holder);
            self.engage();
        }
        self.wake(id);
    }

    /// Ends a thread that is ready.
    #[inline]
    pub(crate) fn end(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(id);
        self.ready.remove(thread);
        thread.wait = Wait::Ended;
    }
}

/// Gives a thread this priority: the highest one among its own and those of the threads that wait for it. If the thread
/// has lent its old priority to another thread, the worker has to look at that thread. The caller then has to restart
/// the worker's search, because the worker chose its next thread by the old priorities.
#[inline]
fn change_priority<U: Unit>(
    ready: &mut Ready,
    work: &mut Work,
    thread: &mut Thread<U>,
    priority: u8,
) {
    work.lowering.remove(thread.id);
    if thread.priority == priority {
        return;
    }
    if let Some(holder) = thread.blocked_on {
        work.lowering.insert(holder);
    }
    let is_ready = matches!(thread.wait, Wait::Nothing);
    if is_ready {
        ready.remove(thread);
    }
    thread.priority = priority;
    if is_ready {
        ready.push(thread);
    }
}
