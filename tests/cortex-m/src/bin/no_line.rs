// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wiring has an interrupt line that this CPU does not have: no thread ever runs, and the kernel reports the
//! reason.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_armv6m!();

#[cfg(all(target_os = "none", target_has_atomic = "32"))]
mod firmware {
    use crossgate::Notification;
    use system_tests::report::broken;
    use system_tests_cortex_m::{Test, TestBoard, expect_start};

    crossgate::system! {
        static SYSTEM;
        process driver {
            notification NEVER;
            interrupt 239 => NEVER;
            thread main (priority = 5, stack = 1024) = run(NEVER);
        }
    }
    board::port::start!(SYSTEM, TestBoard<NoLine>);

    struct NoLine;

    impl Test for NoLine {
        fn told(line: &[u8]) {
            expect_start(line, b"crossgate: this CPU has no interrupt line 000000ef");
        }
    }

    fn run(never: Notification) -> ! {
        never.acknowledge();
        broken("waits for an interrupt that can't come")
    }
}
