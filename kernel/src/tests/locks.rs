// SPDX-License-Identifier: MIT OR Apache-2.0
use super::invariants::check;
use super::*;
use crossgate_abi::{Cause, DEADLINE_UNIT};

/// Returns a system in which process 0 has two exclusive services; process 1 has three threads, and may set deadlines;
/// the two services may call each other.
fn contended() -> Driver {
    Wiring::default()
        .service(0, 0b11, Shape::NONE)
        .exclusive()
        .service(0, 0b11, Shape::NONE)
        .exclusive()
        .thread(1, 1)
        .thread(1, 5)
        .thread(1, 9)
        .notification(1, 0b11, true)
        .notification(1, 0b11, true)
        .deadlines(0b10)
        .boot()
}

/// Makes the two urgent threads wait for notifications 0 and 1, so that thread 1 runs.
fn only_the_least_urgent(driver: &mut Driver) {
    assert_eq!(driver.ask(number::WAIT, [SECOND_OWN, Word::MAX, Word::MAX, 0]), SWITCHED);
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, Word::MAX, Word::MAX, 0]), SWITCHED);
    assert_eq!(driver.current(), 1);
}

#[test]
fn the_most_urgent_waiter_is_next() {
    let mut driver = contended();
    only_the_least_urgent(&mut driver);
    driver.call(0, [0; 4]).unwrap();
    for (thread, notification) in [(2, 0), (3, 1)] {
        assert_eq!(driver.ask(number::SIGNAL, [notification, 0, 0, 0]), DONE_AND_SWITCHED);
        assert_eq!(driver.current(), thread);
        assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
        assert_eq!(driver.current(), 1, "the holder continues");
    }
    assert_eq!(driver.thread(1).priority, 9, "with the priority of the most urgent waiter");
    assert_eq!(driver.kernel.leave(&[0; 4]), None, "others wait");
    assert!(driver.leave().is_ok());
    driver.event(|_| ());
    assert_eq!(driver.thread(1).priority, 1);
    assert_eq!((driver.current(), driver.pending()), (3, Some(Pending::Retry)));
    driver.call(0, [0; 4]).unwrap();
    driver.leave().unwrap();
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
    driver.call(0, [0; 4]).unwrap();
}

#[test]
fn inheritance_is_transitive() {
    let mut driver = contended();
    only_the_least_urgent(&mut driver);
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SIGNAL, [0, 0, 0, 0]), DONE_AND_SWITCHED);
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    assert_eq!(driver.current(), 1);
    assert_eq!(driver.ask(number::SIGNAL, [1, 0, 0, 0]), DONE_AND_SWITCHED);
    assert_eq!(driver.call(1, [0; 4]), Err(SWITCHED));
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)), "3 waits for 2");
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    assert_eq!(driver.current(), 1, "which waits for 1");
    assert_eq!((driver.thread(2).priority, driver.thread(1).priority), (9, 9));
}

#[test]
fn a_thread_that_gives_up_takes_its_priority_back_from_the_whole_chain() {
    let mut driver = contended();
    only_the_least_urgent(&mut driver);
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SIGNAL, [0, 0, 0, 0]), DONE_AND_SWITCHED);
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    assert_eq!(driver.ask(number::SIGNAL, [1, 0, 0, 0]), DONE_AND_SWITCHED);
    assert_eq!(driver.ask(number::SET_DEADLINE, [5, 0, 0, 0]), OK);
    assert_eq!(driver.call(1, [0; 4]), Err(SWITCHED));
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED), "3 waits for 2, which waits for 1");
    assert_eq!((driver.current(), driver.thread(1).priority), (1, 9));
    driver.kernel.port.now = 5 * DEADLINE_UNIT;
    driver.timer();
    assert_eq!(driver.thread(2).priority, 5, "nobody more urgent waits for it");
    assert_eq!(driver.thread(1).priority, 1, "thread 2, which alone waited for it, tries again");
    let late = Pending::status(CallError::DeadlineExceeded.into());
    assert_eq!((driver.current(), driver.pending()), (3, Some(late)));
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    assert_eq!(
        (driver.current(), driver.thread(1).priority),
        (1, 5),
        "thread 2 waits again, and lends its priority"
    );
}

