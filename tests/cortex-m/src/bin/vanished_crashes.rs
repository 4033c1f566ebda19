// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel gives way to an interrupt that is no longer pending when the CPU looks for it, after a thread has faulted:
//! the crash dump has the registers of the thread, not those of the kernel.
//!
//! Only a handler above the kernel can do that, and it breaks its contract by it: one that pends a line at one
//! instruction of a call of a method that faults, and takes the line back a tick later, at each of many positions.
//!
//! The positions are exact only if the emulator counts instructions, as `cargo xtask test` makes it do; otherwise run
//! the test with `-- -icount shift=0,sleep=off`.
//!
//! Without measuring: an interrupt that the kernel has found is not served here
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::port::zero_latency::{Handler, Line, Signal};
    use board::{TIMER1, Timer, interrupt};
    use core::arch::asm;
    use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use core::time::Duration;
    use crossgate::{CallError, Concurrent, Handle, Notification, interface, time};
    use system_tests::arch;
    use system_tests::report::{expect, expect_that, fail, pass};
    use system_tests_cortex_m::position::{TICK, delay};
    use system_tests_cortex_m::{Test, TestBoard};

    /// The number of positions, one instruction apart.
    const POSITIONS: u32 = 800;
    /// The number of times that all positions are tried. Each time, the handler takes the line back one instruction
    /// later. (The time of the handler itself differs by some instructions.)
    const ROUNDS: u32 = 4;
    /// The first tick: about the time when the system call is made.
    const FIRST: u32 = 2;
    /// The time between two crashes: so long that the process restarts without a pause.
    const PAUSE: Duration = Duration::from_secs(11);
    /// The value of r4 to r11 when the method faults.
    const KNOWN: usize = 0x1234_5678;
    const RELOAD: usize = TIMER1.start + 8;
    /// The start value of the timer when all positions have been tried.
    const ALL_TRIED: u32 = 10_000;
    /// A line that no device has.
    const SPARE: u16 = 20;

    crossgate::system! {
        static SYSTEM;
        process supervisor {
            crash_dumps;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 4096) = supervise(FAULTED);
        }
        process victim {
            object victim: Concurrent<Victim> = Victim => [VICTIM: dyn Crash];
        }
        process client {
            mmio TIMER1;
            notification SAMPLED;
            interrupt SPARE => SAMPLED;
            thread main (priority = 2, stack = 4096) = client(VICTIM, SAMPLED);
        }
    }
    board::port::start!(SYSTEM, TestBoard<Vanishing>);

    #[interface]
    trait Crash {
        /// Faults with [`KNOWN`] in registers.
        fn crash(&self);
    }

    struct Victim;

    impl Crash for Victim {
        fn crash(&self) {
            // SAFETY: the process crashes, so no code relies on the registers afterwards.
            unsafe {
                asm!(
                    "mov r4, {known}", "mov r5, r4", "mov r6, r4", "mov r7, r4",
                    "mov r8, r4", "mov r9, r4", "mov r10, r4", "mov r11, r4",
                    "udf #0",
                    known = in(reg) KNOWN,
                    options(noreturn),
                );
            }
        }
    }

    struct Vanishing;

    impl Test for Vanishing {
        const ZERO_LATENCY: &'static [Line] = &[Line::of::<Teaser>()];

        fn told(_: &[u8]) {
            arch::end(1)
        }
    }

    /// The registers that tell which lines are pending, and take them back.
    const TAKE_BACK: usize = 0xe000_e280;
    const LINE: u32 = 1 << SPARE;
    /// The stack pointer of a thread after the kernel has given way.
    const GIVEN_WAY: u32 = !3;

    /// The register that has the active exceptions, and the bit of a usage fault.
    const ACTIVE: usize = 0xe000_ed24;
    const USAGE_FAULT: u32 = 1 << 3;

    static IS_PENDED: AtomicBool = AtomicBool::new(false);
    /// The number of times that the line was taken back.
    static TAKEN_BACK: AtomicU32 = AtomicU32::new(0);
    /// The number of times that the line was taken back after the kernel had given way to it.
    static VANISHED: AtomicU32 = AtomicU32::new(0);

    struct Teaser;

    impl Handler for Teaser {
        const LINE: u16 = interrupt::TIMER1;
        const SIGNALS: u16 = SPARE;

        fn serve(signal: Signal<Self>) {
            const { Timer::new(TIMER1) }.clear_interrupt();
            if arch::load(RELOAD) == ALL_TRIED {
                let vanished = VANISHED.load(Ordering::Relaxed);
                expect_that("an interrupt has vanished", vanished != 0);
                return signal.signal();
            }
            if !IS_PENDED.fetch_xor(true, Ordering::Relaxed) {
                signal.signal();
                delay(TAKEN_BACK.load(Ordering::Relaxed) / POSITIONS);
                const { Timer::new(TIMER1) }.interrupt_after(1);
                return;
            }
            let is_pending = arch::load(TAKE_BACK) & LINE != 0;
            arch::store(TAKE_BACK, LINE);
            TAKEN_BACK.fetch_add(1, Ordering::Relaxed);
            let stack_pointer: u32;
            // SAFETY: this only reads a register.
            unsafe { asm!("mrs {}, psp", out(reg) stack_pointer) };
            let is_on_way_out = arch::load(ACTIVE) & USAGE_FAULT != 0;
            if is_pending && is_on_way_out && stack_pointer == GIVEN_WAY {
                VANISHED.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn supervise(faulted: Notification) -> ! {
        loop {
            faulted.wait();
            let Ok(Some(dump)) = crossgate::dump::read() else {
                fail(format_args!("there is no dump"))
            };
            for (name, value) in dump.registers().skip(4).take(8) {
                expect(name, value, KNOWN);
            }
        }
    }

    fn client(victim: Handle<dyn Crash>, sampled: Notification) -> ! {
        for position in (0..ROUNDS).flat_map(|_| 0..POSITIONS) {
            sampled.acknowledge();
            Timer::new(TIMER1).interrupt_after(FIRST + position / TICK);
            delay(TICK - position % TICK);
            let end = victim.crash();
            expect("a method that faults", end, Err(CallError::ServerFaulted));
            time::sleep(PAUSE);
            let _ = sampled.try_wait();
        }
        // The handler looks whether that was enough.
        sampled.acknowledge();
        Timer::new(TIMER1).interrupt_after(1);
        arch::store(RELOAD, ALL_TRIED);
        sampled.wait();
        pass()
    }
}
