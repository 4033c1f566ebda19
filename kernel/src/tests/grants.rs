// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::wait::Wait;
use crossgate_abi::{Cause, Kind};

/// Returns a system in which process 0 serves `SECRET`, which the wiring gives to process 1 only. Process 2 has a
/// service that takes a handle as its last word, and a service that returns a handle.
fn capabilities() -> Driver {
    let last = Shape::values(3).then(Shape::HANDLE);
    let maybe = Shape { words: 2, kinds: (Kind::HandleIfTagIsZero as u16) << 4 };
    Wiring::default()
        .service(0, 0b0010, Shape::NONE)
        .service(2, 0b1010, last)
        .service(2, 0b1010, Shape::NONE)
        .gives(maybe)
        .restarts(8)
        .thread(1, 5)
        .thread(2, 4)
        .thread(3, 3)
        .boot()
}

const SECRET: usize = 0;
const TAKES: usize = 1;
const GIVES: usize = 2;
const HANDLE: Word = SECRET;

fn refused<T: core::fmt::Debug>(result: Result<T, Answer>, error: CallError) {
    assert_eq!(result.map_err(|answer| answer.reply.unwrap().status).unwrap_err(), error.into());
}

/// Ends the current thread, so that the next runs.
fn next(driver: &mut Driver) {
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
}

#[test]
fn a_handle_that_is_passed_on_gives_the_right_to_call() {
    let mut driver = capabilities();
    driver.call(TAKES, [0, 0, 0, HANDLE]).unwrap();
    driver.call(SECRET, [0; 4]).unwrap();
    driver.leave().unwrap();
    driver.leave().unwrap();
    next(&mut driver);
    driver.call(SECRET, [0; 4]).unwrap();
    driver.leave().unwrap();
    next(&mut driver);
    refused(driver.call(SECRET, [0; 4]), CallError::NotPermitted);
}

#[test]
fn no_process_passes_on_a_right_that_it_does_not_have() {
    let mut driver = capabilities();
    next(&mut driver);
    next(&mut driver);
    assert_eq!(driver.current(), 3);
    for forged in [HANDLE, 9, Word::MAX, u32::MAX as Word] {
        refused(driver.call(TAKES, [0, 0, 0, forged]), CallError::NotPermitted);
    }
    assert_eq!(driver.path(3), [3], "the thread has entered no method");
    driver.call(GIVES, [0; 4]).unwrap();
    let exit = driver.kernel.leave_with_care(&[0, 0, HANDLE, 0]).unwrap();
    assert_eq!((exit.status, exit.words), (CallError::BadReply.into(), [0; 2]));
    refused(driver.call(SECRET, [0; 4]), CallError::NotPermitted);
}

#[test]
fn a_handle_in_a_result_counts_if_the_tag_says_so() {
    let mut driver = capabilities();
    driver.call(TAKES, [0, 0, 0, HANDLE]).unwrap();
    driver.leave().unwrap();
    next(&mut driver);
    next(&mut driver);
    for tag in [1, 0] {
        refused(driver.call(SECRET, [0; 4]), CallError::NotPermitted);
        driver.call(GIVES, [0; 4]).unwrap();
        let exit = driver.kernel.leave_with_care(&[0, tag, HANDLE, 0]).unwrap();
        assert_eq!((exit.status, exit.words), (Status::OK, [tag, HANDLE]));
    }
    driver.call(SECRET, [0; 4]).unwrap();
}

#[test]
fn an_owner_gives_what_is_its_own_and_takes_it_back() {
    let mut driver = capabilities();
    next(&mut driver);
    refused(driver.call(TAKES, [0; 4]), CallError::NotPermitted);
    next(&mut driver);
    driver.call(GIVES, [0; 4]).unwrap();
    let own = TAKES;
    assert_eq!(driver.kernel.leave_with_care(&[0, 0, own, 0]).unwrap().status, Status::OK);
    assert_eq!(driver.ask(number::REVOKE, [TAKES, 0, 0, 0]), error(CallError::NotPermitted));
    driver.call(GIVES, [0; 4]).unwrap();
    assert_eq!(driver.kernel.granted[TAKES].bits(), 0b1000);
    assert_eq!(driver.ask(number::REVOKE, [TAKES, 0, 0, 0]).reply.unwrap().status, Status::OK);
    assert_eq!(driver.ask(number::REVOKE, [SECRET, 0, 0, 0]), error(CallError::NotPermitted));
    assert_eq!(driver.ask(number::REVOKE, [9, 0, 0, 0]), error(CallError::NotPermitted));
    assert_eq!(driver.kernel.granted[TAKES], Set::EMPTY);
}