#[test]
fn a_thread_that_is_taken_out_of_a_wait_takes_its_priority_back() {
    let mut driver = Wiring::default()
        .service(0, 0b110, Shape::NONE)
        .exclusive()
        .service(1, 0b100, Shape::NONE)
        .notification(0, 0b100, true)
        .thread(2, 5)
        .thread(2, 4)
        .thread(2, 3)
        .boot();
    assert_eq!(driver.ask(number::SLEEP, [1, 0, 0, 0]), SWITCHED);
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, Word::MAX, Word::MAX, 0]), SWITCHED);
    driver.call(1, [0; 4]).unwrap();
    driver.kernel.port.now = 1;
    driver.timer();
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    assert_eq!((driver.current(), driver.thread(2).priority), (3, 5));
    // Thread 1 is swept before thread 2: both are equally urgent, and the worker looks at thread 1 first.
    driver.settles = false;
    driver.event(|kernel| kernel.fault(Cause::Panic, 0, 0));
    while driver.current() == 0 {
        check(&driver);
        driver.ask(number::WORK, [0; 4]);
    }
    check(&driver);
    let faulted = Pending::status(CallError::ServerFaulted.into());
    assert_eq!((driver.current(), driver.pending()), (1, Some(faulted)));
    assert_eq!(driver.thread(2).priority, 4);
}

#[test]
fn a_thread_that_is_about_to_wake_waits_for_no_holder() {
    let mut driver = contended();
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1, 0, 0, 0]), SWITCHED);
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    driver.kernel.port.now = 1;
    driver.timer();
    driver.leave().unwrap();
    driver.event(|_| ());
    assert_eq!(driver.current(), 3, "it is more urgent than the threads that waited for it");
    assert_eq!(
        driver.kernel.work.waking.bits(),
        0b100,
        "the worker still has to wake one of the two"
    );
    assert_eq!(driver.call(1, [0; 4]), Err(SWITCHED), "no cycle");
    assert_eq!((driver.current(), driver.thread(2).priority), (2, 9));
    assert_eq!(driver.pending(), Some(Pending::Retry));
    driver.call(0, [0; 4]).unwrap();
}

#[test]
fn reentrance_and_cycles_of_waits_are_refused() {
    let mut driver = contended();
    only_the_least_urgent(&mut driver);
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.call(0, [0; 4]), Err(error(CallError::Deadlock)));
    assert_eq!(driver.ask(number::SIGNAL, [0, 0, 0, 0]), DONE_AND_SWITCHED);
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    assert_eq!(driver.current(), 1);
    assert_eq!(driver.call(1, [0; 4]), Err(error(CallError::Deadlock)));
}

#[test]
fn a_lock_is_not_given_back_again_when_its_caller_crashes_twice() {
    let mut driver = Wiring::default()
        .service(0, 0b1100, Shape::NONE)
        .exclusive()
        .service(1, 0b0001, Shape::NONE)
        .restarts(8)
        .thread(2, 5)
        .thread(3, 4)
        .boot();
    driver.call(0, [0; 4]).unwrap();
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1_000, 0, 0, 0]), SWITCHED);
    for process in [0, 2, 2] {
        driver.take_down(process, false);
    }
    while driver.call(0, [0; 4]).is_err() {
        assert_eq!(driver.pending(), Some(Pending::Retry));
    }
    driver.kernel.port.now += 1_000;
    driver.timer();
    assert_eq!((driver.current(), driver.leave()), (1, Err(SWITCHED)));
    assert_eq!(
        driver.kernel.locks[0].holder(),
        Some(ThreadId::new(2)),
        "thread 2 is in the object now"
    );
}

const MUTEX: Word = memory(1) + 0x200;

