// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random system calls with hostile words, interrupts, crashes and the passing of time: the invariants of the kernel
//! hold after each step.

use super::invariants::check;
use super::*;
use crossgate_abi::{Cause, Kind, SystemCall, client, inspect, pool, power};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const SERVICES: usize = 4;

/// The address of the word that a process uses for a mutex.
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

fn small_firmware() -> Wiring {
    let two = Shape { words: 4, kinds: Shape::READ.kinds | (Kind::Write as u16) << 8 };
    Wiring::default()
        .service(0, 0b1110, Shape::WRITE)
        .service(1, 0b1101, two)
        .exclusive()
        .service(2, 0b1011, Shape::NONE)
        .exclusive()
        .service(1, 0b1111, Shape::values(3).then(Shape::HANDLE))
        .gives(Shape::HANDLE)
        .notification(0, 0b1111, true)
        .notification(1, 0b0111, false)
        .notification(1, 0b0101, true)
        .notification(3, 0, true)
        .interrupt(5, 0)
        .interrupt(6, 1)
        .supervisor(3, 3)
        .restarts(4)
        .deadlines(0b0111)
        .inspectors(0b0011)
        .deep_sleep(0b0101)
        .dumpers(0b0010)
        .lost_clients(1, Some(1), 0b1101)
        .pooled(1 << 5)
        .thread(0, 3)
        .thread(1, 2)
        .thread(2, 2)
        .thread(3, 5)
        .thread(2, 2)
}

/// Returns the same firmware with budgets that are soon used up.
fn budgeted_firmware() -> Wiring {
    small_firmware()
        .budget(0, 1 << 1, 30, 100)
        .budget(1, 1 << 2, 20, 50)
        .budget(2, 1 << 3 | 1 << 5, 40, 90)
        .budget(2, 1 << 5, 10, 70)
        .time_slice(15)
}

/// Returns a word: one that some system call accepts, or any other.
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

/// Returns a timeout in two words.
fn time() -> impl Strategy<Value = [Word; 2]> {
    let for_ever = [u32::MAX as Word; 2];
    prop_oneof![
        Just([0, 0]),
        (1usize..50).prop_map(|low| [low, 0]),
        Just([15_000, 0]),
        Just(for_ever)
    ]
}

/// Returns the subject of an optional system call.
fn subject() -> impl Strategy<Value = Word> {
    let all = inspect::SUBJECTS
        .into_iter()
        .chain(client::SUBJECTS)
        .chain(pool::SUBJECTS)
        .chain(power::SUBJECTS);
    proptest::sample::select(all.map(|(subject, ..)| subject).collect::<Vec<_>>())
}

fn step() -> impl Strategy<Value = Step> {
    let words = || [word(), word(), word(), word()];
    prop_oneof![
        5 => (0..SERVICES + 1, 8usize..40, words())
            .prop_map(|(service, used, words)| Step::Call { service, used: 8 * used, words }),
        4 => words().prop_map(|words| Step::Leave { words }),
        // The numbers of all system calls, and some others.
        6 => (0..SystemCall::ALL.len() + 2, words())
            .prop_map(|(number, words)| Step::System { number, words }),
        2 => (0usize..2, subject(), words()).prop_map(|(index, subject, [_, _, word, _])| {
            Step::System { number: number::OPTIONAL, words: [subject, 5 * index, word, 0] }
        }),
        // A set of the first three notifications that a process could have.
        4 => (0usize..8, time()).prop_map(|(set, [low, high])| Step::System {
            number: number::WAIT,
            words: [set << 29, low, high, 0],
        }),
        3 => (0usize..4).prop_map(|index| Step::System {
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

/// Does what the port does in this step.
fn take(driver: &mut Driver, (step, found): &(Step, usize)) {
    if driver.gave_way && !matches!(step, Step::Interrupt(_) | Step::Time(_)) {
        // The interrupt is no longer pending, so the port loads the most urgent thread before that runs.
        driver.kernel.port.found = 0;
        driver.event(|_| ());
        driver.kernel.account();
    }
    if !driver.gave_way {
        driver.pending();
    }
    driver.kernel.port.looks.set(0);
    driver.kernel.port.found = *found;
    let thread = driver.kernel.current();
    let (is_idle, at_home) = (thread.id == ThreadId::IDLE, thread.depth() == 0);
    let process = thread.rights.process;
    match *step {
        Step::Interrupt(line) => {
            driver.event(|kernel| kernel.interrupt(line));
        }
        Step::Time(microseconds) => {
            driver.kernel.port.now += microseconds;
            if driver.kernel.port.timer.is_some_and(|time| time <= driver.kernel.port.now) {
                driver.event(Kernel::timer);
            }
        }
        // The idle thread does nothing.
        _ if is_idle => {}
        // Code of a process does not run before its memory is reset.
        _ if at_home && !driver.kernel.is_running(process) => {
            driver.ask(number::BEGIN, [0; 4]);
        }
        Step::Call { service, used, words } => {
            let stack_pointer = driver.stack_pointer(used);
            let call = number::call(service, 0);
            let _ = driver
                .after(|kernel| kernel.call(stack_pointer, call, &words).err().unwrap_or(CONTINUE));
        }
        Step::Leave { words } => {
            let _ = driver.leave_with_words(words);
        }
        Step::System { number: number::RETURN, .. } => {}
        Step::System { number, words } => {
            driver.ask(number, words);
        }
        Step::Write(value) => {
            driver.kernel.port.words.insert(memory(process.index()) + MUTEX, value);
        }
        Step::Fault => {
            driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    // Not with Miri, because the core has no unsafe code, and it would take minutes.
    #[cfg_attr(miri, ignore)]
    #[test]
    fn the_invariants_hold(steps in steps()) {
        run(&steps);
    }
}

/// Repeats the test with other steps, for `CROSSGATE_SOAK_SECONDS`.
#[test]
#[ignore = "takes `CROSSGATE_SOAK_SECONDS`"]
fn the_invariants_hold_for_long() {
    let seconds = std::env::var("CROSSGATE_SOAK_SECONDS").expect("the time for the test");
    let seconds = seconds.parse().expect("a number of seconds");
    let (start, mut cases) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        let config =
            ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() };
        let mut runner = TestRunner::new(config);
        let run = |steps: Vec<(Step, usize)>| {
            run(&steps);
            Ok(())
        };
        runner.run(&steps(), run).unwrap();
        cases += 1_000;
    }
    std::println!("{cases} sequences of up to 300 steps in {:.0?}", start.elapsed());
}

#[test]
fn every_system_call_is_drawn() {
    let mut runner = TestRunner::deterministic();
    let mut drawn = BTreeSet::new();
    for _ in 0..4_000 {
        if let Step::System { number, .. } = step().new_tree(&mut runner).unwrap().current() {
            drawn.insert(number);
        }
    }
    for call in SystemCall::ALL {
        assert!(drawn.contains(&(call as Word)), "{call:?} is not");
    }
    assert!(drawn.iter().any(|&number| SystemCall::from_number(number).is_none()));
}

/// Returns steps, each with the number of its first check that finds a pending interrupt.
fn steps() -> impl Strategy<Value = Vec<(Step, usize)>> {
    proptest::collection::vec((step(), 0usize..4), 1..300)
}

fn run(steps: &[(Step, usize)]) {
    for wiring in [small_firmware(), budgeted_firmware()] {
        let mut driver = wiring.boot();
        driver.kernel.account();
        check(&driver);
        for step in steps {
            take(&mut driver, step);
            if !driver.gave_way {
                driver.kernel.account();
                check(&driver);
            }
        }
    }
}
