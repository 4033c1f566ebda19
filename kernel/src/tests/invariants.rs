// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of the invariants in the table of the crate after each step, one function for each.

use super::*;
use crate::frame::{LOCKED, REFUSED, Rights, STALE};
use crate::lease::{InForce, Lease};
use crate::schedule::Ready;
use crate::time::Deadline;
use crate::timer::DEADLINES_CHECKED;
use crate::wait::Wait;
use crate::work::{FIRST, Work};
use crossgate_abi::{LEASES_PER_CALL, MAX_CALL_DEPTH, PRIORITIES};

/// Panics if one of the invariants in the table of the crate does not hold.
pub fn check(driver: &Driver) {
    let kernel = &driver.kernel;
    let ready = ready(&kernel.ready);
    check_urgent(kernel);
    check_slots(kernel);
    for id in all(kernel) {
        let thread = kernel.threads.get(id);
        check_levels(thread, &ready);
        check_quick(thread);
        check_rights(kernel, thread);
        check_priority(kernel, thread);
        check_wait(kernel, thread);
        check_in_vain(thread);
    }
    check_one_side(kernel);
    check_payers(kernel);
    check_work(kernel, &ready);
    check_locks(kernel);
    check_timers(kernel);
    for process in (0..kernel.states.len()).map(ProcessId::new) {
        if kernel.is_running(process) {
            assert_eq!(kernel.states[process.index()].unclean, 0, "it started clean");
        } else if !kernel.work.crashed.contains(process) {
            check_down(kernel, process);
        }
    }
}

/// Returns the ready threads, each with its level.
pub fn ready(ready: &Ready) -> Vec<(usize, ThreadId)> {
    let mut all = vec![];
    let mut levels = ready.levels;
    while levels != 0 {
        let level = levels.leading_zeros() as usize % PRIORITIES;
        levels &= !(1 << 31 >> level);
        let mut id = ready.first[level];
        all.push((level, id));
        while id != ready.last[level] {
            id = ready.next[id.place()];
            all.push((level, id));
            assert!(all.len() <= ready.next.len(), "the lists of ready threads end");
        }
    }
    all
}

/// Returns all threads, the idle one included.
pub fn all(kernel: &Kernel<TestPort>) -> impl Iterator<Item = ThreadId> + use<> {
    (0..kernel.system.threads.len()).map(ThreadId::new)
}

/// Returns the frames of the calls that a thread is in, the outermost first.
pub fn frames(thread: &Thread<ArmV8M>) -> &[Frame] {
    &thread.frames[..usize::from(thread.depth())]
}

/// **urgent**: the running thread is the first of the ready threads of the highest priority.
fn check_urgent(kernel: &Kernel<TestPort>) {
    assert_eq!(kernel.threads.current_id(), kernel.ready.first(), "the most urgent thread runs");
}

/// **slots**: every thread is in its own slot, except for the current one, whose slot is empty.
fn check_slots(kernel: &Kernel<TestPort>) {
    for id in all(kernel) {
        assert_eq!(kernel.threads.get(id).id, id, "each thread is in its slot");
    }
    let empty: Vec<_> = kernel.threads.empty_slots().collect();
    assert_eq!(
        empty,
        [kernel.threads.current_id()],
        "only the slot of the current thread is empty"
    );
}

/// **levels**: the list of each priority holds exactly the ready threads of that priority, each once.
fn check_levels(thread: &Thread<ArmV8M>, ready: &[(usize, ThreadId)]) {
    let id = thread.id;
    let mut levels = ready.iter().filter(|(_, other)| *other == id).map(|&(level, _)| level);
    match thread.wait {
        Wait::Nothing => {
            let level = 31 - usize::from(thread.priority);
            assert_eq!((levels.next(), levels.next()), (Some(level), None), "ready once");
            assert_eq!(thread.blocked_on, None, "a ready thread waits for no other");
        }
        wait => assert_eq!(levels.next(), None, "{id:?} is ready, and waits: {wait:?}"),
    }
}

