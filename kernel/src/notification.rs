//! Signals, and who waits for them.
//!
//! A signal wakes the most urgent thread that waits for the notification; with no waiter it is
//! kept, as one of many (counting) or as the only one (binary). An interrupt is a signal that also
//! masks its line until a thread of the owner has acknowledged it. Lines start masked: a driver
//! acknowledges once when its device is set up.

use crate::fault::Fault;
use crate::port::Port;
use crate::system_call::{Outcome, microseconds};
use crate::thread::{Pending, ThreadId, Wait};
use crate::time::NEVER;
use crate::{Effect, Kernel};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, MAX_NOTIFICATIONS, NOBODY, Status, Word};

/// The state of a notification.
///
/// Invariant **one side**: `signals` and `waiters` are not both other than 0.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(Hash))]
#[repr(C)]
// A port's assembly knows it.
pub struct Notification {
    /// Signals that nobody has waited for yet.
    pub(crate) signals: u32,
    /// The threads that wait, perhaps for other notifications too.
    pub(crate) waiters: u32,
}

impl Notification {
    /// Where a port's assembly finds who waits for it: bit t is thread t.
    pub const WAITERS: usize = core::mem::offset_of!(Notification, waiters);

    /// No signals, no waiters.
    pub const QUIET: Notification = Notification { signals: 0, waiters: 0 };
}

impl<P: Port> Kernel<P> {
    /// The current thread, whose registers are saved at `stack_pointer`, signals a notification.
    pub(crate) fn signal_by_thread(&mut self, index: Word) -> Status {
        let process = self.threads.current().level.process;
        match self.system.notifications.get(index) {
            Some(wiring) if wiring.signallers.rotate_right(process.into()) & 1 != 0 => {
                self.signal(index);
                Status::OK
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// A signal has come.
    #[inline(never)]
    pub(crate) fn signal(&mut self, index: Word) {
        let Some(state) = self.notifications.get_mut(index) else { return };
        let waiters = state.waiters;
        if waiters != 0 {
            self.wake_waiter(index, waiters);
            return;
        }
        let counting = self.system.notifications.get(index).is_some_and(|wiring| wiring.counting);
        state.signals = if counting { state.signals.saturating_add(1) } else { 1 };
        self.signalled |= 1 << (index & 31);
    }

    /// Gives a signal to the most urgent of the threads that wait for it.
    #[inline(never)]
    fn wake_waiter(&mut self, index: Word, waiters: u32) {
        let waiter = self.most_urgent(waiters);
        let thread = self.threads.get_mut(waiter);
        let wait = thread.wait;
        thread.wait = Wait::Nothing;
        thread.deadline = NEVER;
        thread.pending = Pending::word(index);
        self.ready.push(thread);
        if let Wait::Notifications(set) = wait {
            self.set_waiter(waiter, set, false);
        }
    }

    /// The most urgent thread of a set that is not empty.
    #[inline]
    fn most_urgent(&self, mut set: u32) -> ThreadId {
        let mut best = self.threads.get(ThreadId::new(set.trailing_zeros() as usize));
        set &= set.wrapping_sub(1);
        while set != 0 {
            let other = self.threads.get(ThreadId::new(set.trailing_zeros() as usize));
            if other.priority > best.priority {
                best = other;
            }
            set &= set.wrapping_sub(1);
        }
        best.id
    }

    /// The current thread waits for any of a set of notifications. `words` are those of the system call.
    pub(crate) fn wait(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Outcome {
        let [set, low, high, _] = *words;
        let (set, timeout) = (set as u32, microseconds(low, high));
        if set & !self.owned() != 0 {
            return CallError::NotPermitted.into();
        }
        let signalled = set & self.signalled;
        if signalled != 0 {
            words[1] = self.consume(signalled);
            return Status::OK.into();
        }
        if timeout == 0 {
            return Status::TIMED_OUT.into();
        }
        self.set_waiter(self.threads.current_id(), set, true);
        self.block(Wait::Notifications(set), None);
        if timeout != NEVER {
            let deadline = self.after(timeout);
            self.time_out(deadline, Status::TIMED_OUT);
        }
        Outcome::NONE
    }

    /// Takes a signal of the first of these notifications, which all have one.
    #[inline(never)]
    fn consume(&mut self, signalled: u32) -> Word {
        let index = signalled.trailing_zeros() as usize;
        if let Some(state) = self.notifications.get_mut(index) {
            state.signals -= 1;
            if state.signals == 0 {
                self.signalled &= !(1 << index);
            }
        }
        index
    }

    /// The notifications that the current process owns.
    #[inline(always)]
    fn owned(&mut self) -> u32 {
        let process = self.threads.current().level.process;
        self.processes.get(usize::from(process)).map_or(0, |process| process.notifications)
    }

    /// The current thread has served the interrupts of a notification: they may come again.
    pub(crate) fn acknowledge(&mut self, index: Word) -> Status {
        if index >= MAX_NOTIFICATIONS || self.owned() >> index & 1 == 0 {
            return CallError::NotPermitted.into();
        }
        self.mask_interrupts(1 << index, false);
        Status::OK
    }

    /// The owner of these notifications goes down: their interrupts are masked until it acknowledges
    /// them, and signals that it has not waited for are lost.
    pub(crate) fn silence(&mut self, owned: u32) {
        self.mask_interrupts(owned, true);
        self.signalled &= !owned;
        for (index, state) in self.notifications.iter_mut().enumerate() {
            if owned >> (index & 31) & 1 != 0 {
                state.signals = 0;
            }
        }
    }

    /// Masks the interrupts that are bound to one of these notifications, or lets them arrive.
    fn mask_interrupts(&mut self, notifications: u32, mask: bool) {
        for interrupt in self.system.interrupts {
            if notifications >> (interrupt.notification & 31) & 1 != 0 {
                self.port.mask(interrupt.line, mask);
            }
        }
    }

    /// Interrupt `line` has arrived. It stays masked until it is acknowledged; for ever, if nobody
    /// owns it. Then it is told as the fault of nobody.
    pub fn interrupt(&mut self, line: u16) -> Effect {
        self.port.mask(line, true);
        match self.system.interrupts.iter().find(|bound| bound.line == line) {
            Some(bound) => self.signal(usize::from(bound.notification)),
            None => {
                let address = line as i16 as Word;
                let fault = Fault { address, ..Fault::of(Cause::Interrupt) };
                self.report(self.threads.current_id(), NOBODY, &fault);
            }
        }
        self.reschedule()
    }

    /// Takes a thread off the lists of waiters that it is on.
    pub(crate) fn stop_waiting_for_notifications(&mut self, id: ThreadId) {
        if let Wait::Notifications(set) = self.threads.get(id).wait {
            self.set_waiter(id, set, false);
        }
    }

    /// Puts a thread on the lists of the waiters for a set of notifications, or takes it off them.
    #[inline(never)]
    fn set_waiter(&mut self, id: ThreadId, mut set: u32, waits: bool) {
        let bit = id.bit();
        while set != 0 {
            if let Some(state) = self.notifications.get_mut(set.trailing_zeros() as usize) {
                state.waiters = state.waiters & !bit | if waits { bit } else { 0 };
            }
            set &= set.wrapping_sub(1);
        }
    }
}
