// SPDX-License-Identifier: MIT OR Apache-2.0
//! A handler above the kernel, for a timer that interrupts at each of many instructions of calls and crashes. The
//! interrupt is served at once, even in the middle of the kernel. All registers survive, even if the interrupt comes
//! between a system call and the kernel. And each signal of the handler arrives.
//!
//! The positions and the latency are exact only if the emulator counts instructions, as under `cargo xtask test`.
//! Otherwise run the test with `-- -icount shift=0,sleep=off`.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_baseline!();

#[cfg(all(target_os = "none", not(baseline)))]
mod firmware {
    use board::port::zero_latency::{Handler, Line, Signal};
    use board::{TIMER1, Timer, interrupt};
    use core::arch::asm;
    use core::sync::atomic::{AtomicU32, Ordering};
    use core::time::Duration;
    use crossgate::fault::Faults;
    use crossgate::{CallError, Concurrent, Handle, Notification, interface, supervise};
    use system_tests::report::{expect, expect_that, fail, pass};
    use system_tests::{arch, probe};
    use system_tests_cortex_m::position::{TICK, delay};
    use system_tests_cortex_m::{Test, TestBoard};

    /// The number of positions, one instruction apart.
    const POSITIONS: u32 = 800;
    /// The first tick: about the time when the call is made.
    const FIRST: u32 = 2;
    /// The start value of the timer when all positions have been tried.
    const ALL_TRIED: u32 = 10_000;
    /// The time that a signal may take.
    const PATIENCE: Duration = Duration::from_millis(10);
    /// A line that no device has.
    const SPARE: u16 = 20;

    #[interface]
    trait Victim {
        /// Mixes words.
        fn mix(&self, first: u32, second: u32, third: u32, fourth: u32) -> u64;
        /// Crashes by an access, or by a breakpoint.
        fn crash(&self, access: bool);
    }

    struct Server;

    fn mixed(first: u32, second: u32, third: u32, fourth: u32) -> u64 {
        u64::from(first ^ second.rotate_left(7)) << 32 | u64::from(third ^ fourth.rotate_left(9))
    }

    impl Victim for Server {
        fn mix(&self, first: u32, second: u32, third: u32, fourth: u32) -> u64 {
            mixed(first, second, third, fourth)
        }
        fn crash(&self, access: bool) {
            if access {
                probe::store(probe::kernel_memory(), 0);
            } else {
                arch::breakpoint();
            }
        }
    }

