//! How long threads may run: budgets and time slices.
//!
//! A *budget* is time that a thread, or all threads of a process together, may run at their priority in each
//! period, wherever their calls lead them. When it is used up, they have the priority of the
//! [background](BACKGROUND) until the next period. A *time slice* is how long a thread runs before the next of its
//! priority does. In the background there always is one.
//!
//! A thread that others wait for has the priority of the most urgent of them, in the background too, but only
//! while they wait. Meanwhile those whose priority it has pay for it with their budgets, as if they ran.
//!
//! Time is counted from one thread to the next: the port [tells](Kernel::account) of each switch. To the time of
//! each such stretch a µs is added, so that none is too short to be counted. The timer is asked for the end of
//! what is left to the thread that runs; what has to be done then is done one by one, with an interrupt of the
//! timer each, so that no interrupt waits for the sum of it.

use crate::Kernel;
use crate::fault::Fault;
use crate::port::Port;
use crate::thread::ThreadId;
use crate::time::NEVER;
use crossgate_abi::table::{self, Budget, System};
use crossgate_abi::{BACKGROUND, Cause, MAX_THREADS, Word};

/// The time slice in the background, in µs, if the wiring has none for all priorities.
pub(crate) const BACKGROUND_SLICE: u32 = 10_000;

/// How many budgets a firmware has. For constants.
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
    /// What is left of it, in µs.
    pub(crate) left: u32,
    /// How often it was used up.
    pub(crate) count: u16,
    /// The thread that ran last.
    user: ThreadId,
    /// It is used up, and its threads have been told, or are about to be.
    pub(crate) is_used_up: bool,
}

impl Account {
    /// That of a budget of which nothing has been used.
    pub const NEW: Account =
        Account { end: 0, left: u32::MAX, count: 0, user: ThreadId::IDLE, is_used_up: false };

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

/// What only a firmware needs in which something bounds how long threads run. Others don't carry the code.
#[repr(C)]
pub struct Budgets<P: Port> {
    // First, as a port's assembly calls it.
    account: extern "C" fn(&mut Kernel<P>),
    /// Looks whose budget or time slice is used up, or new, at this time. The timer, for which nobody has asked
    /// yet, has to come when there is to look again.
    pub(crate) check: fn(&mut Kernel<P>, u64),
    wiring: &'static table::Budgets,
    pub(crate) accounts: &'static mut [Account],
    /// What each thread has used of its time slice, in µs.
    slices: &'static mut [u32],
    /// Since when the time is to be counted, in µs since start, ...
    since: u64,
    /// ... which thread has run since, ...
    running: ThreadId,
    /// ... and whose budgets pay for it: a set of threads.
    payers: u32,
    /// The threads whose priority may no longer be the right one.
    unsettled: u32,
}

impl<P: Port> Budgets<P> {
    /// Memory for [them](Self::new).
    pub const NONE: Budgets<P> = Self::new(&table::Budgets::NONE, &mut [], &mut []);

    /// Those of a wiring, with an account for each budget, and a word for each thread.
    pub const fn new(
        wiring: &'static table::Budgets,
        accounts: &'static mut [Account],
        slices: &'static mut [u32],
    ) -> Budgets<P> {
        Budgets {
            account: Kernel::switched,
            check: Kernel::check_budgets,
            wiring,
            accounts,
            slices,
            since: 0,
            running: ThreadId::IDLE,
            payers: 0,
            unsettled: 0,
        }
    }

    fn accounts(&mut self) -> impl Iterator<Item = (&'static Budget, &mut Account)> {
        self.wiring.budgets.iter().zip(self.accounts.iter_mut())
    }

    /// Counts what the thread that runs has run up to now, and some µs.
    fn charge(&mut self, now: u64, more: u64) {
        let time = u32::try_from(now - self.since + more).unwrap_or(u32::MAX);
        self.since = now;
        let (running, payers) = (self.running, self.payers);
        if let Some(used) = self.slices.get_mut(running.index()) {
            *used = used.saturating_add(time);
        }
        for (budget, account) in self.accounts() {
            if budget.threads & payers != 0 {
                account.left = account.left.saturating_sub(time);
                account.user = running;
            }
        }
    }

    /// Begins the periods that are due. Tells when something is to be done next, and for which account there is
    /// something to do now.
    fn look(&mut self, now: u64) -> (u64, Option<usize>) {
        let (mut next, mut due) = (NEVER, None);
        let payers = self.payers;
        for (index, (budget, account)) in self.accounts().enumerate() {
            let pays = budget.threads & payers != 0;
            if !pays && !account.is_used_up && account.left != 0 {
                continue;
            }
            account.turn(budget, now);
            next = next.min(account.end);
            if account.left != 0 {
                next = next.min(now + u64::from(account.left));
            }
            if account.is_used_up != (account.left == 0) {
                due = Some(index);
            }
        }
        (if due.is_some() { now } else { next }, due)
    }

