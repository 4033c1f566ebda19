// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate_abi::Cause;
use proptest::prelude::*;

/// Runs the CPU for `time` µs; the timer interrupts at the times that the core sets.
fn run(driver: &mut Driver, time: u64) {
    let end = driver.kernel.port.now + time;
    loop {
        driver.kernel.account();
        match driver.kernel.port.timer {
            Some(time) if time <= end => {
                driver.kernel.port.now = time.max(driver.kernel.port.now);
                driver.timer();
            }
            _ => break,
        }
    }
    driver.kernel.port.now = end;
}

/// Returns the time that each thread gets of `time` µs, if all compute without a pause.
fn shares(driver: &mut Driver, time: u64) -> Vec<u64> {
    let mut shares = vec![0; driver.kernel.system.threads.len()];
    for _ in 0..time {
        run(driver, 1);
        shares[driver.current()] += 1;
    }
    shares
}

fn sleep(driver: &mut Driver, time: u64) {
    assert_eq!(driver.ask(number::SLEEP, [time as Word, 0, 0, 0]), SWITCHED);
    driver.kernel.account();
}

#[test]
fn an_endless_loop_gets_its_budget_and_the_time_that_no_other_thread_needs() {
    let wiring = Wiring::default().thread(0, 20).thread(1, 3).budget(0, 1 << 1, 2_000, 10_000);
    let mut driver = wiring.boot();
    let shares = shares(&mut driver, 50_000);
    assert!((9_900..=10_100).contains(&shares[1]), "{shares:?}");
    assert!((39_900..=40_100).contains(&shares[2]), "{shares:?}");
    // When thread 2 sleeps, thread 1 runs in the background.
    while driver.current() == 1 {
        run(&mut driver, 1);
    }
    assert_eq!(driver.thread(1).priority, 1);
    sleep(&mut driver, 100);
    assert_eq!(driver.current(), 1);
}

#[test]
fn the_next_period_begins_when_the_thread_runs_again() {
    let wiring = Wiring::default().thread(0, 20).thread(1, 3).budget(0, 1 << 1, 2_000, 10_000);
    let mut driver = wiring.boot();
    run(&mut driver, 1_500);
    sleep(&mut driver, 1_000_000);
    run(&mut driver, 1_000_000);
    assert_eq!(driver.current(), 1);
    run(&mut driver, 1_900);
    assert_eq!((driver.current(), driver.thread(1).priority), (1, 20));
    run(&mut driver, 200);
    assert_eq!((driver.current(), driver.thread(1).priority), (2, 1));
    run(&mut driver, 7_900);
    assert_eq!(
        (driver.current(), driver.thread(1).priority),
        (1, 20),
        "its budget is renewed 10 ms after it woke"
    );
}

#[test]
fn sleeping_just_before_the_end_does_not_evade_the_budget() {
    for stretch in [1, 99, 1_900] {
        let wiring = Wiring::default().thread(0, 20).thread(1, 3).budget(0, 1 << 1, 2_000, 10_000);
        let mut driver = wiring.boot();
        let mut ran = 0;
        while driver.kernel.port.now < 100_000 {
            run(&mut driver, stretch);
            if driver.current() == 1 {
                ran += stretch;
                sleep(&mut driver, 1);
            }
        }
        assert!(ran <= 2_000 * 10 + 10 * stretch, "{ran} in stretches of {stretch}");
    }
}

#[test]
fn less_than_a_microsecond_counts_as_one() {
    let wiring = Wiring::default().thread(0, 20).thread(1, 3).budget(0, 1 << 1, 2_000, 10_000);
    let mut driver = wiring.boot();
    driver.kernel.account();
    for _ in 0..2_000 {
        assert_eq!(driver.current(), 1);
        sleep(&mut driver, 1);
        driver.kernel.port.now += 1;
        driver.timer();
        driver.kernel.account();
    }
    run(&mut driver, 1);
    assert_eq!(driver.thread(1).priority, 1);
}

