// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::deadline::GRACE;
use crate::timer::DEADLINES_CHECKED;
use crate::wait::Wait;
use crossgate_abi::{Cause, DEADLINE_OVER, DEADLINE_UNIT, DEADLINE_WITHIN};

const TICK: u64 = DEADLINE_UNIT;
const OVER: Option<Pending> = Some(Pending::status(Status(CallError::DeadlineExceeded as Word)));
const FOR_EVER: Word = u32::MAX as Word;
/// The services: of process 0, of process 2, and an exclusive one of process 3.
const FIRST: usize = 0;
const SECOND: usize = 1;
const ALONE: usize = 2;

/// Returns a system in which processes 0 and 1 may set deadlines of their calls.
fn setters() -> Driver {
    Wiring::default()
        .service(0, 0b1010, Shape::NONE)
        .service(2, 0b1011, Shape::NONE)
        .service(3, 0b1011, Shape::NONE)
        .exclusive()
        .notification(0, 0b1111, true)
        .notification(3, 0b1111, true)
        .restarts(8)
        .deadlines(0b0011)
        .inspectors(0b1000)
        .thread(1, 2)
        .thread(3, 1)
        .boot()
}

/// Sets a deadline of the current thread's calls, `ticks` from the start. Returns the deadline that was in force
/// before.
fn set_deadline(driver: &mut Driver, ticks: u16) -> Word {
    let reply = driver.ask(number::SET_DEADLINE, [ticks.into(), 0, 0, 0]).reply.unwrap();
    assert_eq!(reply.status, Status::OK);
    reply.words[0]
}

/// Sets a deadline of the current thread's calls, `time` µs from now. Returns the deadline that was in force before,
/// and the units that have passed since the start.
fn set_deadline_within(driver: &mut Driver, time: u64) -> [Word; 2] {
    let reply =
        driver.ask(number::SET_DEADLINE, [DEADLINE_WITHIN | time as Word, 0, 0, 0]).reply.unwrap();
    assert_eq!(reply.status, Status::OK);
    reply.words
}

/// Sets the time to `ticks` after the start; the timer interrupts if it was set to that time or an earlier one.
fn pass(driver: &mut Driver, ticks: u64) {
    at(driver, ticks * TICK);
}

/// Sets the time to `time` µs after the start; the timer interrupts if it was set to that time or an earlier one.
fn at(driver: &mut Driver, time: u64) {
    driver.kernel.port.now = time;
    if driver.kernel.port.timer.is_some_and(|deadline| deadline <= time) {
        driver.timer();
    }
}

#[test]
fn a_wait_in_a_call_fails_when_the_time_is_over() {
    let mut driver = setters();
    assert_eq!(set_deadline(&mut driver, 5), 0);
    driver.call(FIRST, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
    pass(&mut driver, 4);
    assert_eq!(driver.current(), 2);
    pass(&mut driver, 5);
    assert_eq!((driver.current(), driver.pending()), (1, OVER));
    assert!(driver.kernel.notifications[0].waiters.is_empty());
    driver.leave().unwrap();
    assert_eq!(set_deadline(&mut driver, 0), Word::from(DEADLINE_OVER));
    assert!(driver.kernel.is_running(ProcessId::new(0)));
}

#[test]
fn waiting_for_an_object_is_a_part_of_the_call() {
    let mut driver = setters();
    assert_eq!(driver.ask(number::SLEEP, [1, 0, 0, 0]), SWITCHED);
    driver.call(ALONE, [0; 4]).unwrap();
    pass(&mut driver, 1);
    assert_eq!(driver.current(), 1);
    set_deadline(&mut driver, 5);
    assert_eq!(driver.call(ALONE, [0; 4]).unwrap_err(), SWITCHED);
    assert_eq!((driver.current(), driver.thread(2).priority), (2, 2), "it inherits");
    pass(&mut driver, 5);
    assert_eq!((driver.current(), driver.pending()), (1, OVER));
    assert_eq!(driver.thread(2).priority, 1);
    assert_eq!(driver.path(1), [1]);
}

#[test]
fn a_callee_that_does_not_return_is_killed_after_the_grace_period() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.call(FIRST, [0; 4]).unwrap();
    for ticks in [5, 14] {
        pass(&mut driver, ticks);
        assert_eq!((driver.path(1), driver.pending()), (vec![1, 0], None));
    }
    pass(&mut driver, 15);
    assert_eq!((driver.path(1), driver.pending()), (vec![1], OVER));
    assert!(!driver.kernel.is_running(ProcessId::new(0)));
    let record = driver.record(0);
    assert_eq!((record.process, record.thread, record.cause), (0, 1, Cause::Deadline));
    pass(&mut driver, 100);
    assert!(
        driver.kernel.is_running(ProcessId::new(1)),
        "the thread that set the deadline is in no late call"
    );
}

