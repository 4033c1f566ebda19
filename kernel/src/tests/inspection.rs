// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate_abi::inspect::{CALLS, DUMP, FAULT, PROCESS, STACK, THREAD, state, wait};
use crossgate_abi::{Cause, NOBODY};

/// Returns a system in which process 1 may inspect, and has the least urgent thread; process 0 has an exclusive object,
/// which the others call.
fn inspected() -> Driver {
    Wiring::default()
        .service(0, 0b1110, Shape::NONE)
        .exclusive()
        .service(3, 0b0001, Shape::NONE)
        .notification(2, 0, false)
        .notification(2, 0, false)
        .restarts(2)
        .inspectors(0b0010)
        .thread(1, 2)
        .thread(2, 5)
        .thread(3, 4)
        .boot()
}

fn look(driver: &mut Driver, words: [Word; 3]) -> Result<[Word; 2], Status> {
    let reply = driver.ask(number::OPTIONAL, [words[0], words[1], words[2], 0]).reply.unwrap();
    if reply.status == Status::OK { Ok(reply.words) } else { Err(reply.status) }
}

fn bytes(words: Result<[Word; 2], Status>) -> ([u8; 4], Word) {
    let [who, what] = words.unwrap();
    ((who as u32).to_le_bytes(), what)
}

#[test]
fn only_a_process_with_the_right_may_inspect() {
    let mut driver = inspected();
    assert_eq!(driver.current(), 2);
    assert_eq!(look(&mut driver, [THREAD, 1, 0]), Err(CallError::NotPermitted.into()));
    // The right belongs to a process. A thread loses it while a call leads the thread into a process without the right.
    driver.ask(number::EXIT, [0; 4]);
    driver.ask(number::EXIT, [0; 4]);
    assert!(look(&mut driver, [THREAD, 1, 0]).is_ok());
    driver.call(0, [0; 4]).unwrap();
    assert_eq!(look(&mut driver, [THREAD, 1, 0]), Err(CallError::NotPermitted.into()));
}

#[test]
fn without_the_right_in_the_wiring_no_process_inspects() {
    let mut driver = Wiring::default().thread(1, 2).boot();
    assert_eq!(look(&mut driver, [THREAD, 1, 0]), Err(Status::NO_SUCH_SYSTEM_CALL));
}

#[test]
fn an_item_that_does_not_exist_has_no_record() {
    let mut driver = inspected();
    driver.ask(number::EXIT, [0; 4]);
    driver.ask(number::EXIT, [0; 4]);
    for words in [[THREAD, 4, 0], [CALLS, 4, 0], [STACK, Word::MAX, 0], [PROCESS, 4, 0], [99, 0, 0]]
    {
        assert_eq!(look(&mut driver, words), Err(Status::NO_SUCH_RECORD), "{words:?}");
    }
    // The upper bits of an index are not cut off.
    assert_eq!(look(&mut driver, [THREAD, 0x100 + 1, 0]), Err(Status::NO_SUCH_RECORD));
}

#[test]
fn threads_are_seen_where_they_wait() {
    let mut driver = inspected();
    // Thread 2 waits for notifications; 3 is in the exclusive object and sleeps there.
    driver.ask(number::WAIT, [FIRST_OWN | SECOND_OWN, Word::MAX, Word::MAX, 0]);
    assert_eq!(driver.current(), 3);
    driver.call(0, [0; 4]).unwrap();
    driver.call(1, [0; 4]).unwrap();
    driver.ask(number::SLEEP, [100, 0, 0, 0]);
    assert_eq!(driver.current(), 1);
    let set = FIRST_OWN | SECOND_OWN;
    assert_eq!(bytes(look(&mut driver, [THREAD, 2, 0])), ([wait::NOTIFICATIONS, 2, 5, 0], set));
    assert_eq!(bytes(look(&mut driver, [THREAD, 3, 0])), ([wait::TIME, 3, 4, 2], 0));
    assert_eq!(bytes(look(&mut driver, [CALLS, 3, 0])), ([0, 1, 0, 0], 0));
    assert_eq!(bytes(look(&mut driver, [THREAD, 1, 0])), ([wait::NOTHING, 1, 2, 0], 0));
    assert_eq!(bytes(look(&mut driver, [THREAD, 0, 0])), ([wait::NOTHING, 0, 0, 0], 0));
}

