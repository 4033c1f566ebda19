//! How long threads may run: budgets and time slices. And how long they [have](crate::usage).
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
//! what is left to the thread that runs. It looks at the budgets that are used up, and at those that pay, a few at a
//! time, then at the threads that they concern, one at a time: no interrupt waits for the sum of it.

use crate::Kernel;
use crate::fault::Fault;
use crate::port::Port;
use crate::thread::ThreadId;
use crate::time::NEVER;
use crate::timer::BUDGETS;
use crate::usage::Usage;
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
}

impl Account {
    /// That of a budget of which nothing has been used.
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

/// What only a firmware needs in which something bounds how long threads run. Others don't carry the code.
#[repr(C)]
pub struct Budgets<P: Port> {
    // First, as a port's assembly calls it.
    account: extern "C" fn(&mut Kernel<P>),
    /// Looks whose budget or time slice is used up, or new, at this time. Tells whether that is done; if not, there is
    /// more to look at, before any thread is.
    pub(crate) check: fn(&mut Kernel<P>, u64) -> bool,
    wiring: &'static table::Budgets,
    pub(crate) accounts: &'static mut [Account],
    /// What each thread has used of its time slice, in µs.
    slices: &'static mut [u32],
    /// Since when the time is to be counted, in µs since start, ...
    since: u64,
    /// ... which thread has run since, ...
    running: ThreadId,
    /// ... and which budgets pay for it: bit b is budget b.
    paying: u32,
    /// The budgets that are used up, and whose threads have been told, or are about to be.
    used_up: u32,
    /// The budgets to look at: those in which something may have changed.
    unseen: u32,
    /// The threads whose priority may no longer be the right one.
    unsettled: u32,
    /// How long threads and processes have run, if somebody may ask.
    pub(crate) usage: Option<&'static mut Usage>,
}

/// How many budgets are looked at in one interrupt.
const LOOKS: usize = 2;

/// Takes out the first of a set that is not empty.
fn take_first(set: &mut u32) -> usize {
    let first = set.trailing_zeros() as usize;
    *set &= set.wrapping_sub(1);
    first
}

impl<P: Port> Budgets<P> {
    /// Memory for [them](Self::new).
    pub const NONE: Budgets<P> = Self::new(&table::Budgets::NONE, &mut [], &mut [], None);

