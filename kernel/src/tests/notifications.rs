// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::wait::Wait;
use crossgate_abi::{Cause, NOBODY, WAIT_UNTIL};

const FOR_EVER: [Word; 2] = [u32::MAX as Word; 2];

fn wait(driver: &mut Driver, set: Word, timeout: [Word; 2]) -> Answer {
    driver.ask(number::WAIT, [set, timeout[0], timeout[1], 0])
}

fn signal(driver: &mut Driver, index: Word) -> Answer {
    driver.ask(number::SIGNAL, [index, 0, 0, 0])
}

/// Returns a system in which process 1 owns a binary and a counting notification, which processes 1 and 2 may signal.
fn two_processes() -> Driver {
    Wiring::default()
        .notification(1, 0b110, false)
        .notification(1, 0b110, true)
        .interrupt(17, 0)
        .inspectors(0b1000)
        .thread(1, 2)
        .thread(1, 3)
        .thread(2, 1)
        .boot()
}

#[test]
fn signals_without_a_waiter_are_kept() {
    let mut driver = two_processes();
    for index in [0, 0, 1, 1] {
        assert_eq!(signal(&mut driver, index), OK);
    }
    assert_eq!(
        wait(&mut driver, FIRST_OWN | SECOND_OWN, FOR_EVER),
        word(0),
        "a binary notification keeps one of two signals"
    );
    assert_eq!(wait(&mut driver, FIRST_OWN | SECOND_OWN, FOR_EVER), word(1));
    assert_eq!(
        wait(&mut driver, FIRST_OWN | SECOND_OWN, FOR_EVER),
        word(1),
        "a counting notification keeps both signals"
    );
    assert_eq!(wait(&mut driver, FIRST_OWN | SECOND_OWN, [0, 0]), status(Status::TIMED_OUT));
}

