//! Random system calls with hostile words, interrupts, crashes and the passing of time: whatever happens,
//! the invariants of the kernel hold after each step.

use super::*;
use crate::call::LOCKED;
use crate::schedule::Ready;
use crate::thread::Wait;
use crossgate_abi::{Cause, Kind, LEASES_PER_CALL, MAX_CALL_DEPTH, PRIORITIES};
use proptest::prelude::*;

const SERVICES: usize = 4;
const THREADS: usize = 5;
/// The home of each thread; the first is the idle thread.
const HOMES: [u8; THREADS] = [0, 0, 1, 2, 3];

/// Where a process has a word that it uses for a mutex.
const MUTEX: Word = 0x80;

#[derive(Clone, Debug)]
enum Step {
    Call {
        service: usize,
        used: Word,
        words: [Word; 4],
    },
    Leave {
        words: [Word; 4],
    },
    System {
        number: Word,
        words: [Word; 4],
    },
    /// The current process writes the word that it uses for a mutex.
    Write(Word),
    Fault,
    Interrupt(u16),
    Time(u64),
}

fn small_firmware() -> Driver {
    let two = Shape { words: 4, kinds: Shape::READ.kinds | (Kind::Write as u16) << 8 };
    Wiring::default()
        .service(0, 0b1110, Shape::WRITE)
        .service(1, 0b1101, two)
        .exclusive()
        .service(2, 0b1011, Shape::NONE)
        .exclusive()
        .service(1, 0b1111, Shape::values(4))
        .notification(3, 0, true)
        .notification(0, 0b1111, true)
        .notification(1, 0b0111, false)
        .interrupt(5, 1)
        .interrupt(6, 2)
        .watch(3, 0)
        .restarts(4)
        .thread(0, 3)
        .thread(1, 2)
        .thread(2, 2)
        .thread(3, 5)
        .boot()
}

/// A word that means something, or any.
fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        0usize..10,
        (0usize..5, 0usize..0x30).prop_map(|(process, place)| memory(process) + 8 * place),
        (0usize..6, 0usize..0x210).prop_map(|(thread, place)| stack(thread) + 8 * place),
        (0usize..4, 0usize..3).prop_map(|(thread, bit)| stack(thread) + STACK_SIZE - 96 + bit),
        Just(FLASH.start),
        Just(Word::MAX),
        Just(u32::MAX as Word),
        any::<Word>(),
    ]
}

