// SPDX-License-Identifier: MIT OR Apache-2.0
//! Accounting of CPU time: the kernel counts the time of each thread, and limits it by budgets and time slices.

use crate::Kernel;
use crate::budget::{Account, Budgets};
use crate::port::Port;
use crate::time::NEVER;
use crate::usage::Usage;
use crossgate_abi::{
    BACKGROUND, BudgetId, Cause, MAX_THREADS, ProcessId, Set, ThreadId, Word, table,
};

/// The time slice of threads in the [background](crate::budget), in µs, if the wiring sets no time slice.
pub(crate) const BACKGROUND_SLICE: u32 = 10_000;

/// The value of `Kernel::checked` while a round of the timer looks at budgets. Later in the round, `checked` is the
/// index of the next thread to look at.
pub(crate) const BUDGETS: u8 = u8::MAX;

impl<P: Port> Budgets<P> {
    /// The initial value of the static that [`new`](Self::new) fills.
    pub const NONE: Budgets<P> = Self::new(&table::Budgets::NONE, &mut [], &mut [], None);

    /// Returns the state of the budgets of a wiring. `accounts` has an entry for each budget, and `slices` has one for
    /// each thread. `usage` has the counters of run time, if some process may read them.
    #[inline]
    pub const fn new(
        wiring: &'static table::Budgets,
        accounts: &'static mut [Account],
        slices: &'static mut [u32],
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
            slices,
            since: 0,
            running: ThreadId::IDLE,
            paying: Set::EMPTY,
            used_up: Set::EMPTY,
            unseen: Set::EMPTY,
            unsettled: Set::EMPTY,
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

    /// Does nothing if the same thread is current as at the last call. Otherwise charges the time up to now to the
    /// thread that ran, and sets the timer to the time at which the current thread will have used up its slice or a
    /// budget.
    #[inline]
    pub(crate) extern "C" fn switched(&mut self) {
        let id = self.threads.current_id();
        let Some(budgets) = &mut self.budgets else { return };
        if budgets.running == id {
            return;
        }
        let now = self.port.now();
        budgets.charge(now, 1);
        budgets.running = id;
        let paying = self.paying(id);
        let mut next = self.end_of_slice(now);
        let Some(budgets) = &mut self.budgets else { return };
        budgets.paying = paying;
        for budget in paying {
            next = next.min(budgets.look_at(budget, now));
        }
        if !budgets.unseen.is_empty() {
            next = now;
        }
        self.want_timer(next);
    }

    /// Counts the time up to now.
    #[inline]
    pub(crate) extern "C" fn count(&mut self) {
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
    }

    /// Counts the time up to now, in a firmware that also limits how long threads run.
    #[inline]
    pub(crate) extern "C" fn count_and_switch(&mut self) {
        self.count();
        self.switched();
    }

    #[inline]
    fn check_budgets(&mut self, now: u64) -> bool {
        let from_start = self.checked == 0;
        if !from_start && self.checked != BUDGETS {
            return true;
        }
        self.checked = BUDGETS;
        if self.check_some(now, from_start) {
            // The threads are next. (Thread 0, the idle thread, needs no look.)
            self.checked = 1;
        }
        // The threads have to wait for another interrupt of the timer.
        false
    }

    /// Looks at one budget, or sets the priority of one thread. Returns whether nothing is left to do.
    #[inline]
    fn check_some(&mut self, now: u64, from_start: bool) -> bool {
        if !from_start && self.settle() {
            return false;
        }
        // The port may report this interrupt before it has called `reschedule` for the previous event, so the most
        // urgent thread may not be current yet.
        self.switch();
        let Some(budgets) = &mut self.budgets else { return true };
        budgets.charge(now, 0);
        // `switched` has not run for the current thread yet. If the thread that ran last becomes current again before
        // that, `switched` must not return early, because this check sets the timer for the slice of the thread in
        // between. So until then `running` is the idle thread, which stands for no thread here.
        if budgets.running != self.threads.current_id() {
            budgets.running = ThreadId::IDLE;
        }
        if from_start {
            budgets.unseen |= budgets.paying | budgets.used_up;
            // (This is the slice of the current thread, not of `budgets.running`. The two differ if `switched` has not
            // run for the current thread yet.)
            if self.end_of_slice(now) <= now {
                let thread = self.threads.current();
                self.ready.rotate(thread);
                let place = thread.id.index();
                if let Some(budgets) = &mut self.budgets
                    && let Some(used) = budgets.slices.get_mut(place)
                {
                    *used = 0;
                }
            }
        }
        let Some(budgets) = &mut self.budgets else { return true };
        let Some(budget) = budgets.unseen.take_first() else {
            let end = self.end_of_slice(now);
            self.look_again(end);
            return true;
        };
        let next = budgets.look_at(budget, now);
        if next == now {
            self.turn_over(budget);
        } else {
            self.look_again(next);
        }
        false
    }

    /// Marks a budget as used up, or as available again.
    #[inline]
    fn turn_over(&mut self, id: BudgetId) {
        let Some(budgets) = &mut self.budgets else { return };
        let budget = budgets.wiring.budgets.get(id.index());
        let (Some(budget), Some(account)) = (budget, budgets.accounts.get_mut(id.index())) else {
            return;
        };
        // (`look_at` has put the budget back into `unseen`, so a later step looks at it once more, to find the time of
        // its next change.)
        budgets.used_up.toggle(id);
        budgets.unsettled |= budget.threads;
        if account.left == 0 {
            account.count = account.count.wrapping_add(1);
            let (count, user) = (account.count, account.user);
            // The supervisor is told only of the first, second, fourth, eighth ... time. If it were told of every time,
            // it would have work in each period.
            if count.is_power_of_two() {
                self.report(budget.process, user, Cause::Budget, count.into());
            }
        }
    }

    /// Sets the priority of a thread whose budget has been used up, or is available again. Returns whether there was
    /// such a thread.
    #[inline]
    fn settle(&mut self) -> bool {
        let Some(budgets) = &mut self.budgets else { return false };
        let Some(id) = budgets.unsettled.take_first() else { return false };
        let is_used_up = !(budgets.of(id) & budgets.used_up).is_empty();
        let own = self.system.threads.get(id.index()).map_or(0, |thread| thread.priority);
        let priority = if is_used_up { own.min(BACKGROUND) } else { own };
        let thread = self.threads.get_mut(id);
        thread.base_priority = priority;
        if priority > thread.priority {
            self.set_priority(id, priority);
            // If this thread waits for another one, it tries again, and lends its new priority to the thread that it
            // waits for.
            if let Some(holder) = self.threads.get(id).blocked_on {
                self.stir(holder);
            }
        } else if thread.waiters.is_empty() {
            self.set_priority(id, priority);
        } else {
            // This thread may have inherited a priority that it still needs. So the worker wakes the threads that wait
            // for this one. They try again, and lend it their priorities.
            self.work.lowering.insert(id);
            self.engage();
        }
        true
    }

    /// Returns the time at which the time slice of the current thread ends, in µs since start.
    #[inline]
    fn end_of_slice(&mut self, now: u64) -> u64 {
        let thread = self.threads.current();
        let Some(budgets) = &self.budgets else { return NEVER };
        if thread.id == ThreadId::IDLE {
            return NEVER;
        }
        let slice = match (budgets.wiring.time_slice, thread.priority) {
            (0, BACKGROUND) => BACKGROUND_SLICE,
            (0, _) => return NEVER,
            (slice, _) => slice,
        };
        let used = budgets.slices.get(thread.id.index()).copied().unwrap_or(0);
        now + u64::from(slice.saturating_sub(used))
    }

    /// Returns the budgets that pay for the time of a thread: its own and, if it has inherited the priority of a
    /// waiting thread, those of the waiting thread, and so on.
    #[inline]
    fn paying(&self, mut id: ThreadId) -> Set<BudgetId> {
        let Some(budgets) = &self.budgets else { return Set::EMPTY };
        let mut paying = Set::EMPTY;
        for _ in 0..MAX_THREADS {
            paying |= budgets.of(id);
            let thread = self.threads.at(id);
            if thread.priority == thread.base_priority {
                break;
            }
            let is_lender = |&id: &ThreadId| self.threads.at(id).priority == thread.priority;
            let Some(lender) = thread.waiters.into_iter().find(is_lender) else { break };
            id = lender;
        }
        paying
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
