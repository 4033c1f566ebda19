// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU really has no atomic instructions: each of them stops the process that executes it. So the other tests show
//! that firmware for this target needs none.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use core::arch::asm;
    use crossgate::Notification;
    use crossgate_abi::Cause;
    use system_tests::report::{broken, pass};
    use system_tests::watch::Watch;

    /// Defines functions that try an instruction, with the address of a word in t0 and a value in t1.
    macro_rules! attempts {
        ($($name:ident = $instruction:literal;)*) => { $(
            fn $name() -> ! {
                let mut word = 0_u32;
                // SAFETY: if the CPU has the instruction, it changes only the word and the register.
                unsafe {
                    asm!(
                        ".option push",
                        ".option arch, +a",
                        $instruction,
                        ".option pop",
                        in("t0") &raw mut word,
                        inout("t1") 1 => _,
                        options(nostack),
                    );
                }
                broken(concat!("has executed ", $instruction))
            }
        )* };
    }

    attempts! {
        reserve = "lr.w t1, (t0)";
        store = "sc.w t1, t1, (t0)";
        swap = "amoswap.w t1, t1, (t0)";
        add = "amoadd.w t1, t1, (t0)";
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            on_fault = stop;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED);
        }
        process reserves { on_fault = stop; thread main (priority = 5, stack = 1024) = reserve(); }
        process stores { on_fault = stop; thread main (priority = 5, stack = 1024) = store(); }
        process swaps { on_fault = stop; thread main (priority = 5, stack = 1024) = swap(); }
        process adds { on_fault = stop; thread main (priority = 5, stack = 1024) = add(); }
    }
    board::start!(SYSTEM);

    fn witness(faulted: Notification) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        for process in ["reserves", "stores", "swaps", "adds"] {
            watch.expect(process, Cause::Instruction);
        }
        watch.expect_no_more();
        pass()
    }
}