    /// Whether some budget of a thread is used up.
    fn is_used_up(&mut self, id: ThreadId) -> bool {
        self.accounts()
            .any(|(budget, account)| budget.threads & id.bit() != 0 && account.is_used_up)
    }
}

impl<P: Port> Kernel<P> {
    /// The port is about to go on with the current thread, which may be another one than before.
    #[inline(always)]
    pub fn account(&mut self) {
        if let Some(budgets) = &self.budgets {
            (budgets.account)(self);
        }
    }

    extern "C" fn switched(&mut self) {
        let id = self.threads.current_id();
        let Some(budgets) = &mut self.budgets else { return };
        if budgets.running == id {
            return;
        }
        let now = self.port.now();
        budgets.charge(now, 1);
        budgets.running = id;
        let payers = self.payers(id);
        let Some(budgets) = &mut self.budgets else { return };
        budgets.payers = payers;
        let (next, _) = budgets.look(now);
        let end = self.end_of_slice(now);
        self.want_timer(next.min(end));
    }

    fn check_budgets(&mut self, now: u64) {
        let Some(budgets) = &mut self.budgets else { return };
        budgets.charge(now, 0);
        if self.end_of_slice(now) <= now {
            self.ready.rotate(self.threads.current());
            if let Some(budgets) = &mut self.budgets
                && let Some(used) = budgets.slices.get_mut(budgets.running.index())
            {
                *used = 0;
            }
        }
        let Some(budgets) = &mut self.budgets else { return };
        let (next, due) = budgets.look(now);
        if let Some(due) = due {
            self.turn_over(due);
        }
        let next = if self.settle() { now } else { next };
        self.next_deadline = next.min(self.end_of_slice(now));
    }

    /// A budget is used up, or is there again.
    fn turn_over(&mut self, index: usize) {
        let Some(budgets) = &mut self.budgets else { return };
        let budget = budgets.wiring.budgets.get(index);
        let (Some(budget), Some(account)) = (budget, budgets.accounts.get_mut(index)) else {
            return;
        };
        account.is_used_up = account.left == 0;
        budgets.unsettled |= budget.threads;
        if account.is_used_up {
            account.count = account.count.wrapping_add(1);
            let (count, user) = (account.count, account.user);
            // Not each time: who is told would have to do something in each period.
            if count.is_power_of_two() {
                let fault = Fault { address: Word::from(count), ..Fault::of(Cause::Budget) };
                self.report(user, budget.process, &fault);
            }
        }
    }

    /// Gives one of the threads whose budget is used up, or is there again, the priority that it has then. Tells
    /// whether there is another one.
    fn settle(&mut self) -> bool {
        let Some(budgets) = &mut self.budgets else { return false };
        if budgets.unsettled == 0 {
            return false;
        }
        let id = ThreadId::new(budgets.unsettled.trailing_zeros() as usize);
        budgets.unsettled &= !id.bit();
        let are_more = budgets.unsettled != 0;
        let is_used_up = budgets.is_used_up(id);
        let own = self.system.threads.get(id.index()).map_or(0, |thread| thread.priority);
        let priority = if is_used_up { own.min(BACKGROUND) } else { own };
        self.threads.get_mut(id).base_priority = priority;
        self.inherit(id);
        are_more
    }

    /// When the time slice of the thread that runs is over, in µs since start.
    fn end_of_slice(&mut self, now: u64) -> u64 {
        let thread = self.threads.current();
        let Some(budgets) = &self.budgets else { return NEVER };
        let slice = match (budgets.wiring.time_slice, thread.priority) {
            (_, 0) => return NEVER,
            (0, BACKGROUND) => BACKGROUND_SLICE,
            (0, _) => return NEVER,
            (slice, _) => slice,
        };
        let used = budgets.slices.get(thread.id.index()).copied().unwrap_or(0);
        now + u64::from(slice.saturating_sub(used))
    }

    /// Who pays for the time of a thread: it itself and, if it has the priority of one that waits for it, that
    /// one, and so on.
    fn payers(&self, mut id: ThreadId) -> u32 {
        let mut payers = 0;
        for _ in 0..MAX_THREADS {
            payers |= id.bit();
            let thread = self.threads.get(id);
            if thread.priority == thread.base_priority {
                break;
            }
            let lends = |&other: &ThreadId| {
                let other = self.threads.get(other);
                other.blocked_on == Some(id) && other.priority == thread.priority
            };
            let Some(lender) = self.threads.ids().find(lends) else { break };
            id = lender;
        }
        payers
    }
}