#[test]
fn the_threads_of_a_process_share_its_budget_and_lose_their_priority_together() {
    let threads = 0b1110;
    let wiring = Wiring::default().thread(0, 20).thread(0, 10).thread(0, 5).thread(1, 3);
    let mut driver = wiring.budget(0, threads, 3_000, 10_000).boot();
    run(&mut driver, 1_000);
    sleep(&mut driver, 50_000);
    run(&mut driver, 1_000);
    assert_eq!(driver.current(), 2);
    sleep(&mut driver, 1_500);
    run(&mut driver, 1_100);
    assert_eq!(driver.current(), 4, "the threads have used up their budget together");
    for thread in 1..4 {
        assert_eq!(driver.thread(thread).priority, 1, "thread {thread}");
    }
    run(&mut driver, 500);
    assert_eq!(driver.current(), 4, "the second thread has woken, in the background");
    run(&mut driver, 6_500);
    assert_eq!(driver.current(), 2);
    for (thread, priority) in [(1, 20), (2, 10), (3, 5)] {
        assert_eq!(driver.thread(thread).priority, priority);
    }
}

#[test]
fn of_two_budgets_the_first_that_is_used_up_counts() {
    let wiring = Wiring::default().thread(0, 20).thread(0, 10).thread(1, 3);
    let wiring = wiring.budget(0, 0b110, 3_000, 10_000).budget(0, 0b010, 1_000, 2_000);
    let mut driver = wiring.boot();
    let shares = shares(&mut driver, 20_000);
    assert!((2_800..=3_200).contains(&(shares[1] / 2 + shares[2] / 2)), "{shares:?}");
    // Thread 1 runs for 1 ms, then thread 2, then thread 1 again: then the budgets are used up.
    assert!(shares[1] > 3_800 && shares[2] > 1_800, "{shares:?}");
}

#[test]
fn a_budget_includes_the_time_in_calls() {
    let wiring = Wiring::default().service(1, 0b1, Shape::NONE).thread(0, 20).thread(1, 3);
    let mut driver = wiring.budget(0, 1 << 1, 2_000, 10_000).boot();
    run(&mut driver, 500);
    driver.call(0, [0; 4]).unwrap();
    run(&mut driver, 1_600);
    assert_eq!((driver.current(), driver.path(1)), (2, vec![0, 1]));
    // The budget of thread 1 does not limit thread 2, the server's own.
    run(&mut driver, 5_000);
    assert_eq!(driver.current(), 2);
}

#[test]
fn a_waiting_thread_lends_its_priority_and_pays() {
    // Thread 1 holds the object, and thread 2 waits for it; thread 3 is ready. Threads 1 and 2 have budgets of 1 ms
    // each.
    let wiring = Wiring::default().service(1, 0b1, Shape::NONE).exclusive();
    let wiring = wiring.thread(0, 10).thread(0, 20).thread(2, 5);
    let wiring = wiring.budget(0, 1 << 1, 1_000, 100_000).budget(0, 1 << 2, 1_000, 100_000);
    let mut driver = wiring.boot();
    sleep(&mut driver, 2_000);
    assert_eq!(driver.current(), 1);
    driver.call(0, [0; 4]).unwrap();
    run(&mut driver, 1_500);
    assert_eq!((driver.current(), driver.thread(1).priority), (3, 1));
    run(&mut driver, 500);
    assert_eq!(driver.current(), 2);
    assert_eq!(driver.call(0, [0; 4]).unwrap_err(), SWITCHED);
    driver.kernel.account();
    assert_eq!((driver.current(), driver.thread(1).priority), (1, 20));
    run(&mut driver, 800);
    assert_eq!(driver.current(), 1, "thread 2 pays for its priority");
    run(&mut driver, 300);
    let priorities = [1, 2].map(|thread| driver.thread(thread).priority);
    assert_eq!((driver.current(), priorities), (3, [1, 1]), "the lent budget is used up");
    // The budget is renewed with the next period; when the object is free, the loan of the priority ends.
    run(&mut driver, 100_000);
    while driver.current() != 1 {
        if driver.current() == 2 {
            // The thread makes its call again.
            assert_eq!(driver.call(0, [0; 4]).unwrap_err(), SWITCHED);
            driver.kernel.account();
        } else {
            run(&mut driver, 100);
        }
    }
    driver.leave().unwrap();
    driver.kernel.reschedule();
    assert_eq!((driver.current(), driver.thread(1).priority), (2, 10));
}