#[test]
fn a_callee_that_begins_to_sleep_as_it_is_killed_does_not_sleep_on() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.call(FIRST, [0; 4]).unwrap();
    for ticks in [5, 14] {
        pass(&mut driver, ticks);
    }
    driver.kernel.port.now = 15 * TICK;
    // The port finds the interrupt of the timer before the sleep has had its effect.
    driver.kernel.port.looks.set(0);
    driver.kernel.port.found = 1;
    driver.ask(number::SLEEP, [1_000_000, 0, 0, 0]);
    assert!(driver.gave_way);
    driver.kernel.port.found = 0;
    driver.timer();
    assert_eq!((driver.current(), driver.path(1), driver.pending()), (1, vec![1], OVER));
}

/// Waits, and expects that the wait fails at once.
fn wait_in_vain(driver: &mut Driver, timeout: [Word; 2]) {
    let reply = driver.ask(number::WAIT, [FIRST_OWN, timeout[0], timeout[1], 0]).reply.unwrap();
    assert_eq!(reply.status, Status::TIMED_OUT);
}

#[test]
fn a_wait_that_begins_when_the_time_is_over_fails() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.call(FIRST, [0; 4]).unwrap();
    pass(&mut driver, 5);
    for timeout in [[FOR_EVER; 2], [FOR_EVER; 2], [20 * TICK as Word, 0], [0, 0]] {
        wait_in_vain(&mut driver, timeout);
    }
    driver.leave().unwrap();
    pass(&mut driver, 1000);
    assert!(
        driver.kernel.is_running(ProcessId::new(0)),
        "the server is safe from impatient clients"
    );
    // A call whose deadline has not passed may wait.
    set_deadline(&mut driver, 0);
    driver.call(FIRST, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
}

#[test]
fn a_wait_of_an_outer_server_fails_when_the_time_is_over() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.call(FIRST, [0; 4]).unwrap();
    driver.call(SECOND, [0; 4]).unwrap();
    pass(&mut driver, 5);
    pass(&mut driver, 15);
    assert_eq!((driver.path(1), driver.pending()), (vec![1, 0], OVER));
    wait_in_vain(&mut driver, [FOR_EVER; 2]);
    driver.leave().unwrap();
    pass(&mut driver, 1000);
    assert!(driver.kernel.is_running(ProcessId::new(0)));
}

#[test]
fn a_process_that_is_down_is_not_killed_again() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.call(FIRST, [0; 4]).unwrap();
    pass(&mut driver, 5);
    // The server crashes at the end of another thread's time.
    driver.settles = false;
    driver.crash(2, 0, Cause::Deadline);
    driver.kernel.port.now = 15 * TICK;
    driver.timer();
    assert_eq!((driver.path(1), driver.kernel.faults[0].word(1, 0)), (vec![1, 0], None));
    driver.settle();
    assert_eq!(driver.path(1), [1]);
    assert_eq!(driver.kernel.states[0].crashes, 1, "once");
}

#[test]
fn late_methods_are_killed_one_by_one_from_the_innermost() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.call(FIRST, [0; 4]).unwrap();
    driver.call(SECOND, [0; 4]).unwrap();
    pass(&mut driver, 5);
    pass(&mut driver, 15);
    assert_eq!((driver.path(1), driver.pending()), (vec![1, 0], OVER));
    pass(&mut driver, 24);
    assert_eq!(driver.path(1), [1, 0]);
    pass(&mut driver, 25);
    assert_eq!((driver.path(1), driver.pending()), (vec![1], OVER));
    assert_eq!((driver.record(0).process, driver.record(1).process), (2, 0));
}

