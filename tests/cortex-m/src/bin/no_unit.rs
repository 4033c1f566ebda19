// SPDX-License-Identifier: MIT OR Apache-2.0
//! On a Cortex-M0, which has no protection unit, no thread ever runs, and the kernel reports the reason.
//!
//! Emulator: -M microbit
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::port::{Board, Counter};
    use system_tests::arch;
    use system_tests::report::broken;
    use system_tests_cortex_m::{Test, TestBoard, expect_start};

    crossgate::system! {
        static SYSTEM;
        process attacker { thread main (priority = 5, stack = 1024) = run(); }
    }
    board::port::start!(SYSTEM, Bare);

    /// A board that uses none of its devices, because this machine has others in their places.
    struct Bare;
    struct Still;

    impl Board for Bare {
        const CLOCK_HZ: u32 = 16_000_000;
        type Counter = Still;

        fn tell(byte: u8) {
            TestBoard::<Unprotected>::tell(byte);
        }
    }

    impl Counter for Still {
        const HZ: u32 = 16_000_000;
        fn start() {}
        fn count() -> u32 {
            0
        }
    }

    struct Unprotected;

    impl Test for Unprotected {
        fn told(line: &[u8]) {
            expect_start(line, b"crossgate: this CPU has no MPU");
        }
    }

    fn run() -> ! {
        arch::write_byte(b'!');
        broken("runs without isolation")
    }
}
