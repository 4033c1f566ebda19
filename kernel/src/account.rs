// SPDX-License-Identifier: MIT OR Apache-2.0
//! Accounting of CPU time: the kernel counts the time of each thread, and limits it by budgets and time slices.

use crate::Kernel;
use crate::budget::{Account, Budgets, Turn};
use crate::port::Port;
use crate::usage::Usage;
use crossgate_abi::{BACKGROUND, BudgetId, Cause, ProcessId, Set, ThreadId, Word, table};

/// The value of `Kernel::checked` while a round of the timer looks at budgets. Later in the round, `checked` is the
/// index of the next thread to look at.
pub(crate) const BUDGETS: u8 = u8::MAX;

impl<P: Port> Budgets<P> {
    /// The initial value of the static that [`new`](Self::new) fills.
    pub const NONE: Budgets<P> = Self::new(&table::Budgets::NONE, &mut [], &mut [], None);

    /// Returns the state of the budgets of a wiring. `accounts` has an entry for each budget, and `turns` has one for
    /// each thread. `usage` has the counters of run time, if some process may read them.
    #[inline]
    pub const fn new(
        wiring: &'static table::Budgets,
        accounts: &'static mut [Account],
        turns: &'static mut [Turn],
        usage: Option<&'static mut Usage>,
    ) -> Budgets<P> {
        Budgets {
            account: match (wiring.cpu_time, wiring.are_some()) {
                (false, _) => Kernel::switched,
                (true, false) => Kernel::count,
                (true, true) => Kernel::count_and_switch,
            },
            check: if wiring.are_some() { Kernel::check_budgets } else { |_, _| true },
            usage,
            wiring,
            accounts,
            turns,
            since: 0,
            running: ThreadId::IDLE,
            paying: Set::EMPTY,
            is_lent: false,
            used_up: Set::EMPTY,
            unseen: Set::EMPTY,
            unsettled: Set::EMPTY,
            untold: Set::EMPTY,
        }
    }
}

impl<P: Port> Kernel<P> {
    /// Accounts for the time up to now. The port calls this function before it continues with the current thread, which
    /// may have changed.
    #[inline(always)]
    pub fn account(&mut self) {
        if let Some(budgets) = &self.budgets {
            (budgets.account)(self);
        }
    }

    /// If the same thread is current as at the last call, does nothing. Otherwise charges the time up to now to the
    /// thread that ran, and sets the timer to the time at which the time slice of the current thread ends, or a budget
    /// that pays for it is used up.
    #[inline]
    pub(crate) extern "C" fn switched(&mut self) {
        if self.has_switched() {
            let now = self.port.now();
            self.note_switch(now);
        }
    }

    /// Counts the time up to now.
    #[inline]
    pub(crate) extern "C" fn count(&mut self) {
        self.count_to_now();
    }

    /// Counts the time up to now, in a firmware that also limits how long threads run.
    #[inline]
    pub(crate) extern "C" fn count_and_switch(&mut self) {
        let now = self.count_to_now();
        if self.has_switched() {
            self.note_switch(now);
        }
    }

    /// Counts the time up to now for its thread and its process. Returns the time.
    #[inline(always)]
    fn count_to_now(&mut self) -> u64 {
        let now = self.port.now();
        let thread = self.threads.current();
        // `outer_deadline` stores the deadline in the frame, so the return has the duty to restore it. A port leaves
        // such a return to the core, and the core counts the time.
        thread.outer_deadline();
        let id = thread.id;
        let process = if id == ThreadId::IDLE { ProcessId::NOBODY } else { thread.rights.process };
        if let Some(usage) = self.usage() {
            usage.charge(now, id, process);
        }
        now
    }

    /// Returns whether another thread is about to run than the one whose time is being counted.
    #[inline(always)]
    fn has_switched(&self) -> bool {
        let id = self.threads.current_id();
        self.budgets.as_ref().is_some_and(|budgets| budgets.running != id)
    }

    /// Counts the time of the thread that has run until now. From now on the current thread runs.
    #[inline(always)]
    fn note_switch(&mut self, now: u64) {
        let Some(budgets) = &mut self.budgets else { return };
        budgets.charge(now, 1);
        budgets.note_lender(&self.threads);
        let next = budgets.run(self.threads.current());
        self.want_timer(next);
    }

    #[inline]
    fn check_budgets(&mut self, now: u64) -> bool {
        let is_done = match self.checked {
            0 => self.begin_check(now),
            BUDGETS => self.check_one(now),
            _ => return true,
        };
        // The threads are next, or the next budget. (Thread 0, the idle thread, needs no look.)
        self.checked = if is_done { 1 } else { BUDGETS };
        // The threads have to wait for another interrupt of the timer.
        false
    }

