// SPDX-License-Identifier: MIT OR Apache-2.0
//! In a light sleep SysTick wakes up the CPU whenever its counter ends, with nothing to do. In a deep sleep another
//! timer wakes it up once, at the time of the next thread. The deadlines are as exact in both, and no time is lost.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without measuring: the idle thread is a part of the kernel while it sleeps.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{TIMER0, Timer};
    use core::time::Duration;
    use crossgate::power::{self, Depth, Slept};
    use crossgate::time;
    use system_tests::report::{expect, expect_that, fail, pass};

    const MINUTE: Duration = Duration::from_secs(60);
    /// By how much a thread may wake late.
    const LATE: Duration = Duration::from_micros(50);

    crossgate::system! {
        static SYSTEM;
        deep_sleep;
        process sleeper {
            inspects;
            stay_awake;
            mmio TIMER0;
            thread main (priority = 5, stack = 2048) = main();
        }
    }
    board::start!(SYSTEM);

    fn main() -> ! {
        let guard = power::stay_awake(Depth::Light);
        expect_that("the guard", guard.is_ok());
        let [light, deep] = sleep(MINUTE);
        // SysTick counts 2^24 cycles at most.
        let needed = 1 + ((u64::from(board::CLOCK_HZ) * MINUTE.as_secs()) >> 24) as u32;
        expect_that("the wake-ups of a light sleep", (needed..needed + 4).contains(&light.count));
        expect("the deep sleeps", deep.count, 0);
        drop(guard);
        let [light, deep] = sleep(MINUTE);
        expect("the wake-ups of a deep sleep", deep.count, 1);
        expect_that("the light sleeps", light.count <= 1);
        // The kernel's counter wraps around once or more.
        let [_, deep] = sleep(5 * MINUTE);
        expect_that("the wake-ups of a long sleep", (1..6).contains(&deep.count));
        // Many short sleeps: no time is lost by waking up.
        let mut timer = Timer::new(TIMER0);
        timer.start();
        let start = time::now();
        for count in 1..=1_000 {
            time::sleep_until(start + count * Duration::from_millis(1));
        }
        let ticks = timer.elapsed() / (board::CLOCK_HZ / 1_000_000);
        let took = Duration::from_micros(ticks.into());
        let told = time::now() - start;
        expect_that("the time by the timer", took.abs_diff(told) < LATE);
        pass()
    }

    /// Lets the CPU sleep for this time. Returns the light and the deep sleeps.
    fn sleep(length: Duration) -> [Slept; 2] {
        let look = || {
            [Depth::Light, Depth::Deep].map(|depth| match power::slept(depth) {
                Ok(Some(slept)) => slept,
                other => fail(format_args!("{other:?}")),
            })
        };
        let (before, start) = (look(), time::now());
        time::sleep(length);
        let (after, took) = (look(), time::now() - start);
        expect_that("the time of the sleep", took >= length && took < length + LATE);
        let slept = [0, 1].map(|depth: usize| Slept {
            count: after[depth].count - before[depth].count,
            time: after[depth].time - before[depth].time,
        });
        let all = slept[0].time + slept[1].time;
        expect_that("the time of all sleeps", all <= took && all + 100 * LATE > took);
        slept
    }
}