/// **in vain**: if waits of a thread fail because no caller waits for the result, the thread is in a call that is
/// refused, or whose caller is gone.
fn check_in_vain(thread: &Thread<ArmV8M>) {
    let in_vain = |frame: &Frame| frame.care & (STALE | REFUSED) != 0;
    let may_give_up = thread.orphaned == 0 || frames(thread).iter().any(in_vain);
    assert!(may_give_up, "waits fail only in calls that are made in vain");
}

/// **one side**: a notification has signals or waiters, but not both, unless the worker will wake the waiters.
fn check_one_side(kernel: &Kernel<TestPort>) {
    for (index, state) in kernel.notifications.iter().enumerate() {
        let is_kept = state.waiters & kernel.work.waking != state.waiters;
        assert!(state.signals == 0 || !is_kept, "no signal is kept from a waiter");
        let counting = kernel.system.notifications[index].counting;
        assert!(
            state.signals <= 1 || counting,
            "only a counting notification keeps more than one signal"
        );
    }
}

/// **quick**: a port compares one word with `LAST` before it makes a call by itself. The word is at most `LAST` if and
/// only if a frame is left, the thread holds no lease, and its deadline has not passed.
fn check_quick(thread: &Thread<ArmV8M>) {
    let has_frame = usize::from(thread.depth()) < MAX_CALL_DEPTH;
    let is_plain =
        has_frame && thread.rights.leases == InForce::NONE && thread.deadline != Deadline::OVER;
    assert_eq!(thread.calls.are_plain(), is_plain, "a quick call skips no check");
}

/// **rights**: a thread executes in the process that its calls have led to, with the rights that these calls gave it;
/// of its stack, only the window of these rights is open.
fn check_rights(kernel: &Kernel<TestPort>, thread: &Thread<ArmV8M>) {
    assert!(usize::from(thread.depth()) <= MAX_CALL_DEPTH, "the depth of calls has a limit");
    let mut unused = thread.frames[usize::from(thread.depth())..].iter();
    assert!(unused.all(|frame| frame.care == 0), "a frame without a call is clean");
    let frames = frames(thread);
    let mut process = kernel.system.threads[thread.id.index()].process;
    let mut stack = thread.stack;
    let mut caller = None;
    let all = frames.iter().map(|frame| frame.rights).chain([thread.rights]);
    for (index, rights) in all.enumerate() {
        assert_eq!(rights.process, process, "the thread is in the process of its calls");
        let open = usize::from(rights.window) * 32;
        assert_eq!(open, stack.length(), "the stack is open up to the caller's part");
        match caller {
            None => assert_eq!(rights.leases, InForce::NONE, "a thread at home holds no leases"),
            Some((caller, stack)) => check_leases(kernel, thread, caller, stack, rights.leases),
        }
        if let Some(frame) = frames.get(index) {
            let pointer = frame.stack_pointer;
            assert!(
                stack.start <= pointer && pointer + 64 <= stack.end,
                "the caller's registers are saved in its open part"
            );
            caller = Some((rights, Span { start: pointer + 64, ..stack }));
            process = kernel.services[frame.service.index()].owner;
            stack.end = pointer & !31;
        }
    }
    let down = !frames.is_empty() && !kernel.is_running(process);
    let swept = is_swept(kernel, thread.id);
    assert!(!down || !swept, "nobody is in a process that is down");
}

/// **leases**: a call is lent only memory that its caller had the right to lend. `stack` is the caller's part of the
/// stack.
fn check_leases(
    kernel: &Kernel<TestPort>,
    thread: &Thread<ArmV8M>,
    caller: Rights,
    stack: Span,
    lent: InForce,
) {
    let memory = kernel.processes[caller.process.index()].memory;
    let shared = Span { start: memory.shared_start, end: memory.shared_end };
    let held = &thread.leases[caller.leases.places()];
    assert_eq!(
        lent.places().start,
        usize::from(caller.leases.count()),
        "the callee's leases follow the caller's"
    );
    assert!(lent.places().len() <= LEASES_PER_CALL, "a call has a limit of leases");
    for lease in &thread.leases[lent.places()] {
        let may = |held: &Lease<u32>| {
            held.memory.contains(lease.memory) && (held.writable || !lease.writable)
        };
        let own = stack.contains(lease.memory) || shared.contains(lease.memory);
        assert!(
            own || held.iter().any(may),
            "a caller lends only memory that it may use: {lease:x?}"
        );
    }
}