#[test]
fn a_grant_ends_with_its_receiver_and_with_the_owner() {
    for crashes in [2, 0] {
        let mut driver = capabilities();
        driver.call(TAKES, [0, 0, 0, HANDLE]).unwrap();
        driver.leave().unwrap();
        assert_eq!(driver.kernel.granted[SECRET].bits(), 0b0100);
        let service = if crashes == 2 { TAKES } else { SECRET };
        driver.call(service, [0, 0, 0, HANDLE]).unwrap();
        driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
        // The caller helps the process to restart.
        let mut pieces = 0;
        while !driver.kernel.is_running(ProcessId::new(crashes)) {
            assert_eq!(driver.call(service, [0; 4]), Err(SWITCHED));
            pieces += 1;
        }
        assert!(pieces > 1, "one for the grants, and at least one for the memory");
        assert_eq!(driver.kernel.granted[SECRET], Set::EMPTY, "process {crashes}");
    }
}

/// Of 20 services, those at both ends of the table belong to the process that restarts.
#[test]
fn grants_end_in_the_whole_table() {
    let mut wiring = Wiring::default().service(1, 0b1, Shape::values(3).then(Shape::HANDLE));
    for _ in 0..18 {
        wiring = wiring.service(0, 0b1, Shape::NONE);
    }
    let mut driver = wiring.service(1, 0b1, Shape::NONE).restarts(8).thread(0, 1).boot();
    driver.kernel.granted.fill(Set::of_bits(0b111));
    driver.take_down(1, false);
    while !driver.kernel.is_running(ProcessId::new(1)) {
        assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
    }
    for (service, granted) in driver.kernel.granted.iter().enumerate() {
        let rest = if service % 19 == 0 { 0 } else { 0b101 };
        assert_eq!(granted.bits(), rest, "service {service}");
    }
}

#[test]
fn a_call_that_is_refused_leaves_nothing_to_take_care_of() {
    let mut driver = capabilities();
    refused(driver.call(TAKES, [0, 0, 0, 9]), CallError::NotPermitted);
    driver.call(SECRET, [0; 4]).unwrap();
    assert!(driver.kernel.leave(&[0; 4]).is_some(), "the return has no duties");
}

/// Returns a system in which thread 1 may call `SECRET` by the wiring, and thread 2 may call it by a handle. Thread 3
/// belongs to the owner. All wait for notifications in the calls that they make.
fn visitors() -> Driver {
    let mut driver = Wiring::default()
        .service(0, 0b0010, Shape::NONE)
        .service(2, 0b1010, Shape::values(3).then(Shape::HANDLE))
        .service(2, 0b0111, Shape::NONE)
        .notification(0, 0, true)
        .notification(2, 0, true)
        .restarts(8)
        .thread(1, 5)
        .thread(2, 4)
        .thread(0, 3)
        .boot();
    driver.call(TAKES, [0, 0, 0, HANDLE]).unwrap();
    driver.leave().unwrap();
    driver
}

const FOR_EVER: Word = u32::MAX as Word;

fn wait(driver: &mut Driver) {
    let set = table::ProcessRow::notification(0) as Word;
    assert_eq!(driver.ask(number::WAIT, [set, FOR_EVER, FOR_EVER, 0]), SWITCHED);
}

/// Revokes the handle, by system calls until the kernel has looked at all threads. Returns the number of these system
/// calls.
fn revoke(driver: &mut Driver) -> usize {
    let (mut from, mut count) = (0, 0);
    loop {
        let reply = driver.ask(number::REVOKE, [SECRET, from, 0, 0]).reply.unwrap();
        assert_eq!(reply.status, Status::OK);
        (from, count) = (reply.words[0], count + 1);
        if from == 0 {
            return count;
        }
    }
}

#[test]
fn a_wait_in_a_call_by_a_revoked_handle_fails() {
    let mut driver = visitors();
    driver.call(SECRET, [0; 4]).unwrap();
    wait(&mut driver);
    driver.call(SECRET, [0; 4]).unwrap();
    wait(&mut driver);
    assert_eq!(driver.current(), 3);
    assert_eq!(driver.ask(number::REVOKE, [SECRET, 0, 0, 0]).reply.unwrap().words[0], 3);
    assert_eq!(driver.current(), 2, "the wait of thread 2 has failed");
    assert_eq!(driver.pending(), Some(Pending::status(CallError::DeadlineExceeded.into())));
    assert!(
        matches!(driver.thread(1).wait, Wait::Notifications(_)),
        "the wiring permits the call of thread 1"
    );
    let exit = driver.kernel.leave_with_care(&[0; 4]).unwrap();
    assert_eq!(exit.status, CallError::Refused.into());
    assert_eq!(driver.thread(2).orphaned, 0, "the thread may wait at home");
    refused(driver.call(SECRET, [0; 4]), CallError::NotPermitted);
    wait(&mut driver);
    assert_eq!(driver.current(), 3);
    assert_eq!(driver.kernel.faults[1].word(0, 0), None, "nobody is accused");
}

