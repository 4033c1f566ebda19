// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limits of CPU time: budgets and time slices. ([`usage`](crate::usage) counts CPU time.)
//!
//! A *budget* is the time for which a thread, or all threads of a process together, may run at their priority in each
//! period, wherever their calls lead them. When the budget is used up, these threads have the priority of the
//! [background](crossgate_abi::BACKGROUND) until the next period. A *time slice* is the time for which a thread runs
//! before the next thread of its priority runs. The background always has a time slice.
//!
//! While other threads wait for a thread, it has at least the priority of the most urgent of them, even in the
//! background. If this priority is not its own, two threads pay for its time: the thread itself, and the *lender*, as
//! if the lender ran. The lender is a thread that waits for it, directly or not, and whose own priority this is. The
//! kernel notes the lender when a thread blocks and so lends its priority to a holder. If the priority was lent to the
//! thread, the holder gets the same lender; otherwise the thread is the lender. This note stays right until the
//! holder's priority changes: when a wait ends, or a thread's own priority changes, the threads further along the chain
//! of waits lose the priority, and the threads that wait for them lend it again.
//!
//! Time is counted in stretches, from one switch of threads to the next: the port [reports](Kernel::account) each
//! switch. The kernel adds one µs to each stretch, so that none is too short to be counted. It sets the timer to the
//! time at which a budget that pays for the running thread will be used up. At that time the kernel looks at the
//! budgets that are used up and at those that pay. Then it sets the priorities of the threads whose budgets have
//! changed. Each interrupt of the timer looks at only one budget, or sets only one priority, or makes one record, so
//! that other interrupts do not wait for all of them.

use crate::Kernel;
use crate::port::Port;
use crate::thread::Thread;
use crate::threads::Threads;
use crate::time::NEVER;
use crate::usage::Usage;
use crossgate_abi::table::{self, Budget, System};
use crossgate_abi::{BACKGROUND, BudgetId, Set, ThreadId};

/// The time slice of threads in the background, in µs, if the wiring sets no time slice.
pub(crate) const BACKGROUND_SLICE: u32 = 10_000;

/// Returns the number of budgets of a firmware. Ports call this function at compile time, to size the kernel's memory.
#[must_use]
#[inline]
pub const fn count(system: &System) -> usize {
    match system.budgets {
        Some(wiring) => wiring.budgets.len(),
        None => 0,
    }
}

/// The state of a budget.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// The end of the period, in µs since start. The first period begins at the start of the system. If no thread of
    /// the budget runs in that period, the next one begins when a thread of the budget first runs.
    pub(crate) end: u64,
    /// The time that is left in the period, in µs.
    pub(crate) left: u32,
    /// The number of times that the budget was used up.
    pub(crate) count: u16,
    /// The thread that ran when the budget was used up.
    pub(crate) user: ThreadId,
}

impl Account {
    /// The state of an unused budget.
    pub const NEW: Account = Account { end: 0, left: u32::MAX, count: 0, user: ThreadId::IDLE };

    /// Starts the next period if the present one is over: at its end, or now if a whole further period has passed.
    #[inline]
    fn turn(&mut self, budget: &Budget, now: u64) {
        if now >= self.end {
            let period = u64::from(budget.period);
            let next = self.end + period;
            self.end = if next > now { next } else { now + period };
            self.left = budget.time;
        }
    }
}

/// The used part of the time slice, and the lender, of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// The part of its time slice that it has used, in µs.
    pub(crate) used: u32,
    /// While the thread has a priority that is not its own: the lender of this priority.
    pub(crate) lender: ThreadId,
}

impl Turn {
    /// The state of a thread that has not run.
    pub const NEW: Turn = Turn { used: 0, lender: ThreadId::IDLE };
}

/// The part of the kernel for a firmware that limits or counts how long threads run. Other firmware does not contain
/// its code.
#[repr(C)]
pub struct Budgets<P: Port> {
    // The first field, because a port's assembly calls it.
    pub(crate) account: extern "C" fn(&mut Kernel<P>),
    /// Does one step of the check of budgets and time slices, at this time in µs since start. The check finds those
    /// that are used up, and the budgets that start a new period. Returns `true` if the check was already complete, so
    /// nothing was done.
    pub(crate) check: fn(&mut Kernel<P>, u64) -> bool,
    pub(crate) wiring: &'static table::Budgets,
    pub(crate) accounts: &'static mut [Account],
    pub(crate) turns: &'static mut [Turn],
    /// The time up to which all time is counted, in µs since start.
    pub(crate) since: u64,
    /// The thread that has run since then.
    pub(crate) running: ThreadId,
    /// The budgets that pay for that thread: bit b is budget b.
    pub(crate) paying: Set<BudgetId>,
    /// True if that thread has a lent priority.
    pub(crate) is_lent: bool,
    /// The budgets that are used up. Their threads have the priority of the background, or are about to get it.
    pub(crate) used_up: Set<BudgetId>,
    /// The budgets to look at: those in which something may have changed.
    pub(crate) unseen: Set<BudgetId>,
    /// The threads whose priority may no longer be the right one.
    pub(crate) unsettled: Set<ThreadId>,
    /// The used-up budgets for which the record still has to be made.
    pub(crate) untold: Set<BudgetId>,
    /// The run time of threads and processes, if some process may read it.
    pub(crate) usage: Option<&'static mut Usage>,
}

