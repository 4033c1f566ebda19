// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel gives way to an interrupt that is no longer pending when the CPU looks for it: no thread continues with
//! the memory of another thread, and the kernel blames no thread for a fault.
//!
//! Only a handler above the kernel can cause this, and it breaks its contract by it. The handler of this test pends a
//! line at one instruction of a system call, and clears the line a tick later, at each of many positions.
//!
//! The positions are exact only if the emulator counts instructions, as under `cargo xtask test`. Otherwise run the
//! test with `-- -icount shift=0,sleep=off`.
//!
//! Without measuring: an interrupt that the kernel has found is not served here
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_baseline!();

#[cfg(all(target_os = "none", not(baseline)))]
mod firmware {
    use board::TIMER1;
    use core::time::Duration;
    use crossgate::{Notification, time};
    use system_tests::report::fail;
    use system_tests_cortex_m::TestBoard;
    use system_tests_cortex_m::vanishing::{Path, SPARE, Vanishing, at_each_position};

    /// The time for which the thread sleeps.
    const PAUSE: Duration = Duration::from_micros(25);
    crossgate::system! {
        static SYSTEM;
        process supervisor {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 2048) = supervise(FAULTED);
        }
        process client {
            mmio TIMER1;
            notification SAMPLED;
            interrupt SPARE => SAMPLED;
            // The kernel counts the time of threads, so it gives way before.
            thread main (priority = 2, stack = 4096, budget = 9 ms / 10 ms) = client(SAMPLED);
        }
        // This thread runs while the other thread sleeps.
        process bystander {
            thread main (priority = 1, stack = 512) = spin();
        }
    }
    board::port::start!(SYSTEM, TestBoard<Vanishing<SystemCall>>);

    struct SystemCall;

    impl Path for SystemCall {
        const FIRST: u32 = 40;
        const POSITIONS: u32 = 300;
        const EXCEPTION: u32 = 1 << 7;
    }

    fn supervise(faulted: Notification) -> ! {
        faulted.wait();
        fail(format_args!("a process has crashed"))
    }

    fn spin() -> ! {
        loop {
            core::hint::spin_loop();
        }
    }

    fn client(sampled: Notification) -> ! {
        at_each_position::<SystemCall>(sampled, || {
            time::sleep(PAUSE);
            time::sleep(PAUSE);
        })
    }
}
