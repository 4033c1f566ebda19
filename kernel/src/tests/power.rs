// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the sleep of the CPU: the depth that the processes admit, and the count of the sleeps.

use super::*;
use crossgate_abi::Cause;
use crossgate_abi::power::{ADMIT, FALL_ASLEEP, SLEPT, WAKE_UP};

/// Returns a system in which processes 1 and 2 may keep the CPU awake, and process 1 may inspect.
fn sleeper() -> Driver {
    let wiring = Wiring::default().service(0, 0b0110, Shape::NONE).inspectors(0b0010);
    wiring.deep_sleep(0b0110).restarts(9).thread(0, 1).thread(1, 3).thread(2, 2).boot()
}

fn admit(driver: &mut Driver, depth: Word) -> Option<Status> {
    driver.ask(number::OPTIONAL, [ADMIT, depth, 0, 0]).reply.map(|reply| reply.status)
}

/// Returns how often and how long the CPU has slept at each depth.
fn slept(driver: &mut Driver) -> [[Word; 2]; 3] {
    [0, 1, 2].map(|depth| {
        [0, 1].map(|what| {
            let reply = driver.ask(number::OPTIONAL, [SLEPT, depth, what, 0]).reply.unwrap();
            assert_eq!((reply.status, reply.words[1]), (Status::OK, 0));
            reply.words[0]
        })
    })
}

/// Makes all threads sleep for this time, and then the CPU. Returns the depth that the kernel admits, and the time at
/// which the CPU has to wake. Afterwards the first thread runs.
fn sleep(driver: &mut Driver, time: Word) -> (Depth, u64) {
    while driver.current() != 0 {
        let time = time + 50 * driver.current();
        driver.ask(number::SLEEP, [time, 0, 0, 0]);
    }
    let before = driver.kernel.port.sleeps.len();
    assert!(driver.kernel.rest());
    let sleeps = driver.kernel.port.sleeps[before..].to_vec();
    driver.kernel.port.now += 10_000;
    driver.timer();
    begin(driver);
    let [slept] = sleeps[..] else { panic!("{sleeps:?}") };
    slept
}

fn begin(driver: &mut Driver) {
    for _ in 0..4 {
        driver.pending();
    }
}

#[test]
fn the_cpu_sleeps_as_deep_as_all_processes_admit() {
    let mut driver = sleeper();
    assert_eq!(sleep(&mut driver, 100), (Depth::Deepest, 150));
    assert_eq!(driver.current(), 2);
    assert_eq!(admit(&mut driver, 1), Some(Status::OK));
    assert_eq!(sleep(&mut driver, 100).0, Depth::Deep);
    assert_eq!(admit(&mut driver, 0), Some(Status::OK));
    driver.ask(number::SLEEP, [100, 0, 0, 0]);
    assert_eq!(driver.current(), 3);
    assert_eq!(admit(&mut driver, 1), Some(Status::OK));
    assert_eq!(sleep(&mut driver, 100).0, Depth::Light, "one process admits less than the other");
    assert_eq!(admit(&mut driver, 2), Some(Status::OK));
    assert_eq!(sleep(&mut driver, 100).0, Depth::Deep, "the other still refuses the deepest");
}

#[test]
fn only_with_the_right_a_process_keeps_the_cpu_awake() {
    let mut driver = sleeper();
    assert_eq!(admit(&mut driver, 3), Some(Status::NO_SUCH_RECORD));
    assert_eq!(admit(&mut driver, Word::MAX), Some(Status::NO_SUCH_RECORD));
    // The thread of process 1 calls process 0, which has no right.
    driver.call(0, [0; 4]).unwrap();
    for depth in [0, 1, 2, 3] {
        assert_eq!(admit(&mut driver, depth), Some(CallError::NotPermitted.into()));
    }
    driver.leave().unwrap();
    assert_eq!(sleep(&mut driver, 100).0, Depth::Deepest);
}

#[test]
fn a_crash_ends_what_the_process_has_refused() {
    for told in [false, true] {
        let wiring = Wiring::default().service(0, 0b0110, Shape::NONE).deep_sleep(0b0110);
        let wiring = if told { wiring.lost_clients(0, None, 0b0110) } else { wiring };
        let mut driver = wiring.restarts(9).thread(0, 1).thread(1, 3).thread(2, 2).boot();
        assert_eq!(admit(&mut driver, 0), Some(Status::OK));
        assert_eq!(sleep(&mut driver, 100).0, Depth::Light);
        driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
        let refused = driver.kernel.optional.as_ref().unwrap().power.as_ref().unwrap().refused;
        assert_eq!(refused, [Set::EMPTY; 3], "before any thread runs");
    }
}