    /// Begins a check: counts the time up to now, and ends the time slice of the current thread if it is used up.
    /// Returns whether nothing is left to check.
    #[inline(always)]
    fn begin_check(&mut self, now: u64) -> bool {
        // The port may report this interrupt before it has called `reschedule` for the previous event, so the most
        // urgent thread may not be current yet.
        self.switch();
        let Some(budgets) = &mut self.budgets else { return true };
        budgets.charge(now, 0);
        budgets.unseen |= budgets.paying | budgets.used_up;
        // The switch to the current thread is not accounted for yet. Until then, the thread that ran last may wake and
        // become current again. Then `switched` must not return early: the timer is set for the end of the time slice
        // of the thread in between.
        if budgets.running != self.threads.current_id() {
            budgets.note_lender(&self.threads);
            (budgets.running, budgets.paying) = (ThreadId::IDLE, Set::EMPTY);
        }
        // (The check is for the current thread, not for `budgets.running`. The two differ if this interrupt came before
        // the kernel noted a switch of threads.)
        let thread = self.threads.current();
        if budgets.end_of_slice(thread) <= now {
            self.ready.rotate(thread);
            if let Some(turn) = budgets.turns.get_mut(thread.id.index()) {
                turn.used = 0;
            }
        }
        self.end_check()
    }

    /// Continues a check: makes one record, or sets the priority of one thread, or looks at one budget. Returns whether
    /// nothing is left to check.
    #[inline(always)]
    fn check_one(&mut self, now: u64) -> bool {
        let Some(budgets) = &mut self.budgets else { return true };
        if let Some(id) = budgets.untold.take_first() {
            self.tell(id);
            return false;
        }
        if let Some(id) = budgets.unsettled.take_first() {
            self.settle(id);
            return false;
        }
        if let Some(id) = budgets.unseen.take_first() {
            let next = budgets.look_at(id, now);
            if budgets.unseen.contains(id) {
                // (It stays in `unseen`, so a later step looks at it once more, to find the time of its next change.)
                budgets.turn_over(id);
                return false;
            }
            self.look_again(next);
        }
        self.end_check()
    }

    /// Returns whether a check has nothing left to do. If so, requests the next check for the end of the time slice.
    /// (The priority of the running thread may have changed in this check. If another thread is about to run,
    /// `switched` requests a check for that thread.)
    #[inline(always)]
    fn end_check(&mut self) -> bool {
        let Some(budgets) = &self.budgets else { return true };
        let is_done = budgets.are_checked();
        if is_done {
            let end = budgets.end_of_slice(self.threads.at(budgets.running));
            self.look_again(end);
        }
        is_done
    }

    /// Makes a record of a budget that was used up.
    #[inline]
    fn tell(&mut self, id: BudgetId) {
        let Some(budgets) = &self.budgets else { return };
        let (budget, account) =
            (budgets.wiring.budgets.get(id.index()), budgets.accounts.get(id.index()));
        if let (Some(budget), Some(account)) = (budget, account) {
            self.report(budget.process, account.user, Cause::Budget, account.count.into());
        }
    }

    /// Sets the priority of a thread whose budget has been used up, or is available again.
    #[inline]
    fn settle(&mut self, id: ThreadId) {
        let Some(budgets) = &self.budgets else { return };
        let is_used_up = !(budgets.of(id) & budgets.used_up).is_empty();
        let own = self.system.threads.get(id.index()).map_or(0, |thread| thread.priority);
        let priority = if is_used_up { own.min(BACKGROUND) } else { own };
        let thread = self.threads.get_mut(id);
        if thread.base_priority == priority {
            // (Another budget of the thread decides.)
            return;
        }
        thread.base_priority = priority;
        let (holder, rises) = (thread.blocked_on, priority > thread.priority);
        if rises || thread.waiters.is_empty() {
            self.set_priority(id, priority);
            // If this thread waits for another one, it tries again, and lends its new priority to the thread that it
            // waits for.
            if rises && let Some(holder) = holder {
                self.stir(holder);
            }
        } else {
            // This thread may have inherited a priority that it still needs. So the worker wakes the threads that wait
            // for this one. They try again, and lend it their priorities. If this thread itself waits for a holder, the
            // worker makes it try again as well: its priority may stay the same, but from now on this thread may be the
            // lender itself.
            let holder = holder.map_or(Set::EMPTY, Set::of);
            self.work.lowering |= Set::of(id) | holder;
            self.engage();
        }
    }

    #[inline]
    fn usage(&mut self) -> Option<&mut Usage> {
        self.budgets.as_mut()?.usage.as_deref_mut()
    }

    /// Returns how long a thread has run, in µs.
    #[inline]
    pub(crate) fn time_of_thread(&mut self, index: Word) -> Option<u64> {
        self.account();
        self.usage()?.threads.get(index).copied()
    }

    /// Returns how long threads have run in a process, in µs.
    #[inline]
    pub(crate) fn time_of_process(&mut self, index: Word) -> Option<u64> {
        self.account();
        self.usage()?.processes.get(index).copied()
    }
}