impl<P: Port> Budgets<P> {
    /// Counts the time that the running thread has used up to now, plus `more` µs.
    #[inline]
    pub(crate) fn charge(&mut self, now: u64, more: u64) {
        let time = u32::try_from(now - self.since + more).unwrap_or(u32::MAX);
        self.since = now;
        if let Some(turn) = self.turns.get_mut(self.running.index()) {
            turn.used = turn.used.saturating_add(time);
        }
        for budget in self.paying {
            let Some(account) = self.accounts.get_mut(budget.index()) else { return };
            account.left = account.left.saturating_sub(time);
            if account.left == 0 && !self.used_up.contains(budget) {
                account.user = self.running;
                self.unseen.insert(budget);
            }
        }
    }

    /// If the thread that has run until now has blocked, and has lent its priority to a holder, notes the lender of the
    /// holder's priority.
    #[inline]
    pub(crate) fn note_lender(&mut self, threads: &Threads<P::Unit>) {
        let thread = threads.at(self.running);
        if let Some(holder) = thread.blocked_on
            && threads.at(holder).priority == thread.priority
        {
            let lender = self.payer(thread);
            if let Some(turn) = self.turns.get_mut(holder.index()) {
                turn.lender = lender;
            }
        }
    }

    /// Returns the thread whose own priority this thread has: the thread itself, or its lender.
    #[inline]
    fn payer(&self, thread: &Thread<P::Unit>) -> ThreadId {
        match self.turns.get(thread.id.index()) {
            Some(turn) if thread.priority != thread.base_priority => turn.lender,
            _ => thread.id,
        }
    }

    /// From now on this thread runs. Returns the time of the next check, in µs since start.
    #[inline(always)]
    pub(crate) fn run(&mut self, thread: &Thread<P::Unit>) -> u64 {
        let payer = self.payer(thread);
        let was_lent = core::mem::replace(&mut self.is_lent, payer != thread.id);
        self.running = thread.id;
        self.paying = self.of(thread.id);
        let mut next = self.end_of_slice(thread);
        if was_lent || self.is_lent {
            // With a lender, twice as many budgets pay. To look at all of them here would take too long, so the timer
            // interrupts at once and looks at them.
            self.paying |= self.of(payer);
            self.unseen |= self.paying;
        } else {
            for budget in self.paying {
                let Some(account) = self.accounts.get(budget.index()) else { break };
                let end = account.end;
                if end <= self.since || self.used_up.contains(budget) != (account.left == 0) {
                    self.unseen.insert(budget);
                } else {
                    next = next.min(end);
                    if account.left != 0 {
                        next = next.min(self.since + u64::from(account.left));
                    }
                }
            }
        }
        if self.unseen.is_empty() { next } else { self.since }
    }

    /// Looks at a budget, and starts its next period if that is due. Returns the time of the next change. If that is
    /// now, the budget is put among those to look at.
    #[inline]
    pub(crate) fn look_at(&mut self, id: BudgetId, now: u64) -> u64 {
        let budget = self.wiring.budgets.get(id.index());
        let (Some(budget), Some(account)) = (budget, self.accounts.get_mut(id.index())) else {
            return NEVER;
        };
        account.turn(budget, now);
        if self.used_up.contains(id) != (account.left == 0) {
            self.unseen.insert(id);
            now
        } else if account.left != 0 && self.paying.contains(id) {
            account.end.min(self.since + u64::from(account.left))
        } else {
            account.end
        }
    }

    /// Marks a budget as used up, or as available again.
    #[inline]
    pub(crate) fn turn_over(&mut self, id: BudgetId) {
        let budget = self.wiring.budgets.get(id.index());
        let (Some(budget), Some(account)) = (budget, self.accounts.get_mut(id.index())) else {
            return;
        };
        self.used_up.toggle(id);
        self.unsettled |= budget.threads;
        if account.left == 0 {
            account.count = account.count.wrapping_add(1);
            // The supervisor gets a record only at the first, second, fourth, eighth ... time. If it got one each time,
            // it would have work in each period.
            if account.count.is_power_of_two() {
                self.untold.insert(id);
            }
        }
    }

    /// Returns the time at which the time slice of a thread ends, in µs since start. The thread runs, or is about to
    /// run.
    #[inline]
    pub(crate) fn end_of_slice(&self, thread: &Thread<P::Unit>) -> u64 {
        if thread.id == ThreadId::IDLE {
            return NEVER;
        }
        let slice = match (self.wiring.time_slice, thread.priority) {
            (0, BACKGROUND) => BACKGROUND_SLICE,
            (0, _) => return NEVER,
            (slice, _) => slice,
        };
        let used = self.turns.get(thread.id.index()).map_or(0, |turn| turn.used);
        self.since + u64::from(slice.saturating_sub(used))
    }

    /// Returns whether a check has nothing left to do.
    #[inline]
    pub(crate) fn are_checked(&self) -> bool {
        self.unseen.is_empty() && self.unsettled.is_empty() && self.untold.is_empty()
    }

    /// Returns the budgets of a thread.
    #[inline]
    pub(crate) fn of(&self, id: ThreadId) -> Set<BudgetId> {
        self.wiring.of_threads.get(id.index()).copied().unwrap_or(Set::EMPTY)
    }
}
