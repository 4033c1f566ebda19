// SPDX-License-Identifier: MIT OR Apache-2.0
//! A DMA channel as a service, with a simulated controller: a handler above the kernel, which the protection unit does
//! not stop, copies a byte at each tick of a timer. Clients forge all arguments that they can. In the middle of a
//! transfer, the client, the process of the channel, or both are restarted, or the interlock is stopped, or a deadline
//! passes. Each time the controller has stopped before the memory is used for something else.
//!
//! The times are exact only if the emulator counts instructions, as under `cargo xtask test`. Otherwise run the test
//! with `-- -icount shift=0,sleep=off`.
//!
//! Without measuring: the handler above the kernel interrupts the kernel all the time.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_baseline!();

#[cfg(all(target_os = "none", not(baseline)))]
mod firmware {
    use board::port::zero_latency::{Handler, Line, Signal as Pend};
    use board::{TIMER1, Timer, interrupt};
    use core::time::Duration;
    use crossgate::{
        CallError, Concurrent, Exclusive, Handle, Mmio, Notification, Signal, kept, shared,
        supervise, thread, time,
    };
    use crossgate_abi::Cause;
    use crossgate_dma::{
        Channel, Controller, DmaCopy, Fault, Interlock, Prepare, State, Switch, Transfer,
    };
    use system_tests::report::{expect, expect_that, fail, pass};
    use system_tests::restarts::{process, restart};
    use system_tests::victim::{Safe, Vault};
    use system_tests::watch::Watch;
    use system_tests::{arch, probe, raw};
    use system_tests_cortex_m::{Test, TestBoard, further_memory};

    /// The registers of the controller, in memory of the board that nothing else uses.
    const CHANNEL: Mmio = Mmio { start: further_memory::START, size: 0x20 };
    const FROM: usize = CHANNEL.start;
    const TO: usize = CHANNEL.start + 4;
    const LEFT: usize = CHANNEL.start + 8;
    const STATE: usize = CHANNEL.start + 12;
    const IDLE: u32 = 0;
    const RUNNING: u32 = 1;
    const DONE: u32 = 2;
    /// The switch of the controller, which is off while it is 0.
    const SWITCH: Mmio = Mmio { start: further_memory::START + 0x1000, size: 0x20 };
    /// The number of bytes that the controller has copied.
    const COUNT: Mmio = Mmio { start: further_memory::START + 0x2000, size: 0x20 };

    /// The interrupt of the channel, a line that no device has.
    const CHANNEL_DONE: u16 = 20;

    /// The number of ticks for a byte: 20 µs.
    const BYTE: u32 = 500;
    const LONGEST: usize = 512;
    /// A time shorter than the longest transfer, which takes 10 ms; and a time longer than that.
    const PART: Duration = Duration::from_millis(3);
    const ALL: Duration = Duration::from_millis(25);
    /// More than the time between two things that the test waits for.
    const PATIENCE: Duration = Duration::from_millis(300);

    /// The controller.
    struct Simulated;

    impl Handler for Simulated {
        const LINE: u16 = interrupt::TIMER1;
        const SIGNALS: u16 = CHANNEL_DONE;

        fn serve(pend: Pend<Self>) {
            let mut timer = const { Timer::new(TIMER1) };
            timer.clear_interrupt();
            timer.interrupt_after(BYTE);
            if arch::load(SWITCH.start) == 0 || arch::load(STATE) != RUNNING {
                return;
            }
            let (from, to) = (arch::load(FROM), arch::load(TO));
            let from = core::ptr::with_exposed_provenance::<u8>(from as usize);
            let to = core::ptr::with_exposed_provenance_mut::<u8>(to as usize);
            // SAFETY: none. This is a device: it accesses the memory that it was told to. The test shows that this
            // memory is lent, for as long as the device accesses it.
            unsafe { to.write_volatile(from.read_volatile()) };
            arch::store(FROM, from.addr() as u32 + 1);
            arch::store(TO, to.addr() as u32 + 1);
            arch::store(COUNT.start, arch::load(COUNT.start).wrapping_add(1));
            // As in many controllers, a length of 0 means the greatest length.
            let left = arch::load(LEFT).wrapping_sub(1);
            arch::store(LEFT, left);
            if left == 0 {
                arch::store(STATE, DONE);
                pend.signal();
            }
        }
    }

    struct WithDma;

    impl Test for WithDma {
        const ZERO_LATENCY: &'static [Line] = &[Line::of::<Simulated>()];

        fn told(_: &[u8]) {
            arch::end(1)
        }
    }

    /// The driver of the channel.
    struct Driver;

    impl Controller for Driver {
        const LONGEST: usize = LONGEST;

