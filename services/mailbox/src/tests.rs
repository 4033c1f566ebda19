// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both ends of a line on one kernel.

use crate::frame::Frame;
use crate::{Caller, Line, Server, WORDS};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use crossgate::remote::{Route, Service};
use crossgate::testing::{Process, Wiring};
use crossgate::{CallError, Handle, Notification, Signal, interface, supervise, time};

const MOMENT: Duration = Duration::from_millis(1);

#[interface(remote)]
trait Slow {
    fn double(&self, number: u32, time: Duration) -> u32;
    fn for_ever(&self);
    fn entered(&self) -> u32;
}

struct Work {
    entered: AtomicU32,
    never: Notification,
}

impl Slow for Work {
    fn double(&self, number: u32, time: Duration) -> u32 {
        self.entered.fetch_add(1, SeqCst);
        time::sleep(time);
        number * 2
    }
    fn for_ever(&self) {
        while self.never.wait_within_call().is_ok() {}
    }
    fn entered(&self) -> u32 {
        self.entered.load(SeqCst)
    }
}

/// An end of a line whose bell is a notification.
struct Cable(&'static [AtomicU32; WORDS], Signal);

impl Line for Cable {
    fn memory(&self) -> &[AtomicU32; WORDS] {
        self.0
    }
    fn ring(&self) {
        self.1.signal().unwrap();
    }
    fn silence(&self) {}
}

struct Cores<'w> {
    far: Handle<dyn Slow>,
    near: Handle<dyn Slow>,
    memory: &'static [AtomicU32; WORDS],
    bell: Signal,
    caller: Process<'w>,
    server: Process<'w>,
}

/// Wires two mailboxes, with places for two calls. The memory between them has any contents.
fn cores(wiring: &Wiring) -> Cores<'_> {
    let home = wiring.process("work");
    let work = home.object(Work { entered: AtomicU32::new(0), never: home.notification() });
    let near: Handle<dyn Slow> = home.serve_concurrent(work);
    let caller = wiring.process("first mailbox");
    let server = wiring.process("second mailbox");
    let words = core::array::from_fn(|word| AtomicU32::new(word as u32 * 0x0101_0101));
    let memory: &'static [AtomicU32; WORDS] = home.object(words);
    let (rung, freed, answered) =
        (caller.notification(), caller.notification(), caller.notifications());
    let far_rung = server.notification();
    let calls = server.pool(2, 5);
    let far_end = Cable(memory, rung.as_signal());
    let far_end = server.object(Server::<_, 2, 1>::new(far_end, far_rung, [Service::of(near)]));
    server.thread(20, move || -> () { far_end.serve(calls) });
    let link = Caller::<_, 2>::new(Cable(memory, far_rung.as_signal()), rung, freed, answered);
    let link = caller.object(link);
    caller.thread(20, move || -> () { link.run() });
    let far = caller.serve_remote(Route::new(link, 0));
    Cores { far, near, memory, bell: rung.as_signal(), caller, server }
}

#[test]
fn calls_go_over_a_line_each_to_its_result() {
    let wiring = Wiring::new();
    let Cores { far, .. } = cores(&wiring);
    let callers = wiring.test().pool(5, 2);
    wiring.run(|| {
        for number in 0..100 {
            assert_eq!(far.double(number, Duration::ZERO), Ok(2 * number));
        }
        let jobs = [1, 2, 3, 4, 5].map(|it| callers.spawn(move || far.double(it, MOMENT)).unwrap());
        assert_eq!(jobs.map(|job| job.join().unwrap()), [2, 4, 6, 8, 10].map(Ok));
        assert_eq!(far.entered(), Ok(105));
    });
}

#[test]
fn a_call_ends_with_its_deadline_at_both_ends() {
    let wiring = Wiring::new();
    let Cores { far, .. } = cores(&wiring);
    wiring.run(|| {
        // There are two places, so the third call shows that a place is free again.
        for _ in 0..5 {
            let result = time::with_deadline(5 * MOMENT, || far.for_ever());
            assert_eq!(result, Err(CallError::DeadlineExceeded));
        }
        assert_eq!(far.double(4, MOMENT), Ok(8));
    });
}