#[test]
fn a_lender_pays_though_the_timer_interrupts_before_its_switch_is_counted() {
    // A port that gives way to the timer has not yet counted the time of the thread that lends its priority.
    let wiring = Wiring::default().service(1, 0b1, Shape::NONE).exclusive();
    let wiring = wiring.thread(0, 10).thread(0, 20).budget(0, 1 << 2, 1_000, 100_000);
    let mut driver = wiring.boot();
    run(&mut driver, 1);
    sleep(&mut driver, 200);
    driver.call(0, [0; 4]).unwrap();
    run(&mut driver, 200);
    driver.pending();
    assert_eq!(driver.call(0, [0; 4]).unwrap_err(), SWITCHED);
    driver.timer();
    assert_eq!((driver.current(), driver.thread(1).priority), (1, 20));
    run(&mut driver, 900);
    assert_eq!(driver.thread(1).priority, 20);
    run(&mut driver, 200);
    let priorities = [1, 2].map(|thread| driver.thread(thread).priority);
    assert_eq!((driver.current(), priorities), (1, [10, 1]), "the lent budget is used up");
}

/// Returns what is left of each budget.
fn left(driver: &Driver) -> Vec<u32> {
    driver.kernel.budgets.as_ref().unwrap().accounts.iter().map(|account| account.left).collect()
}

/// Makes the call of the current thread, which finds the object taken.
fn wait_for(driver: &mut Driver, service: usize) {
    driver.pending();
    assert_eq!(driver.call(service, [0; 4]).unwrap_err(), SWITCHED);
    driver.kernel.account();
}

/// Returns a system with two exclusive objects. Process 0 may call both, and the second one may call the first one.
fn two_objects() -> Wiring {
    let first = Wiring::default().service(2, 0b011, Shape::NONE).exclusive();
    first.service(1, 0b001, Shape::NONE).exclusive()
}

#[test]
fn of_a_chain_of_waits_both_ends_pay() {
    // Thread 1 is in the first object. Thread 2, in the second object, waits for it, and thread 3 waits for thread 2.
    let wiring = two_objects().thread(0, 10).thread(0, 15).thread(0, 20);
    let wiring = (1..=3).fold(wiring, |it, id| it.budget(0, 1 << id, 5_000, 100_000));
    let mut driver = wiring.boot();
    run(&mut driver, 1);
    sleep(&mut driver, 300);
    sleep(&mut driver, 200);
    driver.call(0, [0; 4]).unwrap();
    run(&mut driver, 200);
    driver.pending();
    driver.call(1, [0; 4]).unwrap();
    wait_for(&mut driver, 0);
    assert_eq!((driver.current(), driver.thread(1).priority), (1, 15));
    let before = left(&driver);
    run(&mut driver, 50);
    let spent = |before: &[u32], driver: &mut Driver| {
        run(driver, 0);
        before.iter().zip(left(driver)).map(|(before, left)| before - left).collect::<Vec<_>>()
    };
    run(&mut driver, 50);
    assert_eq!(driver.current(), 3);
    let [first, second, third] = spent(&before, &mut driver)[..] else { panic!() };
    assert!(first == second && first >= 95 && third <= 2, "{first} {second} {third}");
    wait_for(&mut driver, 1);
    wait_for(&mut driver, 0);
    let chain = [1, 2, 3].map(|thread| driver.thread(thread).priority);
    assert_eq!((driver.current(), chain), (1, [20; 3]));
    let before = left(&driver);
    run(&mut driver, 1_000);
    driver.leave().unwrap();
    driver.kernel.reschedule();
    driver.kernel.account();
    let [first, second, third] = spent(&before, &mut driver)[..] else { panic!() };
    assert!(first == third && first >= 1_000 && second <= 2, "{first} {second} {third}");
}

