// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel executes an undefined instruction: it reports the fault and its address, and stops.
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
    board::port::start!(SYSTEM, TestBoard<Undefined>);

    struct Undefined;

    /// The last words up to the address, with the fault status; or up to the start of the address, for a CPU that has no
    /// such status.
    const WORDS: &[u8] = if cfg!(not(baseline)) {
        b"crossgate: kernel fault 00010000 "
    } else if cfg!(target_has_atomic = "32") {
        b"crossgate: kernel fault 1000"
    } else {
        b"crossgate: kernel fault 0000"
    };

    impl Test for Undefined {
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if is_time(&TIMES, 20) {
                // SAFETY: the instruction ends in a fault of the kernel, as intended.
                unsafe { asm!("udf #7", options(noreturn)) }
            }
        }

        fn told(line: &[u8]) {
            expect_start(line, WORDS);
        }
    }
}
