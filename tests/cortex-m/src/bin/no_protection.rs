// SPDX-License-Identifier: MIT OR Apache-2.0
//! On a CPU without a protection unit, or with too small a one, no thread ever runs, and the kernel reports the reason.
//!
//! Emulator: -global arm-cpu.pmsav7-dregion=0
//! Emulator: -global arm-cpu.pmsav7-dregion=4
//! Emulator: -global arm-cpu.pmsav7-dregion=7
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use system_tests::report::broken;
    use system_tests_cortex_m::{Test, TestBoard, expect_start};

    crossgate::system! {
        static SYSTEM;
        process attacker { thread main (priority = 5, stack = 1024) = run(); }
    }
    board::port::start!(SYSTEM, TestBoard<Unprotected>);

    struct Unprotected;

    impl Test for Unprotected {
        fn told(line: &[u8]) {
            expect_start(line, b"crossgate: this CPU has no MPU");
        }
    }

    fn run() -> ! {
        broken("runs, isolated or not: run this with the options above")
    }
}
