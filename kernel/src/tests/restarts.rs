// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::process::CALM;
use crate::wait::Wait;
use crossgate_abi::Cause;

const FAULTED: Option<Pending> = Some(Pending::status(Status(CallError::ServerFaulted as Word)));
const FOR_EVER: Word = u32::MAX as Word;

/// Returns a system in which process 1 has a server and a thread; process 2 calls it; process 3 is the supervisor.
fn server(limit: u8) -> Driver {
    Wiring::default()
        .service(1, 0b0100, Shape::NONE)
        .notification(3, 0, true)
        .notification(1, 0b0010, true)
        .interrupt(5, 1)
        .supervisor(3, 0)
        .restarts(limit)
        .thread(2, 1)
        .thread(1, 5)
        .thread(3, 9)
        .boot()
}

/// Makes the supervisor and the server's thread wait.
fn quiet(driver: &mut Driver) {
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
    assert_eq!(driver.current(), 1);
}

/// Starts the current thread: it repeats the system call until it may continue at its entry.
fn begin(driver: &mut Driver) {
    assert_eq!(driver.ask(number::BEGIN, [0; 4]), SWITCHED);
    while driver.pending() == Some(Pending::Retry) {
        assert_eq!(driver.ask(number::BEGIN, [0; 4]), SWITCHED);
    }
}

/// Lets thread 1 call the server, which crashes. Then the supervisor waits again.
fn crash(driver: &mut Driver) {
    driver.call(0, [0; 4]).unwrap();
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!(driver.current(), 3, "the supervisor is notified");
    driver.settle();
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
}

#[test]
fn a_process_that_crashed_restarts() {
    let mut driver = server(8);
    quiet(&mut driver);
    driver.kernel.port.words.insert(memory(1) + 0x400, 0xbad);
    assert_eq!(driver.ask(number::SIGNAL, [1, 0, 0, 0]), error(CallError::NotPermitted));
    crash(&mut driver);
    assert_eq!(
        (driver.current(), driver.thread(2).wait),
        (2, Wait::Nothing),
        "its thread is ready"
    );
    assert!(!driver.kernel.is_running(ProcessId::new(1)));
    begin(&mut driver);
    assert_eq!(
        driver.kernel.port.masked,
        [5],
        "the line is masked until the process acknowledges the interrupt"
    );
    assert!(driver.kernel.is_running(ProcessId::new(1)));
    assert_eq!(driver.kernel.port.words, BTreeMap::new(), "its memory has its initial values");
    assert_eq!(driver.thread(2).stack_pointer, stack(2) + STACK_SIZE - 64);
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (1, FAULTED));
    assert!(driver.call(0, [0; 4]).is_ok());
}

#[test]
fn a_caller_helps_a_process_to_start() {
    let mut driver = server(8);
    quiet(&mut driver);
    crash(&mut driver);
    // The caller is more urgent now than the thread of the server.
    driver.kernel.threads.switch_to(ThreadId::new(1));
    assert_eq!(driver.pending(), FAULTED);
    for _ in 0..3 {
        assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED));
        driver.kernel.threads.switch_to(ThreadId::new(1));
        assert_eq!(driver.pending(), Some(Pending::Retry), "interrupts can arrive in between");
    }
    assert!(driver.call(0, [0; 4]).is_ok());
}

#[test]
fn signals_to_a_process_that_crashed_are_lost() {
    let mut driver = server(8);
    quiet(&mut driver);
    driver.kernel.threads.switch_to(ThreadId::new(2));
    driver.kernel.end(ThreadId::new(1));
    for _ in 0..3 {
        driver.event(|kernel| kernel.interrupt(5));
    }
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    // The line may be unmasked still. It is masked when the process restarts.
    driver.event(|kernel| kernel.interrupt(5));
    driver.kernel.end(ThreadId::new(3));
    driver.kernel.threads.switch_to(ThreadId::new(2));
    begin(&mut driver);
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, 0, 0, 0]), status(Status::TIMED_OUT));
}

#[test]
fn signals_that_are_no_interrupts_are_lost_too() {
    let mut driver =
        Wiring::default().notification(1, 0b0010, true).restarts(8).thread(1, 5).boot();
    driver.event(|kernel| kernel.signal(0));
    assert_eq!(driver.kernel.notifications[0].signals, 1);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    begin(&mut driver);
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, 0, 0, 0]), status(Status::TIMED_OUT));
}

