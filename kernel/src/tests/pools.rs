// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the threads of pools: they park, are started, and are ended, wherever they are.

use super::*;
use crate::wait::Wait;
use crossgate_abi::Cause;
use crossgate_abi::pool::{END, PARK, START};

/// The mutex of process 1.
const MUTEX: Word = memory(1) + 0x80;
/// The result of a wait for a mutex that no thread frees.
const LOST: Pending = Pending::status(Status(CallError::Deadlock as Word));
const ENDED: Reply = Reply { status: Status::NO_SUCH_SYSTEM_CALL, words: [0; 2] };

/// Returns a system in which threads 1 and 2 of process 1 belong to a pool, and thread 3 does not; thread 4 belongs to
/// another process. Process 0 has a shared and an exclusive object, and a notification.
fn pooled() -> Driver {
    Wiring::default()
        .service(0, 0b1110, Shape::WRITE)
        .service(0, 0b1110, Shape::NONE)
        .exclusive()
        .service(1, 0b0001, Shape::NONE)
        .notification(0, 0b1111, true)
        .notification(1, 0b1111, true)
        .thread(1, 3)
        .thread(1, 4)
        .thread(1, 2)
        .thread(2, 1)
        .pooled(0b0110)
        .boot()
}

fn steer(driver: &mut Driver, what: Word, index: Word, expected: Word) -> Answer {
    let Answer { reply, switch } = driver.ask(number::OPTIONAL, [what, index, expected, 0]);
    // The system call has no results.
    Answer { reply: reply.map(|reply| Reply { words: [0; 2], ..reply }), switch }
}

fn word(process: usize) -> Word {
    memory(process) + 0x200
}

/// Returns a system in which threads 2 and 1 have parked, so that thread 3 runs.
fn parked() -> Driver {
    let mut driver = pooled();
    for thread in [2, 1] {
        assert_eq!(driver.current(), thread);
        assert_eq!(steer(&mut driver, PARK, word(1), 0), SWITCHED);
        assert_eq!(driver.thread(thread).wait, Wait::Ended);
    }
    assert_eq!(driver.current(), 3);
    driver
}

#[test]
fn a_thread_parks_until_it_is_started() {
    let mut driver = parked();
    assert_eq!(steer(&mut driver, START, 1, 0), DONE_AND_SWITCHED);
    assert_eq!(driver.current(), 1);
    assert_eq!(driver.pending(), Some(Pending::status(Status::OK)));
    // A start does nothing if the thread is not parked.
    assert_eq!(steer(&mut driver, START, 1, 0), OK);
    driver.kernel.port.words.insert(word(1), 7);
    assert_eq!(steer(&mut driver, PARK, word(1), 0), OK, "there may be a job");
    assert_eq!(steer(&mut driver, PARK, word(1), 7), SWITCHED);
}

#[test]
fn a_process_steers_only_threads_of_its_own_pool() {
    let mut driver = parked();
    let refused = error(CallError::NotPermitted);
    for index in [0, 3, 4, 5, 32, 33, Word::MAX] {
        for what in [START, END] {
            assert_eq!(steer(&mut driver, what, index, 0), refused, "{index}");
        }
    }
    assert_eq!(steer(&mut driver, PARK, word(1), 0), refused, "the thread is in no pool");
    assert_eq!(steer(&mut driver, END + 1, 0, 0).reply, Some(ENDED));
    assert_eq!(steer(&mut driver, START, 1, 0), DONE_AND_SWITCHED);
    let bad = error(CallError::BadArgument);
    for address in [word(0), word(2), word(1) + 1, memory(1) + 0x1000, Word::MAX] {
        assert_eq!(steer(&mut driver, PARK, address, 0), bad);
    }
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(steer(&mut driver, PARK, word(0), 0), refused, "no thread parks in a call");
    assert_eq!(steer(&mut driver, END, 2, 0), refused, "the thread belongs to another process");
}