#[test]
fn no_call_is_entered_when_its_time_is_over() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.call(FIRST, [0; 4]).unwrap();
    pass(&mut driver, 5);
    // The late method can't enter a call. After it is killed, the method that set the deadline can't enter one either.
    assert_eq!(driver.call(SECOND, [0; 4]).unwrap_err(), error(CallError::DeadlineExceeded));
    pass(&mut driver, 15);
    assert_eq!((driver.path(1), driver.pending()), (vec![1], OVER));
    assert_eq!(driver.call(SECOND, [0; 4]).unwrap_err(), error(CallError::DeadlineExceeded));
    assert_eq!(driver.path(1), [1]);
    pass(&mut driver, 1000);
    assert!(driver.kernel.is_running(ProcessId::new(2)), "only entered processes are killed");
    assert_eq!(driver.kernel.port.timer, None);
    set_deadline(&mut driver, 0);
    driver.call(SECOND, [0; 4]).unwrap();
}

#[test]
fn a_deadline_in_the_past_is_over_at_once() {
    let mut driver = setters();
    pass(&mut driver, 7);
    for past in [7, 6, 1, DEADLINE_OVER] {
        set_deadline(&mut driver, past);
        let refused = driver.call(FIRST, [0; 4]).unwrap_err();
        assert_eq!(refused, error(CallError::DeadlineExceeded), "{past}");
    }
    set_deadline(&mut driver, 8);
    driver.call(FIRST, [0; 4]).unwrap();
}

#[test]
fn no_method_is_killed_before_the_end_of_its_grace_period() {
    for delay in [0, 1, 500, 1023] {
        let mut driver = setters();
        set_deadline(&mut driver, 5);
        driver.call(FIRST, [0; 4]).unwrap();
        // The timer interrupts late.
        let noticed = 5 * TICK + delay;
        at(&mut driver, noticed);
        at(&mut driver, noticed + GRACE - 1);
        assert_eq!(driver.path(1), [1, 0], "{delay}");
        at(&mut driver, noticed + GRACE + TICK);
        assert_eq!(driver.path(1), [1], "{delay}");
    }
}

/// A deadline is the lower 16 bits of a time in units of [`DEADLINE_UNIT`]. Two of its values have other meanings.
#[test]
fn the_grace_period_where_the_units_wrap_around() {
    const ROUND: u64 = 1 << 16;
    for noticed in ROUND - 20..ROUND + 20 {
        for delay in [0, 1, 239, 240, 241, TICK - 1] {
            let mut driver = setters();
            driver.kernel.port.now = (noticed - 3) * TICK;
            // The deadline passed two units before it is noticed, or later if its value would have another meaning.
            let deadlines = [noticed - 2, noticed - 1, noticed].map(|units| units as u16);
            let possible =
                deadlines.into_iter().find(|deadline| !matches!(*deadline, 0 | DEADLINE_OVER));
            set_deadline(&mut driver, possible.unwrap());
            driver.call(FIRST, [0; 4]).unwrap();
            let noticed = noticed * TICK + delay;
            at(&mut driver, noticed);
            let unit = match (noticed + GRACE).div_ceil(TICK) {
                end if end == ROUND - 1 || end == ROUND => ROUND + 1,
                end => end,
            };
            let most = if unit == ROUND + 1 { 3 * TICK } else { TICK };
            assert!((GRACE..GRACE + most).contains(&(unit * TICK - noticed)));
            at(&mut driver, unit * TICK - 1);
            assert_eq!(driver.path(1), [1, 0], "too early: {noticed}");
            at(&mut driver, unit * TICK);
            assert_eq!(driver.path(1), [1], "too late: {noticed}");
        }
    }
}