#[test]
fn a_return_to_an_older_life_of_a_process_is_unwound() {
    let mut driver = Wiring::default()
        .service(1, 0b0100, Shape::NONE)
        .service(3, 0b0010, Shape::NONE)
        .restarts(8)
        .thread(2, 3)
        .thread(1, 2)
        .boot();
    driver.call(0, [0; 4]).unwrap();
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1_000, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.current(), 2);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    begin(&mut driver);
    assert!(driver.kernel.is_running(ProcessId::new(1)));
    assert_eq!(driver.path(1), [2, 1, 3], "the call in process 3 finishes");
    driver.kernel.port.now += 1_000;
    driver.timer();
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert_eq!((driver.path(1), driver.pending()), (vec![2], FAULTED));
}

#[test]
fn a_thread_in_a_call_restarts_when_it_has_come_home() {
    let mut driver = Wiring::default()
        .service(3, 0b0010, Shape::NONE)
        .restarts(8)
        .thread(1, 3)
        .thread(1, 2)
        .boot();
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1_000, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.current(), 2);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    begin(&mut driver);
    driver.kernel.port.now += 1_000;
    driver.timer();
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert_eq!(
        (driver.current(), driver.pending()),
        (1, None),
        "the restarted thread gets no error of the call"
    );
    assert_eq!(driver.thread(1).stack_pointer, stack(1) + STACK_SIZE - 64);
    begin(&mut driver);
}

#[test]
fn lent_memory_is_not_reset_before_it_is_returned() {
    let mut driver = Wiring::default()
        .service(3, 0b0010, Shape::WRITE)
        .restarts(8)
        .thread(1, 3)
        .thread(1, 2)
        .boot();
    driver.call(0, [memory(1), 32, 0, 0]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1_000, 0, 0, 0]), SWITCHED);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!(driver.ask(number::BEGIN, [0; 4]), SWITCHED);
    assert_eq!((driver.current(), driver.thread(2).wait), (0, Wait::Memory));
    assert!(!driver.kernel.is_running(ProcessId::new(1)));
    driver.kernel.port.now += 1_000;
    driver.timer();
    assert_eq!(driver.leave(), Err(SWITCHED));
    begin(&mut driver);
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
}

#[test]
fn a_lease_counts_though_its_holder_had_none_at_the_crash_before() {
    let mut driver = Wiring::default()
        .service(3, 0b0110, Shape::WRITE)
        .service(1, 0b0100, Shape::NONE)
        .restarts(8)
        .thread(2, 3)
        .thread(1, 2)
        .boot();
    driver.call(0, [memory(2), 32, 0, 0]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1_000, 0, 0, 0]), SWITCHED);
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    begin(&mut driver);
    driver.kernel.port.now += 1_000;
    driver.timer();
    driver.pending();
    driver.leave().unwrap();
    driver.call(1, [0; 4]).unwrap();
    driver.call(0, [memory(1), 32, 0, 0]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1_000, 0, 0, 0]), SWITCHED);
    driver.kernel.port.now += CALM + 1;
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!(driver.ask(number::BEGIN, [0; 4]), SWITCHED);
    assert_eq!((driver.current(), driver.thread(2).wait), (0, Wait::Memory));
}

#[test]
fn a_process_that_crashes_again_waits_longer_and_longer_and_stops() {
    let mut driver = server(3);
    quiet(&mut driver);
    for (wait, crashed) in [(0, "once"), (10_000, "twice"), (20_000, "three times")] {
        crash(&mut driver);
        let start = driver.kernel.port.now;
        assert_eq!(driver.current(), 2, "{crashed}");
        if wait != 0 {
            assert_eq!(driver.ask(number::BEGIN, [0; 4]), SWITCHED);
            assert_eq!(driver.pending(), Some(Pending::Retry), "the clean-up does not wait");
            assert_eq!(driver.ask(number::BEGIN, [0; 4]), SWITCHED);
            assert_eq!((driver.current(), driver.pending()), (1, FAULTED), "{crashed}");
            assert_eq!(driver.call(0, [0; 4]), Err(error(CallError::ServerDown)));
            assert_eq!(driver.kernel.port.timer, Some(start + wait), "{crashed}");
            driver.kernel.port.now = start + wait;
            driver.timer();
            assert_eq!(driver.pending(), Some(Pending::Retry));
        }
        begin(&mut driver);
        assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
        driver.pending();
    }
    crash(&mut driver);
    assert_eq!((driver.current(), driver.thread(2).wait), (1, Wait::Ended));
    assert_eq!(driver.call(0, [0; 4]), Err(error(CallError::ServerDown)));
}