#[test]
fn a_thread_with_its_own_priority_again_pays_for_what_it_passes_on() {
    // Thread 1 is in the first object. Thread 2 is in the second object, in the background, and waits for thread 1.
    // Thread 3 waits for thread 2, and lends its priority to both. Then thread 2 has its own priority again, the same
    // one. Thread 4 is ready.
    let wiring = two_objects().thread(0, 10).thread(0, 20).thread(0, 20).thread(3, 15);
    let wiring = wiring.budget(0, 1 << 2, 1_000, 20_000).budget(0, 1 << 3, 1_000, 50_000);
    let mut driver = wiring.boot();
    run(&mut driver, 1_100);
    assert_eq!((driver.current(), driver.thread(2).priority), (3, 1));
    sleep(&mut driver, 18_400);
    sleep(&mut driver, 20_000);
    driver.call(0, [0; 4]).unwrap();
    sleep(&mut driver, 100);
    driver.call(1, [0; 4]).unwrap();
    wait_for(&mut driver, 0);
    run(&mut driver, 18_390);
    let mut ran = 0;
    for _ in 0..10_000 {
        match driver.current() {
            2 => wait_for(&mut driver, 0),
            3 => wait_for(&mut driver, 1),
            _ => {}
        }
        invariants::check(&driver);
        ran += u64::from((driver.current(), driver.thread(1).priority) == (1, 20));
        run(&mut driver, 1);
    }
    assert!((1_800..=2_010).contains(&ran), "{ran}");
}

#[test]
fn a_loan_is_paid_even_if_the_object_is_freed_in_time() {
    let wiring = Wiring::default().service(1, 0b1, Shape::NONE).exclusive();
    let wiring = wiring.thread(0, 2).thread(0, 20).thread(2, 5);
    let mut driver = wiring.budget(0, 1 << 2, 1_000, 100_000).boot();
    let mut ran = 0;
    while driver.thread(2).priority == 20 && ran < 10_000 {
        // Thread 1 takes the object while the others sleep; thread 2 waits for the object; thread 1 continues for a
        // while.
        sleep(&mut driver, 10);
        sleep(&mut driver, 20);
        driver.call(0, [0; 4]).unwrap();
        run(&mut driver, 10);
        assert_eq!(driver.call(0, [0; 4]).unwrap_err(), SWITCHED);
        run(&mut driver, 100);
        if driver.current() != 1 {
            break;
        }
        ran += 100;
        driver.leave().unwrap();
        driver.kernel.reschedule();
        driver.kernel.account();
        run(&mut driver, 1);
    }
    assert!((700..=1_000).contains(&ran), "{ran}");
}

#[test]
fn a_crash_does_not_renew_a_budget() {
    let wiring = Wiring::default().thread(0, 20).thread(1, 3).restarts(8);
    let mut driver = wiring.budget(0, 1 << 1, 2_000, 10_000).boot();
    run(&mut driver, 1_500);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!(driver.ask(number::BEGIN, [0; 4]).reply, None);
    run(&mut driver, 600);
    assert_eq!((driver.current(), driver.thread(1).priority), (2, 1));
    // The same holds for a thread in the background.
    sleep(&mut driver, 1_000);
    assert_eq!(driver.current(), 1);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!(driver.thread(1).priority, 1);
}