/// The longest time is 2^15 - 1 units: a time further away looks like one that has passed.
#[test]
fn a_deadline_is_near_or_over() {
    const FURTHEST: u64 = (1 << 15) - 1;
    for now in [0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x1_0000, 0x1_0001] {
        for (away, is_over) in [(0, true), (1, false), (FURTHEST, false), (FURTHEST + 1, true)] {
            let until = (now + away) as u16;
            if matches!(until, 0 | DEADLINE_OVER) {
                continue;
            }
            let mut driver = setters();
            driver.kernel.port.now = now * TICK;
            set_deadline(&mut driver, until);
            assert_eq!(driver.call(FIRST, [0; 4]).is_err(), is_over, "{away} from {now}");
            if !is_over {
                at(&mut driver, (now + away) * TICK - 1);
                assert!(driver.call(SECOND, [0; 4]).is_ok(), "{away} from {now}");
                driver.leave().unwrap();
                at(&mut driver, (now + away) * TICK);
                assert!(driver.call(SECOND, [0; 4]).is_err(), "{away} from {now}");
            }
        }
    }
}

/// The time after which the lower 16 bits of the units wrap around.
const ROUND: u64 = (1 << 16) * TICK;
/// The longest time that is possible.
const LONGEST: u64 = ((1 << 15) - 4) * TICK;

/// Returns how long after `start` a deadline of `time` passes, both in µs.
fn end_within(start: u64, time: u64) -> u64 {
    let mut driver = setters();
    driver.kernel.port.now = start;
    assert_eq!(set_deadline_within(&mut driver, time), [0, (start / TICK) as u32 as Word]);
    let end = driver.kernel.port.timer.expect("the timer comes");
    driver.call(SECOND, [0; 4]).expect("there is time");
    driver.leave().unwrap();
    at(&mut driver, end - 1);
    driver.call(SECOND, [0; 4]).expect("there still is time");
    driver.leave().unwrap();
    at(&mut driver, end);
    assert_eq!(driver.call(SECOND, [0; 4]).unwrap_err(), error(CallError::DeadlineExceeded));
    end - start
}

#[test]
fn a_deadline_is_over_when_the_book_says() {
    for round in [0, ROUND, 9 * ROUND, (1 << 32) * TICK] {
        // The values of `DEADLINE_OVER` and 0 are skipped: the last unit of a round, and the first of the next.
        let (first, last) = (round + ROUND - 2 * TICK + 1, round + ROUND);
        for end in (first - 3 * TICK..last + 3 * TICK).step_by(93).chain([
            first - 1,
            first,
            last,
            last + 1,
        ]) {
            for time in [1, 1000, 20_000, LONGEST] {
                let late = end_within(end - time, time) - time;
                if end < first || end > last {
                    assert!(late < TICK, "{late} at {end}");
                } else {
                    assert_eq!(end + late, round + ROUND + TICK, "{end}");
                }
            }
        }
        assert_eq!(end_within(first - 1, 1), 3 * TICK);
        assert_eq!(end_within(last - 1, 1), TICK + 1);
    }
}

#[test]
fn the_longest_time_has_not_passed_already() {
    for start in (0..ROUND).step_by(99_991).chain((ROUND - 5 * TICK..ROUND).step_by(61)) {
        assert!(end_within(start, 1) <= 3 * TICK, "{start}");
        let longest = end_within(start, LONGEST);
        assert!((LONGEST..LONGEST + 3 * TICK).contains(&longest), "{longest} from {start}");
    }
}

#[test]
fn the_nearer_of_two_times_holds() {
    for (first, second) in [(50, 20), (20, 50), (20, 20)] {
        let mut driver = setters();
        let units = |time: u64| Word::try_from(time.div_ceil(TICK)).unwrap();
        let [first, second] = [first, second].map(|milliseconds| 1000 * milliseconds);
        assert_eq!(set_deadline_within(&mut driver, first), [0, 0]);
        assert_eq!(set_deadline_within(&mut driver, second), [units(first), 0]);
        assert_eq!(set_deadline(&mut driver, 0), units(first.min(second)));
        // The deadline of a caller does not get later either.
        set_deadline_within(&mut driver, first);
        driver.call(FIRST, [0; 4]).unwrap();
        assert_eq!(set_deadline_within(&mut driver, second), [units(first), 0]);
        assert_eq!(set_deadline(&mut driver, 0), units(first.min(second)));
        assert_eq!(set_deadline(&mut driver, 0), units(first));
        set_deadline_within(&mut driver, second);
        driver.leave().unwrap();
        assert_eq!(set_deadline(&mut driver, 0), units(first));
    }
}