#[test]
fn without_a_pool_no_process_steers_a_thread() {
    let mut driver = Wiring::default().thread(0, 1).boot();
    for what in [PARK, START, END] {
        assert_eq!(steer(&mut driver, what, 1, 0).reply, Some(ENDED));
    }
}

/// Lets thread 1 do something, until thread 3 runs.
fn after(work: impl FnOnce(&mut Driver)) -> Driver {
    let mut driver = parked();
    assert_eq!(steer(&mut driver, START, 1, 0), DONE_AND_SWITCHED);
    driver.pending();
    work(&mut driver);
    assert_ne!(driver.current(), 1);
    while driver.current() != 3 {
        driver.ask(number::SLEEP, [1_000, 0, 0, 0]);
    }
    driver
}

/// Lets thread 1 do something; then thread 3 ends it.
fn ended_after(work: impl FnOnce(&mut Driver)) -> Driver {
    let mut driver = after(work);
    let _ = steer(&mut driver, END, 1, 0);
    driver
}

/// Lets thread 1 take a mutex, for which thread 2 then waits. Thread 1 waits for a notification.
fn hold_mutex(driver: &mut Driver) {
    let value = stack(1) + STACK_SIZE - 128;
    driver.kernel.port.words.insert(MUTEX, value);
    steer(driver, START, 2, 0);
    driver.pending();
    assert_eq!(driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]), SWITCHED);
    assert_eq!((driver.current(), driver.thread(1).priority), (1, 4));
    driver.ask(number::WAIT, [FIRST_OWN, Word::MAX, Word::MAX, 0]);
}

/// Returns whether thread 1 is at home, and about to start.
fn begins(driver: &Driver) -> bool {
    let thread = driver.thread(1);
    let start = thread.stack.end - CONTEXT_SIZE;
    thread.wait == Wait::Nothing && thread.depth() == 0 && thread.stack_pointer == start
}

#[test]
fn a_job_that_waits_at_home_ends_at_once() {
    let for_ever = [FIRST_OWN, Word::MAX, Word::MAX, 0];
    let driver = ended_after(|driver| {
        driver.ask(number::WAIT, for_ever);
    });
    assert!(begins(&driver));
    assert!(driver.kernel.notifications[1].waiters.is_empty());
    let driver = ended_after(|driver| {
        driver.ask(number::SLEEP, [9_000, 0, 0, 0]);
    });
    assert!(begins(&driver) && driver.thread(1).wake_at == NEVER);
}

#[test]
fn a_job_that_waits_for_an_object_ends_at_once() {
    // Thread 2 is in the object, and sleeps.
    let driver = ended_after(|driver| {
        steer(driver, START, 2, 0);
        driver.call(1, [0; 4]).unwrap();
        driver.ask(number::SLEEP, [9_000, 0, 0, 0]);
        assert_eq!(driver.call(1, [0; 4]), Err(SWITCHED));
    });
    assert!(begins(&driver));
    assert_eq!((driver.thread(2).waiters, driver.thread(2).priority), (Set::EMPTY, 4));
}

#[test]
fn a_job_that_waits_in_a_call_gives_up_and_returns() {
    let mut driver = ended_after(|driver| {
        driver.call(0, [0; 4]).unwrap();
        driver.ask(number::WAIT, [FIRST_OWN, Word::MAX, Word::MAX, 0]);
    });
    assert_eq!((driver.current(), driver.path(1)), (1, vec![1, 0]));
    let late = Pending::status(CallError::DeadlineExceeded.into());
    assert_eq!(driver.pending(), Some(late));
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert!(begins(&driver) && driver.current() == 1);
    // The thread starts.
    driver.ask(number::BEGIN, [0; 4]);
    assert_eq!(steer(&mut driver, PARK, word(1), 0), SWITCHED);
}