#[test]
fn a_wait_for_an_object_is_seen_with_the_holder() {
    // Thread 1 is in the object when the time wakes thread 2, which then waits for the object. Thread 3 may inspect.
    let mut driver = Wiring::default()
        .service(0, 0b1110, Shape::NONE)
        .exclusive()
        .inspectors(0b0010)
        .thread(2, 2)
        .thread(3, 4)
        .thread(1, 5)
        .boot();
    driver.ask(number::SLEEP, [300, 0, 0, 0]);
    driver.ask(number::SLEEP, [100, 0, 0, 0]);
    driver.call(0, [0; 4]).unwrap();
    driver.kernel.port.now = 100;
    driver.timer();
    assert_eq!(driver.current(), 2);
    assert!(driver.call(0, [0; 4]).is_err());
    driver.kernel.port.now = 300;
    driver.timer();
    assert_eq!(driver.current(), 3);
    // (Lock 0 belongs to thread 1, which has the priority of the thread that waits for the lock.)
    assert_eq!(bytes(look(&mut driver, [THREAD, 2, 0])), ([wait::LOCK, 3, 4, 0], 1));
    assert_eq!(bytes(look(&mut driver, [THREAD, 1, 0])), ([wait::NOTHING, 0, 4, 1], 0));
    assert_eq!(driver.thread(3).blocked_on, None);
    assert_ne!(Word::from(NOBODY), 1);
}

#[test]
fn the_use_of_a_stack_is_found_in_pieces() {
    let mut driver = inspected();
    driver.ask(number::EXIT, [0; 4]);
    driver.ask(number::EXIT, [0; 4]);
    driver.kernel.port.words.insert(stack(2) + STACK_SIZE - 0x340, 1);
    driver.kernel.port.words.insert(stack(2) + STACK_SIZE - 0x10, 1);
    let (mut used, mut from, mut looks) = (0, 0, 0);
    loop {
        let [more, next] = look(&mut driver, [STACK, 2, from]).unwrap();
        (used, from, looks) = (used + more, next, looks + 1);
        if from == 0 {
            break;
        }
    }
    assert_eq!((used, looks), (0x340, (STACK_SIZE - 0x340) / 0x100 + 1));
    assert_eq!(look(&mut driver, [STACK, 2, Word::MAX]), Ok([0, 0]));
}

#[test]
fn processes_are_seen_going_down_and_up() {
    let mut driver = inspected();
    driver.kernel.port.now = 0x10_0000;
    driver.settles = false;
    driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
    driver.settle();
    let now = 0x10_0000 / 1024;
    assert_eq!(
        driver.kernel.look_at_process(2),
        Some([usize::from(state::RESETTING) | 1 << 8, now])
    );
    while !matches!(driver.kernel.advance(ProcessId::new(2)), Progress::Running) {}
    assert_eq!(driver.kernel.look_at_process(2), Some([usize::from(state::RUNNING) | 1 << 8, now]));
    driver.take_down(2, true);
    assert_eq!(driver.kernel.look_at_process(2), Some([usize::from(state::STOPPED) | 1 << 8, now]));
    assert_eq!(driver.kernel.look_at_process(0), Some([0, 0]));
}

#[test]
fn an_inspector_reads_the_records_of_faults() {
    let mut driver = inspected();
    driver.event(|kernel| kernel.fault(Cause::Access, 0x77, 0x99));
    driver.settle();
    driver.ask(number::EXIT, [0; 4]);
    while driver.current() != 1 {
        driver.ask(number::EXIT, [0; 4]);
    }
    let record = driver.record(0);
    assert_eq!((record.process, record.address), (2, 0x99));
    assert_eq!(look(&mut driver, [FAULT, 0, 1]).unwrap()[0], 0x99);
    let mut words = [FAULT, 1, 1, 0];
    let pointer = driver.stack_pointer(128);
    let effect = driver.kernel.system_call(pointer, number::OPTIONAL, &mut words);
    assert_eq!((effect.status(), words[1]), (Some(Status::NO_SUCH_RECORD), 1));
}

#[test]
fn crashes_of_a_process_are_counted_and_the_last_one_is_kept() {
    let mut driver = inspected();
    assert_eq!(driver.kernel.look_at_crashes(2, 0), Some([0, 0]));
    for address in 1..=5 {
        let process = ProcessId::new(2);
        driver.kernel.report(process, ThreadId::new(1), Cause::Access, address);
        driver.kernel.crash(process);
    }
    for cause in [Cause::Refused, Cause::Budget] {
        driver.kernel.report(ProcessId::new(2), ThreadId::new(1), cause, 99);
    }
    assert_eq!(driver.kernel.look_at_crashes(2, 1), Some([5, 5]));
    assert_eq!(driver.kernel.look_at_crashes(0, 1), Some([0, 0]), "another process");
    let nothing = [driver.kernel.look_at_crashes(2, 8), driver.kernel.look_at_crashes(4, 0)];
    assert_eq!(nothing, [None; 2]);
}

/// Returns the dump, as its reader gets it.
fn dump(driver: &Driver) -> ([Word; dump::WORDS], bool) {
    let word = |index| driver.kernel.look_at_dump(index).unwrap();
    (core::array::from_fn(|index| word(index)[0]), word(0)[1] != 0)
}