#[test]
fn a_time_that_is_over_is_nearer_than_any() {
    let mut driver = setters();
    pass(&mut driver, 7);
    assert_eq!(set_deadline_within(&mut driver, 20_000), [0, 7]);
    assert_eq!(set_deadline_within(&mut driver, 0)[1], 7);
    for time in [0, 1, LONGEST] {
        assert_eq!(driver.call(FIRST, [0; 4]).unwrap_err(), error(CallError::DeadlineExceeded));
        assert_eq!(set_deadline_within(&mut driver, time), [DEADLINE_OVER.into(), 7]);
    }
}

#[test]
fn an_outer_call_that_gets_late_has_its_full_grace() {
    let mut driver = setters();
    set_deadline(&mut driver, 10);
    driver.call(FIRST, [0; 4]).unwrap();
    set_deadline(&mut driver, 5);
    driver.call(SECOND, [0; 4]).unwrap();
    pass(&mut driver, 5);
    pass(&mut driver, 10);
    driver.leave().unwrap();
    pass(&mut driver, 19);
    assert_eq!(driver.path(1), [1, 0]);
    pass(&mut driver, 20);
    assert_eq!((driver.path(1), driver.pending()), (vec![1], OVER));
}

#[test]
fn a_callee_sets_only_nearer_deadlines_and_they_end_with_its_call() {
    let mut driver = setters();
    set_deadline(&mut driver, 50);
    for (wanted, got) in [(100, 50), (0, 50), (20, 20)] {
        driver.call(FIRST, [0; 4]).unwrap();
        assert_eq!(set_deadline(&mut driver, wanted), 50);
        assert_eq!(set_deadline(&mut driver, wanted), got);
        driver.leave().unwrap();
    }
    driver.call(FIRST, [0; 4]).unwrap();
    set_deadline(&mut driver, 20);
    driver.call(SECOND, [0; 4]).unwrap();
    pass(&mut driver, 20);
    pass(&mut driver, 30);
    assert_eq!((driver.path(1), driver.pending()), (vec![1, 0], OVER));
    pass(&mut driver, 49);
    assert!(driver.kernel.is_running(ProcessId::new(0)), "its caller's deadline has not passed");
    driver.leave().unwrap();
    assert_eq!(set_deadline(&mut driver, 0), 50);
}

#[test]
fn no_deadline_lets_a_callee_escape_that_of_its_caller() {
    let mut driver = setters();
    set_deadline(&mut driver, 20);
    driver.call(FIRST, [0; 4]).unwrap();
    set_deadline(&mut driver, 5);
    for ticks in 5..=50 {
        pass(&mut driver, ticks);
    }
    assert_eq!((driver.path(1), driver.pending()), (vec![1], OVER));
}

#[test]
fn a_deadline_long_past_does_not_look_like_a_future_one() {
    let mut driver = setters();
    pass(&mut driver, 3);
    set_deadline(&mut driver, 20);
    driver.call(FIRST, [0; 4]).unwrap();
    set_deadline(&mut driver, 3_u16.wrapping_sub(1 << 15));
    for ticks in 4..=50 {
        pass(&mut driver, ticks);
    }
    assert_eq!((driver.path(1), driver.pending()), (vec![1], OVER));
}

#[test]
fn only_processes_that_the_wiring_permits_set_deadlines() {
    let mut driver = setters();
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    assert_eq!(driver.ask(number::SET_DEADLINE, [5, 0, 0, 0]), error(CallError::NotPermitted));
    assert_eq!(
        driver.ask(number::SET_DEADLINE, [DEADLINE_WITHIN | 5, 0, 0, 0]),
        error(CallError::NotPermitted)
    );
    let mut driver = Wiring::default().thread(1, 1).boot();
    assert_eq!(driver.ask(number::SET_DEADLINE, [5, 0, 0, 0]), error(CallError::NotPermitted));
    assert_eq!(
        driver.ask(number::SET_DEADLINE, [DEADLINE_WITHIN | 5, 0, 0, 0]),
        error(CallError::NotPermitted)
    );
}

#[test]
fn a_thread_that_ends_or_restarts_has_no_deadline() {
    let mut driver = setters();
    set_deadline(&mut driver, 5);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!(set_deadline(&mut driver, 5), 0);
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    assert_eq!(driver.thread(1).wait, Wait::Ended);
    pass(&mut driver, 5);
    assert_eq!(driver.kernel.port.timer, None);
}

