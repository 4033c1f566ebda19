// SPDX-License-Identifier: MIT OR Apache-2.0
//! A board whose SysTick does not wake threads, because it stops while the CPU sleeps, as on an nRF52. A timer does it
//! instead: its interrupt is served above the kernel, and makes SysTick's exception pending.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_baseline!();

#[cfg(all(target_os = "none", not(baseline)))]
mod firmware {
    use board::port::zero_latency::{Handler, Line, Signal, ring_alarm};
    use board::port::{Board, Counter};
    use board::{CLOCK_HZ, Hardware, TIMER0, TIMER1, Timer, interrupt};
    use core::time::Duration;
    use crossgate::{Notification, time};
    use system_tests::arch;
    use system_tests::report::{expect_that, fail, pass};
    use system_tests_cortex_m::RealCounter;

    /// A line that no device has.
    const SPARE: u16 = 20;
    /// The time by which a thread may wake late.
    const LATE: Duration = Duration::from_micros(100);

    crossgate::system! {
        static SYSTEM;
        process watchdog {
            mmio TIMER0;
            notification OVER;
            interrupt interrupt::TIMER0 => OVER;
            thread main (priority = 31, stack = 1024) = bark(OVER);
        }
        process sleeper {
            thread often (priority = 6, stack = 1024) = sleep_often();
            thread main (priority = 5, stack = 2048) = sleep();
        }
    }
    board::port::start!(SYSTEM, TimerBoard);

    struct TimerBoard;

    impl Board for TimerBoard {
        const CLOCK_HZ: u32 = Hardware::CLOCK_HZ;
        const ZERO_LATENCY: &'static [Line] = &[Line::of::<Alarm>()];
        type Counter = Count;

        fn prepare() {
            Hardware::prepare();
        }

        fn tell(byte: u8) {
            Hardware::tell(byte);
        }
    }

    struct Count;

    impl Counter for Count {
        const HZ: u32 = RealCounter::HZ;

        fn start() {
            RealCounter::start();
            // SysTick runs already, for the first alarm.
            arch::store(SYSTICK_CONTROL, 0);
        }

        fn count() -> u32 {
            RealCounter::count()
        }

        fn alarm(cycles: u32) {
            const CYCLES: u32 = Hardware::CLOCK_HZ / CLOCK_HZ;
            let ticks = cycles.max(512).div_ceil(CYCLES);
            const { Timer::new(TIMER1) }.interrupt_after(ticks);
        }
    }

    const SYSTICK_CONTROL: usize = 0xe000_e010;

    struct Alarm;

    impl Handler for Alarm {
        const LINE: u16 = interrupt::TIMER1;
        const SIGNALS: u16 = SPARE;
        const PRIORITY: u8 = 5;

        fn serve(_: Signal<Self>) {
            const { Timer::new(TIMER1) }.clear_interrupt();
            ring_alarm();
        }
    }

    fn bark(over: Notification) -> ! {
        over.acknowledge();
        Timer::new(TIMER0).interrupt_after(2 * CLOCK_HZ);
        over.wait();
        fail(format_args!("a thread has not woken"))
    }

    /// Makes alarms that are closer to each other than the time between two alarms.
    fn sleep_often() -> ! {
        for microseconds in (1..100).cycle() {
            time::sleep(Duration::from_micros(microseconds));
        }
        fail(format_args!("a cycle has no end"))
    }

    fn sleep() -> ! {
        for microseconds in (0..40).chain([100, 999, 1000, 20_000, 300_000]) {
            let asked = Duration::from_micros(microseconds);
            let start = time::now();
            time::sleep(asked);
            let taken = time::now() - start;
            expect_that("a thread sleeps long enough", taken >= asked);
            expect_that("a thread wakes in time", taken <= asked + LATE);
        }
        pass()
    }
}