#[test]
fn the_supervisor_is_notified_the_first_second_fourth_and_eighth_time() {
    let wiring = Wiring::default().thread(0, 20).thread(1, 3).thread(2, 30);
    let wiring = wiring.notification(2, 0, true).supervisor(2, 0).budget(0, 1 << 1, 1_000, 2_000);
    let mut driver = wiring.boot();
    let mut told = vec![];
    assert_eq!(driver.ask(number::WAIT, [FIRST, u32::MAX as Word, u32::MAX as Word, 0]), SWITCHED);
    for period in 1..=20 {
        run(&mut driver, 2_000);
        if driver.current() == 3 {
            driver.pending();
            let record = driver.record(told.len());
            assert_eq!((record.process, record.thread, record.cause), (0, 1, Cause::Budget));
            assert_eq!(record.address, period);
            told.push(period);
            driver.ask(number::WAIT, [FIRST, u32::MAX as Word, u32::MAX as Word, 0]);
        }
    }
    assert_eq!(told, [1, 2, 4, 8, 16]);
}

#[test]
fn a_slice_alternates_threads_of_a_priority() {
    let wiring = Wiring::default().thread(0, 5).thread(1, 5).thread(1, 4).time_slice(1_000);
    let mut driver = wiring.boot();
    let shares = shares(&mut driver, 20_000);
    assert_eq!(shares[3], 0);
    assert!(shares[1].abs_diff(shares[2]) <= 1_000, "{shares:?}");
    // A thread keeps the rest of its slice, however often it is interrupted.
    let wiring = Wiring::default().thread(0, 5).thread(1, 5).thread(2, 9).time_slice(1_000);
    let mut driver = wiring.boot();
    let mut ran = [0_u32; 3];
    sleep(&mut driver, 300);
    for _ in 0..20_000 {
        run(&mut driver, 1);
        match driver.current() {
            3 => sleep(&mut driver, 300),
            current => ran[current] += 1,
        }
    }
    assert!(ran[1].abs_diff(ran[2]) <= 1_000, "{ran:?}");
}

#[test]
fn a_slice_may_end_before_the_time_of_the_previous_thread_is_counted() {
    // A port that gives way to the timer has not yet counted the time of the last thread.
    let wiring = Wiring::default().thread(0, 5).thread(1, 5).time_slice(1_000);
    let mut driver = wiring.boot();
    driver.kernel.account();
    let slices = |driver: &mut Driver| {
        let budgets = driver.kernel.budgets.as_ref().unwrap();
        budgets.turns.iter().map(|turn| turn.used).collect::<Vec<_>>()
    };
    driver.kernel.budgets.as_mut().unwrap().turns[2].used = 1_000;
    driver.kernel.port.now += 400;
    let _ = driver.ask(number::YIELD, [0; 4]);
    assert_eq!(driver.current(), 2);
    driver.timer();
    assert_eq!((driver.current(), slices(&mut driver)[1..].to_vec()), (1, vec![400, 0]));
}

#[test]
fn a_slice_that_ends_as_its_thread_blocks_leaves_that_thread_blocked() {
    // A port that gives way to the timer reports its interrupt before it calls `reschedule` for the system call.
    let mut driver = Wiring::default().thread(0, 5).thread(1, 5).time_slice(1_000).boot();
    driver.kernel.account();
    driver.kernel.port.now = 1_000;
    let stack_pointer = driver.stack_pointer(128);
    let slept = driver.kernel.system_call(stack_pointer, number::SLEEP, &mut [500, 0, 0, 0]);
    assert_eq!((slept, driver.current()), (Effect::SWITCH, 1));
    driver.timer();
    assert_eq!(driver.current(), 2);
    invariants::check(&driver);
}

#[test]
fn the_background_takes_turns() {
    let wiring = Wiring::default().thread(0, 20).thread(1, 20).thread(2, 1);
    let wiring = wiring.budget(0, 1 << 1, 100, 1_000_000).budget(1, 1 << 2, 100, 1_000_000);
    let mut driver = wiring.boot();
    let shares = shares(&mut driver, 300_000);
    for thread in 1..=3 {
        assert!((80_000..=120_000).contains(&shares[thread]), "{shares:?}");
    }
}