#[test]
fn the_most_urgent_waiter_is_woken() {
    let mut driver = two_processes();
    assert_eq!(wait(&mut driver, FIRST_OWN, FOR_EVER), SWITCHED);
    assert_eq!(wait(&mut driver, FIRST_OWN | SECOND_OWN, FOR_EVER), SWITCHED);
    assert_eq!(driver.current(), 3);
    assert_eq!(signal(&mut driver, 0), DONE_AND_SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
    assert_eq!(wait(&mut driver, FIRST_OWN | SECOND_OWN, FOR_EVER), word(0));
    assert_eq!(wait(&mut driver, SECOND_OWN, FOR_EVER), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (1, Some(Pending::Retry)));
    assert_eq!(wait(&mut driver, FIRST_OWN, FOR_EVER), SWITCHED, "the signal is taken");
    assert_eq!(driver.pending(), None, "the signalling thread continues");
    assert_eq!(signal(&mut driver, 0), DONE_AND_SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (1, Some(Pending::word(0))));
}

/// Several threads wait, and two signals arrive before the worker has woken one of them.
#[test]
fn signals_before_a_thread_is_woken_count_as_without_waiters() {
    for (index, set, last) in [(0, FIRST_OWN, SWITCHED), (1, SECOND_OWN, word(1))] {
        let mut driver = two_processes();
        assert_eq!(wait(&mut driver, set, FOR_EVER), SWITCHED);
        assert_eq!(wait(&mut driver, set, FOR_EVER), SWITCHED);
        driver.event(|kernel| {
            kernel.signal(index);
            kernel.signal(index);
        });
        assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
        assert_eq!(wait(&mut driver, set, FOR_EVER), word(index));
        assert_eq!(driver.ask(number::SLEEP, [9999, 0, 0, 0]), SWITCHED);
        assert_eq!((driver.current(), driver.pending()), (1, Some(Pending::Retry)));
        assert_eq!(wait(&mut driver, set, FOR_EVER), last);
        assert_eq!(driver.kernel.notifications[index].signals, 0);
    }
}

#[test]
fn a_wait_that_is_tried_again_ends_at_the_same_time() {
    let mut driver = two_processes();
    let mut words = [FIRST_OWN, 100, 0, 0];
    let mut limited = |driver: &mut Driver| {
        let stack_pointer = driver.stack_pointer(128);
        let wait =
            |kernel: &mut Kernel<_>| kernel.system_call(stack_pointer, number::WAIT, &mut words);
        assert_eq!(driver.after(wait), Effect::SWITCH);
        words
    };
    assert_eq!(
        limited(&mut driver),
        [FIRST_OWN, 100, WAIT_UNTIL, 0],
        "the time at which the wait ends"
    );
    assert_eq!(wait(&mut driver, FIRST_OWN, FOR_EVER), SWITCHED);
    driver.kernel.port.now = 50;
    assert_eq!(signal(&mut driver, 0), DONE_AND_SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
    // Another thread takes the signal.
    driver.kernel.notifications[0].signals = 0;
    limited(&mut driver);
    assert_eq!(driver.thread(2).wake_at, 100);
    driver.kernel.port.now = 100;
    driver.timer();
    let timed_out = Some(Pending::status(Status::TIMED_OUT));
    assert_eq!((driver.current(), driver.pending()), (2, timed_out));
}

#[test]
fn a_timeout_leaves_no_stale_waiter() {
    let mut driver = two_processes();
    assert_eq!(wait(&mut driver, FIRST_OWN, [100, 0]), SWITCHED);
    assert_eq!(driver.kernel.port.timer, Some(100));
    driver.kernel.port.now = 100;
    driver.timer();
    let timed_out = Some(Pending::status(Status::TIMED_OUT));
    assert_eq!((driver.current(), driver.pending()), (2, timed_out));
    assert_eq!(signal(&mut driver, 0), OK, "nobody waits");
    assert_eq!(wait(&mut driver, FIRST_OWN, [100, 0]), word(0), "the signal was not lost");
    assert_eq!(driver.kernel.port.timer, None);
}

#[test]
fn a_signal_in_time_takes_the_timer_away() {
    let mut driver = two_processes();
    assert_eq!(wait(&mut driver, FIRST_OWN, [100, 0]), SWITCHED);
    assert_eq!(signal(&mut driver, 0), DONE_AND_SWITCHED);
    assert_eq!(driver.pending(), Some(Pending::word(0)));
    driver.kernel.port.now = 200;
    driver.timer();
    assert_eq!(driver.pending(), None);
}

#[test]
fn only_the_owner_waits_and_only_the_wired_processes_signal() {
    let mut driver = two_processes();
    for _ in 0..2 {
        assert_eq!(driver.ask(number::SLEEP, [9999, 0, 0, 0]), SWITCHED);
    }
    assert_eq!(driver.current(), 3);
    let refused = error(CallError::NotPermitted);
    for set in [FIRST_OWN, SECOND_OWN, FIRST_OWN | SECOND_OWN, 1, 1 << 29] {
        assert_eq!(wait(&mut driver, set, [0, 0]), refused);
    }
    assert_eq!(driver.ask(number::ACKNOWLEDGE, [0; 4]), refused);
    assert_eq!(driver.ask(number::ACKNOWLEDGE, [32, 0, 0, 0]), refused);
    for index in [2, 31, 32, Word::MAX] {
        assert_eq!(signal(&mut driver, index), refused);
    }
    assert_eq!(signal(&mut driver, 1), OK);
}

#[test]
fn an_interrupt_is_masked_until_it_is_acknowledged() {
    let mut driver = two_processes();
    driver.event(|kernel| kernel.interrupt(17));
    assert_eq!(driver.kernel.port.masked, [17]);
    assert_eq!(wait(&mut driver, FIRST_OWN, FOR_EVER), word(0));
    assert_eq!(driver.ask(number::ACKNOWLEDGE, [0; 4]), OK);
    assert_eq!(driver.kernel.port.masked, []);
}

#[test]
fn an_interrupt_without_an_owner_is_masked_and_recorded() {
    let mut driver = two_processes();
    for (sequence, line) in [99, 0, (-14_i16).cast_unsigned()].into_iter().enumerate() {
        driver.event(|kernel| kernel.interrupt(line));
        assert!(driver.kernel.port.masked.contains(&line));
        let record = driver.record(sequence);
        assert_eq!((record.process, record.cause), (NOBODY, Cause::Interrupt));
        assert_eq!(record.address.cast_signed(), isize::from(line.cast_signed()));
    }
    assert_eq!(
        wait(&mut driver, FIRST_OWN, [0, 0]),
        status(Status::TIMED_OUT),
        "the notification has no signal"
    );
}

#[test]
fn a_visitor_waits_with_the_rights_of_the_process_it_is_in() {
    let mut driver = Wiring::default()
        .service(0, 0b10, Shape::NONE)
        .notification(0, 0b01, true)
        .thread(1, 1)
        .boot();
    assert_eq!(wait(&mut driver, FIRST_OWN, [0, 0]), error(CallError::NotPermitted));
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(wait(&mut driver, FIRST_OWN, [0, 0]), status(Status::TIMED_OUT));
}

#[test]
fn a_wait_gives_way_to_an_interrupt_with_nothing_changed() {
    let mut driver = two_processes();
    driver.kernel.port.found = 1;
    assert_eq!(wait(&mut driver, FIRST_OWN, FOR_EVER), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
    assert_eq!((driver.thread(2).wait, driver.kernel.notifications[0].signals), (Wait::Nothing, 0));
    driver.kernel.port.found = 0;
    assert_eq!(wait(&mut driver, FIRST_OWN, FOR_EVER), SWITCHED);
    assert_eq!(driver.thread(2).wait, Wait::Notifications(FIRST_OWN as u32));
}
