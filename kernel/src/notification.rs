//! Signals, and who waits for them.
//!
//! A signal wakes the most urgent thread that waits for the notification; with no waiter it is
//! kept, as one of many (counting) or as the only one (binary). An interrupt is a signal that also
//! masks its line until a thread of the owner has acknowledged it. Lines start masked: a driver
//! acknowledges once when its device is set up.

use crate::Kernel;
use crate::effect::{Effect, Outcome};
use crate::fault::Fault;
use crate::port::Port;
use crate::thread::ThreadId;
use crate::time::{NEVER, microseconds};
use crate::wait::{Pending, Wait};
use crossgate_abi::table::Process;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, NOBODY, Status, Word};

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
    /// Where a port's assembly finds how many signals it has, ...
    pub const SIGNALS: usize = core::mem::offset_of!(Notification, signals);
    /// ... and who waits for it: bit t is thread t.
    pub const WAITERS: usize = core::mem::offset_of!(Notification, waiters);

    /// No signals, no waiters.
    pub const QUIET: Notification = Notification { signals: 0, waiters: 0 };
}

impl<P: Port> Kernel<P> {
    /// The current thread signals a notification.
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
    }

    /// Gives a signal to the most urgent of the threads that wait for it.
    #[inline(never)]
    fn wake_waiter(&mut self, index: Word, waiters: u32) {
        let waiter = self.most_urgent(waiters);
        let thread = self.threads.get_mut(waiter);
        thread.pending = Pending::word(index);
        let wait = thread.wait;
        self.wake(waiter);
        if let Wait::Notifications(set) = wait {
            self.forget_waiter(waiter, set);
        }
    }

    /// The most urgent thread of a set that is not empty. (None of them has the priority 0.)
    #[inline(always)]
    fn most_urgent(&self, mut set: u32) -> ThreadId {
        let (mut best, mut highest) = (ThreadId::IDLE, 0);
        while set != 0 {
            let id = ThreadId::new(set.trailing_zeros() as usize);
            let priority = self.threads.at(id).priority;
            if priority > highest {
                (best, highest) = (id, priority);
            }
            set &= set.wrapping_sub(1);
        }
        best
    }

    /// The current thread waits for any of a set of notifications of the process that it is in. `words` are those of
    /// the system call.
    pub(crate) fn wait(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Outcome {
        let [set, low, high, _] = *words;
        let (set, timeout) = (set as u32, microseconds(low, high));
        let process = self.threads.current().level.process;
        let owned =
            self.processes.get(usize::from(process)).map_or(0, |wiring| wiring.notifications);
        if set & !owned != 0 {
            return CallError::NotPermitted.into();
        }
        let me = self.threads.current_id();
        let first = self.first_notification(process);
        let (mut index, mut rest, mut signalled) = (first, set, None);
        for state in self.notifications.get_mut(first..).unwrap_or_default() {
            if rest == 0 {
                break;
            }
            if rest >> 31 != 0 {
                if state.signals != 0 {
                    state.signals -= 1;
                    signalled = Some(index);
                    break;
                }
                state.waiters |= me.bit();
            }
            rest <<= 1;
            index = index.wrapping_add(1);
        }
        if signalled.is_some() || timeout == 0 || self.threads.current().gives_up() {
            self.forget_waiter(me, set);
            words[1] = signalled.unwrap_or(0);
            return signalled.map_or(Status::TIMED_OUT, |_| Status::OK).into();
        }
        self.block(Wait::Notifications(set));
        if timeout != NEVER {
            let deadline = self.after(timeout);
            self.time_out(deadline, Status::TIMED_OUT);
        }
        Outcome::NONE
    }

    /// The current thread has served the interrupts of a notification: they may come again.
    pub(crate) fn acknowledge(&mut self, index: Word) -> Status {
        let process = self.threads.current().level.process;
        match self.system.notifications.get(index) {
            Some(wiring) if wiring.owner == process => {
                self.mask_interrupts(index, 1, false);
                Status::OK
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// A process goes down: the interrupts of its notifications are masked until it acknowledges them, and
    /// signals that it has not waited for are lost.
    pub(crate) fn silence(&mut self, process: &Process) {
        let first = usize::from(process.first_notification);
        let count = process.notifications.leading_ones() as usize;
        self.mask_interrupts(first, count, true);
        let own = self.notifications.get_mut(first..first + count);
        own.unwrap_or_default().iter_mut().for_each(|state| state.signals = 0);
    }

    /// Masks the interrupts that are bound to one of these notifications, or lets them arrive.
    fn mask_interrupts(&mut self, first: Word, count: Word, mask: bool) {
        for interrupt in self.system.interrupts {
            if usize::from(interrupt.notification).wrapping_sub(first) < count {
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

    /// Takes a thread off the lists of the waiters for a set of notifications of the process that it is in.
    pub(crate) fn forget_waiter(&mut self, id: ThreadId, set: u32) {
        let process = self.threads.get(id).level.process;
        let first = self.first_notification(process);
        let states = self.notifications.get_mut(first..).unwrap_or_default();
        // (For others among them it does not wait: it waits once at a time.)
        for state in states.iter_mut().take((u32::BITS - set.trailing_zeros()) as usize) {
            state.waiters &= !id.bit();
        }
    }

    /// The first notification of a process.
    #[inline(always)]
    fn first_notification(&self, process: u8) -> Word {
        self.processes.get(usize::from(process)).map_or(0, |it| it.first_notification.into())
    }
}
