// SPDX-License-Identifier: MIT OR Apache-2.0
//! Snapshots of the state of a kernel, to return to it, and to recognise it.

use super::super::invariants::{all, frames, ready};
use super::super::*;
use crate::budget::Turn;
use crate::frame::OWN_DEADLINE;
use crate::process::CALM;
use crate::schedule::Ready;
use crate::time::Deadline;
use crate::work::Work;
use std::hash::{Hash, Hasher};

/// A copy of everything in the kernel that changes, except for the fault records, because these only matter to a thread
/// that reads them.
pub struct Snapshot {
    current: ThreadId,
    threads: Vec<Thread<ArmV8M>>,
    ready: Ready,
    next_wake: u64,
    locks: Vec<Lock>,
    notifications: Vec<Notification>,
    granted: Vec<Set<ProcessId>>,
    running: Set<ProcessId>,
    work: Work,
    lost: Option<(Set<ProcessId>, usize)>,
    checked: u8,
    rearms: bool,
    processes: Vec<Process>,
    budgets: Option<Spent>,
    port: TestPort,
}

/// The state of budgets.
struct Spent {
    accounts: Vec<Account>,
    turns: Vec<Turn>,
    since: u64,
    running: ThreadId,
    is_lent: bool,
    /// The budgets that pay, are used up, are to be looked at, and are to be recorded.
    sets: [Set<BudgetId>; 4],
    unsettled: Set<ThreadId>,
}

impl Spent {
    fn save(kernel: &Kernel<TestPort>) -> Option<Spent> {
        kernel.budgets.as_ref().map(|it| Spent {
            accounts: it.accounts.to_vec(),
            turns: it.turns.to_vec(),
            since: it.since,
            running: it.running,
            is_lent: it.is_lent,
            sets: [it.paying, it.used_up, it.unseen, it.untold],
            unsettled: it.unsettled,
        })
    }

    fn restore(&self, kernel: &mut Kernel<TestPort>) {
        let Some(it) = &mut kernel.budgets else { return };
        it.accounts.copy_from_slice(&self.accounts);
        it.turns.copy_from_slice(&self.turns);
        (it.since, it.running, it.unsettled) = (self.since, self.running, self.unsettled);
        it.is_lent = self.is_lent;
        [it.paying, it.used_up, it.unseen, it.untold] = self.sets;
    }
}

impl Snapshot {
    pub fn save(kernel: &Kernel<TestPort>) -> Snapshot {
        Snapshot {
            current: kernel.threads.current_id(),
            threads: all(kernel).map(|id| kernel.threads.get(id).clone()).collect(),
            ready: kernel.ready.clone(),
            next_wake: kernel.next_wake,
            locks: kernel.locks.to_vec(),
            notifications: kernel.notifications.to_vec(),
            granted: kernel.granted.to_vec(),
            running: kernel.running,
            work: kernel.work,
            lost: lost(kernel),
            checked: kernel.checked,
            rearms: kernel.rearms,
            processes: kernel.states.to_vec(),
            budgets: Spent::save(kernel),
            port: kernel.port.clone(),
        }
    }

    pub fn restore(&self, kernel: &mut Kernel<TestPort>) {
        kernel.threads.switch_to(self.current);
        for thread in &self.threads {
            kernel.threads.get_mut(thread.id).clone_from(thread);
        }
        kernel.ready.clone_from(&self.ready);
        kernel.next_wake = self.next_wake;
        kernel.locks.copy_from_slice(&self.locks);
        kernel.notifications.copy_from_slice(&self.notifications);
        kernel.granted.copy_from_slice(&self.granted);
        kernel.running = self.running;
        kernel.work = self.work;
        if let (Some(optional), Some(lost)) = (&mut kernel.optional, self.lost) {
            (optional.lost, optional.told) = lost;
        }
        kernel.checked = self.checked;
        kernel.rearms = self.rearms;
        kernel.states.copy_from_slice(&self.processes);
        if let Some(budgets) = &self.budgets {
            budgets.restore(kernel);
        }
        kernel.port.clone_from(&self.port);
    }
}

/// Returns the lost clients, and the number of servers that the worker has looked at for them.
fn lost(kernel: &Kernel<TestPort>) -> Option<(Set<ProcessId>, usize)> {
    kernel.optional.as_ref().map(|optional| (optional.lost, optional.told))
}

/// Hashes everything that determines the next steps. Times are relative to now, so that a state can recur.
pub fn hash(kernel: &Kernel<TestPort>, hasher: &mut impl Hasher) {
    let now = kernel.port.now;
    let away = |time: u64| if time == NEVER { NEVER } else { time.saturating_sub(now) };
    for id in all(kernel) {
        let thread = kernel.threads.get(id);
        let leases = &thread.leases[..thread.rights.leases.count().into()];
        (thread.rights, thread.priority, kernel.holder_for(id), thread.pending).hash(hasher);
        (thread.wait, leases, away(thread.wake_at), thread.orphaned).hash(hasher);
        for deadline in [thread.deadline, thread.grace] {
            (deadline == Deadline::OVER, away(deadline.end(now))).hash(hasher);
        }
        for frame in frames(thread) {
            (frame.stack_pointer, frame.rights, frame.service, frame.care).hash(hasher);
            if frame.care & OWN_DEADLINE != 0 {
                (frame.deadline == Deadline::OVER, away(frame.deadline.end(now))).hash(hasher);
            }
        }
        if thread.pending != Pending::Nothing {
            thread.stack_pointer.hash(hasher);
        }
    }
    let all_run =
        (0..kernel.states.len()).all(|process| kernel.is_running(ProcessId::new(process)));
    let work = kernel.work.relevant(all_run);
    (ready(&kernel.ready), kernel.running, work, lost(kernel), kernel.checked).hash(hasher);
    kernel.rearms.hash(hasher);
    (&*kernel.locks, &*kernel.notifications, &*kernel.granted).hash(hasher);
    for (index, process) in kernel.states.iter().enumerate() {
        let looked =
            if kernel.is_running(ProcessId::new(index)) { ThreadId::IDLE } else { process.looked };
        (process.reset, process.unclean, looked, process.crashes, process.stopped).hash(hasher);
        if !process.stopped {
            (now - process.crashed_at > CALM).hash(hasher);
        }
        if !process.stopped && !kernel.is_running(ProcessId::new(index)) {
            process.not_before().saturating_sub(now).hash(hasher);
        }
    }
    if let Some(budgets) = &kernel.budgets {
        // (How often a budget was used up, and by which thread, matters only for the record.)
        for (account, wiring) in budgets.accounts.iter().zip(budgets.wiring.budgets) {
            let over = (account.end + u64::from(wiring.period)).saturating_sub(now);
            (account.left.min(wiring.time), over).hash(hasher);
        }
        for (index, turn) in budgets.turns.iter().enumerate().skip(1) {
            let thread = kernel.threads.get(ThreadId::new(index));
            let is_lent = thread.priority != thread.base_priority;
            let used = turn.used.min(budgets.wiring.time_slice);
            (used, is_lent.then_some(turn.lender), thread.base_priority).hash(hasher);
        }
        (now - budgets.since, budgets.running, budgets.paying, budgets.used_up).hash(hasher);
        (budgets.is_lent, budgets.unseen, budgets.unsettled, budgets.untold).hash(hasher);
    }
    let port = &kernel.port;
    (port.timer.map(away), away(kernel.next_wake)).hash(hasher);
    for (address, word) in port.words.iter().filter(|&(_, &word)| word != 0) {
        (address, word).hash(hasher);
    }
    for &line in &port.masked {
        line.hash(hasher);
    }
}
