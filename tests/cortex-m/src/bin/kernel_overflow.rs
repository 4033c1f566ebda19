// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's stack overflows. The guard stops it: nothing is written there. The CPU then can't enter an exception
//! properly, but the kernel still reports the overflow.
//!
//! The guard of an ARMv6-M is an eighth of a region. The emulator takes an access to a closed eighth for one to the
//! whole page, until something is written to the protection unit. So the loop that overflows writes to the unit what is
//! there.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::port::protection::LOWEST_FRAME;
    use core::arch::asm;
    use core::sync::atomic::AtomicUsize;
    use system_tests::arch;
    use system_tests_cortex_m::{Test, TestBoard, expect_start, is_time, keep_sleeping};

    crossgate::system! {
        static SYSTEM;
        process sleeper { thread main (priority = 5, stack = 1024) = keep_sleeping(); }
    }
    board::port::start!(SYSTEM, TestBoard<Overflow>);

    unsafe extern "C" {
        /// The bottom of the kernel's stack, where the guard is.
        static __crossgate_kernel_stack_bottom: u8;
    }

    struct Overflow;

    /// The last words, with the fault status after a space if the CPU has one.
    const WORDS: &[u8] = if cfg!(baseline) {
        b"crossgate: kernel stack overflow"
    } else {
        b"crossgate: kernel stack overflow "
    };
    /// The size of the guard in bytes. (An ARMv8-M has a limit of the stack pointer instead, the bottom of the stack.)
    const GUARD: usize = if LOWEST_FRAME == 0 { 32 } else { 0 };
    /// The word that the loop pushes.
    const PUSHED: u32 = 0x0e55_0e55;

    impl Test for Overflow {
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if is_time(&TIMES, 20) {
                /// The control register of the protection unit.
                const CONTROL: usize = 0xe000_ed94;
                // SAFETY: the loop ends in a fault of the kernel, as intended.
                unsafe {
                    asm!(
                        "0: push {{r0, r1}}",
                        "str {value}, [{control}]",
                        "b 0b",
                        in("r0") PUSHED,
                        in("r1") PUSHED,
                        control = in(reg) CONTROL,
                        value = in(reg) arch::load(CONTROL),
                        options(noreturn),
                    )
                }
            }
        }

        fn told(line: &[u8]) {
            let guard = (&raw const __crossgate_kernel_stack_bottom).addr();
            let mut words = (guard..guard + GUARD).step_by(size_of::<u32>());
            if words.any(|word| arch::load(word) == PUSHED) {
                arch::end(2)
            }
            expect_start(line, WORDS);
        }
    }
}
