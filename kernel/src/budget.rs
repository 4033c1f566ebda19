// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time that threads may run: budgets and time slices. (The time that they have run is in [`usage`](crate::usage).)
//!
//! A *budget* is time that a thread, or all threads of a process together, may run at their priority in each
//! period, wherever their calls lead them. When it is used up, they have the priority of the
//! [background](crossgate_abi::BACKGROUND) until the next period. A *time slice* is how long a thread runs before the
//! next of its priority does. In the background there always is one.
//!
//! A thread that others wait for has the priority of the most urgent of them, in the background too, but only
//! while they wait. Meanwhile those whose priority it has pay for it with their budgets, as if they ran.
//!
//! Time is counted from one thread to the next: the port [tells](Kernel::account) of each switch. To the time of
//! each such stretch a µs is added, so that none is too short to be counted. The timer is asked for the end of
//! what is left to the thread that runs. It looks at the budgets that are used up, and at those that pay, a few at a
//! time, then at the threads that they concern, one at a time: no interrupt waits for the sum of it.

use crate::Kernel;
use crate::port::Port;
use crate::time::NEVER;
use crate::usage::Usage;
use crossgate_abi::table::{self, Budget, System};
use crossgate_abi::{BudgetId, Set, ThreadId};

/// Returns how many budgets a firmware has. For constants.
#[must_use]
pub const fn count(system: &System) -> usize {
    match system.budgets {
        Some(wiring) => wiring.budgets.len(),
        None => 0,
    }
}

/// The state of a budget.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// When the period ends, in µs since start. The first one begins when a thread runs first.
    pub(crate) end: u64,
    /// The rest of it, in µs.
    pub(crate) left: u32,
    /// The number of times that it was used up.
    pub(crate) count: u16,
    /// The thread that ran last.
    pub(crate) user: ThreadId,
}

impl Account {
    /// The account of a budget of which nothing has been used.
    pub const NEW: Account = Account { end: 0, left: u32::MAX, count: 0, user: ThreadId::IDLE };

    /// Begins the next period if one is over: right after it, or when the budget is needed again.
    fn turn(&mut self, budget: &Budget, now: u64) {
        if now >= self.end {
            let period = u64::from(budget.period);
            let next = self.end + period;
            self.end = if next > now { next } else { now + period };
            self.left = budget.time;
        }
    }
}

/// The code of budgets and time slices: a firmware without them does not carry it.
#[repr(C)]
pub struct Budgets<P: Port> {
    // First, as a port's assembly calls it.
    pub(crate) account: extern "C" fn(&mut Kernel<P>),
    /// Looks whose budget or time slice is used up, or new, at this time. Returns whether that is done; if not, there
    /// is more to look at, before any thread is.
    pub(crate) check: fn(&mut Kernel<P>, u64) -> bool,
    pub(crate) wiring: &'static table::Budgets,
    pub(crate) accounts: &'static mut [Account],
    /// The used part of each thread's time slice, in µs.
    pub(crate) slices: &'static mut [u32],
    /// Since when the time is to be counted, in µs since start, ...
    pub(crate) since: u64,
    /// ... which thread has run since, ...
    pub(crate) running: ThreadId,
    /// ... and which budgets pay for it: bit b is budget b.
    pub(crate) paying: Set<BudgetId>,
    /// The budgets that are used up, and whose threads have been told, or are about to be.
    pub(crate) used_up: Set<BudgetId>,
    /// The budgets to look at: those in which something may have changed.
    pub(crate) unseen: Set<BudgetId>,
    /// The threads whose priority may no longer be the right one.
    pub(crate) unsettled: Set<ThreadId>,
    /// The time for which threads and processes have run, if somebody may ask.
    pub(crate) usage: Option<&'static mut Usage>,
}

impl<P: Port> Budgets<P> {
    /// Counts what the thread that runs has run up to now, and some µs.
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

    /// Looks at a budget, and begins its next period if that is due. Tells when something is to be done next. If that
    /// is now, it is to be looked at again.
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

    /// The budgets of a thread.
    pub(crate) fn of(&self, id: ThreadId) -> Set<BudgetId> {
        self.wiring.of_threads.get(id.index()).copied().unwrap_or(Set::EMPTY)
    }
}
