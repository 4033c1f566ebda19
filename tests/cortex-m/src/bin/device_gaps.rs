// SPDX-License-Identifier: MIT OR Apache-2.0
//! Three devices with gaps between them. One region of ARMv7-M could open them, but a region of this CPU has no gaps,
//! and only two regions are for devices. So no thread ever runs, and the kernel reports the reason.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use crossgate::Mmio;
    use system_tests::report::broken;
    use system_tests_cortex_m::{Test, TestBoard, expect_start};

    const fn device(start: usize) -> Mmio {
        Mmio { start, size: 0x1000 }
    }

    crossgate::system! {
        static SYSTEM;
        process driver {
            mmio device(0x5020_0000);
            mmio device(0x5020_2000);
            mmio device(0x5020_4000);
            thread main (priority = 5, stack = 1024) = run();
        }
    }
    board::port::start!(SYSTEM, TestBoard<Gaps>);

    struct Gaps;

    impl Test for Gaps {
        fn told(line: &[u8]) {
            expect_start(line, b"crossgate: the devices of a process have too many gaps 50200000");
        }
    }

    fn run() -> ! {
        broken("runs, and can use the devices in the gaps")
    }
}
