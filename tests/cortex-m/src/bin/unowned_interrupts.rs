// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that no process owns: a line, and the non-maskable interrupt in the middle of the kernel. The kernel
//! records each of them once, as a fault that belongs to no process, and everything continues.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::fault::Cause;
    use crossgate::sync::atomic::{AtomicUsize, Ordering};
    use crossgate::{Notification, time};
    use system_tests::arch;
    use system_tests::report::{expect_that, pass};
    use system_tests::watch::Watch;
    use system_tests_cortex_m::{Test, TestBoard, keep_sleeping};

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED);
        }
        process sleeper { thread main (priority = 5, stack = 1024) = keep_sleeping(); }
    }
    board::port::start!(SYSTEM, TestBoard<Unowned>);

    const ENABLE: usize = 0xe000_e100;
    const PEND: usize = 0xe000_e200;
    const CONTROL: usize = 0xe000_ed04;
    const NON_MASKABLE: u32 = 1 << 31;

    struct Unowned;

    impl Test for Unowned {
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            let time = TIMES.fetch_add(1, Ordering::Relaxed);
            match time {
                20 | 40 => arch::store(CONTROL, NON_MASKABLE),
                60 | 70 => arch::store(ENABLE, 1 << 20 | 1 << 21),
                _ => {}
            }
            if matches!(time, 60 | 65) {
                arch::store(PEND, 1 << 20);
            }
        }

        fn told(_: &[u8]) {
            arch::end(1)
        }
    }

    fn witness(faulted: Notification) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        const NOBODY: &str = "?";
        for line in [-14_isize, -14, 20] {
            watch.expect_at(NOBODY, Cause::Interrupt, line.cast_unsigned());
        }
        // Line 20 is pending, but masked; then it is unmasked again.
        watch.expect_at(NOBODY, Cause::Interrupt, 20);
        let start = time::now();
        time::sleep(Duration::from_millis(100));
        watch.expect_no_more();
        expect_that("time goes on", time::now() - start < Duration::from_millis(101));
        pass()
    }
}
