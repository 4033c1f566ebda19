// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limits of CPU time: budgets and time slices. ([`usage`](crate::usage) counts CPU time.)
//!
//! A *budget* is the time for which a thread, or all threads of a process together, may run at their priority in each
//! period, wherever their calls lead them. When the budget is used up, these threads have the priority of the
//! [background](crossgate_abi::BACKGROUND) until the next period. A *time slice* is the time for which a thread runs
//! before the next thread of its priority runs. The background always has a time slice.
//!
//! While other threads wait for a thread, it has at least the priority of the most urgent of them, even in the
//! background. Meanwhile the threads whose priority it has inherited also pay for its time with their budgets, as if
//! they ran.
//!
//! Time is counted in stretches, from one switch of threads to the next: the port [reports](Kernel::account) each
//! switch. The kernel adds one µs to each stretch, so that none is too short to be counted. It sets the timer to the
//! time at which the running thread will have used up its remaining time. At that time the kernel looks at the budgets
//! that are used up and at those that pay. Then it sets the priorities of the threads whose budgets have changed. Each
//! interrupt of the timer looks at only one budget, or sets only one priority, so that other interrupts do not wait for
//! all of them.

use crate::Kernel;
use crate::port::Port;
use crate::time::NEVER;
use crate::usage::Usage;
use crossgate_abi::table::{self, Budget, System};
use crossgate_abi::{BudgetId, Set, ThreadId};

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
    /// The thread of the budget that ran last.
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
    /// The part of its time slice that each thread has used, in µs.
    pub(crate) slices: &'static mut [u32],
    /// The time up to which all time is counted, in µs since start.
    pub(crate) since: u64,
    /// The thread that has run since then.
    pub(crate) running: ThreadId,
    /// The budgets that pay for that thread: bit b is budget b.
    pub(crate) paying: Set<BudgetId>,
    /// The budgets that are used up. Their threads have the priority of the background, or are about to get it.
    pub(crate) used_up: Set<BudgetId>,
    /// The budgets to look at: those in which something may have changed.
    pub(crate) unseen: Set<BudgetId>,
    /// The threads whose priority may no longer be the right one.
    pub(crate) unsettled: Set<ThreadId>,
    /// The run time of threads and processes, if some process may read it.
    pub(crate) usage: Option<&'static mut Usage>,
}

impl<P: Port> Budgets<P> {
    /// Counts the time that the running thread has used up to now, plus `more` µs.
    #[inline]
    pub(crate) fn charge(&mut self, now: u64, more: u64) {
        let time = u32::try_from(now - self.since + more).unwrap_or(u32::MAX);
        self.since = now;
        if let Some(used) = self.slices.get_mut(self.running.index()) {
            *used = used.saturating_add(time);
        }
        for budget in self.paying {
            let Some(account) = self.accounts.get_mut(budget.index()) else { return };
            account.left = account.left.saturating_sub(time);
            account.user = self.running;
            if account.left == 0 && !self.used_up.contains(budget) {
                self.unseen.insert(budget);
            }
        }
    }

    /// Looks at a budget, and starts its next period if that is due. Returns the time of the next change. If that is
    /// now, the budget has to be looked at again.
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
            account.end.min(now + u64::from(account.left))
        } else {
            account.end
        }
    }

    /// Returns the budgets of a thread.
    #[inline]
    pub(crate) fn of(&self, id: ThreadId) -> Set<BudgetId> {
        self.wiring.of_threads.get(id.index()).copied().unwrap_or(Set::EMPTY)
    }
}
