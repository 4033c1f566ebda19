// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate_abi::Cause;

#[test]
fn yield_goes_round_a_level_and_no_further() {
    let mut driver = Wiring::default().thread(0, 5).thread(0, 5).thread(0, 5).thread(0, 4).boot();
    let mut order = vec![driver.current()];
    for _ in 0..5 {
        assert_eq!(driver.ask(number::YIELD, [0; 4]), DONE_AND_SWITCHED);
        order.push(driver.current());
    }
    assert_eq!(order, [1, 2, 3, 1, 2, 3]);
}

#[test]
fn a_lonely_thread_yields_to_itself() {
    let mut driver = Wiring::default().thread(0, 5).thread(0, 4).boot();
    assert_eq!(driver.ask(number::YIELD, [0; 4]), OK);
    assert_eq!(driver.current(), 1);
}

#[test]
fn sleepers_wake_in_the_order_of_their_times() {
    let mut driver = Wiring::default().thread(0, 1).thread(0, 1).thread(0, 1).boot();
    for time in [300, 100, 200] {
        assert_eq!(driver.ask(number::SLEEP_UNTIL, [time, 0, 0, 0]), SWITCHED);
    }
    assert_eq!((driver.current(), driver.kernel.port.timer), (0, Some(100)));
    for (now, woken, next) in [(100, 2, Some(200)), (250, 3, Some(300)), (300, 1, None)] {
        driver.kernel.port.now = now;
        driver.timer();
        assert_eq!((driver.current(), driver.kernel.port.timer), (woken, next));
        assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    }
    assert_eq!(driver.current(), 0);
}

#[test]
fn a_sleep_does_not_postpone_the_rest_of_a_round() {
    // Each time that the port sets its timer, the timer's period begins again. So a thread that sleeps again and again
    // must not set the timer while threads are left to check.
    let mut driver = Wiring::default().thread(0, 2).thread(0, 1).boot();
    assert_eq!(driver.ask(number::SLEEP, [10, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.ask(number::SLEEP, [10, 0, 0, 0]), SWITCHED);
    driver.kernel.port.now = 10;
    driver.event(Kernel::timer);
    assert_eq!(
        (driver.current(), driver.kernel.port.timer),
        (1, Some(0)),
        "one thread is left to check"
    );
    // (If the sleep set the timer, it would set it to 0 again. The other value here would show this.)
    driver.kernel.port.timer = Some(5);
    assert_eq!(driver.ask(number::SLEEP, [100, 0, 0, 0]), SWITCHED);
    assert_eq!(
        (driver.current(), driver.kernel.port.timer),
        (0, Some(5)),
        "the sleep did not set the timer"
    );
    driver.timer();
    assert_eq!((driver.current(), driver.kernel.port.timer), (2, Some(110)));
}

#[test]
fn time_is_64_bits_wide() {
    let mut driver = Wiring::default().thread(0, 1).boot();
    driver.kernel.port.now = 0x1_0000_0002;
    let now = Reply { status: Status::OK, words: [2, 1] };
    assert_eq!(driver.ask(number::NOW, [0; 4]), Answer { reply: Some(now), switch: false });
    assert_eq!(driver.ask(number::SLEEP_UNTIL, [5, 0, 0, 0]), OK, "the time passed long ago");
    assert_eq!(driver.ask(number::SLEEP, [3, 2, 0, 0]), SWITCHED);
    assert_eq!(driver.kernel.port.timer, Some(0x3_0000_0005));
}

#[test]
fn sleeps_of_no_time_and_of_all() {
    let all = u32::MAX as Word;
    for now in [0, 1, u64::MAX - 1] {
        let mut driver = Wiring::default().thread(0, 1).boot();
        driver.kernel.port.now = now;
        assert_eq!(driver.ask(number::SLEEP, [0; 4]), OK);
        let (low, high) = (now as u32 as Word, (now >> 32) as Word);
        assert_eq!(driver.ask(number::SLEEP_UNTIL, [low, high, 0, 0]), OK);
        // A time past the highest one does not exist: the sleep ends at the highest.
        assert_eq!(driver.ask(number::SLEEP, [all, all, 0, 0]), SWITCHED);
        assert_eq!((driver.current(), driver.kernel.port.timer), (0, None), "it never wakes");
        let mut driver = Wiring::default().thread(0, 1).boot();
        driver.kernel.port.now = now;
        assert_eq!(driver.ask(number::SLEEP, [1, 0, 0, 0]), SWITCHED);
        assert_eq!(driver.kernel.port.timer, now.checked_add(1).filter(|&time| time != u64::MAX));
    }
}

#[test]
fn a_woken_thread_preempts_a_less_urgent_one() {
    let mut driver = Wiring::default().thread(0, 2).thread(0, 1).boot();
    assert_eq!(driver.ask(number::SLEEP, [10, 0, 0, 0]), SWITCHED);
    assert_eq!(driver.current(), 2);
    driver.kernel.port.now = 10;
    driver.timer();
    assert_eq!(driver.current(), 1);
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    assert_eq!((driver.current(), driver.pending()), (2, None));
}

#[test]
fn exit_in_a_call_is_a_fault_of_the_callee() {
    let wiring = Wiring::default().service(0, 0b10, Shape::NONE).thread(1, 1);
    let mut driver = wiring.inspectors(0b1000).boot();
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(driver.ask(number::EXIT, [0; 4]), SWITCHED);
    let faulted = Some(Pending::status(CallError::ServerFaulted.into()));
    assert_eq!((driver.path(1), driver.pending()), (vec![1], faulted));
    let record = driver.record(0);
    assert_eq!((record.process, record.cause), (0, Cause::Exit));
}

/// While the worker looks for the most urgent of some threads, another thread gets work for the worker.
#[test]
fn the_worker_looks_again_at_threads_that_it_has_passed() {
    let wiring = Wiring::default().thread(0, 20).thread(0, 3).thread(0, 4).thread(0, 5);
    let mut driver = wiring.thread(0, 6).thread(0, 7).boot();
    let worker = |driver: &Driver| driver.thread(0).priority;
    let kernel = &mut driver.kernel;
    kernel.work.waking = Set::of_bits(0b111_1100);
    kernel.engage();
    assert!(kernel.piece());
    assert!(!kernel.work.unseen.is_empty(), "some threads are left to look at");
    kernel.work.waking.insert(ThreadId::new(1));
    kernel.engage();
    while !driver.kernel.work.unseen.is_empty() || worker(&driver) == crate::work::FIRST {
        assert!(driver.kernel.piece());
    }
    assert_eq!(worker(&driver), 20, "its work is for the most urgent thread");
}