#[test]
fn a_mutex_hands_priority_to_its_holder() {
    let mut driver = contended();
    only_the_least_urgent(&mut driver);
    driver.kernel.port.words.insert(MUTEX, stack(1) + STACK_SIZE - 96);
    assert_eq!(driver.ask(number::SIGNAL, [1, 0, 0, 0]), DONE_AND_SWITCHED);
    assert_eq!(driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]), SWITCHED);
    assert_eq!((driver.current(), driver.thread(1).priority), (1, 9));
    assert_eq!(driver.kernel.port.words[&MUTEX] & 1, 1, "so that the holder tells the kernel");
    assert_eq!(driver.ask(number::MUTEX_WAKE, [MUTEX, 0, 0, 0]), DONE_AND_SWITCHED);
    assert_eq!((driver.current(), driver.thread(1).priority), (3, 1));
    assert_eq!(driver.kernel.port.words[&MUTEX], 0);
    assert_eq!(driver.pending(), Some(Pending::status(Status::OK)));
}

#[test]
fn a_mutex_that_several_wait_for_stays_contended() {
    let mut driver = contended();
    only_the_least_urgent(&mut driver);
    driver.kernel.port.words.insert(MUTEX, stack(1) + STACK_SIZE - 96);
    for notification in [0, 1] {
        assert_eq!(driver.ask(number::SIGNAL, [notification, 0, 0, 0]), DONE_AND_SWITCHED);
        assert_eq!(driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]), SWITCHED);
        assert_eq!(driver.kernel.port.words[&MUTEX] & 1, 1, "so that the holder tells the kernel");
    }
}

#[test]
fn only_a_thread_that_has_entered_a_process_can_hold_its_mutexes() {
    let mut driver = Wiring::default()
        .service(1, 0b01, Shape::NONE)
        .thread(1, 5)
        .thread(0, 4)
        .notification(1, 0b11, false)
        .boot();
    driver.kernel.port.words.insert(MUTEX, stack(2) + STACK_SIZE - 96);
    let foreign = driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]);
    assert_eq!(
        foreign,
        error(CallError::BadArgument),
        "the wait would lend the thread's priority to a foreign thread"
    );
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, Word::MAX, Word::MAX, 0]), SWITCHED);
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SIGNAL, [0, 0, 0, 0]), DONE_AND_SWITCHED);
    assert_eq!(driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]), SWITCHED);
    assert_eq!((driver.current(), driver.thread(2).priority), (2, 5), "a visitor can hold it");
}

#[test]
fn forged_mutexes_are_refused() {
    let mut driver = contended();
    let bad = error(CallError::BadArgument);
    for address in [memory(0) + 0x200, stack(3), 0, MUTEX + 1, Word::MAX - 7, memory(1) + 0x1000] {
        driver.kernel.port.words.insert(address, stack(1) + 8);
        assert_eq!(driver.ask(number::MUTEX_WAIT, [address, 0, 0, 0]), bad, "{address:#x}");
        assert_eq!(driver.ask(number::MUTEX_WAKE, [address, 0, 0, 0]), bad, "{address:#x}");
    }
    driver.kernel.port.words.insert(MUTEX, 0xdead_0000);
    assert_eq!(driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]), bad, "no thread's stack is there");
    driver.kernel.port.words.insert(MUTEX, stack(1) + 8);
    assert_eq!(driver.ask(number::MUTEX_WAKE, [MUTEX, 0, 0, 0]), bad, "another thread holds it");
    driver.kernel.port.words.insert(MUTEX, stack(3) + 8);
    let deadlock = error(CallError::Deadlock);
    assert_eq!(
        driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]),
        deadlock,
        "the thread itself holds the mutex"
    );
    driver.kernel.port.words.insert(MUTEX, 0);
    assert_eq!(driver.ask(number::MUTEX_WAIT, [MUTEX, 0, 0, 0]), OK, "the mutex is free by now");
}