#[test]
fn nothing_is_counted_while_all_wait() {
    let wiring = Wiring::default().thread(0, 20).budget(0, 1 << 1, 2_000, 10_000).time_slice(500);
    let mut driver = wiring.boot();
    run(&mut driver, 0);
    assert_eq!(driver.kernel.port.timer, Some(500));
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    run(&mut driver, 100_000);
    assert_eq!((driver.current(), driver.kernel.port.timer), (0, None), "the CPU can sleep");
}

/// An action of a thread, which may try to get more time than its budget allows.
#[derive(Clone, Debug)]
enum Step {
    Run(u64),
    Sleep(Word),
    Yield,
    Call(usize),
    Leave,
    Fault,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1u64..700).prop_map(Step::Run),
        2 => (1usize..900).prop_map(Step::Sleep),
        1 => Just(Step::Yield),
        3 => (0usize..2).prop_map(Step::Call),
        2 => Just(Step::Leave),
        1 => Just(Step::Fault),
    ]
}

/// The set of the first notification of a process.
const FIRST: Word = 1 << 31;

const BUDGET: u32 = 1_000;
const PERIOD: u32 = 5_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    // Not with Miri, because the core has no unsafe code, and it would take minutes.
    #[cfg_attr(miri, ignore)]
    #[test]
    fn no_thread_exceeds_its_budget_at_its_priority(steps in proptest::collection::vec(step(), 1..300)) {
        // Two threads of process 0 share a budget; the one of process 1 has no budget and is less urgent.
        let wiring = Wiring::default()
            .service(2, 0b11, Shape::NONE)
            .exclusive()
            .service(2, 0b11, Shape::NONE)
            .thread(0, 20)
            .thread(0, 10)
            .thread(1, 5)
            .restarts(255);
        let mut driver = wiring.budget(0, 0b110, BUDGET, PERIOD).time_slice(300).boot();
        // The times, µs by µs, at which threads with the budget ran above the background.
        let mut ran: Vec<u64> = vec![];
        for step in steps {
            driver.pending();
            let thread = driver.kernel.current();
            let (is_idle, at_home) = (thread.id == ThreadId::IDLE, thread.depth() == 0);
            let process = thread.rights.process;
            let step = match step {
                Step::Run(_) => step,
                _ if is_idle => Step::Run(100),
                // Code of a process does not run before its memory is reset.
                _ if at_home && !driver.kernel.is_running(process) => {
                    driver.ask(number::BEGIN, [0; 4]);
                    continue;
                }
                _ => step,
            };
            match step {
                Step::Run(time) => {
                    for _ in 0..time {
                        driver.kernel.account();
                        let current = driver.current();
                        // (A thread without a budget lends its priority, and no budget pays for the loan.)
                        let lends = driver.thread(3).blocked_on.is_some();
                        if [1, 2].contains(&current) && driver.thread(current).priority > 1 && !lends {
                            ran.push(driver.kernel.port.now);
                        }
                        run(&mut driver, 1);
                    }
                }
                Step::Sleep(time) => {
                    driver.ask(number::SLEEP, [time, 0, 0, 0]);
                }
                Step::Yield => {
                    driver.ask(number::YIELD, [0; 4]);
                }
                Step::Call(service) => {
                    let _ = driver.call(service, [0; 4]);
                }
                Step::Leave if at_home => {}
                Step::Leave => {
                    let _ = driver.leave();
                    driver.kernel.reschedule();
                }
                Step::Fault => {
                    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
                }
            }
            driver.kernel.account();
            invariants::check(&driver);
        }
        // In any stretch of time as long as a period, the threads run for at most twice the time of the budget: at the
        // end of one period and at the start of the next.
        for (index, &start) in ran.iter().enumerate() {
            let within = ran[index..].iter().take_while(|&&time| time < start + u64::from(PERIOD)).count();
            prop_assert!(within <= 2 * BUDGET as usize + 4, "{within} us from {start} on");
        }
    }
}