#[test]
fn a_server_refuses_a_call_and_the_client_is_named() {
    let mut driver = setters();
    assert_eq!(driver.ask(number::REFUSE, [0; 4]), error(CallError::NotPermitted));
    driver.call(ALONE, [0; 4]).unwrap();
    for _ in 0..100 {
        assert_eq!(driver.ask(number::REFUSE, [0; 4]), OK);
    }
    let exit = driver.leave().unwrap();
    assert_eq!((exit.status, exit.words), (CallError::Refused.into(), [0; 2]));
    let record = driver.refusal(0).unwrap();
    assert_eq!((record.process, record.thread, record.cause), (1, 1, Cause::Refused));
    assert_eq!((record.accuser, record.address), (Some(3), 0));
    assert_eq!(driver.refusal(1), None, "one record for each call");
    assert_eq!((record.depth, record.chain[0]), (1, ALONE as u8));
    assert!(
        driver.kernel.is_running(ProcessId::new(1)) && driver.kernel.is_running(ProcessId::new(3))
    );
    driver.call(ALONE, [0; 4]).unwrap();
    assert_eq!(driver.leave().unwrap().status, Status::OK, "the next call may succeed");
}

#[test]
fn an_accusation_overwrites_no_record_of_a_crash() {
    let mut driver = setters();
    driver.call(FIRST, [0; 4]).unwrap();
    driver.event(|kernel| kernel.fault(Cause::Bus, 0, 0x77));
    for _ in 0..9 {
        driver.call(ALONE, [0; 4]).unwrap();
        assert_eq!(driver.ask(number::REFUSE, [0; 4]), OK);
        driver.leave().unwrap();
    }
    assert_eq!((driver.record(0).cause, driver.record(0).address), (Cause::Bus, 0x77));
    assert_eq!((driver.refusal(6), driver.refusal(9)), (None, None));
    assert!(driver.refusal(7).is_some() && driver.refusal(8).is_some());
}

#[test]
fn a_server_asks_who_calls() {
    let mut driver = setters();
    assert_eq!(driver.ask(number::CALLER, [0; 4]), error(CallError::NotPermitted));
    driver.call(FIRST, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::CALLER, [0; 4]).reply.unwrap().words[0], 1);
    driver.call(SECOND, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::CALLER, [0; 4]).reply.unwrap().words[0], 0);
}

#[test]
fn a_thread_that_sleeps_again_and_again_holds_up_no_round_of_the_timer() {
    let mut driver = setters();
    set_deadline(&mut driver, 100);
    assert_eq!(driver.ask(number::SLEEP, [TICK as Word, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.ask(number::SLEEP, [TICK as Word, 0, 0, 0]), SWITCHED);
    driver.kernel.port.now = TICK;
    for step in 1.. {
        assert!(step < 10, "the other thread does not wake");
        driver.event(Kernel::timer);
        if driver.thread(2).wait == Wait::Nothing {
            break;
        }
        // The thread sleeps again before the next step of the round, and is due at that step.
        if driver.current() == 1 {
            assert_eq!(driver.ask(number::SLEEP, [1, 0, 0, 0]), SWITCHED);
        }
        driver.kernel.port.now += 1;
    }
}

#[test]
fn a_method_gets_late_while_one_further_in_is_to_be_killed() {
    let mut driver = setters();
    set_deadline(&mut driver, 15);
    driver.call(FIRST, [0; 4]).unwrap();
    set_deadline(&mut driver, 5);
    driver.call(SECOND, [0; 4]).unwrap();
    pass(&mut driver, 5);
    driver.kernel.port.now = 15 * TICK;
    // The timer checks the thread, and the method further in returns before the next step of the round.
    while driver.kernel.checked & DEADLINES_CHECKED == 0 {
        driver.event(Kernel::timer);
    }
    driver.leave().unwrap();
    driver.timer();
    pass(&mut driver, 24);
    assert_eq!(driver.path(1), [1, 0], "the outer method has a grace period of its own");
    pass(&mut driver, 25);
    assert_eq!(driver.path(1), [1]);
}
