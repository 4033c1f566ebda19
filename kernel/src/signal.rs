// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals, and waits for them.
//!
//! A signal wakes the most urgent thread that waits for the notification. If none waits, the notification keeps the
//! signal: a counting notification keeps all of them, a binary one at most one.

use crate::Kernel;
use crate::effect::Outcome;
use crate::port::Port;
use crate::time::{NEVER, microseconds};
use crate::wait::{Pending, Wait};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Set, Status, ThreadId, Word};

impl<P: Port> Kernel<P> {
    /// Signals a notification for the current thread.
    #[inline]
    pub(crate) fn signal_by_thread(&mut self, index: Word) -> Status {
        let process = self.threads.current().rights.process;
        match self.system.notifications.get(index) {
            Some(wiring) if wiring.signallers.contains(process) => {
                self.signal(index);
                Status::OK
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// Signals the notification of this index.
    // (The index is a word, because the byte of an identifier would cost each signal an instruction.)
    #[inline]
    pub(crate) fn signal(&mut self, index: Word) {
        let Some(state) = self.notifications.get_mut(index) else { return };
        let waiters = state.waiters;
        if !waiters.is_empty() {
            self.wake_waiter(index, waiters);
            return;
        }
        let counting = self.system.notifications.get(index).is_some_and(|wiring| wiring.counting);
        state.signals = if counting { state.signals.saturating_add(1) } else { 1 };
    }

    /// Gives a signal to the most urgent of the threads that wait for it.
    #[inline]
    fn wake_waiter(&mut self, index: Word, waiters: Set<ThreadId>) {
        let waiter = self.most_urgent(waiters);
        let thread = self.threads.get_mut(waiter);
        thread.pending = Pending::word(index);
        let wait = thread.wait;
        self.wake(waiter);
        if let Wait::Notifications(set) = wait {
            self.forget_waiter(waiter, set);
        }
    }

    /// Returns the most urgent thread of a set that is not empty. (None of them has the priority 0.)
    #[inline(always)]
    fn most_urgent(&self, set: Set<ThreadId>) -> ThreadId {
        let (mut best, mut highest) = (ThreadId::IDLE, 0);
        for id in set {
            let priority = self.threads.at(id).priority;
            if priority > highest {
                (best, highest) = (id, priority);
            }
        }
        best
    }

    /// Makes the current thread wait for any of a set of notifications of the process that it is in. `words` are those
    /// of the system call.
    #[inline]
    pub(crate) fn wait(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Outcome {
        let [set, low, high, _] = *words;
        let (set, timeout) = (set as u32, microseconds(low, high));
        let process = self.threads.current().rights.process;
        let owned = self.processes.get(process.index()).map_or(0, |wiring| wiring.notifications);
        if set & !owned != 0 {
            return CallError::NotPermitted.into();
        }
        let first = self.first_notification(process);
        let count = (u32::BITS - set.trailing_zeros()) as usize;
        let states = self.notifications.get_mut(first..first + count).unwrap_or_default();
        let mut rest = set as i32;
        for (place, state) in states.iter_mut().enumerate() {
            if state.signals != 0 && rest < 0 {
                state.signals -= 1;
                words[1] = first + place;
                return Status::OK.into();
            }
            rest <<= 1;
        }
        let thread = self.threads.current();
        if timeout == 0 || thread.gives_up() {
            return Status::TIMED_OUT.into();
        }
        if thread.may_be_late
            && let Some(deadlines) = self.deadlines
            && (deadlines.is_late)(self)
        {
            return Status::TIMED_OUT.into();
        }
        if self.gives_way() {
            return Outcome::NONE;
        }
        let me = self.threads.current_id();
        let states = self.notifications.get_mut(first..first + count).unwrap_or_default();
        let mut rest = set as i32;
        for state in states {
            if rest < 0 {
                state.waiters.insert(me);
            }
            rest <<= 1;
        }
        self.block(Wait::Notifications(set));
        if timeout != NEVER {
            self.threads.current().pending = Pending::status(Status::TIMED_OUT);
            let wake_at = self.after(timeout);
            self.time_out(wake_at);
        }
        Outcome::NONE
    }
}
