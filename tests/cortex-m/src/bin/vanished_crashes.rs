// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel gives way to an interrupt that is no longer pending when the CPU looks for it, after a thread has faulted:
//! the crash dump contains the registers of the thread, not those of the kernel.
//!
//! Only a handler above the kernel can cause this, and it breaks its contract by it. The handler of this test pends a
//! line at one instruction of a call of a method that faults, and clears the line a tick later, at each of many
//! positions.
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
    use core::arch::asm;
    use core::time::Duration;
    use crossgate::{CallError, Concurrent, Handle, Notification, interface, time};
    use system_tests::report::{expect, fail};
    use system_tests_cortex_m::TestBoard;
    use system_tests_cortex_m::vanishing::{Path, SPARE, Vanishing, at_each_position};

    /// The time between two crashes. It is so long that the process restarts without a pause.
    const PAUSE: Duration = Duration::from_secs(11);
    /// The value in r4 to r11 when the method faults.
    const KNOWN: usize = 0x1234_5678;
    crossgate::system! {
        static SYSTEM;
        process supervisor {
            crash_dumps;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 4096) = supervise(FAULTED);
        }
        process victim {
            object victim: Concurrent<Victim> = Victim => [VICTIM: dyn Crash];
        }
        process client {
            mmio TIMER1;
            notification SAMPLED;
            interrupt SPARE => SAMPLED;
            thread main (priority = 2, stack = 4096) = client(VICTIM, SAMPLED);
        }
    }
    board::port::start!(SYSTEM, TestBoard<Vanishing<UsageFault>>);

    #[interface]
    trait Crash {
        /// Faults with [`KNOWN`] in registers.
        fn crash(&self);
    }

    struct Victim;

    impl Crash for Victim {
        fn crash(&self) {
            // SAFETY: the process crashes, so no code relies on the registers afterwards.
            unsafe {
                asm!(
                    "mov r4, {known}", "mov r5, r4", "mov r6, r4", "mov r7, r4",
                    "mov r8, r4", "mov r9, r4", "mov r10, r4", "mov r11, r4",
                    "udf #0",
                    known = in(reg) KNOWN,
                    options(noreturn),
                );
            }
        }
    }

    struct UsageFault;

    impl Path for UsageFault {
        const FIRST: u32 = 360;
        const POSITIONS: u32 = 800;
        const EXCEPTION: u32 = 1 << 3;
    }

    fn supervise(faulted: Notification) -> ! {
        loop {
            faulted.wait();
            let Ok(Some(dump)) = crossgate::dump::read() else {
                fail(format_args!("there is no dump"))
            };
            for (name, value) in dump.registers().skip(4).take(8) {
                expect(name, value, KNOWN);
            }
        }
    }

    fn client(victim: Handle<dyn Crash>, sampled: Notification) -> ! {
        at_each_position::<UsageFault>(sampled, || {
            let end = victim.crash();
            expect("a method that faults", end, Err(CallError::ServerFaulted));
            time::sleep(PAUSE);
        })
    }
}