#[test]
fn calls_of_an_earlier_life_are_not_made_again() {
    let wiring = Wiring::new();
    let Cores { far, near, caller, server, .. } = cores(&wiring);
    let callers = wiring.test().pool(2, 2);
    wiring.run(|| {
        for (mailbox, round) in [(server, 0), (caller, 1), (server, 2), (caller, 3)] {
            let job = callers.spawn(move || far.double(1, 3 * MOMENT)).unwrap();
            time::sleep(MOMENT);
            supervise::restart(mailbox.index()).unwrap();
            assert_eq!(job.join().unwrap(), Err(CallError::ServerFaulted));
            time::sleep(10 * MOMENT);
            assert_eq!(near.entered(), Ok(2 * round + 1), "it was made once");
            assert_eq!(far.double(7, MOMENT), Ok(14), "and the next one has its own result");
        }
    });
}

#[test]
fn a_place_is_taken_again_only_after_its_answer() {
    let wiring = Wiring::new();
    let Cores { far, memory, bell, server, .. } = cores(&wiring);
    wiring.run(|| {
        assert_eq!(far.entered(), Ok(0));
        // From now on the test is the other end. It may read a request until it has answered it.
        supervise::stop(server.index()).unwrap();
        let asked = || [0, 1].map(|place| Frame::of(memory, place).asked());
        let call = || time::with_deadline(5 * MOMENT, || far.entered());
        let [first, second] = asked();
        for taken in [[first + 1, second], [first + 1, second + 1], [first + 1, second + 1]] {
            assert_eq!(call(), Err(CallError::DeadlineExceeded));
            assert_eq!(asked(), taken);
        }
        Frame::of(memory, 1).answer(second + 1, Ok([0; 2]));
        bell.signal().unwrap();
        assert_eq!(call(), Err(CallError::DeadlineExceeded));
        assert_eq!(asked(), [first + 1, second + 2]);
    });
}

#[test]
fn a_dead_end_is_found() {
    let wiring = Wiring::new();
    let Cores { far, server, .. } = cores(&wiring);
    wiring.run(|| {
        assert_eq!(far.double(1, 200 * MOMENT), Ok(2), "a slow call is not a dead end");
        let index = server.index();
        supervise::stop(index).unwrap();
        let start = time::now();
        assert_eq!(far.entered(), Err(CallError::ServerFaulted));
        assert!(time::now() - start <= 150 * MOMENT);
        assert_eq!(far.entered(), Err(CallError::ServerDown));
        supervise::restart(index).unwrap();
        time::sleep(MOMENT);
        assert_eq!(far.double(3, MOMENT), Ok(6), "it is up again");
    });
}

#[test]
fn nobody_waits_for_a_place_that_a_dead_end_has() {
    let wiring = Wiring::new();
    let Cores { far, server, .. } = cores(&wiring);
    wiring.run(|| {
        assert_eq!(far.entered(), Ok(0));
        supervise::stop(server.index()).unwrap();
        for _ in 0..2 {
            let result = time::with_deadline(5 * MOMENT, || far.entered());
            assert_eq!(result, Err(CallError::DeadlineExceeded));
        }
        let start = time::now();
        assert_eq!(far.entered(), Err(CallError::ServerDown));
        assert!(time::now() - start <= 150 * MOMENT);
    });
}

#[test]
fn words_that_are_no_answer_are_refused() {
    let wiring = Wiring::new();
    let Cores { far, memory, bell, server, .. } = cores(&wiring);
    let callers = wiring.test().pool(1, 2);
    wiring.run(|| {
        assert_eq!(far.entered(), Ok(0));
        // From now on the test is the other end. The first place is free.
        supervise::stop(server.index()).unwrap();
        let (asked, answered, status) = (8, 16, 17);
        for (word, wanted) in
            [(0, Ok(0)), (6, Err(CallError::ServerDown)), (99, Err(CallError::BadReply))]
        {
            let job = callers.spawn(move || far.entered()).unwrap();
            time::sleep(MOMENT);
            let number = memory[asked].load(SeqCst);
            assert_ne!(memory[answered].load(SeqCst), number, "there is a new call");
            // An answer to another call is none.
            memory[answered].store(number.wrapping_add(1), SeqCst);
            bell.signal().unwrap();
            time::sleep(MOMENT);
            assert!(!job.has_ended());
            memory[status].store(word, SeqCst);
            memory[answered].store(number, SeqCst);
            bell.signal().unwrap();
            assert_eq!(job.join().unwrap(), wanted);
        }
    });
}
