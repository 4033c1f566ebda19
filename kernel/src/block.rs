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
use crate::time::NEVER;
use crate::wait::Wait;
use crossgate_abi::ThreadId;

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
            let next = thread.blocked_on;
            self.set_priority(holder, priority);
            // If the holder itself waits for a thread, the holder tries again with this priority.
            if let Some(next) = next {
                self.stir(next);
            }
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

    /// Wakes all threads that wait for thread `id`, so that they try again. If they still have to wait, they lend their
    /// priority to `id` again.
    #[inline]
    pub(crate) fn stir(&mut self, id: ThreadId) {
        self.work.lowering.remove(id);
        let thread = self.threads.get_mut(id);
        let waiters = core::mem::take(&mut thread.waiters);
        if let Some(first) = waiters.first() {
            let own = thread.base_priority;
            self.set_priority(id, own);
            if waiters.is_single() {
                self.wake(first);
            } else {
                self.work.waking |= waiters;
                self.engage();
            }
        }
    }

    /// Sets the priority of a thread.
    #[inline]
    pub(crate) fn set_priority(&mut self, id: ThreadId, priority: u8) {
        let thread = self.threads.get_mut(id);
        if thread.priority == priority {
            return;
        }
        // The holder may have inherited the old, higher priority.
        if let Some(holder) = thread.blocked_on
            && priority < thread.priority
        {
            self.work.lowering.insert(holder);
        }
        let is_ready = matches!(thread.wait, Wait::Nothing);
        if is_ready {
            self.ready.remove(thread);
        }
        thread.priority = priority;
        if is_ready {
            self.ready.push(thread);
        }
        // The worker restarts its search, because it chose its next thread by the old priorities.
        self.engage();
    }

    /// Makes a thread ready, whatever it waits for.
    #[inline]
    pub(crate) fn interrupt_wait(&mut self, id: ThreadId) {
        let thread = self.threads.get(id);
        if let Wait::Notifications(set) = thread.wait {
            self.forget_waiter(id, thread.rights.process, set);
        } else if let Some(holder) = thread.blocked_on {
            // (This may wake the thread.)
            self.stir(holder);
        }
        if !matches!(self.threads.get(id).wait, Wait::Nothing) {
            self.wake(id);
        }
    }

    /// Ends a thread.
    #[inline]
    pub(crate) fn end(&mut self, id: ThreadId) {
        self.interrupt_wait(id);
        let thread = self.threads.get_mut(id);
        self.ready.remove(thread);
        thread.wait = Wait::Ended;
    }
}