#[test]
fn a_job_that_computes_in_a_call_finishes_it_without_further_waits() {
    let mut driver = ended_after(|driver| {
        driver.call(0, [0; 4]).unwrap();
        driver.ask(number::SLEEP, [5_000, 0, 0, 0]);
    });
    assert_eq!((driver.current(), driver.path(1)), (3, vec![1, 0]), "it continues to sleep");
    // The second time, the result is the same.
    assert_eq!(steer(&mut driver, END, 1, 0), OK);
    driver.kernel.port.now = 5_000;
    driver.timer();
    assert_eq!(driver.current(), 1);
    driver.pending();
    let timed_out = Reply { status: Status::TIMED_OUT, words: [0; 2] };
    let wait = driver.ask(number::WAIT, [FIRST_OWN, Word::MAX, Word::MAX, 0]);
    assert_eq!(wait.reply, Some(timed_out));
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert!(begins(&driver));
}

#[test]
fn a_job_finishes_the_calls_that_others_have_made_of_its_process() {
    // The thread calls process 0, and from there an object of process 1, its home.
    let mut driver = ended_after(|driver| {
        driver.call(0, [0; 4]).unwrap();
        driver.call(2, [0; 4]).unwrap();
        driver.ask(number::SLEEP, [5_000, 0, 0, 0]);
    });
    driver.kernel.port.now = 5_000;
    driver.timer();
    driver.pending();
    assert_eq!((driver.current(), driver.path(1)), (1, vec![1, 0, 1]));
    assert!(driver.leave().is_ok(), "the caller gets its reply");
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert!(begins(&driver));
}

#[test]
fn a_thread_may_end_itself() {
    let mut driver = parked();
    assert_eq!(steer(&mut driver, START, 1, 0), DONE_AND_SWITCHED);
    driver.pending();
    assert_eq!(steer(&mut driver, END, 1, 0), SWITCHED);
    assert!(begins(&driver) && driver.current() == 1);
}

#[test]
fn a_wait_for_a_mutex_fails_when_the_job_of_the_holder_ends() {
    let mut driver = ended_after(hold_mutex);
    assert_eq!((driver.current(), driver.pending()), (2, Some(LOST)));
    assert!(begins(&driver) && driver.thread(1).priority == 3);
    // When thread 1 has parked, no thread waits for the mutex any more.
    driver.ask(number::SLEEP, [1_000, 0, 0, 0]);
    assert_eq!(driver.current(), 1);
    assert_eq!(steer(&mut driver, PARK, word(1), 0), SWITCHED);
    assert_eq!(driver.current(), 3);
    let answer = driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]);
    assert_eq!(answer, error(CallError::BadArgument));
}

#[test]
fn the_end_of_a_job_stops_for_interrupts() {
    // Before its first look, the kernel has changed nothing. At the second look, it has begun to wake thread 2.
    for (look, is_begun) in [(1, false), (2, true)] {
        let mut driver = after(hold_mutex);
        driver.settles = false;
        driver.kernel.port.looks.set(0);
        driver.kernel.port.found = look;
        assert_eq!(steer(&mut driver, END, 1, 0), SWITCHED);
        assert!(driver.gave_way && !begins(&driver));
        assert_eq!(driver.kernel.work.waking.contains(ThreadId::new(2)), is_begun);
        // The worker wakes thread 2 before the system call is made again: the thread finds the mutex taken.
        driver.kernel.port.found = 0;
        driver.settles = true;
        driver.event(|_| ());
        if is_begun {
            assert_eq!(
                (driver.current(), driver.pending()),
                (2, Some(Pending::status(Status::OK)))
            );
            assert_eq!(driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]), SWITCHED);
        }
        assert_eq!((driver.current(), driver.pending()), (3, Some(Pending::Retry)));
        assert_eq!(steer(&mut driver, END, 1, 0), DONE_AND_SWITCHED);
        assert_eq!((driver.current(), driver.pending()), (2, Some(LOST)));
        assert!(begins(&driver));
    }
}

#[test]
fn a_pool_restarts_with_its_process() {
    let mut driver = Wiring::default().thread(1, 3).thread(1, 2).pooled(0b10).restarts(9).boot();
    assert_eq!(steer(&mut driver, PARK, word(1), 0), SWITCHED);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert!(begins(&driver) && driver.current() == 1);
}
