// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the lives of processes: the life in which a process calls, and the notice of its end.

use super::*;
use crossgate_abi::Cause;
use crossgate_abi::client::{CLIENT, ENDED};

const FOR_EVER: Word = Word::MAX;

/// Returns a system in which process 0 serves processes 1 and 2, and learns of lost clients by notification 0.
/// Notification 1 serves another purpose.
fn told() -> Driver {
    Wiring::default()
        .service(0, 0b0110, Shape::NONE)
        .notification(0, 0b1111, true)
        .notification(0, 0b1111, true)
        .lost_clients(0, Some(0), 0b0110)
        .restarts(9)
        .thread(0, 1)
        .thread(1, 3)
        .thread(2, 2)
        .boot()
}

/// Returns the life of a process, if the current process may ask for it.
fn life(driver: &mut Driver, process: Word) -> Result<Word, Status> {
    let mut words = [CLIENT, process, 0, 0];
    let pointer = driver.stack_pointer(128);
    let effect = driver.kernel.system_call(pointer, number::OPTIONAL, &mut words);
    match effect.status() {
        Some(Status::OK) => Ok(words[1]),
        status => Err(status.unwrap()),
    }
}

/// Returns the process that made the call, and its life.
fn caller(driver: &mut Driver) -> Result<[Word; 2], Status> {
    let mut words = [7, 8, 9, 10];
    let pointer = driver.stack_pointer(128);
    let effect = driver.kernel.system_call(pointer, number::CALLER, &mut words);
    match effect.status() {
        Some(Status::OK) => Ok([words[1], words[2]]),
        status => Err(status.unwrap()),
    }
}

/// Crashes the current process.
fn crash(driver: &mut Driver) {
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
}

fn begin(driver: &mut Driver) {
    for _ in 0..4 {
        driver.pending();
        driver.ask(number::BEGIN, [0; 4]);
    }
}

#[test]
fn a_caller_is_known_by_process_and_life() {
    let mut driver = told();
    for life_number in 1..4 {
        assert_eq!(driver.current(), 2);
        driver.call(0, [0; 4]).unwrap();
        assert_eq!(caller(&mut driver), Ok([1, life_number]));
        assert_eq!(life(&mut driver, 2), Ok(1), "the lives of other processes continue");
        driver.leave().unwrap();
        crash(&mut driver);
        begin(&mut driver);
        driver.kernel.port.now += 60_000_000;
        driver.timer();
        begin(&mut driver);
    }
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(life(&mut driver, 4), Err(Status::NO_SUCH_RECORD));
    assert_eq!(life(&mut driver, Word::MAX), Err(Status::NO_SUCH_RECORD));
}

#[test]
fn a_caller_whose_life_has_ended_has_no_life() {
    let mut driver = told();
    driver.call(0, [0; 4]).unwrap();
    driver.ask(number::SLEEP, [1_000, 0, 0, 0]);
    assert_eq!(driver.current(), 3);
    driver.event(|kernel| {
        kernel.take_down(ProcessId::new(1), Some(false));
    });
    driver.kernel.port.now = 1_000;
    driver.timer();
    driver.pending();
    assert_eq!((driver.current(), driver.path(2)), (2, vec![1, 0]));
    assert_eq!(caller(&mut driver), Ok([1, ENDED]));
    assert_eq!(life(&mut driver, 1), Ok(2));
}

#[test]
fn a_server_is_notified_when_a_life_of_a_client_ends() {
    let mut driver = told();
    driver.ask(number::SLEEP, [1_000, 0, 0, 0]);
    driver.ask(number::SLEEP, [1_000, 0, 0, 0]);
    assert_eq!(driver.current(), 1);
    driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]);
    driver.kernel.port.now = 1_000;
    driver.timer();
    assert_eq!(driver.current(), 2);
    crash(&mut driver);
    assert_eq!(driver.thread(1).pending, Pending::word(0), "the server is told");
    // The notification keeps one signal for each ended life.
    for process in [2, 1] {
        driver.take_down(process, true);
        driver.settle();
    }
    assert_eq!(driver.kernel.notifications[0].signals, 2);
    driver.take_down(3, true);
    driver.settle();
    assert_eq!(
        [driver.kernel.notifications[0].signals, driver.kernel.notifications[1].signals],
        [2, 0],
        "the process is no client"
    );
}

#[test]
fn no_thread_runs_before_all_servers_are_notified() {
    let mut wiring = Wiring::default().thread(0, 1).thread(1, 30).thread(2, 31).restarts(9);
    for _ in 0..12 {
        wiring = wiring.notification(0, 0b1111, true);
    }
    for notification in 0..12 {
        let clients = if notification % 3 == 0 { 0b0100 } else { 0b0010 };
        wiring = wiring.lost_clients(0, Some(notification), clients);
    }
    let mut driver = wiring.boot();
    driver.take_down(1, true);
    let mut signals = 0;
    while driver.kernel.work.unchecked != 0 {
        assert_eq!(driver.kernel.ready.first(), ThreadId::IDLE, "no thread runs");
        driver.kernel.piece();
        let now: u32 = driver.kernel.notifications.iter().map(|it| it.signals).sum();
        assert!(now <= signals + 1, "a piece signals one server at most");
        signals = now;
        // Another process is taken down before all servers are signalled.
        if signals == 7 {
            driver.take_down(2, true);
        }
    }
    let told = |of: usize| driver.kernel.notifications[of].signals;
    for notification in 0..12 {
        assert!(told(notification) != 0, "notification {notification}");
    }
}

#[test]
fn only_a_server_of_lost_clients_may_ask() {
    let mut driver = told();
    let refused = Err(CallError::NotPermitted.into());
    assert_eq!(life(&mut driver, 2), refused);
    assert_eq!(caller(&mut driver), refused.map(|life: Word| [life; 2]));
    driver.ask(number::EXIT, [0; 4]);
    driver.ask(number::EXIT, [0; 4]);
    assert_eq!(driver.current(), 1);
    assert_eq!(
        caller(&mut driver),
        Err(CallError::NotPermitted.into()),
        "the thread is in no call"
    );
    assert_eq!(life(&mut driver, 1), Ok(1));
    let mut driver = Wiring::default().thread(0, 1).boot();
    assert_eq!(life(&mut driver, 0), Err(Status::NO_SUCH_SYSTEM_CALL), "nobody is told");
    for inspectors in [0, 1] {
        let wiring = Wiring::default().service(0, 0b10, Shape::NONE).inspectors(inspectors);
        let mut driver = wiring.thread(1, 1).boot();
        driver.call(0, [0; 4]).unwrap();
        assert_eq!(caller(&mut driver), Ok([1, 0]), "the number of its life is not known");
    }
}
