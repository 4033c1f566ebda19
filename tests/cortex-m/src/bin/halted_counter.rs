// SPDX-License-Identifier: MIT OR Apache-2.0
//! A board whose only counter is SysTick, which stands still in a deep sleep, as on an STM32F4. The board measures the
//! sleep with another timer and adds it to the time of the kernel, so no time is lost, and every thread wakes in time.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without measuring: the idle thread is a part of the kernel while it sleeps.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::port::sleep::{Depth, Slept, wait_deeply, woken_by};
    use board::port::{Board, SysTick};
    use board::{CLOCK_HZ, Hardware, TIMER0, TIMER1, Timer, interrupt};
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use core::time::Duration;
    use crossgate::{power, time};
    use system_tests::report::{expect_that, fail, pass};

    const TICKS_PER_MICROSECOND: u32 = CLOCK_HZ / 1_000_000;
    /// By how much a thread may wake late, in µs: the board wakes up earlier than that.
    const LATE: u32 = 60;
    /// The time that may be lost in a sleep, in cycles: the instructions between the halt of SysTick and the look at
    /// the other timer.
    const LOST: u32 = 16;

    crossgate::system! {
        static SYSTEM;
        deep_sleep;
        process judge {
            inspects;
            mmio TIMER0;
            thread main (priority = 9, stack = 2048) = judge();
        }
    }
    board::port::start!(SYSTEM, HaltedBoard);

    struct HaltedBoard;

    impl Board for HaltedBoard {
        const CLOCK_HZ: u32 = Hardware::CLOCK_HZ;
        const LINES: u16 = Hardware::LINES;
        type Counter = SysTick<{ Hardware::CLOCK_HZ }>;

        fn prepare() {
            Hardware::prepare();
        }

        fn sleep(depth: Depth, left: u64) -> Slept {
            /// The part of a µs that was not added yet, in ticks.
            static REST: AtomicU32 = AtomicU32::new(0);
            let Some(left) = left.checked_sub(100).filter(|_| depth != Depth::Light) else {
                // No sleep is a light sleep, too. (If the CPU waited for SysTick here, the emulator would let time jump
                // too far.)
                return Slept::LIGHT;
            };
            let mut alarm = const { Timer::new(TIMER1) };
            let clock = const { Timer::new(TIMER0) };
            alarm.interrupt_after(left.min(1_000_000) as u32 * TICKS_PER_MICROSECOND);
            Self::Counter::stand_still();
            let from = clock.elapsed();
            woken_by(interrupt::TIMER1, || {
                wait_deeply();
                alarm.clear_interrupt();
            });
            let ticks = clock.elapsed().wrapping_sub(from) + REST.load(Relaxed);
            Self::Counter::go_on();
            REST.store(ticks % TICKS_PER_MICROSECOND, Relaxed);
            Slept { depth: Depth::Deep, uncounted: (ticks / TICKS_PER_MICROSECOND).into() }
        }

        fn tell(byte: u8) {
            Hardware::tell(byte);
        }
    }

    fn judge() -> ! {
        let mut timer = Timer::new(TIMER0);
        timer.start();
        let begin = (time::now(), timer.elapsed());
        let mut sleeps = 0;
        for microseconds in (200..20_000).step_by(331) {
            let start = timer.elapsed();
            time::sleep(Duration::from_micros(microseconds.into()));
            let took = (timer.elapsed() - start) / TICKS_PER_MICROSECOND;
            if !(microseconds..microseconds + LATE).contains(&took) {
                fail(format_args!("a sleep of {microseconds} us took {took} us"));
            }
            sleeps += 1;
        }
        // Longer than SysTick counts.
        time::sleep(Duration::from_secs(3));
        let told = (time::now() - begin.0).as_micros() as u32;
        let ticks = timer.elapsed() - begin.1;
        let cycles = Hardware::CLOCK_HZ / 1_000_000;
        let lost = (sleeps + 10) * LOST / cycles + 2;
        if told.abs_diff(ticks / TICKS_PER_MICROSECOND) > lost {
            fail(format_args!("the kernel tells {told} us, the timer {ticks} ticks"));
        }
        let slept = power::slept(Depth::Deep).ok().flatten();
        expect_that("the deep sleeps", slept.is_some_and(|slept| slept.count >= sleeps));
        pass()
    }
}
