// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals, and waits for them.
//!
//! A signal wakes the most urgent thread that waits for the notification. If none waits, the notification keeps the
//! signal. A counting notification counts its signals; a binary one keeps at most one.

use crate::Kernel;
use crate::effect::Outcome;
use crate::port::Port;
use crate::time::{NEVER, microseconds};
use crate::wait::{Pending, Wait};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Set, Status, ThreadId, Word};

impl<P: Port> Kernel<P> {
    /// Signals a notification for the current thread.
    #[inline]
    pub(crate) fn signal_by_thread(&mut self, index: Word) -> Outcome {
        let process = self.threads.current().rights.process;
        match self.system.notifications.get(index) {
            Some(wiring) if wiring.signallers.contains(process) => {
                if self.signal_or_stop(index, true) { Status::OK.into() } else { Outcome::NONE }
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// Signals the notification of this index.
    // (The index is a whole word, because an identifier is a byte, and its conversion would cost an instruction for
    // each signal.)
    #[inline(always)]
    pub(crate) fn signal(&mut self, index: Word) {
        self.signal_or_stop(index, false);
    }

    /// Signals the notification of this index. `may_stop` is true if the current thread signals by a system call. That
    /// call may stop at a [preemption point](Self::gives_way); then the function returns `false`.
    #[inline]
    fn signal_or_stop(&mut self, index: Word, may_stop: bool) -> bool {
        let Some(state) = self.notifications.get_mut(index) else { return true };
        let waiters = state.waiters;
        if waiters.is_empty() {
            let counting =
                self.system.notifications.get(index).is_some_and(|wiring| wiring.counting);
            state.signals = if counting { state.signals.saturating_add(1) } else { 1 };
            return true;
        }
        let Some(waiter) = self.most_urgent(waiters, may_stop) else { return false };
        self.threads.get_mut(waiter).pending = Pending::word(index);
        self.interrupt_wait(waiter);
        true
    }

    /// Returns the most urgent thread of a set that is not empty. (Only the idle thread has the priority 0, and it
    /// waits for no notification.)
    #[inline(always)]
    fn most_urgent(&mut self, set: Set<ThreadId>, may_stop: bool) -> Option<ThreadId> {
        let (mut best, mut highest) = (ThreadId::IDLE, 0);
        for id in set {
            if may_stop && self.gives_way() {
                return None;
            }
            let priority = self.threads.at(id).priority;
            if priority > highest {
                (best, highest) = (id, priority);
            }
        }
        Some(best)
    }

    /// Makes the current thread wait for any of a set of notifications of the process that it is in. `words` are the
    /// words of the system call. The highest bit of the set is the first notification of the process.
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
        let Some(states) = self.notifications.get_mut(first..first + count) else {
            return CallError::NotPermitted.into();
        };
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
