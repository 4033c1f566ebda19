// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt that is pending while the kernel is about to kill a late method is served first. Then the method is
//! killed all the same, even if the interrupt belongs to the method's own process.
//!
//! Each instruction takes 64 ns, so that the kernel's way to the kill is longer than the step from one moment of the
//! interrupt to the next.
//!
//! Emulator: -icount shift=6,sleep=off
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{CLOCK_HZ, TIMER0, Timer, interrupt};
    use core::time::Duration;
    use crossgate::fault::Faults;
    use crossgate::time::with_deadline;
    use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, time};
    use crossgate_abi::{Cause, DEADLINE_UNIT};
    use system_tests::report::{expect, expect_that, pass};

    /// The time between the starts of two calls, in µs. It is so long that the server restarts without a pause.
    const ROUND: u64 = 10_000 * DEADLINE_UNIT;
    const DEADLINE: Duration = Duration::from_millis(1);
    /// The longest time that a call may take, in µs: deadline, grace period, and the restart of the process.
    const LONGEST: u32 = 14_000;
    /// The time from the start of a call to the kill, in µs: two units for the deadline, and ten for the grace period.
    const KILL: u32 = 12 * DEADLINE_UNIT as u32;
    /// The moments of the interrupt, in µs: the first is before the kill, the last is after it, ...
    const BEFORE: u32 = 40;
    const AFTER: u32 = 120;
    /// ... and the time from one to the next.
    const STEP: u32 = 4;
    const KILLS: u32 = (BEFORE + AFTER) / STEP;

    #[interface]
    trait Work {
        /// Computes for ever. The device interrupts the process after this time in µs.
        fn compute(&self, interrupt_after: u32);
    }

    struct Worker;

    impl Work for Worker {
        fn compute(&self, interrupt_after: u32) {
            Timer::new(TIMER0).interrupt_after(interrupt_after * (CLOCK_HZ / 1_000_000));
            loop {
                core::hint::spin_loop();
            }
        }
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            notification DONE;
            thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE);
        }
        process worker {
            mmio TIMER0;
            notification EXPIRED;
            interrupt interrupt::TIMER0 => EXPIRED;
            object worker: Concurrent<Worker> = Worker => [WORK: dyn Work];
            thread main (priority = 30, stack = 1024) = serve(EXPIRED);
        }
        process client {
            deadlines;
            thread main (priority = 5, stack = 2048) = client(WORK, DONE);
        }
    }
    board::start!(SYSTEM);

    fn serve(expired: Notification) -> ! {
        loop {
            expired.acknowledge();
            expired.wait();
            Timer::new(TIMER0).clear_interrupt();
        }
    }

    fn client(work: Handle<dyn Work>, done: Signal) -> ! {
        for kill in 0..KILLS {
            let now = time::now();
            let start = now + Duration::from_micros(ROUND - now.as_micros() % ROUND);
            time::sleep_until(start);
            let end = with_deadline(DEADLINE, || work.compute(KILL - BEFORE + kill * STEP));
            let taken = (time::now() - start).as_micros() as u32;
            expect("a call of a server that computes", end, Err(CallError::DeadlineExceeded));
            expect_that("the server is killed in time", taken <= LONGEST);
        }
        expect("signal", done.signal(), Ok(()));
        crossgate::thread::exit()
    }

    fn witness(faulted: Notification, done: Notification) -> ! {
        let mut faults = Faults::new();
        for _ in 0..KILLS {
            faulted.wait();
            let record = faults.next().unwrap();
            expect("the cause", record.cause, Cause::Deadline);
        }
        done.wait();
        expect_that("nobody else faults", faults.next().is_none());
        pass()
    }
}