/// Returns a system in which thread 2 is in a call by a handle that is revoked while the thread computes.
fn revoked() -> Driver {
    let mut driver = visitors();
    next(&mut driver);
    driver.call(SECRET, [0; 4]).unwrap();
    let id = ThreadId::new(3);
    driver.kernel.threads.get_mut(id).base_priority = 9;
    driver.event(|kernel| {
        kernel.stir(id);
        kernel.set_priority(id, 9);
    });
    assert_eq!((driver.current(), revoke(&mut driver)), (3, 2));
    next(&mut driver);
    assert_eq!(driver.current(), 2);
    driver
}

#[test]
fn the_next_wait_in_a_call_by_a_revoked_handle_fails() {
    let mut driver = revoked();
    let set = table::ProcessRow::notification(0) as Word;
    let answer = driver.ask(number::WAIT, [set, FOR_EVER, FOR_EVER, 0]);
    assert_eq!(answer.reply.unwrap().status, Status::TIMED_OUT);
    let exit = driver.kernel.leave_with_care(&[0; 4]).unwrap();
    assert_eq!(exit.status, CallError::Refused.into());
}

#[test]
fn after_a_call_by_a_revoked_handle_a_thread_may_wait() {
    let mut driver = revoked();
    let exit = driver.kernel.leave_with_care(&[0; 4]).unwrap();
    assert_eq!(exit.status, CallError::Refused.into());
    wait(&mut driver);
}

#[test]
fn a_handle_is_revoked_by_the_very_call_that_was_made_by_it() {
    let mut driver = visitors();
    next(&mut driver);
    driver.call(SECRET, [0; 4]).unwrap();
    assert_eq!(revoke(&mut driver), 2);
    assert_eq!(driver.leave().unwrap().status, Status::OK);
    refused(driver.call(SECRET, [0; 4]), CallError::NotPermitted);
}

#[test]
fn waits_still_fail_after_the_inner_of_two_refused_calls() {
    let mut driver = visitors();
    let thread = driver.kernel.threads.current();
    thread.orphaned = 1;
    next(&mut driver);
    driver.call(SECRET, [0; 4]).unwrap();
    let thread = driver.kernel.threads.current();
    thread.frames_in_use()[0].care |= crate::frame::REFUSED;
    thread.orphaned = 1;
    // In that call the thread makes another call, which is thus inside a refused call.
    driver.call(GIVES, [0; 4]).unwrap();
    driver.kernel.threads.current().frames_in_use()[1].care |= crate::frame::REFUSED;
    driver.kernel.threads.current().orphaned = 2;
    assert_eq!(driver.leave().unwrap().status, CallError::Refused.into());
    assert_eq!(driver.kernel.threads.current().orphaned, 1, "the outer call is refused as well");
}

#[test]
fn a_revocation_may_begin_at_any_number() {
    let mut driver = visitors();
    next(&mut driver);
    next(&mut driver);
    for from in [4, 99, Word::MAX] {
        let reply = driver.ask(number::REVOKE, [SECRET, from, 0, 0]).reply.unwrap();
        assert_eq!((reply.status, reply.words[0]), (Status::OK, 0));
    }
}

#[test]
fn a_wait_for_an_object_by_a_revoked_handle_fails() {
    let mut driver = Wiring::default()
        .service(0, 0b0010, Shape::NONE)
        .exclusive()
        .service(2, 0b1010, Shape::values(3).then(Shape::HANDLE))
        .notification(0, 0, true)
        .restarts(8)
        .thread(1, 5)
        .thread(2, 4)
        .thread(0, 3)
        .boot();
    driver.call(TAKES, [0, 0, 0, HANDLE]).unwrap();
    driver.leave().unwrap();
    driver.call(SECRET, [0; 4]).unwrap();
    wait(&mut driver);
    assert_eq!(driver.current(), 2);
    assert_eq!(driver.call(SECRET, [0; 4]).unwrap_err(), SWITCHED);
    assert_eq!((driver.current(), driver.thread(2).wait), (3, Wait::Lock(LockId::new(0))));
    let _ = driver.ask(number::REVOKE, [SECRET, 0, 0, 0]);
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
    refused(driver.call(SECRET, [0; 4]), CallError::NotPermitted);
}