#[test]
fn every_limit_is_kept_and_the_wait_stays_shorter_than_the_calm() {
    for limit in [1, 2, 20, 254, 255] {
        let mut driver = server(limit);
        quiet(&mut driver);
        for _ in 0..limit {
            crash(&mut driver);
            while driver.current() != 2 {
                driver.kernel.port.now = driver.kernel.port.timer.unwrap();
                driver.timer();
            }
            driver.pending();
            while !driver.kernel.is_running(ProcessId::new(1)) {
                assert_eq!(driver.ask(number::BEGIN, [0; 4]), SWITCHED);
                if driver.current() != 2 {
                    driver.kernel.port.now = driver.kernel.port.timer.unwrap();
                    driver.timer();
                }
                driver.pending();
            }
            assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
            driver.pending();
        }
        crash(&mut driver);
        assert_eq!(driver.thread(2).wait, Wait::Ended, "the limit of {limit} is reached");
    }
}

/// The end of a wait in a call for which no caller waits.
const GIVEN_UP: Option<Pending> =
    Some(Pending::status(Status(CallError::DeadlineExceeded as Word)));

/// Returns a system in which thread 1 waits in process 3, called from process 1, which was called from process 2, its
/// home.
fn in_a_call() -> Driver {
    let mut driver = Wiring::default()
        .service(1, 0b0100, Shape::NONE)
        .service(3, 0b0010, Shape::NONE)
        .notification(3, 0b0010, false)
        .restarts(8)
        .thread(2, 3)
        .thread(0, 2)
        .boot();
    driver.call(0, [0; 4]).unwrap();
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
    driver
}

#[test]
fn a_wait_in_a_call_ends_when_nobody_waits_for_it_any_more() {
    for process in [1, 2] {
        let mut driver = in_a_call();
        driver.take_down(process, false);
        driver.settle();
        driver.kernel.switch();
        assert_eq!((driver.current(), driver.pending()), (1, GIVEN_UP), "process {process}");
        assert!(driver.kernel.notifications[0].waiters.is_empty());
        // As many waits fail as there are calls for which no caller waits. Later waits succeed again.
        if process == 2 {
            let given_up = driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]);
            assert_eq!(given_up, status(Status::TIMED_OUT));
        }
        assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
        driver.kernel.signal(0);
        driver.kernel.switch();
        driver.pending();
        let left = driver.leave();
        assert_eq!(left.is_ok(), process == 2, "process {process}: {left:?}");
        assert_eq!(driver.thread(1).orphaned, 0);
    }
    let mut driver = in_a_call();
    driver.take_down(0, false);
    driver.settle();
    assert_ne!(driver.thread(1).wait, Wait::Nothing, "a crash of another process ends no wait");
}

#[test]
fn the_next_wait_in_a_call_fails_after_a_crash_of_the_home() {
    let mut driver = in_a_call();
    driver.kernel.signal(0);
    driver.kernel.switch();
    driver.pending();
    driver.take_down(2, false);
    driver.settle();
    let timed_out = status(Status::TIMED_OUT);
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), timed_out);
    assert!(driver.kernel.notifications[0].waiters.is_empty());
    // A wait that finds a signal does not count.
    driver.kernel.threads.current().orphaned = 8;
    driver.kernel.signal(0);
    assert_eq!(
        driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]).reply.unwrap().status,
        Status::OK
    );
}

/// Process 1 crashes while thread 1 is in a call that it made from an exclusive object of this process.
#[test]
fn the_lock_of_an_object_is_free_in_its_next_life() {
    let mut driver = Wiring::default()
        .service(1, 0b0100, Shape::NONE)
        .exclusive()
        .service(3, 0b0010, Shape::NONE)
        .restarts(8)
        .thread(2, 3)
        .thread(2, 2)
        .thread(1, 1)
        .boot();
    driver.call(0, [0; 4]).unwrap();
    driver.call(1, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::SLEEP, [1_000, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.call(0, [0; 4]), Err(SWITCHED), "thread 2 has to wait");
    assert_eq!((driver.current(), driver.thread(1).priority), (3, 3));
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    assert_eq!((driver.current(), driver.pending()), (2, Some(Pending::Retry)));
    while driver.call(0, [0; 4]).is_err() {
        assert_eq!(driver.pending(), Some(Pending::Retry));
    }
    assert_eq!(driver.path(2), [2, 1], "the thread is in the next life of the object");
    driver.kernel.port.now += 1_000;
    driver.timer();
    assert_eq!((driver.current(), driver.leave()), (1, Err(SWITCHED)));
    assert_eq!((driver.path(1), driver.pending()), (vec![2], FAULTED));
    assert_eq!(
        driver.kernel.locks[0].holder(),
        Some(ThreadId::new(2)),
        "the lock is not freed twice"
    );
}

#[test]
fn after_a_calm_time_a_crash_is_the_first_again() {
    let mut driver = server(1);
    quiet(&mut driver);
    for _ in 0..3 {
        crash(&mut driver);
        begin(&mut driver);
        assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
        driver.pending();
        driver.kernel.port.now += 10_000_001;
    }
}

#[test]
fn the_supervisor_decides() {
    let mut driver = server(8);
    assert_eq!(driver.current(), 3);
    assert_eq!(driver.ask(number::STOP, [1, 0, 0, 0]), OK);
    driver.settle();
    assert_eq!(driver.thread(2).wait, Wait::Ended);
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, FOR_EVER, FOR_EVER, 0]), SWITCHED);
    assert_eq!(driver.call(0, [0; 4]), Err(error(CallError::ServerDown)));
    for number in [number::STOP, number::RESTART] {
        let refused = driver.ask(number, [1, 0, 0, 0]);
        assert_eq!(refused, error(CallError::NotPermitted), "for others");
    }
    for unknown in [4, 32, Word::MAX] {
        driver.kernel.threads.switch_to(ThreadId::new(3));
        let refused = driver.ask(number::RESTART, [unknown, 0, 0, 0]).reply;
        assert_eq!(
            refused,
            Some(Reply { status: CallError::NotPermitted.into(), words: [0; 2] }),
            "process {unknown}"
        );
    }
    driver.kernel.threads.switch_to(ThreadId::new(3));
    assert_eq!(driver.ask(number::RESTART, [1, 0, 0, 0]).reply, Some(Reply::OK));
    driver.kernel.end(ThreadId::new(3));
    driver.kernel.threads.switch_to(ThreadId::new(2));
    begin(&mut driver);
    assert!(driver.kernel.is_running(ProcessId::new(1)));
}

