//! Signals, and who waits for them.
//!
//! A signal wakes the most urgent thread that waits for the notification; with no waiter it is
//! kept, as one of many (counting) or as the only one (binary). An interrupt is a signal that also
//! masks its line until a thread of the owner has acknowledged it. Lines start masked: a driver
//! acknowledges once when its device is set up.

use crate::port::Port;
use crate::system_call::Outcome;
use crate::thread::{Pending, ThreadId, Wait};
use crate::{Effect, Kernel, Reply};
use crossgate_abi::{CallError, MAX_NOTIFICATIONS, Status, Word};

/// The state of a notification.
///
/// Invariant **one side**: `signals` and `waiters` are not both other than 0.
#[derive(Clone, Copy, Debug)]
pub struct Notification {
    /// Signals that nobody has waited for yet.
    signals: u32,
    /// The threads that wait, perhaps for other notifications too.
    waiters: u32,
}

impl Notification {
    /// No signals, no waiters.
    pub const QUIET: Notification = Notification { signals: 0, waiters: 0 };
}

impl<P: Port> Kernel<P> {
    /// The current thread signals a notification.
    #[inline]
    pub(crate) fn signal_by_thread(&mut self, index: Word) -> Reply {
        let process = self.current().level.process;
        let permitted = self
            .system
            .notifications
            .get(index)
            .is_some_and(|wiring| wiring.signallers >> (process & 31) & 1 != 0);
        if !permitted {
            return Reply::error(CallError::NotPermitted);
        }
        self.signal(index);
        Reply::OK
    }

    /// A signal has come.
    #[inline]
    pub(crate) fn signal(&mut self, index: Word) {
        let Some(state) = self.notifications.get_mut(index) else { return };
        if state.waiters == 0 {
            let counting =
                self.system.notifications.get(index).is_some_and(|wiring| wiring.counting);
            state.signals = if counting { state.signals.saturating_add(1) } else { 1 };
            return;
        }
        let waiters = state.waiters;
        let waiter = self.most_urgent(waiters);
        self.stop_waiting_for_notifications(waiter);
        self.threads.get_mut(waiter).pending = Some(Pending::Word(index));
        self.wake(waiter);
    }

    /// The most urgent thread of a set that is not empty.
    #[inline]
    fn most_urgent(&self, mut set: u32) -> ThreadId {
        let mut best = ThreadId::new(set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        while set != 0 {
            let other = ThreadId::new(set.trailing_zeros() as usize);
            if self.threads.get(other).priority > self.threads.get(best).priority {
                best = other;
            }
            set &= set.wrapping_sub(1);
        }
        best
    }

    /// The current thread waits for any of a set of notifications, at most `timeout` µs.
    #[inline]
    pub(crate) fn wait(&mut self, set: Word, timeout: u64) -> Outcome {
        let set = set as u32;
        if !self.owns_all(set) {
            return Some(Reply::error(CallError::NotPermitted));
        }
        for index in bits(set) {
            if let Some(state) = self.notifications.get_mut(index)
                && state.signals != 0
            {
                state.signals -= 1;
                return Some(Reply::word(index));
            }
        }
        if timeout == 0 {
            return Some(Reply::status(Status::TIMED_OUT));
        }
        let me = self.threads.current_id();
        for index in bits(set) {
            if let Some(state) = self.notifications.get_mut(index) {
                state.waiters |= me.bit();
            }
        }
        self.ready.remove(&mut self.threads, me);
        let thread = self.current();
        thread.wait = Wait::Notifications(set);
        thread.pending = Some(Pending::Status(Status::TIMED_OUT));
        if timeout != u64::MAX {
            let deadline = self.port.now().saturating_add(timeout);
            self.start_timer(me, deadline);
        }
        None
    }

    /// Whether the current process owns every notification of a set.
    #[inline]
    fn owns_all(&mut self, set: u32) -> bool {
        let process = self.current().level.process;
        bits(set).all(|index| {
            self.system.notifications.get(index).is_some_and(|wiring| wiring.owner == process)
        })
    }

    /// The current thread has served the interrupts of a notification: they may come again.
    pub(crate) fn acknowledge(&mut self, index: Word) -> Reply {
        if index >= MAX_NOTIFICATIONS || !self.owns_all(1 << index) {
            return Reply::error(CallError::NotPermitted);
        }
        for interrupt in self.system.interrupts {
            if usize::from(interrupt.notification) == index {
                self.port.unmask(interrupt.line);
            }
        }
        Reply::OK
    }

    /// Interrupt `line` has arrived. It stays masked until it is acknowledged.
    pub fn interrupt(&mut self, line: u16) -> Effect {
        self.port.mask(line);
        if let Some(bound) = self.system.interrupts.iter().find(|bound| bound.line == line) {
            self.signal(usize::from(bound.notification));
        }
        self.reschedule()
    }

    /// Takes a thread off the lists of waiters that it is on.
    #[inline]
    pub(crate) fn stop_waiting_for_notifications(&mut self, id: ThreadId) {
        let Wait::Notifications(set) = self.threads.get(id).wait else { return };
        for index in bits(set) {
            if let Some(state) = self.notifications.get_mut(index) {
                state.waiters &= !id.bit();
            }
        }
    }
}

/// The positions of the bits that are set, lowest first.
#[inline]
fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let lowest = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (lowest < 32).then_some(lowest as usize)
    })
}
