// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept values survive a reset of the system, and so does a crash dump. The firmware also counts its starts in memory
//! that nothing resets, and that it does not use otherwise.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo xtask test`");
}

#[cfg(target_os = "none")]
mod firmware {
    use crossgate::fault::Cause;
    use crossgate::sync::atomic::{AtomicU32, Ordering};
    use crossgate::{Mmio, Notification, dump, kept};
    use system_tests::probe;
    use system_tests::report::{expect, expect_that, pass};
    use system_tests_cortex_m::further_memory;

    const FURTHER_MEMORY: Mmio = Mmio { start: further_memory::START, size: 32 };

    kept! {
        static LIVES: u32;
        /// Has another value in each life.
        static REPORT: [u16; 9];
    }
    static INITIALISED: AtomicU32 = AtomicU32::new(5);
    static ZEROED: AtomicU32 = AtomicU32::new(0);

    crossgate::system! {
        static SYSTEM;
        process supervisor {
            crash_dumps;
            on_fault = restart (limit = 1);
            mmio FURTHER_MEMORY;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 1, stack = 4096) = live(FAULTED);
        }
    }
    board::start!(SYSTEM);

    fn live(_: Notification) -> ! {
        let counted = probe::load(FURTHER_MEMORY.start);
        let of_life = |life: u32| [life as u16; 9];
        expect("a static that is not kept", INITIALISED.fetch_add(1, Ordering::Relaxed), 5);
        expect("a static that is not kept", ZEROED.fetch_add(1, Ordering::Relaxed), 0);
        expect("lives", LIVES.get(), (counted > 0).then_some(counted));
        expect("the report", REPORT.get(), (counted > 0).then_some(of_life(counted)));
        // The reason for this start: none, a crash in this run, or the crash after which the system was reset.
        let dump = dump::read().ok().flatten();
        let dump = dump.map(|it| (it.record().cause, it.is_of_this_run(), it.stack().count() > 0));
        let after = |is_of_this_run| (Cause::Panic, is_of_this_run, true);
        expect_that(
            "the firmware has the dump",
            dump == (counted > 0).then_some(after(counted % 2 == 1)),
        );
        if counted == 4 {
            pass()
        }
        LIVES.set(counted + 1);
        REPORT.set(of_life(counted + 1));
        probe::store(FURTHER_MEMORY.start, counted + 1);
        // This crash is the first in a row, after which the process restarts, or the second, after which the system
        // restarts.
        crash(counted)
    }

    fn crash(counted: u32) -> ! {
        panic!("a supervisor panics in its life {counted}")
    }
}