#[test]
fn a_complete_dump_has_a_checksum() {
    let wiring = Wiring::default().service(1, 0b0001, Shape::NONE).thread(0, 3).thread(2, 1);
    let mut driver = wiring.dumpers(0b0100).boot();
    let (words, is_new) = dump(&driver);
    assert!(
        words[dump::CHECK] != dump::check(&words) && !is_new,
        "no dump was made since power-on"
    );
    driver.call(0, [0; 4]).unwrap();
    let top = driver.thread(1).window_top();
    driver.kernel.port.now = 7_000;
    driver.kernel.fault(Cause::Access, 0x11, 0x22);
    while driver.kernel.work.unchecked != 0 {
        assert_eq!(driver.kernel.ready.first(), ThreadId::IDLE, "no thread runs");
        assert_eq!(driver.thread(1).depth(), 1, "the stack has not changed");
        driver.kernel.piece();
    }
    driver.settle();
    assert_eq!(driver.thread(1).depth(), 0);
    let (words, is_new) = dump(&driver);
    assert!(words[dump::CHECK] == dump::check(&words) && is_new);
    assert_eq!(words[dump::TIME..][..4], [7, words[dump::RECORD], 0x22, 0x11]);
    assert_eq!((words[dump::LENGTH], words[dump::REGISTERS]), (2, 1));
    let last = top - size_of::<Word>();
    assert_eq!(words[dump::STACK + 1], last, "the caller's part of the stack is not in the dump");
    assert!(
        words[dump::STACK + 2..].iter().all(|&word| word == 0),
        "the dump has no more words of the stack"
    );
    assert!(driver.kernel.look_at_dump(dump::WORDS).is_none());
}

#[test]
fn a_dump_is_not_overwritten_before_it_is_complete() {
    let mut driver = Wiring::default().thread(1, 3).thread(2, 1).dumpers(0b0100).boot();
    driver.kernel.fault(Cause::Access, 0x11, 0x22);
    driver.kernel.piece();
    driver.crash(2, 2, Cause::Deadline);
    driver.settle();
    let (words, is_new) = dump(&driver);
    assert!(words[dump::CHECK] == dump::check(&words) && is_new);
    assert_eq!(words[dump::RECORD..][1..3], [0x22, 0x11], "the record of the first crash");
    assert!(driver.kernel.look_at_crashes(2, 0).is_some_and(|[count, _]| count == 1), "both count");
}

#[test]
fn the_dump_is_complete_before_the_system_is_reset() {
    for limit in [0, 1, u8::MAX] {
        let wiring = Wiring::default().notification(3, 0, true).supervisor(3, 0).restarts(limit);
        let mut driver = wiring.thread(1, 5).thread(3, 9).dumpers(0b0010).boot();
        for _ in 0..limit {
            driver.crash(2, 3, Cause::Access);
            driver.settle();
            assert_eq!(driver.kernel.port.resets, 0, "limit {limit}");
        }
        driver.crash(2, 3, Cause::Access);
        while driver.kernel.work.unchecked != 0 {
            assert_eq!(driver.kernel.port.resets, 0, "before the dump is complete");
            driver.kernel.piece();
        }
        driver.settle();
        assert_eq!(driver.kernel.port.resets, 1, "once the dump is complete");
        let (words, _) = dump(&driver);
        assert_eq!(words[dump::CHECK], dump::check(&words));
    }
}

#[test]
fn a_dump_has_only_words_of_the_window() {
    const WORD: Word = size_of::<Word>();
    let own = stack(1);
    for (pointer, length) in [
        (own, dump::STACK_WORDS),
        (own + STACK_SIZE - 3 * WORD, 3),
        (own + STACK_SIZE, 0),
        (own + STACK_SIZE + WORD, 0),
        (own - WORD, 0),
        (own + 1, 0),
        (0, 0),
        (Word::MAX - WORD + 1, 0),
    ] {
        let mut driver = Wiring::default().thread(2, 1).dumpers(0b0100).boot();
        driver.kernel.port.crashed_at = Some(pointer);
        driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
        driver.settle();
        let (words, _) = dump(&driver);
        assert_eq!(words[dump::LENGTH], length, "{pointer:#x}");
        let expected: Vec<_> = (0..length).map(|index| pointer + index * WORD).collect();
        assert_eq!(words[dump::STACK..][..length], expected);
    }
}

#[test]
fn reading_dumps_is_a_separate_right() {
    let wiring = Wiring::default().thread(0, 3).thread(1, 2).inspectors(0b01).dumpers(0b10);
    let mut driver = wiring.boot();
    let not_permitted = Err(Status::from(CallError::NotPermitted));
    assert_eq!(look(&mut driver, [DUMP, 0, 0]), not_permitted);
    assert!(look(&mut driver, [THREAD, 1, 0]).is_ok());
    driver.ask(number::EXIT, [0; 4]);
    assert!(look(&mut driver, [DUMP, 0, 0]).is_ok());
    assert_eq!(look(&mut driver, [THREAD, 1, 0]), not_permitted);
    let mut driver = Wiring::default().thread(0, 3).inspectors(0b01).boot();
    assert_eq!(look(&mut driver, [DUMP, 0, 0]), not_permitted);
}