/// **inheritance**: the priority of a thread is at least the highest among its own and the priorities of the threads
/// that wait for it. It is higher only until the worker has lowered it. Waits form no cycle.
fn check_priority(kernel: &Kernel<TestPort>, thread: &Thread<ArmV8M>) {
    let waiters = || all(kernel).filter(|&id| kernel.holder_for(id) == Some(thread.id));
    let set = waiters().fold(Set::EMPTY, |set, id| set | Set::of(id));
    assert_eq!(thread.waiters, set, "{:?} knows who waits for it", thread.id);
    if thread.id != ThreadId::IDLE {
        let priorities = waiters().map(|id| kernel.threads.get(id).priority);
        let owed = priorities.fold(thread.base_priority, u8::max);
        let lowers = kernel.work.lowering.contains(thread.id);
        assert!(thread.priority >= owed, "{:?} has the priority of its waiters", thread.id);
        assert!(
            lowers || thread.priority == owed,
            "{:?} has no more than the priority that it was lent",
            thread.id
        );
    }
    let mut next = kernel.holder_for(thread.id);
    for _ in all(kernel) {
        assert_ne!(next, Some(thread.id), "a cycle of waits");
        next = next.and_then(|next| kernel.holder_for(next));
    }
}

/// **payers**: a thread that runs at a priority that is not its own has a lender: a thread that waits for the running
/// thread, directly or not, and whose own priority this is. The budgets of both threads pay.
fn check_payers(kernel: &Kernel<TestPort>) {
    let Some(budgets) = &kernel.budgets else { return };
    let thread = kernel.threads.get(kernel.threads.current_id());
    if thread.id == ThreadId::IDLE || thread.id != budgets.running {
        // The time of the current thread is not counted yet.
        return;
    }
    let mut payers = budgets.of(thread.id);
    if thread.priority != thread.base_priority {
        let lender = budgets.turns[thread.id.index()].lender;
        let own = kernel.threads.get(lender).base_priority;
        assert_eq!(own, thread.priority, "{lender:?} lends its own priority to {:?}", thread.id);
        let mut next = lender;
        for _ in all(kernel) {
            if next == thread.id {
                break;
            }
            let priority = kernel.threads.get(next).priority;
            assert_eq!(priority, own, "{next:?} passes on what {lender:?} lends");
            next = kernel.holder_for(next).expect("the lender waits");
        }
        assert_eq!(next, thread.id, "{lender:?} waits for the thread that it pays for");
        payers |= budgets.of(lender);
    }
    assert_eq!(payers & budgets.paying, payers, "the budgets of {:?} pay", thread.id);
}

