// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals, and waits for them.
//!
//! A signal wakes the thread that waits for the notification. If no thread waits, the notification keeps the signal. If
//! several threads wait, the notification keeps the signal, too, and all of these threads try again, the most urgent
//! one first. A counting notification counts its signals; a binary one keeps at most one.

use crate::Kernel;
use crate::effect::Outcome;
use crate::port::Port;
use crate::time::{NEVER, microseconds};
use crate::wait::{Pending, Wait};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Set, Status, WAIT_UNTIL, Word};

impl<P: Port> Kernel<P> {
    /// Signals a notification for the current thread.
    #[inline]
    pub(crate) fn signal_by_thread(&mut self, index: Word) -> Outcome {
        let process = self.threads.current().rights.process;
        match self.system.notifications.get(index) {
            Some(wiring) if wiring.signallers.contains(process) => {
                self.signal(index);
                Status::OK.into()
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// Signals the notification of this index. If several threads wait for it, the worker lets all of them try again,
    /// the most urgent one first.
    // (The index is a whole word, because an identifier is a byte, and its conversion would cost an instruction for
    // each signal.)
    #[inline]
    pub(crate) fn signal(&mut self, index: Word) {
        let Some(state) = self.notifications.get_mut(index) else { return };
        let waiters = state.waiters;
        if waiters.is_single()
            && let Some(waiter) = waiters.first()
        {
            self.threads.get_mut(waiter).pending = Pending::word(index);
            return self.interrupt_wait(waiter);
        }
        let counting = self.system.notifications.get(index).is_some_and(|wiring| wiring.counting);
        state.signals = if counting { state.signals.saturating_add(1) } else { 1 };
        if !waiters.is_empty() {
            self.work.waking |= waiters;
            self.engage();
        }
    }

    /// Makes the current thread wait for any of a set of notifications of the process that it is in. `words` are the
    /// words of the system call. The highest bit of the set is the first notification of the process.
    #[inline]
    pub(crate) fn wait(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Outcome {
        let [set, low, high, _] = *words;
        let (set, timeout) = (set as u32, microseconds(low, high));
        let process = self.threads.current().rights.process;
        let count = (u32::BITS - set.trailing_zeros()) as usize;
        let Some(wiring) = self.processes.get(process.index()) else {
            return CallError::NotPermitted.into();
        };
        let first = wiring.first_notification.index();
        let Some(states) = self.notifications.get_mut(first..first + count) else {
            return CallError::NotPermitted.into();
        };
        if set & !wiring.notifications != 0 {
            return CallError::NotPermitted.into();
        }
        for (place, state) in states.iter_mut().enumerate() {
            if state.signals != 0 && ((set << place) as i32) < 0 {
                state.signals -= 1;
                words[1] = first + place;
                return Status::OK.into();
            }
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
        // (The sum does not overflow, because the flag is not set in the timeout.)
        let wake_at = match timeout {
            NEVER => NEVER,
            _ if high & WAIT_UNTIL == 0 => self.port.now().wrapping_add(timeout),
            _ => microseconds(low, high & !WAIT_UNTIL),
        };
        if self.gives_way() {
            return Outcome::NONE;
        }
        let me = self.threads.current_id();
        let states = self.notifications.get_mut(first..first + count).unwrap_or_default();
        // (The bit of the notification is moved to the place of the thread's bit. The loop has to be fast, because it
        // holds off interrupts while it visits up to 32.)
        let mut rest = set.rotate_left(1 + u32::from(me.number()));
        for state in states {
            state.waiters |= Set::of_bits(rest) & Set::of(me);
            rest = rest.rotate_left(1);
        }
        self.block(Wait::Notifications(set));
        if wake_at != NEVER {
            self.threads.current().pending = Pending::status(Status::TIMED_OUT);
            // If the thread has to try again, the end of its wait stays the same.
            words[1] = wake_at as u32 as Word;
            words[2] = (wake_at >> 32) as u32 as Word | WAIT_UNTIL;
            self.time_out(wake_at);
        }
        Outcome::NONE
    }
}
