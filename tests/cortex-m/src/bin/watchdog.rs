// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watchdog of the board resets the board when the firmware is stuck, and not before. There are three cases: a
//! process that has crashed no longer feeds its guard; a process spins and is less urgent than the keeper; and a
//! process spins that is more urgent than the keeper, so that no thread feeds the watchdog. After the reset, the keeper
//! names the guard in the first two cases.
//!
//! Emulator: -icount shift=4,sleep=off
//! Without measuring: this test is not about interrupts that the kernel holds off.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::{Concurrent, Handle, kept, thread, time};
    use crossgate_watchdog::{Guard, Guarded, Guards, LastReset};
    use mps2_an385::{WATCHDOG, Watchdog};
    use system_tests::report::{expect, fail, pass};

    kept! {
        /// The number of resets.
        static RESETS: u32;
    }
    const PERIOD: Duration = Duration::from_millis(100);
    const LONG_PERIOD: Duration = Duration::from_millis(1000);
    /// The period of the hardware watchdog, which resets the board after two periods.
    const TIME: Duration = Duration::from_millis(150);
    /// The number of times that the motor's guard is fed: twice in each period.
    const FEEDS: u32 = 8;

    crossgate::system! {
        static SYSTEM;
        process kennel {
            mmio WATCHDOG;
            object guards (stack = 256): Concurrent<Guards<2>> =
                Guards::new([Guarded::new("radio", LONG_PERIOD), Guarded::new("motor", PERIOD)]) =>
                [RADIO: dyn Guard<0>, MOTOR: dyn Guard<1>, LAST_RESET: dyn LastReset];
            thread keeper (priority = 20, stack = 1024) = keep(&guards);
        }
        process radio { thread main (priority = 3, stack = 1024) = radio(RADIO); }
        process motor {
            on_fault = stop;
            thread main (priority = 4, stack = 2048) = motor(MOTOR, LAST_RESET);
            thread urgent (priority = 30, stack = 1024) = above_the_keeper();
        }
    }
    board::start!(SYSTEM);

    fn keep(guards: &Guards<2>) -> ! {
        let mut watchdog = Watchdog::new(WATCHDOG);
        watchdog.start(TIME);
        guards.keep(|| watchdog.feed(), TIME / 2)
    }

    fn radio(guard: Handle<dyn Guard<0>>) -> ! {
        for _ in 0..20 {
            expect("feed", guard.feed(), Ok(()));
            time::sleep(LONG_PERIOD / 2);
        }
        fail(format_args!("the board is not reset"))
    }

    fn motor(guard: Handle<dyn Guard<1>>, last: Handle<dyn LastReset>) -> ! {
        let resets = RESETS.get().unwrap_or(0);
        let starved = if resets == 1 || resets == 2 { Some(1) } else { None };
        expect("the guard that is named", last.starved(), Ok(starved));
        expect("forget", last.forget(), Ok(()));
        for _ in 0..FEEDS {
            expect("feed", guard.feed(), Ok(()));
            time::sleep(PERIOD / 2);
        }
        if resets == 2 {
            // The other thread spins.
            thread::exit()
        }
        RESETS.set(resets + 1);
        match resets {
            0 => panic!("a process crashes, and stays down"),
            1 => spin(),
            _ => pass(),
        }
    }

    /// In the third life, keeps the CPU from all other threads.
    fn above_the_keeper() -> ! {
        if RESETS.get() == Some(2) {
            time::sleep(FEEDS / 4 * PERIOD);
            RESETS.set(3);
            spin()
        }
        thread::exit()
    }

    fn spin() -> ! {
        loop {
            core::hint::spin_loop();
        }
    }
}
