// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate_abi::Cause;

/// Returns a system in which process 0 offers a service to process 1, which has a thread; process 2 has a thread, too.
fn two_clients() -> Driver {
    Wiring::default().service(0, 1 << 1, Shape::values(2)).thread(1, 2).thread(2, 1).boot()
}

#[test]
fn a_call_crosses_and_comes_back() {
    let mut driver = two_clients();
    let entry = driver.call(0, [1, 2, 3, 4]).unwrap();
    assert_eq!((entry.rights.process, entry.object), (ProcessId::FIRST, 0x5000 as *mut ()));
    assert_eq!(entry.stack_top, stack(1) + STACK_SIZE - 128);
    assert_eq!(driver.path(1), [1, 0]);
    let exit = driver.leave().unwrap();
    assert_eq!(exit.stack_pointer, stack(1) + STACK_SIZE - 128);
    assert_eq!(
        (exit.rights.window, exit.rights.process),
        ((STACK_SIZE / 32) as u16, ProcessId::new(1))
    );
    assert_eq!((exit.status, exit.words), (Status::OK, [7, 8]));
    assert_eq!(driver.path(1), [1]);
}

#[test]
fn a_forged_handle_is_refused() {
    let mut driver = two_clients();
    let pointer = driver.stack_pointer(128);
    for forged in [1, 2, 255, 0x7f_ffff, Word::MAX >> 1] {
        let answer = driver.kernel.call(pointer, number::call(forged, 0), &[0; 4]);
        assert_eq!(answer.map_err(Answer::from), Err(error(CallError::NoSuchService)));
    }
    assert_eq!(driver.path(1), [1]);
}

#[test]
fn the_wiring_is_the_permission_list() {
    let mut driver = two_clients();
    assert!(driver.call(0, [0; 4]).is_ok());
    driver.leave().unwrap();
    assert_eq!(driver.ask(number::SLEEP, [50, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.current(), 2);
    assert_eq!(driver.call(0, [0; 4]), Err(error(CallError::NotPermitted)));
}

#[test]
fn a_service_does_not_inherit_the_rights_of_its_caller() {
    let mut driver = Wiring::default()
        .service(0, 1 << 1, Shape::NONE)
        .service(2, 1 << 1, Shape::NONE)
        .thread(1, 1)
        .boot();
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.call(1, [0; 4]), Err(error(CallError::NotPermitted)));
}

#[test]
fn eight_calls_deep_and_no_more() {
    let mut driver = Wiring::default().service(0, 0b11, Shape::NONE).thread(1, 1).boot();
    for _ in 0..8 {
        driver.call(0, [0; 4]).unwrap();
    }
    assert_eq!(driver.call(0, [0; 4]), Err(error(CallError::TooDeep)));
    for _ in 0..8 {
        driver.leave().unwrap();
    }
    assert_eq!(driver.path(1), [1]);
}

#[test]
fn too_little_stack_is_reported_before_entry() {
    let mut driver = two_clients();
    let (least, selector) = (128 + 256, number::call(0, 0));
    let answer = driver.kernel.call(stack(1) + least - 1, selector, &[0; 4]);
    assert_eq!(answer.map_err(Answer::from), Err(error(CallError::StackTooSmall)));
    assert!(driver.kernel.call(stack(1) + least, selector, &[0; 4]).is_ok());
}

#[test]
fn a_thunk_reports_any_error_but_a_refusal() {
    let errors = CallError::ALL.map(|error| (error as Word, error));
    let others =
        [Status::TIMED_OUT.0, 13, 256, Word::MAX].map(|given| (given, CallError::BadReply));
    for (given, mut seen) in errors.into_iter().chain(others) {
        if seen == CallError::Refused {
            seen = CallError::BadReply;
        }
        let mut driver = two_clients();
        driver.call(0, [0; 4]).unwrap();
        let exit = driver.leave_with(given).unwrap();
        assert_eq!(exit.status, seen.into(), "{given}");
    }
}

#[test]
fn a_return_without_a_call_is_a_fault() {
    let mut driver = Wiring::default()
        .thread(1, 1)
        .thread(2, 2)
        .notification(2, 0, true)
        .supervisor(2, 0)
        .boot();
    assert_eq!(driver.ask(number::WAIT, [FIRST_OWN, Word::MAX, Word::MAX, 0]), SWITCHED);
    assert_eq!(driver.leave(), Err(SWITCHED));
    assert_eq!(driver.current(), 2);
    let reply = driver.ask(number::READ_FAULT, [0, 0, 0, 0]).reply.unwrap();
    assert_eq!(reply.words[0] >> 16 & 0xff, Cause::ReturnWithoutCall as Word);
    assert!(!driver.kernel.is_running(ProcessId::new(1)));
}

#[test]
fn an_unknown_system_call_is_an_error() {
    let mut driver = two_clients();
    for unknown in [22, 100, Word::MAX >> 1] {
        assert_eq!(driver.ask(unknown, [0; 4]), status(Status::NO_SUCH_SYSTEM_CALL));
    }
}

#[test]
fn the_call_for_work_exists_for_the_idle_thread_only() {
    let mut driver = two_clients();
    driver.settles = false;
    driver.take_down(0, false);
    let work = driver.kernel.work;
    assert!(!work.threads().is_empty(), "there is work to do");
    let reply = driver.ask(number::WORK, [0; 4]).reply;
    assert_eq!(reply.map(|it| it.status), Some(Status::NO_SUCH_SYSTEM_CALL));
    assert_eq!((driver.current(), driver.kernel.work), (0, work), "none of the work is done");
    driver.ask(number::WORK, [0; 4]);
    assert_ne!(driver.kernel.work, work);
}