#[test]
fn the_system_is_reset_when_the_supervisor_has_crashed_too_often() {
    for limit in [1, 3, 254, 255] {
        let mut driver = server(limit);
        for crash in 1..=u16::from(limit) {
            driver.kernel.crash(ProcessId::new(1));
            driver.kernel.crash(ProcessId::new(3));
            driver.settle();
            assert_eq!(driver.kernel.port.resets, 0, "crash {crash}, limit {limit}");
        }
        driver.kernel.crash(ProcessId::new(1));
        driver.settle();
        assert_eq!(driver.kernel.port.resets, 0, "a crash of another process, limit {limit}");
        driver.kernel.crash(ProcessId::new(3));
        driver.settle();
        assert_eq!(driver.kernel.port.resets, 1, "limit {limit}");
    }
}

#[test]
fn three_crashes_before_the_worker_runs() {
    let wiring = Wiring::default().thread(0, 1).thread(1, 2).thread(2, 3).inspectors(0b1000);
    let mut driver = wiring.restarts(3).boot();
    driver.settles = false;
    for process in 0..3 {
        driver.crash(1 + process, process, Cause::Deadline);
        assert!(!driver.kernel.is_running(ProcessId::new(process)), "nobody enters it");
    }
    driver.settle();
    for process in 0..3 {
        assert_eq!(driver.kernel.states[process].crashes, 1);
        assert_eq!(driver.kernel.look_at_crashes(process, 0).unwrap()[0], 1);
        assert!(!driver.kernel.is_running(ProcessId::new(process)), "its memory is not reset yet");
    }
}

#[test]
fn a_supervisor_that_is_to_stay_stopped_resets_nothing() {
    let mut driver =
        Wiring::default().notification(3, 0, true).supervisor(3, 0).thread(3, 9).boot();
    driver.kernel.crash(ProcessId::new(3));
    driver.settle();
    assert!(driver.kernel.states[3].stopped);
    let mut driver = server(1);
    assert_eq!(driver.ask(number::STOP, [3, 0, 0, 0]), SWITCHED);
    assert!(driver.kernel.states[3].stopped);
    for _ in 0..3 {
        driver.kernel.supervise(3, false);
    }
    assert_eq!(driver.kernel.port.resets, 0);
}

#[test]
fn a_supervisor_can_restart_itself() {
    let mut driver = server(8);
    assert_eq!(driver.ask(number::RESTART, [3, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.current(), 3);
    begin(&mut driver);
}

#[test]
fn the_wait_after_each_crash_in_a_row() {
    use crate::process::Process;
    for (crashes, wait) in [
        (2, 10_000),
        (3, 20_000),
        (8, 640_000),
        (9, 1_280_000),
        (10, 2_560_000),
        (11, 5_120_000),
        (12, 5_120_000),
        (u8::MAX, 5_120_000),
    ] {
        let state = Process { crashed_at: 77, crashes, ..Process::NEW };
        assert_eq!(state.not_before(), 77 + wait, "after {crashes}");
        assert!(wait < CALM, "after a longer wait, the next crash would count as the first");
    }
    for crashes in [0, 1] {
        assert_eq!(Process { crashed_at: 77, crashes, ..Process::NEW }.not_before(), 0, "at once");
    }
}