/// **waits**: every wait can end, and the thread then gets the right result.
fn check_wait(kernel: &Kernel<TestPort>, thread: &Thread<ArmV8M>) {
    let set = if let Wait::Notifications(set) = thread.wait { set } else { 0 };
    let process = &kernel.processes[thread.rights.process.index()];
    assert_eq!(
        set & !process.notifications,
        0,
        "it waits for notifications of the process that it is in"
    );
    for (index, state) in kernel.notifications.iter().enumerate() {
        let waits = state.waiters.contains(thread.id);
        let number = index.wrapping_sub(process.first_notification.index());
        let is_awaited = number < 32 && set & table::ProcessRow::notification(number) != 0;
        assert_eq!(waits, is_awaited, "a thread is among the waiters if and only if it waits");
    }
    let done = Pending::status(Status::OK);
    // The thing that the thread waits for may be free already, if the worker still has to visit the holder.
    let of_worker = kernel.work.lowering | kernel.work.unswept;
    let is_stirred = thread.blocked_on.is_some_and(|holder| of_worker.contains(holder));
    if is_stirred || kernel.work.waking.contains(thread.id) {
        let can_retry = !matches!(thread.wait, Wait::Nothing | Wait::Time | Wait::Ended);
        return assert!(can_retry, "a thread to wake waits for something that others can take");
    }
    let pending = thread.pending;
    // The next step of the timer's round ends a wait in a call whose deadline has passed.
    let fails = Pending::status(CallError::DeadlineExceeded.into());
    let is_late = pending == fails && thread.wake_at <= kernel.port.now;
    match thread.wait {
        Wait::Nothing | Wait::Ended => {
            assert_eq!(thread.wake_at, NEVER, "a time to wake is for a thread that waits")
        }
        Wait::Time => assert!(pending == done || pending == Pending::Retry),
        Wait::Notifications(_) => {
            let has_time = thread.wake_at != NEVER;
            let owed = if has_time { Pending::status(Status::TIMED_OUT) } else { Pending::Nothing };
            assert!(pending == owed || is_late);
        }
        Wait::Mutex(_) => {
            assert_eq!(pending, done);
            assert!(thread.blocked_on.is_some(), "a thread waits for the mutex's holder");
            let holder = thread.blocked_on.map(|id| kernel.threads.get(id));
            let is_inside = holder.is_some_and(|holder| holder.has_entered(thread.rights.process));
            assert!(is_inside, "the holder is in the process of the mutex");
        }
        Wait::Memory => {
            let home = thread.rights.process;
            let holder = thread.blocked_on.map(|id| kernel.threads.get(id));
            let lent = holder.is_some_and(|holder| holder.holds_memory_of(home));
            assert_eq!(pending, Pending::Retry);
            assert!(lent, "no thread waits for returned memory");
        }
        Wait::Lock(lock) => {
            assert!(pending == Pending::Retry || is_late);
            let holder = kernel.locks[lock.index()].holder();
            assert!(holder.is_some(), "nobody waits for a lock that is free");
            assert_eq!(thread.blocked_on, holder, "a thread waits for the lock's holder");
        }
    }
}

/// Returns whether a thread is swept out of all processes that have crashed or were taken down.
fn is_swept(kernel: &Kernel<TestPort>, id: ThreadId) -> bool {
    kernel.work.crashed.is_empty() && !kernel.work.unswept.contains(id)
}

/// **swept**: after a crash, no thread that it may affect runs before that thread is swept, and the worker runs before
/// all threads that it has work for.
fn check_work(kernel: &Kernel<TestPort>, ready: &[(usize, ThreadId)]) {
    let Work { crashed, dying, unswept, untold, unchecked, .. } = kernel.work;
    let worker = kernel.threads.get(ThreadId::IDLE);
    let comes_first = !crashed.is_empty() || untold || unchecked != 0;
    assert!(!comes_first || worker.priority == FIRST, "the worker comes before all threads");
    assert!((crashed & kernel.running).is_empty(), "nobody enters a process that has crashed");
    for id in all(kernel).filter(|id| kernel.work.threads().contains(*id)) {
        let thread = kernel.threads.get(id);
        assert!(worker.priority >= thread.priority, "the worker comes before {id:?}");
    }
    let level = 31 - usize::from(worker.priority);
    let first = ready.iter().find(|(other, _)| *other == level);
    assert_eq!(first, Some(&(level, worker.id)), "the worker is the first of its level");
    let current = kernel.threads.current_id();
    assert!(is_swept(kernel, current) || current == worker.id, "no thread runs that is not swept");
    let runs = !(dying & kernel.running).is_empty();
    assert!(!runs || unswept.is_empty(), "a process to sweep for is not running");
}

