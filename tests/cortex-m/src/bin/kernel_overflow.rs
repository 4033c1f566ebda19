// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's stack overflows. The guard stops it. The CPU then can't enter an exception properly, but the kernel
//! still reports the overflow.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::arch::asm;
    use core::sync::atomic::AtomicUsize;
    use system_tests_cortex_m::{Test, TestBoard, expect_start, is_time, keep_sleeping};

    crossgate::system! {
        static SYSTEM;
        process sleeper { thread main (priority = 5, stack = 1024) = keep_sleeping(); }
    }
    board::port::start!(SYSTEM, TestBoard<Overflow>);

    struct Overflow;

    /// The last words, with the fault status after a space if the CPU has one.
    const WORDS: &[u8] = if cfg!(baseline) {
        b"crossgate: kernel stack overflow"
    } else {
        b"crossgate: kernel stack overflow "
    };

    impl Test for Overflow {
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if is_time(&TIMES, 20) {
                // SAFETY: the loop ends in a fault of the kernel, as intended.
                unsafe { asm!("0: push {{r0, r1}}", "b 0b", options(noreturn)) }
            }
        }

        fn told(line: &[u8]) {
            expect_start(line, WORDS);
        }
    }
}
