// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time by SysTick on a slow CPU, which needs several cycles for an instruction: the period of a short alarm is over
//! before the next period is set. Time goes on as a timer of the board says, to a hundredth, and makes no jump.
//!
//! Emulator: -icount shift=7,sleep=off
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{CLOCK_HZ, TIMER0, Timer};
    use core::time::Duration;
    use crossgate::time;
    use system_tests::report::{fail, pass};
    use system_tests_cortex_m::SysTickBoard;

    crossgate::system! {
        static SYSTEM;
        process judge {
            mmio TIMER0;
            thread main (priority = 9, stack = 2048) = judge();
            thread busy (priority = 1, stack = 1024) = compute();
        }
    }
    board::port::start!(SYSTEM, SysTickBoard);

    /// Keeps the CPU busy, because the emulator lets time jump while it sleeps.
    fn compute() -> ! {
        loop {
            core::hint::black_box(());
        }
    }

    fn judge() -> ! {
        let mut timer = Timer::new(TIMER0);
        timer.start();
        let start = time::now();
        for round in 0..2000 {
            // The time left at the alarm is different each time, also less than the shortest alarm.
            time::sleep(Duration::from_micros(1 + round % 60));
            let passed = (time::now() - start).as_micros() as u32;
            let timed = timer.elapsed() / (CLOCK_HZ / 1_000_000);
            if passed.abs_diff(timed) > 100 + timed / 100 {
                fail(format_args!("{passed} us have passed, and {timed} us by the timer"));
            }
        }
        pass()
    }
}