        fn start(&mut self, transfer: &Transfer) {
            arch::store(FROM, transfer.from().unwrap_or(0) as u32);
            arch::store(TO, transfer.to().unwrap_or(0) as u32);
            arch::store(LEFT, transfer.len() as u32);
            arch::store(STATE, RUNNING);
        }
        fn state(&mut self) -> State {
            if arch::load(STATE) == DONE { State::Done } else { State::Running }
        }
        fn stop(&mut self) {
            arch::store(STATE, IDLE);
        }
    }

    /// The driver of the switch.
    struct Master;

    impl Switch for Master {
        fn on(&mut self) {
            arch::store(SWITCH.start, 1);
        }
        fn off(&mut self) {
            arch::store(SWITCH.start, 0);
        }
    }

    crossgate::system! {
        static SYSTEM;
        process dma {
            mmio CHANNEL;
            notification ENDED;
            interrupt CHANNEL_DONE => ENDED;
            object channel (stack = 256): Exclusive<Channel<Driver>> = Channel::new(Driver, ENDED) =>
                [ENGINE: dyn DmaCopy, ENGINE_STATE: dyn Prepare];
        }
        process interlock {
            mmio SWITCH;
            object interlock (stack = 1024): Exclusive<Interlock<Master, dyn DmaCopy>> =
                Interlock::new(Master, ENGINE, ENGINE_STATE) => [COPY: dyn DmaCopy];
            // If both processes go down, only this thread is left to stop the controller.
            thread begin (priority = 29, stack = 512) = switch_off();
        }
        process victim { object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
        process client {
            deadlines;
            thread main (priority = 5, stack = 8192) = client(COPY, BEGUN, FINISHED);
            thread urgent (priority = 20, stack = 512) = keep_busy();
        }
        process forger { thread main (priority = 3, stack = 8192) = forge(COPY, VAULT, FORGED); }
        process intruder { on_fault = stop; thread main (priority = 2, stack = 1024) = intrude(); }
        process witness {
            mmio TIMER1;
            mmio COUNT;
            notification FAULTED;
            supervisor FAULTED;
            notification BEGUN;
            notification FINISHED;
            notification FORGED;
            thread main (priority = 30, stack = 4096) = witness(FAULTED, [BEGUN, FINISHED, FORGED], VAULT);
        }
    }
    board::port::start!(SYSTEM, TestBoard<WithDma>);

    fn switch_off() -> ! {
        Master.off();
        thread::exit()
    }

    static PATTERN: [u8; 2 * LONGEST] = [0x5a; 2 * LONGEST];

    kept! {
        /// The number of lives of the client before this one.
        static LIVES: u32;
    }
    shared! {
        static BUFFER: [u8; LONGEST] = [0; LONGEST];
        static FORGED_BUFFER: [u8; 2 * LONGEST] = [0; 2 * LONGEST];
    }

    /// Starts before the thread that lends memory comes home, and leaves that thread no time to stop the controller.
    fn keep_busy() -> ! {
        let end = time::now() + PART;
        while time::now() < end {}
        thread::exit()
    }

    fn client(copy: Handle<dyn DmaCopy>, begun: Signal, finished: Signal) -> ! {
        let Some(buffer) = BUFFER.take() else { fail(format_args!("the buffer is taken")) };
        let lives = LIVES.get().unwrap_or(0);
        LIVES.set(lives + 1);
        if lives == 0 {
            let whole = copy.copy(&PATTERN[..LONGEST], &mut buffer[..]);
            expect("a whole transfer", whole, Ok(Ok(LONGEST as u32)));
            expect_that("its bytes", *buffer == PATTERN[..LONGEST]);
            let mut own = [0; 40];
            expect("to the stack", copy.copy(&buffer[..40], &mut own[4..36]), Ok(Ok(32)));
            let around =
                own.iter().enumerate().all(|(at, byte)| (*byte != 0) == (4..36).contains(&at));
            expect_that("the bytes of the transfer, and no others", around);
            expect("signal", begun.signal(), Ok(()));
            let _ = copy.copy(&PATTERN[..LONGEST], &mut buffer[..]);
            fail(format_args!("a thread comes back to a life that is over"));
        }
        // The memory is that of a new life. The transfer that the life before has started writes nothing there.
        check_untouched(buffer, 0);
        let crashed = Ok(Err(Fault::Crashed));
        for result in [crashed, Err(CallError::ServerFaulted), Err(CallError::ServerFaulted)] {
            expect("signal", begun.signal(), Ok(()));
            check_interrupted(buffer, result, |buffer| copy.copy(&PATTERN[..LONGEST], buffer));
        }
        check_interrupted(buffer, Ok(Err(Fault::Stopped)), |buffer| {
            time::with_deadline(PART, || copy.copy(&PATTERN[..LONGEST], buffer))
        });
        expect("a last one", copy.copy(&PATTERN[..9], &mut buffer[..]), Ok(Ok(9)));
        expect("signal", finished.signal(), Ok(()));
        thread::exit()
    }

    /// Makes a transfer that is interrupted. From the end of the call on, nothing is written to the memory.
    #[track_caller]
    fn check_interrupted(
        buffer: &mut [u8],
        result: Result<Result<u32, Fault>, CallError>,
        transfer: impl FnOnce(&mut [u8]) -> Result<Result<u32, Fault>, CallError>,
    ) {
        buffer.fill(0);
        expect("an end in the middle", transfer(buffer), result);
        let moved = buffer.iter().filter(|byte| **byte != 0).count();
        expect_that("the middle", (1..LONGEST).contains(&moved));
        buffer.fill(0xaa);
        check_untouched(buffer, 0xaa);
    }

    /// Checks that the memory holds this byte everywhere, now and for as long as a transfer takes.
    #[track_caller]
    fn check_untouched(buffer: &[u8], value: u8) {
        let is_untouched = || buffer.iter().all(|byte| core::hint::black_box(*byte) == value);
        expect_that("the memory has not been written", is_untouched());
        time::sleep(ALL);
        expect_that("the memory is not written", is_untouched());
    }

    /// Asks for transfers that the controller must not make, as far as a client can.
    fn forge(copy: Handle<dyn DmaCopy>, vault: Handle<dyn Vault>, forged: Signal) -> ! {
        let Some(buffer) = FORGED_BUFFER.take() else { fail(format_args!("the buffer is taken")) };
        let (own, secret) = (buffer.as_mut_ptr().addr(), vault.address().unwrap_or(0));
        let gate = raw::service(&SYSTEM, "COPY");
        let forged_call = |words| raw::call(gate, 0, words);
        for other in [secret, probe::kernel_memory(), CHANNEL.start, SWITCH.start] {
            for words in [[own, 4, other, 4], [other, 4, own, 4]] {
                expect("memory of others", forged_call(words).error(), Some(CallError::BadLease));
            }
        }
        let past = [PATTERN.as_ptr().addr(), 64, own + 2 * LONGEST - 32, 64];
        expect("past the end", forged_call(past).error(), Some(CallError::BadLease));
        let nothing = forged_call([PATTERN.as_ptr().addr(), 4, secret, 0]);
        expect("memory of no bytes", (nothing.error(), nothing.words), (None, [0, 0]));
        let longer = copy.copy(&PATTERN[..LONGEST + 1], &mut buffer[..]);
        expect("too long", longer, Ok(Err(Fault::TooLong)));
        expect_that("the buffer is unchanged", buffer.iter().all(|byte| *byte == 0));
        for service in ["ENGINE", "ENGINE_STATE"] {
            let status = raw::call(raw::service(&SYSTEM, service), 0, [own, 4, own + 8, 4]).error();
            expect("past the interlock", status, Some(CallError::NotPermitted));
        }
        time::sleep(ALL);
        expect("the secret", vault.is_intact(), Ok(true));
        expect("signal", forged.signal(), Ok(()));
        thread::exit()
    }

    fn intrude() -> ! {
        probe::store(TO, probe::kernel_memory() as u32);
        fail(format_args!("a process has written registers of the channel"))
    }

    fn witness(
        faulted: Notification,
        [begun, finished, forged]: [Notification; 3],
        vault: Handle<dyn Vault>,
    ) -> ! {
        Timer::new(TIMER1).interrupt_after(BYTE);
        let interruptions: [fn(); 4] = [
            || restart(&SYSTEM, "client"),
            || restart(&SYSTEM, "dma"),
            || expect("a stop", supervise::stop(process(&SYSTEM, "interlock")), Ok(())),
            || ["dma", "interlock"].into_iter().for_each(|name| restart(&SYSTEM, name)),
        ];
        for (number, interrupt) in interruptions.into_iter().enumerate() {
            expect("a transfer begins", begun.wait_timeout(PATIENCE), Ok(()));
            if number == 3 {
                restart(&SYSTEM, "interlock");
            }
            let before = arch::load(COUNT.start);
            let moved = || arch::load(COUNT.start).wrapping_sub(before) as usize;
            while moved() < LONGEST / 8 {
                time::sleep(PART / 8);
            }
            expect_that("in the middle of a transfer", moved() < LONGEST);
            interrupt();
        }
        expect("the client ends", finished.wait_timeout(PATIENCE), Ok(()));
        forged.wait();
        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect_at("intruder", Cause::Access, TO);
        watch.expect_no_more();
        expect("the secret", vault.is_intact(), Ok(true));
        pass()
    }
}