    crossgate::system! {
        static SYSTEM;
        process supervisor {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 2048) = supervise(FAULTED);
        }
        process server {
            on_fault = stop;
            object server: Concurrent<Server> = Server => [VICTIM: dyn Victim];
        }
        process client {
            mmio TIMER1;
            counting notification SAMPLED;
            interrupt SPARE => SAMPLED;
            thread main (priority = 2, stack = 4096) = client(VICTIM, SAMPLED);
        }
    }
    board::port::start!(SYSTEM, TestBoard<Sampled>);

    struct Sampled;

    impl Test for Sampled {
        const ZERO_LATENCY: &'static [Line] = &[Line::of::<Sampler>()];

        fn told(_: &[u8]) {
            arch::end(1)
        }
    }

    const VALUE: usize = TIMER1.start + 4;
    const RELOAD: usize = TIMER1.start + 8;

    /// The exceptions in the middle of which the handler ran, as bits of the register of active exceptions.
    static INTERRUPTED: AtomicU32 = AtomicU32::new(0);
    const ACTIVE: usize = 0xe000_ed24;
    const MEMORY_FAULT: u32 = 1 << 0;
    const USAGE_FAULT: u32 = 1 << 3;
    const SYSTEM_CALL: u32 = 1 << 7;
    const PEND_SYSTEM_CALL: u32 = 1 << 15;

    /// The number of times that the handler made a system call for a thread.
    static BETWEEN: AtomicU32 = AtomicU32::new(0);

    struct Sampler;

    impl Handler for Sampler {
        const LINE: u16 = interrupt::TIMER1;
        const SIGNALS: u16 = SPARE;

        fn serve(signal: Signal<Self>) {
            // The timer continues to count down from 0. It is read before a tick is over.
            let late = arch::load(VALUE).wrapping_neg();
            const { Timer::new(TIMER1) }.clear_interrupt();
            if arch::load(RELOAD) == ALL_TRIED {
                check_interrupted();
            } else if late > 0 {
                fail(format_args!("served {late} ticks late"));
            }
            let active = arch::load(ACTIVE);
            INTERRUPTED.fetch_or(active, Ordering::Relaxed);
            if active & (MEMORY_FAULT | USAGE_FAULT | SYSTEM_CALL) == 0 {
                come_between();
            }
            signal.signal();
            // SAFETY: a handler may change these registers, as every function may.
            unsafe {
                asm!(
                    "mvn r0, #0x10",
                    "mvn r1, #0x11",
                    "mvn r2, #0x12",
                    "mvn r3, #0x13",
                    "mvn r12, #0x1c",
                    out("r0") _, out("r1") _, out("r2") _, out("r3") _, out("r12") _,
                );
            }
        }
    }

    /// Makes a system call for a thread that is about to make one: as if the interrupt had come when the CPU had
    /// already started to enter the call. (No emulated device interrupts just then.)
    fn come_between() {
        const PROGRAM_COUNTER: usize = 24;
        const SYSTEM_CALL_INSTRUCTION: u32 = 0xdf;
        let frame: usize;
        // SAFETY: this only reads a register.
        unsafe { asm!("mrs {}, psp", out(reg) frame) };
        let counter = frame + PROGRAM_COUNTER;
        let address = arch::load(counter);
        let halfword = arch::load(address as usize & !3) >> (8 * (address & 2));
        if halfword >> 8 & 0xff == SYSTEM_CALL_INSTRUCTION {
            arch::store(counter, address + 2);
            arch::store(ACTIVE, arch::load(ACTIVE) | PEND_SYSTEM_CALL);
            BETWEEN.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Checks that the handler has interrupted every path into the kernel.
    fn check_interrupted() {
        let seen = INTERRUPTED.load(Ordering::Relaxed);
        expect_that("system calls were interrupted", seen & SYSTEM_CALL != 0);
        expect_that("a memory fault was interrupted", seen & MEMORY_FAULT != 0);
        expect_that("a breakpoint's fault was interrupted", seen & USAGE_FAULT != 0);
        expect_that(
            "the interrupt came between a system call and the kernel",
            BETWEEN.load(Ordering::Relaxed) >= 2,
        );
    }

    fn supervise(faulted: Notification) -> ! {
        let mut faults = Faults::new();
        loop {
            faulted.wait();
            for record in faults.by_ref() {
                expect("a decision", supervise::restart(record.process), Ok(()));
            }
        }
    }

    fn client(victim: Handle<dyn Victim>, sampled: Notification) -> ! {
        sweep(sampled, |position| {
            let word = position.wrapping_mul(0x9e37_79b9);
            let words = [word, !word, word.rotate_left(5), word.rotate_left(23)];
            let [first, second, third, fourth] = words;
            let got = victim.mix(first, second, third, fourth);
            expect("mixed", got, Ok(mixed(first, second, third, fourth)));
        });
        for access in [true, false] {
            sweep(sampled, |_| {
                expect("a crash", victim.crash(access), Err(CallError::ServerFaulted));
            });
        }
        Timer::new(TIMER1).interrupt_after(1);
        arch::store(RELOAD, ALL_TRIED);
        sampled.acknowledge();
        expect("the last signal", sampled.wait_timeout(PATIENCE), Ok(()));
        pass()
    }

    /// Repeats an action. Each time the handler interrupts it an instruction later.
    #[inline(always)]
    fn sweep(sampled: Notification, act: impl Fn(u32)) {
        for position in 0..POSITIONS {
            sampled.acknowledge();
            Timer::new(TIMER1).interrupt_after(FIRST + position / TICK);
            delay(TICK - position % TICK);
            act(position);
            expect("a signal", sampled.wait_timeout(PATIENCE), Ok(()));
            expect_that("no other signal comes", !sampled.try_wait());
        }
    }
}