/// **locks**: a lock that is taken has one holder, which is inside the object.
fn check_locks(kernel: &Kernel<TestPort>) {
    for (index, lock) in kernel.locks.iter().enumerate() {
        let service = kernel.services.iter().find(|it| it.lock.index() == index);
        let runs = service.is_some_and(|service| kernel.is_running(service.owner));
        let is_done = kernel.work.unswept.is_empty() && kernel.work.crashed.is_empty();
        if !runs && !is_done {
            // The lock is freed by the time that all threads are swept. No thread takes it before, because the process
            // does not run.
            continue;
        }
        let mut inside = all(kernel).flat_map(|id| {
            let thread = kernel.threads.get(id);
            let lock = |frame: &Frame| kernel.services[frame.service.index()].lock;
            // A call in an older life of the process holds the lock no more: it was freed when that life ended.
            let gone = |call: usize| frames(thread).get(call + 1).is_some_and(|it| it.is_stale());
            let inside = frames(thread).iter().enumerate().filter(move |&(call, frame)| {
                frame.care & LOCKED != 0 && lock(frame).index() == index && !gone(call)
            });
            inside.map(move |_| id)
        });
        assert_eq!(
            (inside.next(), inside.next()),
            (lock.holder(), None),
            "a lock has one holder, which is inside the object"
        );
    }
}

/// **timers**: the port's timer is set to no later than the earliest time at which a thread has to wake.
fn check_timers(kernel: &Kernel<TestPort>) {
    let (now, port) = (kernel.port.now, kernel.port.timer.unwrap_or(NEVER));
    let next = kernel.next_wake;
    match kernel.checked {
        0 => assert_eq!(next, port, "the kernel knows the time that it asked for"),
        _ => assert!(port <= now, "the timer interrupts at once while threads are left to check"),
    }
    if kernel.checked == crate::account::BUDGETS {
        return;
    }
    for thread in all(kernel).map(|id| kernel.threads.get(id)) {
        let checked = kernel.checked & !DEADLINES_CHECKED;
        if checked != 0 && thread.id.index() >= checked.into() {
            continue;
        }
        assert!(next <= thread.wake_at, "the timer is set in time for the thread to wake");
        let end = thread.deadline.end(now).min(thread.grace.end(now));
        assert!(next <= end, "the timer is set in time for a deadline");
    }
}

/// **down**: when a process was taken down, the threads are swept, and the clean-up is done, nothing is left of its
/// last life.
fn check_down(kernel: &Kernel<TestPort>, process: ProcessId) {
    let state = &kernel.states[process.index()];
    for id in all(kernel).skip(1) {
        let thread = kernel.threads.get(id);
        for frame in frames(thread) {
            assert!(
                frame.rights.process != process || frame.is_stale() || !is_swept(kernel, id),
                "nobody comes back to a process that has lost its memory"
            );
        }
        if thread.depth() == 0 && thread.rights.process == process && is_swept(kernel, id) {
            let begins = matches!(thread.wait, Wait::Nothing | Wait::Time | Wait::Memory);
            let ended = thread.wait == Wait::Ended;
            assert!(if state.stopped { ended } else { begins }, "its threads restart, or end");
        }
        assert!(
            state.reset == 0 || !thread.holds_memory_of(process),
            "no memory is reset while others may use it"
        );
    }
    let is_clean = state.unclean == 0;
    assert!(state.reset == 0 || is_clean, "it is cleaned up before its memory is reset");
    for granted in &*kernel.granted {
        assert!(!is_clean || !granted.contains(process), "no grant to the process is left");
    }
    for service in kernel.services.iter().filter(|service| service.owner == process) {
        let lock = kernel.locks.get(service.lock.index());
        let holder = lock.and_then(|lock| lock.holder());
        assert!(
            holder.is_none_or(|id| !is_swept(kernel, id)),
            "the objects of the process are free"
        );
    }
    for interrupt in kernel.system.interrupts {
        let owner = kernel.system.notifications[interrupt.notification.index()].owner;
        let masked = kernel.port.masked.contains(&interrupt.line);
        assert!(owner != process || !is_clean || masked, "its interrupts are masked");
    }
}