#[test]
fn sleeps_are_counted_at_the_depth_that_they_had() {
    let mut driver = sleeper();
    driver.kernel.port.sleeping = 40;
    sleep(&mut driver, 100);
    sleep(&mut driver, 100);
    driver.kernel.port.deepest = Some(Depth::Deep);
    sleep(&mut driver, 100);
    assert_eq!(admit(&mut driver, 0), Some(Status::OK));
    driver.kernel.port.sleeping = 7;
    sleep(&mut driver, 100);
    assert_eq!(slept(&mut driver), [[1, 7], [1, 40], [2, 80]]);
    for [depth, what] in [[3, 0], [Word::MAX, 0], [0, 2]] {
        let status = driver.ask(number::OPTIONAL, [SLEPT, depth, what, 0]).reply.unwrap().status;
        assert_eq!(status, Status::NO_SUCH_RECORD);
    }
    driver.ask(number::SLEEP, [100, 0, 0, 0]);
    assert_eq!(driver.current(), 3);
    let status = driver.ask(number::OPTIONAL, [SLEPT, 0, 0, 0]).reply.unwrap().status;
    assert_eq!(status, CallError::NotPermitted.into(), "it may not inspect");
}

#[test]
fn after_a_deep_sleep_the_timer_is_set_again() {
    let mut driver = sleeper();
    while driver.current() != 0 {
        driver.ask(number::SLEEP, [100, 0, 0, 0]);
    }
    driver.kernel.port.timer = None;
    assert!(driver.kernel.rest());
    assert_eq!(driver.kernel.port.timer, Some(100), "a deep sleep has stopped the timer");
    driver.kernel.port.deepest = Some(Depth::Light);
    driver.kernel.port.timer = None;
    assert!(driver.kernel.rest());
    assert_eq!(driver.kernel.port.timer, None, "a light sleep has not");
    // During a round of checks, the timer interrupts at once.
    driver.kernel.port.now = 100;
    driver.kernel.checked = 1;
    assert!(driver.kernel.rest());
    assert_eq!(driver.kernel.port.sleeps.last(), Some(&(Depth::Deepest, 100)));
}

#[test]
fn only_the_idle_thread_becomes_a_part_of_the_kernel() {
    let ask = |driver: &mut Driver, subject| {
        let pointer = driver.stack_pointer(128);
        driver.kernel.system_call(pointer, number::OPTIONAL, &mut [subject, 0, 0, 0]).status()
    };
    let fall_asleep = |driver: &mut Driver| ask(driver, FALL_ASLEEP);
    let refused = Some(Status::NO_SUCH_SYSTEM_CALL);
    let mut driver = sleeper();
    assert_eq!(fall_asleep(&mut driver), refused);
    assert_eq!(ask(&mut driver, WAKE_UP), refused);
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(
        fall_asleep(&mut driver),
        refused,
        "in a process whose number is that of the idle thread"
    );
    driver.leave().unwrap();
    while driver.current() != 0 {
        driver.ask(number::SLEEP, [100, 0, 0, 0]);
    }
    assert_eq!(driver.kernel.port.entries, 0);
    assert_eq!(fall_asleep(&mut driver), Some(Status::OK));
    assert_eq!(driver.kernel.port.entries, 1);
    assert_eq!(ask(&mut driver, WAKE_UP), Some(Status::OK));
    assert_eq!(driver.kernel.port.entries, 0);
    // A thread is ready: it has to run first.
    driver.kernel.port.now = 100;
    driver.kernel.timer();
    assert_eq!((driver.current(), fall_asleep(&mut driver)), (0, refused));
    assert_eq!(driver.kernel.port.entries, 0);
}

#[test]
fn without_deep_sleep_the_port_waits_itself() {
    let mut driver = Wiring::default().thread(0, 1).thread(1, 2).boot();
    assert!(!driver.kernel.rest());
    assert_eq!(admit(&mut driver, 0), Some(Status::NO_SUCH_SYSTEM_CALL));
    let mut driver = Wiring::default().inspectors(1).thread(0, 1).boot();
    assert!(!driver.kernel.rest());
    assert_eq!(admit(&mut driver, 0), Some(Status::NO_SUCH_SYSTEM_CALL), "as without inspectors");
    assert_eq!(driver.kernel.port.sleeps, []);
}
