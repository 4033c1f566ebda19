// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time between the record of a crash and the moment when the process is taken down.

use super::*;
use crossgate_abi::Cause;

/// Makes the current thread fault while an interrupt is pending, and has this interrupt served.
fn fault_with_an_interrupt(driver: &mut Driver) {
    driver.settles = false;
    driver.kernel.port.looks.set(0);
    driver.kernel.port.found = 1;
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert!(driver.gave_way, "an interrupt is pending");
    driver.kernel.port.found = 0;
    driver.event(|_| ());
}

#[test]
fn a_crash_that_meets_an_interrupt_is_left_to_the_worker() {
    let mut driver = Wiring::default().restarts(1).thread(2, 2).thread(1, 1).boot();
    let process = ProcessId::new(2);
    fault_with_an_interrupt(&mut driver);
    assert!(driver.kernel.work.crashed.contains(process));
    assert!(!driver.kernel.is_running(process), "no thread enters the process");
    assert_eq!(driver.kernel.states[2].crashes, 0, "it is not taken down yet");
    assert_eq!(driver.current(), 0, "the worker runs before any thread");
    driver.settle();
    assert_eq!(driver.kernel.states[2].crashes, 1);
}

#[test]
fn the_worker_outlives_the_process_that_it_takes_down() {
    // The idle thread has the number of process 0.
    for limit in [None, Some(1)] {
        let wiring = Wiring::default().thread(0, 2).thread(1, 1);
        let mut driver = match limit {
            Some(limit) => wiring.restarts(limit).boot(),
            None => wiring.boot(),
        };
        assert_eq!(driver.current(), 1);
        fault_with_an_interrupt(&mut driver);
        let wait = driver.thread(0).wait;
        while driver.current() == 0 && driver.thread(0).priority != 0 {
            assert!(driver.ask(number::WORK, [0; 4]).reply.is_some(), "it continues where it was");
            assert_eq!(driver.thread(0).wait, wait, "it does not end");
            invariants::check(&driver);
        }
    }
}

#[test]
fn a_supervisor_that_crashes_is_told_of_all_crashes_in_its_next_life() {
    let wiring = Wiring::default().notification(3, 0, true).supervisor(3, 0).restarts(3);
    let mut driver = wiring.thread(1, 2).thread(3, 9).boot();
    driver.settles = false;
    driver.crash(1, 1, Cause::Deadline);
    driver.crash(2, 3, Cause::Deadline);
    driver.settle();
    assert_eq!(driver.kernel.notifications[0].signals, 1);
}

#[test]
fn the_note_of_a_panic_has_its_place() {
    let wiring = Wiring::default().thread(1, 2).thread(2, 1).inspectors(0b0100);
    let mut driver = wiring.boot();
    driver.ask(number::PANIC, [FLASH.start, 8, 77, 0]);
    let word = |index| driver.kernel.look_at_crashes(1, index).unwrap()[1];
    assert_eq!([word(3), word(4), word(5)], [FLASH.start, 8, 77]);
}

#[test]
fn the_dump_of_the_last_crash_is_kept_until_the_reset() {
    let wiring = Wiring::default().notification(3, 0, true).supervisor(3, 0).restarts(0);
    let mut driver = wiring.thread(1, 5).thread(3, 9).dumpers(0b0010).boot();
    let dumped = |driver: &Driver| driver.kernel.look_at_dump(dump::RECORD).unwrap()[0];
    driver.settles = false;
    driver.crash(2, 3, Cause::Access);
    while driver.kernel.work.unchecked != 0 {
        driver.kernel.piece();
    }
    let first = dumped(&driver);
    // Before the worker resets the system, a grace period ends in another process.
    driver.crash(1, 1, Cause::Deadline);
    driver.settle();
    assert_eq!((driver.kernel.port.resets, dumped(&driver)), (1, first));
}
