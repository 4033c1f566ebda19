// SPDX-License-Identifier: MIT OR Apache-2.0
//! The firmware of the test `equivalence`, for each port that has fast paths: all of its threads are puppets of the
//! referee, so their actions are not written here.
//!
//! `CROSSGATE_EQUIVALENCE`, a number that is set when the test is built, multiplies the number of attempts.

use core::sync::atomic::AtomicU32;
use crossgate::{Concurrent, Exclusive, Handle, Lease, LeaseMut, Notification, Signal, interface};
use crossgate_abi::table::{ProcessRow, System};
use crossgate_abi::{SystemCall, number};
use system_tests::referee::random::Player;
use system_tests::referee::search::{Search, Step};
use system_tests::referee::sweep::sweep;
use system_tests::referee::{
    CALL, Firmware, INTERRUPT, Referee, RefereeBoard, SHARE, SKIPPED, SWEPT, Turn, UNKNOWN,
    has_fast_path,
};
use system_tests::report::{expect, expect_that, pass, say};

/// Methods of every shape.
#[interface]
trait Work {
    fn none(&self);
    fn one(&self, a: u32) -> u32;
    fn two(&self, a: u32, b: u32);
    fn three(&self, a: u32, b: u32, c: u32) -> u32;
    fn four(&self, a: u32, b: u32, c: u32, d: u32) -> u64;
    fn read(&self, memory: Lease<'_, [u8]>);
    fn write(&self, value: u32, memory: LeaseMut<'_, [u8]>);
    fn both(&self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>);
    fn take(&self, handle: Handle<dyn Work>);
    fn give(&self, which: u32) -> Option<Handle<dyn Work>>;
}
/// The number of these methods. The gates of the services follow each other, and each service has this number of
/// gates.
const METHODS: u32 = 10;

/// Never runs. Its first word is used as a mutex.
struct Worker(#[expect(dead_code, reason = "it is only memory")] [AtomicU32; 8]);

impl Worker {
    const fn new() -> Worker {
        Worker([const { AtomicU32::new(0) }; 8])
    }
}

impl Work for Worker {
    fn none(&self) {}
    fn one(&self, _: u32) -> u32 {
        0
    }
    fn two(&self, _: u32, _: u32) {}
    fn three(&self, _: u32, _: u32, _: u32) -> u32 {
        0
    }
    fn four(&self, _: u32, _: u32, _: u32, _: u32) -> u64 {
        0
    }
    fn read(&self, _: Lease<'_, [u8]>) {}
    fn write(&self, _: u32, _: LeaseMut<'_, [u8]>) {}
    fn both(&self, _: Lease<'_, [u8]>, _: LeaseMut<'_, [u8]>) {}
    fn take(&self, _: Handle<dyn Work>) {}
    fn give(&self, _: u32) -> Option<Handle<dyn Work>> {
        None
    }
}

type To = Handle<dyn Work>;

crossgate::system! {
    static SYSTEM;
    process store {
        deadlines;
        object file: Exclusive<Worker> = Worker::new() => [FILE: dyn Work];
        object shelf: Concurrent<Worker> = Worker::new() => [SHELF: dyn Work];
        thread keeper (priority = 1, stack = 4096) = call_both(WORK, ALONE, ASKED, DONE);
    }
    process server {
        mmio board::UART1;
        object work: Concurrent<Worker> = Worker::new() => [WORK: dyn Work];
        object alone: Exclusive<Worker> = Worker::new() => [ALONE: dyn Work];
        counting notification CAME;
        interrupt LINE => CAME;
        notification ASKED;
        thread driver (priority = 3, stack = 1024) = serve(ASKED, FILE, SHELF, DONE);
    }
    process client {
        deadlines;
        mmio board::UART0;
        mmio board::UART2;
        notification DONE;
        interrupt OTHER => DONE;
        thread first (priority = 2, stack = 1024) = ask(WORK, ALONE, ASKED, DONE);
        thread second (priority = 2, stack = 1024) = ask(SHELF, FILE, ASKED, DONE);
        thread third (priority = 2, stack = 512) = ask(FILE, WORK, CAME, DONE);
    }
    process supervisor {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 7, stack = 1024) = supervise(FAULTED, DONE, WORK, SHELF);
    }
}
board::port::start!(SYSTEM, RefereeBoard<Equivalence>);

fn call_both(_: To, _: To, _: Signal, _: Signal) -> ! {
    crossgate::thread::exit()
}
fn serve(_: Notification, _: To, _: To, _: Signal) -> ! {
    crossgate::thread::exit()
}
fn ask(_: To, _: To, _: Signal, _: Notification) -> ! {
    crossgate::thread::exit()
}
fn supervise(_: Notification, _: Signal, _: To, _: To) -> ! {
    crossgate::thread::exit()
}

/// The interrupt lines of the server and the client.
const LINE: u16 = 5;
const OTHER: u16 = 9;
/// The factor by which a run makes more attempts than a daily run.
const TIMES: usize = system_tests::number_from!("CROSSGATE_EQUIVALENCE", usize, 1);
/// The number of random system calls and interrupts.
const CALLS: usize = 20_000 * TIMES / SHARE;
/// The number of states that are searched.
const STATES: usize = 1_500 * TIMES / SHARE;

const FOR_EVER: u32 = u32::MAX;

/// The operations of the search. If a thread can do only one thing, it does that first. Then it does one of these
/// operations.
const STEPS: [Step; 16] = [
    system_call(number::YIELD, 0),
    Step::System { number: number::RETURN, words: [0, 7, 8, 9] },
    Step::System { number: number::RETURN, words: [1, 7, 8, 9] },
    system_call(number::SIGNAL, 0),
    system_call(number::SIGNAL, 1),
    system_call(number::SIGNAL, 2),
    wait(ProcessRow::notification(0)),
    wait(ProcessRow::notification(1)),
    wait(ProcessRow::notification(0) | ProcessRow::notification(1)),
    Step::Interrupt(LINE),
    Step::Interrupt(OTHER),
    system_call(number::PANIC, 0),
    call(0),
    call(1),
    call(2),
    call(3),
];

const fn system_call(number: usize, word: u32) -> Step {
    Step::System { number, words: [word, 0, 0, 0] }
}

const fn wait(set: u32) -> Step {
    Step::System { number: number::WAIT, words: [set, FOR_EVER, FOR_EVER, 0] }
}

/// Returns a call of the second method of a service.
const fn call(service: u32) -> Step {
    Step::Call { gate: METHODS * service + 1, words: [1, 2, 3, 4] }
}

struct Equivalence;

impl Firmware for Equivalence {
    fn system() -> &'static System {
        &SYSTEM
    }

    fn play(mut referee: Referee) -> ! {
        if TIMES == 1 {
            sweep(&mut referee, &SYSTEM, SWEPT, SKIPPED);
        } else {
            sweep(&mut referee, &SYSTEM, 1..SYSTEM.threads.len(), 0..0);
        }
        let mut player = Player::new(&SYSTEM, 0x5eed, &referee);
        player.play(&mut referee, CALLS);
        player.begin(&mut referee);
        if let Turn::Idle(operation) = referee.turn() {
            referee.perform(&operation);
        }
        let mut search = Search::new(&STEPS, &mut referee);
        let all = search.run(&mut referee, STATES);
        let (states, transitions) = (search.states, search.transitions);
        say(format_args!("{states} states, {transitions} transitions; all: {all}"));
        say(format_args!("by a fast path: {:?}", referee.fast));
        say(format_args!("by the slow path: {:?}", referee.slow));
        for kind in SystemCall::ALL.map(|call| call as usize).into_iter().chain([CALL, INTERRUPT]) {
            let (fast, slow) = (referee.fast[kind], referee.slow[kind]);
            if has_fast_path(kind) {
                // (Operations that take the slow path only with a wild stack pointer take it far less often.)
                let is_never_slow =
                    [number::THREAD_ID, number::NOW, number::SET_DEADLINE].contains(&kind);
                expect_that("each fast path was taken often", fast > ENOUGH);
                expect_that("each fast path gave up often", is_never_slow || slow > ENOUGH);
            } else {
                expect("a fast path that the list does not know", fast, 0);
                expect_that("each system call was compared", slow > 0);
            }
        }
        expect("a fast path of a system call that does not exist", referee.fast[UNKNOWN], 0);
        expect_that("system calls that do not exist were compared", referee.slow[UNKNOWN] > ENOUGH);
        pass()
    }
}

/// The number of times that each path has to be taken.
const ENOUGH: usize = 50;
