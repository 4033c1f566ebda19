//! Fast paths of system calls and the slow one lead to the same state.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo xtask test`");
}

#[cfg(target_os = "none")]
mod firmware {
    use crossgate::{Concurrent, Exclusive, Handle, Lent, LentMut, Notification, Signal, interface};
    use crossgate_abi::table::System;
    use system_tests::report::{pass, say};
    use system_tests_cortex_m::referee::board::{Firmware, RefereeBoard};
    use system_tests_cortex_m::referee::search::{Search, Step};
    use system_tests_cortex_m::referee::sweep::sweep;
    use system_tests_cortex_m::referee::{Referee, Turn, arena};
    use crossgate_abi::number;
    use system_tests_cortex_m::referee::random::Player;

    /// Methods of every shape. They never run.
    #[interface]
    trait Work {
        fn none(&self);
        fn one(&self, a: u32) -> u32;
        fn two(&self, a: u32, b: u32);
        fn three(&self, a: u32, b: u32, c: u32) -> u32;
        fn four(&self, a: u32, b: u32, c: u32, d: u32) -> u64;
        fn read(&self, memory: Lent<'_, [u8]>);
        fn write(&self, value: u32, memory: LentMut<'_, [u8]>);
        fn both(&self, from: Lent<'_, [u8]>, to: LentMut<'_, [u8]>);
        fn take(&self, handle: Handle<dyn Work>);
        fn give(&self, which: u32) -> Option<Handle<dyn Work>>;
    }

    struct Worker;

    impl Work for Worker {
        fn none(&self) {}
        fn one(&self, a: u32) -> u32 { a }
        fn two(&self, _: u32, _: u32) {}
        fn three(&self, a: u32, _: u32, _: u32) -> u32 { a }
        fn four(&self, a: u32, _: u32, _: u32, _: u32) -> u64 { a.into() }
        fn read(&self, _: Lent<'_, [u8]>) {}
        fn write(&self, _: u32, _: LentMut<'_, [u8]>) {}
        fn both(&self, _: Lent<'_, [u8]>, _: LentMut<'_, [u8]>) {}
        fn take(&self, _: Handle<dyn Work>) {}
        fn give(&self, _: u32) -> Option<Handle<dyn Work>> { None }
    }

    crossgate::system! {
        static SYSTEM;
        process store {
            deadlines;
            object file: Exclusive<Worker> = Worker => [FILE: dyn Work];
            object shelf: Concurrent<Worker> = Worker => [SHELF: dyn Work];
            thread keeper (priority = 1, stack = 4096) = keep(WORK, ALONE);
        }
        process server {
            object work: Concurrent<Worker> = Worker => [WORK: dyn Work];
            object alone: Exclusive<Worker> = Worker => [ALONE: dyn Work];
            counting notification CAME;
            interrupt 5 => CAME;
            notification ASKED;
            thread driver (priority = 3, stack = 1024) = drive(CAME, ASKED, FILE, SHELF);
        }
        process client {
            deadlines;
            notification DONE;
            thread first (priority = 2, stack = 1024) = first(WORK, ALONE, ASKED, DONE);
            thread second (priority = 2, stack = 1024) = first(SHELF, FILE, ASKED, DONE);
            thread third (priority = 1, stack = 512) = first(FILE, WORK, ASKED, DONE);
        }
        process supervisor {
            notification FAULTED;
            faults FAULTED;
            thread main (priority = 7, stack = 1024) = supervise(FAULTED, DONE, WORK, SHELF);
        }
    }
    board::port::start!(SYSTEM, RefereeBoard<Equivalence>);

    /// How many system calls are made at random.
    const CALLS: usize = 20_000;

    /// How many states are searched.
    const STATES: usize = 2_000;

    const STEPS: [Step; 16] = [
        Step::System { number: number::YIELD, words: [0; 4] },
        Step::System { number: number::RETURN, words: [0, 7, 8, 9] },
        Step::System { number: number::RETURN, words: [1, 7, 8, 9] },
        Step::System { number: number::SIGNAL, words: [0, 0, 0, 0] },
        Step::System { number: number::SIGNAL, words: [1, 0, 0, 0] },
        Step::System { number: number::WAIT, words: [1, u32::MAX, u32::MAX, 0] },
        Step::System { number: number::WAIT, words: [2, u32::MAX, u32::MAX, 0] },
        Step::System { number: number::WAIT, words: [3, u32::MAX, u32::MAX, 0] },
        Step::System { number: number::WAIT, words: [4, u32::MAX, u32::MAX, 0] },
        Step::System { number: number::WAIT, words: [8, u32::MAX, u32::MAX, 0] },
        Step::Interrupt(5),
        Step::System { number: number::PANIC, words: [0; 4] },
        Step::Call { gate: 1, words: [1, 2, 3, 4] },
        Step::Call { gate: 11, words: [1, 2, 3, 4] },
        Step::Call { gate: 21, words: [1, 2, 3, 4] },
        Step::Call { gate: 31, words: [1, 2, 3, 4] },
    ];

    struct Equivalence;

    impl Firmware for Equivalence {
        fn system() -> &'static System {
            &SYSTEM
        }

        fn play(mut referee: Referee) -> ! {
            sweep(&mut referee, &SYSTEM, [1, 3]);
            say(format_args!("{} system calls", arena().number));
            let mut player = Player::new(&SYSTEM, 0x5eed, &referee);
            player.play(&mut referee, CALLS);
            say(format_args!("{} system calls", arena().number));
            player.begin(&mut referee);
            if let Turn::Idle(operation) = referee.turn() {
                referee.perform(&operation);
            }
            let mut search = Search::new(&STEPS, &mut referee);
            let all = search.run(&mut referee, STATES);
            say(format_args!("{} states, {} transitions, all: {all}", search.states, search.transitions));
            say(format_args!("fast {:?}\nslow {:?}", referee.fast, referee.slow));
            pass()
        }
    }

    fn drive(_: Notification, _: Notification, _: Handle<dyn Work>, _: Handle<dyn Work>) -> ! { loop {} }
    fn first(_: Handle<dyn Work>, _: Handle<dyn Work>, _: Signal, _: Notification) -> ! { loop {} }
    fn keep(_: Handle<dyn Work>, _: Handle<dyn Work>) -> ! { loop {} }
    fn supervise(_: Notification, _: Signal, _: Handle<dyn Work>, _: Handle<dyn Work>) -> ! { loop {} }
}
