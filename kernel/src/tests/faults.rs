// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate_abi::{Cause, FaultRecord};

const FAULTED: Option<Pending> = Some(Pending::status(Status(CallError::ServerFaulted as Word)));

/// Returns a system in which process 1 calls 0, which calls 2, which calls 0 again; process 3 is the supervisor.
fn chain() -> Driver {
    Wiring::default()
        .service(0, 0b0110, Shape::NONE)
        .service(2, 0b0001, Shape::NONE)
        .exclusive()
        .notification(3, 0, true)
        .notification(0, 0b0001, true)
        .interrupt(5, 1)
        .supervisor(3, 0)
        .thread(1, 1)
        .thread(0, 3)
        .thread(3, 4)
        .boot()
}

/// Makes the threads of processes 3 and 0 wait, so that thread 1 runs.
fn quiet(driver: &mut Driver) {
    for _ in 0..2 {
        let for_ever = u32::MAX as Word;
        assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, for_ever, for_ever, 0]), SWITCHED);
    }
    assert_eq!(driver.current(), 1);
}

#[test]
fn a_crash_continues_only_while_no_interrupt_is_pending() {
    for found in 0..=3 {
        let mut driver = chain();
        quiet(&mut driver);
        driver.call(0, [0; 4]).unwrap();
        driver.settles = false;
        driver.kernel.port.looks.set(0);
        driver.kernel.port.found = found;
        driver.kernel.fault(Cause::Access, 0, 0);
        let work = driver.kernel.work;
        assert!(!driver.kernel.is_running(ProcessId::new(0)), "nobody enters it");
        assert_eq!(work.crashed.is_empty(), found != 1, "the worker takes it down: {found}");
        let depth = if matches!(found, 1 | 2) { 1 } else { 0 };
        assert_eq!(driver.thread(1).depth(), depth, "the worker leads the thread out: {found}");
        driver.kernel.port.found = 0;
        driver.settle();
        assert_eq!(driver.thread(1).depth(), 0);
        assert!(driver.kernel.states[0].stopped, "its policy");
    }
}

fn read_record(driver: &mut Driver, sequence: Word) -> FaultRecord {
    let words = core::array::from_fn(|index| {
        match driver.ask(number::READ_FAULT, [sequence, index, 0, 0]).reply {
            Some(Reply { status: Status::OK, words }) => words[0],
            other => panic!("{other:?}"),
        }
    });
    crossgate::fault::decode(&words)
}

#[test]
fn a_crash_stays_in_its_process() {
    let mut driver = chain();
    quiet(&mut driver);
    driver.call(0, [0; 4]).unwrap();
    driver.event(|kernel| kernel.fault(Cause::Access, 0x1234, 0x2000_0000));
    assert_eq!(driver.current(), 3, "the supervisor is notified first");
    let record = read_record(&mut driver, 0);
    assert_eq!((record.process, record.thread, record.depth), (0, 1, 1));
    assert_eq!(
        (record.cause, record.instruction, record.address),
        (Cause::Access, 0x1234, 0x2000_0000)
    );
    let for_ever = u32::MAX as Word;
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, for_ever, for_ever, 0]), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (1, FAULTED), "then the caller continues");
    assert_eq!(driver.path(1), [1]);
    assert_eq!(driver.call(0, [0; 4]), Err(error(CallError::ServerDown)));
    assert_eq!(
        driver.thread(2).wait,
        crate::wait::Wait::Ended,
        "the thread of the crashed process has ended"
    );
    driver.event(|kernel| kernel.interrupt(5));
    assert_eq!(driver.kernel.port.masked, [5], "its interrupt is masked when it occurs");
}

