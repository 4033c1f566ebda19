// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the floating point unit survive system calls, switches and interrupts, and carry nothing from one
//! thread or method to another. This holds for all 32 registers and `FPSCR`, and after a crash, too. A handler above
//! the kernel that uses some of the registers leaves nothing in them.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_baseline!();

#[cfg(all(target_os = "none", not(baseline)))]
mod firmware {
    use board::port::zero_latency::{Handler, Line, Signal as Told};
    use board::{TIMER1, Timer, interrupt};
    use core::sync::atomic::{AtomicU32, Ordering};
    use core::time::Duration;
    use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, time};
    use crossgate_abi::number::{self, system_call};
    use crossgate_abi::{Cause, Status, Word};
    use system_tests::report::{expect, pass};
    use system_tests::watch::Watch;
    use system_tests::{arch, raw};
    use system_tests_cortex_m::floats::{
        Floats, ROUND_UP, Trap, crash, full, keep, now, spoil, used,
    };
    use system_tests_cortex_m::{Test, TestBoard};

    /// A line that no device has.
    const SPARE: u16 = 20;
    /// The number of rounds.
    const ROUNDS: u32 = 50;
    /// The number of crashes. (Each restart takes twice as long as the one before.)
    const CRASHES: u32 = 4;

    #[interface]
    trait Spy {
        /// Looks at the registers.
        fn look(&self);
        /// Returns with its own secrets in all registers.
        fn leak(&self);
        /// Uses some registers, as a method does.
        fn compute(&self, number: u32) -> u32;
        /// Calls the other spy, with secrets in all registers.
        fn pass_on(&self) -> bool;
        /// Crashes with secrets in all registers.
        fn crash(&self);
        /// Returns how many registers were not 0 when they should have been.
        fn found(&self) -> u32;
    }

    struct Watcher {
        found: AtomicU32,
        other: Option<Handle<dyn Spy>>,
    }

    impl Watcher {
        const fn new(other: Option<Handle<dyn Spy>>) -> Watcher {
            Watcher { found: AtomicU32::new(0), other }
        }
    }

    impl Spy for Watcher {
        fn look(&self) {
            self.found.fetch_add(used(&now()), Ordering::Relaxed);
        }

        fn leak(&self) {
            let return_ = system_call(number::RETURN);
            let _ = Trap::make(return_, [Status::OK.0, 0, 0, 0], full(0x1ea0_0000, ROUND_UP));
        }

        fn compute(&self, number: u32) -> u32 {
            let number = core::hint::black_box(number as f32);
            (number * 1.5) as u32
        }

        fn pass_on(&self) -> bool {
            let before = full(0xca11_0000, ROUND_UP);
            let look = number::call(raw::service(&SYSTEM, "OTHER"), 0);
            let after = Trap::make(look, [0; 4], before).after;
            after == before && self.other.is_some_and(|other| other.found() == Ok(0))
        }

        fn crash(&self) {
            crash(&full(0xdead_0000, 0))
        }

        fn found(&self) -> u32 {
            self.found.load(Ordering::Relaxed)
        }
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 20, stack = 2048) = witness(FAULTED, WITNESS);
            object eye: Concurrent<Watcher> = Watcher::new(None) => [WITNESS: dyn Spy];
        }
        process spy {
            object spy: Concurrent<Watcher> = Watcher::new(Some(OTHER)) => [SPY: dyn Spy];
        }
        process other {
            object other: Concurrent<Watcher> = Watcher::new(None) => [OTHER: dyn Spy];
        }
        process spoiler {
            mmio TIMER1;
            thread main (priority = 8, stack = 1024) = interrupt_all();
        }
        process ticker {
            thread main (priority = 9, stack = 2048) = tick(WITNESS);
        }
        process computer {
            thread main (priority = 9, stack = 2048) = compute_and_sleep();
            thread slow (priority = 1, stack = 2048) = compute();
        }
        process partner {
            notification PING;
            thread main (priority = 6, stack = 2048) = answer(PING, PONG);
        }
        process client {
            notification PONG;
            thread main (priority = 5, stack = 4096) = client(SPY, WITNESS, PING);
            thread twin (priority = 5, stack = 2048) = be_twin();
        }
    }
    board::port::start!(SYSTEM, TestBoard<Spoiling>);

    /// A firmware with a handler above the kernel.
    struct Spoiling;

    impl Test for Spoiling {
        const ZERO_LATENCY: &'static [Line] = &[Line::of::<Spoiler>()];

        fn told(_: &[u8]) {
            arch::end(1)
        }
    }

    /// Changes registers in the middle of everything.
    struct Spoiler;

    impl Handler for Spoiler {
        const LINE: u16 = interrupt::TIMER1;
        const SIGNALS: u16 = SPARE;

        fn serve(_: Told<Self>) {
            const { Timer::new(TIMER1) }.clear_interrupt();
            spoil(&full(0x5901_0000, 0));
        }
    }

    /// Makes the handler run at many moments, most of them between the other interrupts.
    fn interrupt_all() -> ! {
        let mut timer = Timer::new(TIMER1);
        let mut ticks = 1000;
        loop {
            ticks = 700 + (ticks + 37) % 1500;
            timer.interrupt_after(ticks);
            time::sleep(Duration::from_micros(100));
        }
    }

    /// Makes a system call with full registers, and expects them, and this status, after it.
    #[track_caller]
    fn make(selector: Word, words: [Word; 4], status: Status) {
        // Each thread has its own values, because each has a stack at another address.
        let before = full((&raw const words).addr() as u32, ROUND_UP);
        let Trap { after, status: got, .. } = Trap::make(selector, words, before);
        expect("the status", got, status);
        expect("the registers after it", after, before);
    }

    /// Expects that no spy has found anything.
    #[track_caller]
    fn expect_nothing(spy: Handle<dyn Spy>) {
        expect("registers that a spy has found", spy.found(), Ok(0));
    }

    /// Returns the number of a notification.
    fn notification(name: &str) -> Word {
        SYSTEM.notifications.iter().position(|it| it.name == name).unwrap_or(usize::MAX)
    }

    /// Waits for the only notification of a process, by the fast path.
    fn wait(process: &str) {
        let process = SYSTEM.processes.iter().find(|it| it.name == process);
        let set = process.map_or(0, |it| it.notifications);
        make(system_call(number::WAIT), [set as Word, Word::MAX, Word::MAX, 0], Status::OK);
    }

    fn signal(name: &str) {
        make(system_call(number::SIGNAL), [notification(name), 0, 0, 0], Status::OK);
    }

    /// Uses no floats itself. Each time it wakes, the registers have to be 0. A method that it calls finds these
    /// registers.
    fn tick(eye: Handle<dyn Spy>) -> ! {
        loop {
            time::sleep(Duration::from_micros(300));
            // Meanwhile the handler runs now and then.
            for round in 0..5000 {
                core::hint::black_box(round);
            }
            expect("look", eye.look(), Ok(()));
            expect_nothing(eye);
        }
    }

    /// Is interrupted while it computes.
    fn compute() -> ! {
        let before: Floats = full(0x510_0000, ROUND_UP);
        loop {
            expect("the registers of an interrupted thread", keep(before, 5000), before);
        }
    }

    /// Interrupts others, with registers of its own.
    fn compute_and_sleep() -> ! {
        loop {
            make(system_call(number::SLEEP), [170, 0, 0, 0], Status::OK);
        }
    }

    /// Answers signals.
    fn answer(_ping: Notification, _pong: Signal) -> ! {
        loop {
            wait("partner");
            signal("PONG");
        }
    }

    /// Runs in turn with the client.
    fn be_twin() -> ! {
        loop {
            make(system_call(number::YIELD), [0; 4], Status::OK);
        }
    }

    fn client(spy: Handle<dyn Spy>, eye: Handle<dyn Spy>, _ping: Signal) -> ! {
        // Before this thread uses any floats.
        expect("look", spy.look(), Ok(()));
        expect("leak", spy.leak(), Ok(()));
        expect("look after a leak", spy.look(), Ok(()));
        expect_nothing(spy);
        let gate = raw::service(&SYSTEM, "SPY");
        for round in 0..ROUNDS {
            for method in 0..3 {
                make(number::call(gate, method), [7, 0, 0, 0], Status::OK);
                expect_nothing(spy);
            }
            expect("a result that was computed", spy.compute(2 * round), Ok(3 * round));
            expect("a nested call", spy.pass_on(), Ok(true));
            if round < CRASHES {
                make(number::call(gate, 4), [0; 4], CallError::ServerFaulted.into());
                expect_nothing(eye);
                while spy.found() == Err(CallError::ServerDown) {
                    time::sleep(Duration::from_millis(1));
                }
            }
            // System calls that come back at once, ...
            make(system_call(number::THREAD_ID), [0; 4], Status::OK);
            make(system_call(number::NOW), [0; 4], Status::OK);
            make(system_call(0x100), [0; 4], Status::NO_SUCH_SYSTEM_CALL);
            // ... and system calls that let other threads run.
            make(system_call(number::YIELD), [0; 4], Status::OK);
            make(system_call(number::SLEEP), [50, 0, 0, 0], Status::OK);
            signal("PING");
            wait("client");
        }
        pass()
    }

    /// Uses no floats itself, and runs right after each crash.
    fn witness(faulted: Notification, eye: Handle<dyn Spy>) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        loop {
            watch.expect("spy", Cause::Instruction);
            expect("look", eye.look(), Ok(()));
            expect_nothing(eye);
        }
    }
}