/// A timeout in two words.
fn time() -> impl Strategy<Value = [Word; 2]> {
    let for_ever = [u32::MAX as Word; 2];
    prop_oneof![
        Just([0, 0]),
        (1usize..50).prop_map(|low| [low, 0]),
        Just([15_000, 0]),
        Just(for_ever)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let words = || [word(), word(), word(), word()];
    prop_oneof![
        5 => (0..SERVICES + 1, 8usize..40, words())
            .prop_map(|(service, used, words)| Step::Call { service, used: 8 * used, words }),
        4 => words().prop_map(|words| Step::Leave { words }),
        6 => (0usize..19, words()).prop_map(|(number, words)| Step::System { number, words }),
        4 => (0usize..8, time()).prop_map(|(set, [low, high])| Step::System {
            number: number::WAIT,
            words: [set, low, high, 0],
        }),
        3 => (0usize..3).prop_map(|index| Step::System {
            number: number::SIGNAL,
            words: [index, 0, 0, 0],
        }),
        2 => time().prop_map(|[low, high]| Step::System {
            number: number::SLEEP,
            words: [low, high, 0, 0],
        }),
        2 => word().prop_map(Step::Write),
        2 => (number::MUTEX_WAIT..=number::MUTEX_WAKE, 0usize..3).prop_map(|(number, process)| {
            Step::System { number, words: [memory(process) + MUTEX, 0, 0, 0] }
        }),
        1 => Just(Step::Fault),
        1 => (4u16..8).prop_map(Step::Interrupt),
        2 => prop_oneof![0u64..20, 9_000u64..30_000, Just(11_000_000)].prop_map(Step::Time),
    ]
}

/// Does what the port does when this happens.
fn take(driver: &mut Driver, step: &Step) {
    driver.pending();
    let thread = driver.kernel.current();
    let (is_idle, at_home) = (thread.id == ThreadId::IDLE, thread.depth == 0);
    let process = thread.level.process;
    match *step {
        Step::Interrupt(line) => {
            let _ = driver.kernel.interrupt(line);
        }
        Step::Time(microseconds) => {
            driver.kernel.port.now += microseconds;
            if driver.kernel.port.deadline.is_some_and(|time| time <= driver.kernel.port.now) {
                let _ = driver.kernel.timer();
            }
        }
        // It does nothing.
        _ if is_idle => {}
        // Code of a process does not run before its memory is reset.
        _ if at_home && !driver.kernel.is_running(process) => {
            driver.ask(number::BEGIN, [0; 4]);
        }
        Step::Call { service, used, words } => {
            let stack_pointer = driver.stack_pointer(used);
            let _ = driver.kernel.call(stack_pointer, number::call(service, 0), &words);
        }
        Step::Leave { words } => {
            if driver.kernel.leave(&words).is_none()
                && driver.kernel.leave_with_care(&words).is_ok()
            {
                let _ = driver.kernel.reschedule();
            }
        }
        Step::System { number: number::RETURN, .. } => {}
        Step::System { number, words } => {
            driver.ask(number, words);
        }
        Step::Write(value) => {
            driver.kernel.port.words.insert(memory(process.into()) + MUTEX, value);
        }
        Step::Fault => {
            let _ = driver.kernel.fault(Cause::Access, 0, 0);
        }
    }
}

/// The ready threads, with the level that they are in.
fn ready(ready: &Ready) -> Vec<(usize, ThreadId)> {
    let mut all = vec![];
    for level in (0..PRIORITIES).filter(|&level| ready.levels & 1 << 31 >> level != 0) {
        let mut id = ready.first[level];
        all.push((level, id));
        while id != ready.last[level] {
            id = ready.next[id.place()];
            all.push((level, id));
            assert!(all.len() <= THREADS, "the lists of ready threads end");
        }
    }
    all
}

fn check(driver: &Driver) {
    let kernel = &driver.kernel;
    let ready = ready(&kernel.ready);
    assert_eq!(kernel.threads.current_id(), kernel.ready.first(), "the most urgent thread runs");
    for index in 0..THREADS {
        let (id, thread) = (ThreadId::new(index), driver.thread(index));
        let levels: Vec<_> = ready.iter().filter(|(_, other)| *other == id).collect();
        match thread.wait {
            Wait::Nothing => {
                assert_eq!(levels, [&(31 - usize::from(thread.priority), id)], "ready once");
                assert_eq!(thread.blocked_on, None);
            }
            _ => {
                assert!(levels.is_empty(), "thread {index} is ready, and waits: {:?}", thread.wait)
            }
        }
        check_rights(kernel, thread, index);
        check_priority(driver, id);
        check_wait(kernel, thread);
    }
    check_locks(driver);
    check_timers(driver);
    for (index, state) in kernel.notifications.iter().enumerate() {
        assert!(state.signals == 0 || state.waiters == 0, "no signal is kept from who waits");
        assert_eq!(kernel.signalled >> index & 1 != 0, state.signals != 0);
        assert!(state.signals <= 1 || kernel.system.notifications[index].counting);
    }
}

/// A thread executes where its calls have led it, with what they gave it.
fn check_rights(kernel: &Kernel<TestPort>, thread: &Thread, index: usize) {
    let depth = usize::from(thread.depth);
    assert!(depth <= MAX_CALL_DEPTH);
    let saved = depth.checked_sub(1).map_or(0, |last| thread.frames[last].stack_pointer);
    let frames = &thread.frames[..depth];
    let mut process = HOMES[index];
    let mut top = thread.stack.end;
    let mut held = 0;
    for frame in frames {
        assert_eq!(frame.level.process, process);
        assert!(frame.stack_pointer + 64 <= top && frame.stack_pointer >= thread.stack.start);
        assert!(usize::from(frame.level.leases.count()) >= held, "leases pile up");
        held = frame.level.leases.count().into();
        process = kernel.services[usize::from(frame.service)].owner;
        top = frame.stack_pointer & !31;
    }
    assert_eq!(thread.level.process, process, "rights in force are rights owed");
    assert_eq!(usize::from(thread.level.window) * 32, top - thread.stack.start);
    assert!(depth == 0 || kernel.is_running(process), "nobody is in a process that is down");
    let leases: Vec<_> = thread.leases().collect();
    assert!(leases.len() <= LEASES_PER_CALL && (depth > 0 || leases.is_empty()));
    for lease in leases {
        let of_stack = thread.stack.contains(lease.memory) && lease.memory.start >= saved + 64;
        let shared = (0..4).any(|process| {
            let shared = Span { start: memory(process), end: memory(process) + 0x100 };
            shared.contains(lease.memory)
        });
        assert!(of_stack || shared, "{lease:x?}");
    }
}

/// A thread has its own priority, or the highest of those that wait for it.
fn check_priority(driver: &Driver, id: ThreadId) {
    let waiters = (0..THREADS).map(|index| driver.thread(index));
    let inherited =
        waiters.filter(|other| other.blocked_on == Some(id)).map(|other| other.priority);
    let thread = driver.thread(id.index());
    let mut next = thread.blocked_on;
    for _ in 0..THREADS {
        assert_ne!(next, Some(id), "a circle of waits");
        next = next.and_then(|next| driver.thread(next.index()).blocked_on);
    }
    assert_eq!(thread.priority, inherited.fold(thread.base_priority, u8::max));
}

fn check_wait(kernel: &Kernel<TestPort>, thread: &Thread) {
    let set = if let Wait::Notifications(set) = thread.wait { set } else { 0 };
    for (index, state) in kernel.notifications.iter().enumerate() {
        let waits = state.waiters & thread.id.bit() != 0;
        assert_eq!(
            waits,
            set >> index & 1 != 0,
            "who is on the list waits, and the other way round"
        );
    }
    if let Wait::Lock(lock) = thread.wait {
        assert_eq!(thread.blocked_on, kernel.locks[usize::from(lock)].holder);
        assert!(thread.blocked_on.is_some(), "nobody waits for a lock that is free");
    }
}

/// Each lock has one holder, which is inside.
fn check_locks(driver: &Driver) {
    for (index, lock) in driver.kernel.locks.iter().enumerate() {
        let mut inside = vec![];
        for thread in (0..THREADS).map(|index| driver.thread(index)) {
            for frame in &thread.frames[..usize::from(thread.depth)] {
                let service = &driver.kernel.services[usize::from(frame.service)];
                if frame.care & LOCKED != 0 && usize::from(service.lock) == index {
                    inside.push(thread.id);
                }
            }
        }
        assert_eq!(inside, Vec::from_iter(lock.holder));
    }
}

/// The port was asked in time for each deadline.
fn check_timers(driver: &Driver) {
    let port = driver.kernel.port.deadline;
    assert_eq!(port, Some(driver.kernel.next_deadline).filter(|&time| time != NEVER));
    for thread in (0..THREADS).map(|index| driver.thread(index)) {
        let waits = matches!(thread.wait, Wait::Time | Wait::Notifications(_));
        assert!(thread.deadline == NEVER || waits, "who is ready has no deadline");
        assert!(port.unwrap_or(NEVER) <= thread.deadline, "the port is asked in time");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    // The core has no unsafe code, and Miri would take minutes.
    #[cfg_attr(miri, ignore)]
    #[test]
    fn the_invariants_hold(steps in proptest::collection::vec(step(), 1..300)) {
        let mut driver = small_firmware();
        check(&driver);
        for step in &steps {
            take(&mut driver, step);
            check(&driver);
        }
    }
}