#[test]
fn the_idle_thread_starts_again_when_the_worker_has_work() {
    let mut driver = chain();
    driver.settles = false;
    quiet(&mut driver);
    assert_eq!(driver.ask(number::SLEEP, [9999, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.current(), 0);
    // The interrupt arrives just before the idle thread waits for an interrupt.
    let end = driver.thread(0).stack.end;
    driver.kernel.current().stack_pointer = end - 128;
    driver.event(|kernel| kernel.interrupt(99));
    let saved = driver.thread(0).stack_pointer;
    assert_eq!((driver.current(), TestPort::context_end(saved)), (0, end));
}

#[test]
fn the_supervisor_is_notified_before_any_thread_continues() {
    let mut driver = chain();
    quiet(&mut driver);
    // This interrupt is no crash. Its only effect on threads is that the supervisor is notified.
    driver.kernel.interrupt(99);
    driver.kernel.reschedule();
    assert_eq!(driver.current(), 0, "the worker runs");
    driver.event(|_| ());
    assert_eq!(driver.current(), 3, "then the supervisor");
}

#[test]
fn a_visitor_is_unwound_past_every_frame_of_the_crashed_process() {
    let mut driver = chain();
    quiet(&mut driver);
    driver.call(0, [0; 4]).unwrap();
    driver.call(1, [0; 4]).unwrap();
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.path(1), [1, 0, 2, 0]);
    driver.event(|kernel| kernel.fault(Cause::Panic, 0, 0));
    driver.settle();
    assert_eq!(driver.path(1), [1, 0, 2], "process 2 did not crash, so the call in it finishes");
    driver.kernel.threads.switch_to(ThreadId::new(1));
    driver.kernel.end(ThreadId::new(3));
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert_eq!((driver.path(1), driver.pending()), (vec![1], FAULTED));
}

#[test]
fn a_crash_frees_the_locks_of_the_frames_that_it_unwinds() {
    let mut driver = chain();
    quiet(&mut driver);
    driver.call(0, [0; 4]).unwrap();
    driver.call(1, [0; 4]).unwrap();
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    driver.settle();
    assert_eq!(driver.path(1), [1, 0]);
    driver.kernel.threads.switch_to(ThreadId::new(1));
    assert_eq!(driver.call(1, [0; 4]), Err(error(CallError::ServerDown)));
    assert!(driver.kernel.take_lock(LockId::FIRST).is_ok(), "the lock is free");
}

#[test]
fn other_visitors_of_a_crashed_process_go_back_too() {
    let mut driver = Wiring::default()
        .service(0, 0b110, Shape::NONE)
        .notification(0, 0b001, true)
        .thread(1, 2)
        .thread(2, 1)
        .boot();
    driver.call(0, [0; 4]).unwrap();
    let for_ever = u32::MAX as Word;
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, for_ever, for_ever, 0]), SWITCHED);
    assert_eq!(driver.current(), 2);
    driver.call(0, [0; 4]).unwrap();
    driver.event(|kernel| kernel.fault(Cause::Stack, 0, 0));
    assert_eq!(
        (driver.current(), driver.pending()),
        (1, FAULTED),
        "the thread waited in the server"
    );
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, FAULTED));
}

#[test]
fn a_thread_in_a_call_finishes_before_it_ends_with_its_home() {
    let mut driver = Wiring::default()
        .service(0, 0b010, Shape::NONE)
        .thread(1, 1)
        .thread(1, 2)
        .thread(2, 1)
        .boot();
    assert_eq!(driver.ask(number::SLEEP, [9, 0, 0, 0]), SWITCHED);
    driver.call(0, [0; 4]).unwrap();
    driver.kernel.port.now = 9;
    driver.timer();
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!(
        (driver.current(), driver.path(1)),
        (1, vec![1, 0]),
        "the thread is still in process 0"
    );
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert_eq!(driver.current(), 3);
    assert_eq!(driver.thread(1).wait, crate::wait::Wait::Ended);
}

#[test]
fn only_the_supervisor_reads_records_and_old_ones_are_gone() {
    let mut driver = chain();
    let none = status(Status::NO_SUCH_RECORD);
    assert_eq!(driver.ask(number::READ_FAULT, [0, 0, 0, 0]), none);
    quiet(&mut driver);
    let refused = error(CallError::NotPermitted);
    assert_eq!(driver.ask(number::READ_FAULT, [0, 0, 0, 0]), refused);
    for _ in 0..3 {
        driver.kernel.report(ProcessId::new(1), ThreadId::new(1), Cause::Exit, 0);
    }
    driver.kernel.signal(0);
    driver.event(|_| ());
    assert_eq!(read_record(&mut driver, 2).process, 1);
    assert_eq!(read_record(&mut driver, 1).process, 1);
    assert_eq!(driver.ask(number::READ_FAULT, [0, 0, 0, 0]), none, "overwritten");
    let past_its_end = FaultRecord::WORDS;
    for [sequence, index] in [[2, past_its_end], [3, 0], [Word::MAX, 0]] {
        assert_eq!(driver.ask(number::READ_FAULT, [sequence, index, 0, 0]), none);
    }
}

#[test]
fn a_panic_names_its_place_only_if_that_is_in_flash() {
    let mut driver = chain();
    let place = [FLASH.start + 8, 11, 42, 3];
    assert_eq!(driver.ask(number::PANIC, place), SWITCHED);
    let record = driver.record(0);
    assert_eq!((record.file, record.file_length, record.line), (place[0], 11, 42));
    let mut driver = chain();
    let length = FLASH.length() - 8;
    assert_eq!(driver.ask(number::PANIC, [FLASH.start, length, 1, 0]), SWITCHED);
    let record = driver.record(0);
    let end = (record.file + record.file_length, record.file_length);
    assert_eq!(end, (FLASH.start + length, FaultRecord::FILE_LENGTH), "the end of a long name");
    for forged in [[stack(1), 11, 1, 1], [FLASH.start, Word::MAX, 1, 1], [FLASH.end - 1, 2, 1, 1]] {
        let mut driver = chain();
        assert_eq!(driver.ask(number::PANIC, forged), SWITCHED);
        let record = driver.record(0);
        assert_eq!((record.file, record.file_length), (0, 0));
    }
}