    /// Those of a wiring, with an account for each budget, a word for each thread, and what counts if somebody does.
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
            paying: 0,
            used_up: 0,
            unseen: 0,
            unsettled: 0,
        }
    }

    /// Counts what the thread that runs has run up to now, and some µs.
    fn charge(&mut self, now: u64, more: u64) {
        let time = u32::try_from(now - self.since + more).unwrap_or(u32::MAX);
        self.since = now;
        if let Some(used) = self.slices.get_mut(self.running.index()) {
            *used = used.saturating_add(time);
        }
        let mut paying = self.paying;
        while paying != 0 {
            let index = take_first(&mut paying);
            let Some(account) = self.accounts.get_mut(index) else { return };
            account.left = account.left.saturating_sub(time);
            account.user = self.running;
            if account.left == 0 {
                self.unseen |= 1u32.rotate_left(index as u32) & !self.used_up;
            }
        }
    }

    /// Looks at a budget, and begins its next period if that is due. Tells when something is to be done next. If that
    /// is now, it is to be looked at again.
    fn look_at(&mut self, index: usize, now: u64) -> u64 {
        let budget = self.wiring.budgets.get(index);
        let (Some(budget), Some(account)) = (budget, self.accounts.get_mut(index)) else {
            return NEVER;
        };
        account.turn(budget, now);
        let bit = 1u32.rotate_left(index as u32);
        if (self.used_up & bit != 0) != (account.left == 0) {
            self.unseen |= bit;
            now
        } else if account.left != 0 && self.paying & bit != 0 {
            account.end.min(now + u64::from(account.left))
        } else {
            account.end
        }
    }

    /// The budgets of a thread.
    fn of(&self, id: ThreadId) -> u32 {
        self.wiring.of_threads.get(id.index()).copied().unwrap_or(0)
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
        let mut unseen = paying;
        while unseen != 0 {
            let index = take_first(&mut unseen);
            next = next.min(budgets.look_at(index, now));
        }
        if budgets.unseen != 0 {
            next = now;
        }
        self.want_timer(next);
    }

    fn check_budgets(&mut self, now: u64) -> bool {
        let from_start = self.checked == 0;
        if !from_start && self.checked != BUDGETS {
            return true;
        }
        self.checked = BUDGETS;
        let is_done = self.check_some(now, from_start);
        if is_done {
            // The idle thread is not looked at.
            self.checked = 1;
        }
        is_done
    }

    /// Looks at some budgets. Tells whether those were the last.
    fn check_some(&mut self, now: u64, from_start: bool) -> bool {
        let Some(budgets) = &mut self.budgets else { return true };
        budgets.charge(now, 0);
        if from_start {
            budgets.unseen |= budgets.paying | budgets.used_up;
            if self.end_of_slice(now) <= now {
                self.ready.rotate(self.threads.current());
                if let Some(budgets) = &mut self.budgets
                    && let Some(used) = budgets.slices.get_mut(budgets.running.index())
                {
                    *used = 0;
                }
            }
        }
        if self.settle() {
            return false;
        }
        for _ in 0..LOOKS {
            let Some(budgets) = &mut self.budgets else { return true };
            if budgets.unseen == 0 {
                let end = self.end_of_slice(now);
                self.look_again(end);
                return true;
            }
            let index = take_first(&mut budgets.unseen);
            let next = budgets.look_at(index, now);
            if next == now {
                self.turn_over(index);
                break;
            }
            self.look_again(next);
        }
        false
    }

    /// A budget is used up, or is there again.
    fn turn_over(&mut self, index: usize) {
        let Some(budgets) = &mut self.budgets else { return };
        let budget = budgets.wiring.budgets.get(index);
        let (Some(budget), Some(account)) = (budget, budgets.accounts.get_mut(index)) else {
            return;
        };
        // It is looked at once more: when is there something to do next?
        budgets.used_up ^= 1u32.rotate_left(index as u32);
        budgets.unsettled |= budget.threads;
        if account.left == 0 {
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
    /// whether there was one.
    fn settle(&mut self) -> bool {
        let Some(budgets) = &mut self.budgets else { return false };
        if budgets.unsettled == 0 {
            return false;
        }
        let id = ThreadId::new(take_first(&mut budgets.unsettled));
        let is_used_up = budgets.of(id) & budgets.used_up != 0;
        let own = self.system.threads.get(id.index()).map_or(0, |thread| thread.priority);
        let priority = if is_used_up { own.min(BACKGROUND) } else { own };
        self.threads.get_mut(id).base_priority = priority;
        // Who waits for it looks again, and lends it its priority; and so does it itself.
        self.stir(id);
        self.set_priority(id, priority);
        if let Some(holder) = self.threads.get(id).blocked_on {
            self.stir(holder);
        }
        true
    }

    /// When the time slice of the thread that runs is over, in µs since start.
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

    /// Which budgets pay for the time of a thread: its own and, if it has the priority of one that waits for it, those
    /// of that one, and so on.
    fn paying(&self, mut id: ThreadId) -> u32 {
        let Some(budgets) = &self.budgets else { return 0 };
        let mut paying = 0;
        for _ in 0..MAX_THREADS {
            paying |= budgets.of(id);
            let thread = self.threads.at(id);
            if thread.priority == thread.base_priority {
                break;
            }
            let (mut waiters, mut lender) = (thread.waiters, None);
            while waiters != 0 && lender.is_none() {
                let waiter = ThreadId::new(take_first(&mut waiters));
                lender = Some(waiter)
                    .filter(|&waiter| self.threads.at(waiter).priority == thread.priority);
            }
            let Some(lender) = lender else { break };
            id = lender;
        }
        paying
    }
}
