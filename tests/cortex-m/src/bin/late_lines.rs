// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt line does not wait until all threads are awake that sleep until the same time. SysTick wakes them one
//! after the other, and comes before lines of the same priority.
//!
//! Each instruction takes 64 ns, 1.6 cycles. As on hardware, the kernel's way out of a handler takes longer than the
//! shortest time to which it sets SysTick.
//!
//! Emulator: -icount shift=6,sleep=off
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{TIMER0, TIMER1, Timer, interrupt};
    use core::time::Duration;
    use crossgate::{Notification, time};
    use system_tests::report::{expect_that, pass};
    use system_tests::watch::allow_no_fault;

    /// The time between two rounds: in each round, all threads sleep until the same time.
    const ROUND: u64 = 10_000;
    /// The time after the start of a round at which the driver prepares an interrupt of the next one, in µs.
    const LEAD_UP: u64 = ROUND - 200;
    /// The ticks from that time to the first of the interrupts.
    const BEFORE: u32 = 190_000 / TICK;
    /// The ticks from the first of the interrupts to the last, ...
    const INTERRUPTS: u32 = 400_000 / TICK;
    /// ... and from one to the next. There is one interrupt in each round.
    const STEP: usize = 23;
    /// The time that a tick of the timer takes, in ns.
    const TICK: u32 = 1_000_000_000 / board::CLOCK_HZ;
    /// The time after which the thread of an interrupt has to run: that of 1,000 instructions, or of 1,500 of ARMv6-M.
    /// Waking all threads takes three times as long.
    const PATIENCE: u32 = if cfg!(baseline) { 1_500 } else { 1_000 } * 64 / TICK;

    macro_rules! firmware {
        ($($sleeper:ident)*) => {
            crossgate::system! {
                static SYSTEM;
                process witness {
                    notification FAULTED;
                    supervisor FAULTED;
                    thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
                }
                process driver {
                    mmio TIMER0;
                    mmio TIMER1;
                    notification EXPIRED;
                    interrupt interrupt::TIMER0 => EXPIRED;
                    thread main (priority = 30, stack = 2048) = drive(EXPIRED);
                }
                process sleepers {
                    $(thread $sleeper (priority = 5, stack = 1024) = sleep();)*
                }
            }
        };
    }

    firmware!(one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen);
    board::start!(SYSTEM);

    /// Sleeps until this number of µs after the start of the next round.
    fn sleep_past_next_round(microseconds: u64) {
        let now = time::now();
        let left = ROUND - now.as_micros() % ROUND;
        time::sleep_until(now + Duration::from_micros(left + microseconds));
    }

    fn sleep() -> ! {
        loop {
            sleep_past_next_round(0);
        }
    }

    /// Lets its device interrupt at moments around the time at which all threads wake. Another timer says when the
    /// thread runs, because the count of a timer that has interrupted differs from board to board.
    fn drive(expired: Notification) -> ! {
        let mut timer = Timer::new(TIMER0);
        let mut watch = Timer::new(TIMER1);
        let mut latest = 0;
        for moment in (0..INTERRUPTS).step_by(STEP) {
            expired.acknowledge();
            sleep_past_next_round(LEAD_UP);
            let ticks = 1 + BEFORE + moment;
            watch.start();
            timer.interrupt_after(ticks);
            expired.wait();
            let late = watch.elapsed().saturating_sub(ticks);
            latest = late.max(latest);
            timer.clear_interrupt();
        }
        expect_that("a line does not wait for all sleepers", latest < PATIENCE);
        pass()
    }
}
