// SPDX-License-Identifier: MIT OR Apache-2.0
//! On a core without user mode, or without a protection unit, no thread ever runs, and the kernel reports the reason.
//!
//! Emulator: -cpu rv32,h=false,s=false,mmu=false,u=false
//! Emulator: -cpu rv32,h=false,s=false,mmu=false,pmp=false
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use board::port::Board;
    use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use system_tests::report::{broken, expect_that, pass};

    crossgate::system! {
        static SYSTEM;
        process attacker { thread main (priority = 5, stack = 1024) = run(); }
    }
    board::port::start!(SYSTEM, Listening);

    /// The board, which compares the last words of the kernel.
    struct Listening;

    /// The texts that are expected, one in each run, begin with these.
    const EXPECTED: [&[u8]; 2] = [
        b"\r\ncrossgate: this CPU has no user mode",
        b"\r\ncrossgate: this CPU has no physical memory protection",
    ];
    /// The number of bytes that the kernel has said, and for each text whether they are its start.
    static SAID: AtomicUsize = AtomicUsize::new(0);
    static IS_OTHER: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

    impl Board for Listening {
        const TIMER_HZ: u32 = <board::Hardware as Board>::TIMER_HZ;
        type Timer = <board::Hardware as Board>::Timer;
        type Controller = <board::Hardware as Board>::Controller;

        fn reset() -> ! {
            board::Hardware::reset()
        }

        fn tell(byte: u8) {
            let place = SAID.load(Ordering::Relaxed);
            SAID.store(place + 1, Ordering::Relaxed);
            for (text, is_other) in EXPECTED.into_iter().zip(&IS_OTHER) {
                if text.get(place) != Some(&byte) {
                    is_other.store(true, Ordering::Relaxed);
                }
                if !is_other.load(Ordering::Relaxed) && place + 1 == text.len() {
                    pass();
                }
            }
            let is_expected = IS_OTHER.iter().any(|is_other| !is_other.load(Ordering::Relaxed));
            expect_that("the reason is one of the two", is_expected);
        }
    }

    fn run() -> ! {
        broken("runs, isolated or not: run this with the options above")
    }
}
