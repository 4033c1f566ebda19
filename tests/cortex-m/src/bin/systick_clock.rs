// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time on a board whose only counter is SysTick. An alarm before the end of the period loses no cycle of time. On this
//! emulator, which executes several instructions in a cycle, it loses one and a half cycles at most.
//!
//! Emulator: -icount shift=3,sleep=off
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{CLOCK_HZ, TIMER0, Timer};
    use core::time::Duration;
    use crossgate::time;
    use system_tests::report::{expect_that, fail, pass};
    use system_tests_cortex_m::SysTickBoard;

    crossgate::system! {
        static SYSTEM;
        process judge {
            mmio TIMER0;
            thread main (priority = 9, stack = 2048) = judge();
            thread busy (priority = 1, stack = 1024) = ask();
        }
    }
    board::port::start!(SYSTEM, SysTickBoard);

    /// Keeps the CPU busy. While the CPU sleeps, the emulator lets time jump, too far for a timer that repeats.
    fn ask() -> ! {
        let mut last = time::now();
        loop {
            let now = time::now();
            expect_that("time never runs backwards", now >= last);
            last = now;
            for round in 0..500 {
                core::hint::black_box(round);
            }
        }
    }

    fn judge() -> ! {
        const SLEEPS: u32 = 500;
        const TICKS_PER_MICROSECOND: u32 = CLOCK_HZ / 1_000_000;
        let mut timer = Timer::new(TIMER0);
        for microseconds in [3, 50, 400] {
            let start = time::now();
            timer.start();
            for _ in 0..SLEEPS {
                time::sleep(Duration::from_micros(microseconds));
            }
            let before = timer.elapsed();
            let passed = (time::now() - start).as_micros() as u32;
            let after = timer.elapsed();
            // Up to one cycle and a half for each alarm, depending on the start of the µs. A sleep takes two alarms:
            // one for its end, and one at once for the next thread that the timer's handler checks.
            let lost = 2 * SLEEPS * 3 / 2;
            let (least, most) = (before - lost, after + lost + TICKS_PER_MICROSECOND);
            if !(least..=most).contains(&((passed + 1) * TICKS_PER_MICROSECOND)) {
                fail(format_args!("{passed} us have passed, and {before} ticks of the timer"));
            }
        }
        // The sleep is longer than a period, which is 2^24 cycles.
        let start = time::now();
        timer.start();
        time::sleep(Duration::from_millis(900));
        let (passed, ticks) = (time::now() - start, timer.elapsed());
        // (The code for ARMv6-M, which does not divide, takes longer.)
        let late = if cfg!(baseline) { 40 } else { 20 };
        if ticks / TICKS_PER_MICROSECOND >= 900_000 + late {
            fail(format_args!("a long sleep took {ticks} ticks of the timer"));
        }
        expect_that("long sleeps are not short", passed >= Duration::from_millis(900));
        pass()
    }
}
