// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel takes all rights that boot code has given to other modes, before the first thread runs: traps that a
//! supervisor would handle, translation of addresses, counters, entries of the protection unit that open everything. With
//! a supervisor mode, without one, and with an extension of the protection unit. Interrupts are enabled in user mode even
//! on a core that heeds the enable bit of machine mode there.
//!
//! Emulator: -cpu rv32,h=false,s=false,mmu=false
//! Emulator: -cpu rv32,h=false
//! Emulator: -cpu rv32
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use board::port::{Board, Timer};
    use core::arch::asm;
    use crossgate::{Handle, Notification};
    use crossgate_abi::Cause;
    use crossgate_abi::table::Mmio;
    use system_tests::probe;
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests::victim::{Safe, Vault};
    use system_tests::watch::Watch;

    crossgate::system! {
        static SYSTEM;
        process witness {
            on_fault = stop;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
        }
        process victim { on_fault = stop; object safe: crossgate::Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
        process reader { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(); }
        process counter { on_fault = stop; thread attack (priority = 5, stack = 1024) = count(); }
    }
    board::port::start!(SYSTEM, Generous);

    /// The board, which gives rights away.
    struct Generous;

    impl Board for Generous {
        const TIMER_HZ: u32 = <board::Hardware as Board>::TIMER_HZ;
        type Timer = Witness;
        type Controller = <board::Hardware as Board>::Controller;

        fn prepare() {
            <board::Hardware as Board>::prepare();
            // SAFETY: the kernel takes all of it back. An access to a register that does not exist jumps over the others.
            unsafe {
                asm!(
                    "lla {old}, 2f",
                    "csrrw {old}, mtvec, {old}",
                    "csrw mcounteren, {all}",
                    "csrw pmpaddr0, {all}",
                    "csrw pmpaddr15, {all}",
                    "csrw pmpcfg0, {open}",
                    "csrw pmpcfg3, {last_open}",
                    "csrw medeleg, {all}",
                    "csrw mideleg, {all}",
                    "csrw satp, {translated}",
                    ".balign 4",
                    "2: csrw mtvec, {old}",
                    old = out(reg) _,
                    all = in(reg) u32::MAX,
                    open = in(reg) 0x1f,
                    last_open = in(reg) 0x1f << 24,
                    translated = in(reg) 1 << 31,
                    options(nostack),
                );
            }
        }

        fn reset() -> ! {
            board::Hardware::reset()
        }

        fn tell(byte: u8) {
            board::Hardware::tell(byte);
        }
    }

    /// The timer of the board. The kernel reads it at many system calls and interrupts.
    struct Witness;

    type BoardTimer = <board::Hardware as Board>::Timer;

    impl Timer for Witness {
        const REGISTERS: Mmio = BoardTimer::REGISTERS;

        fn count() -> u64 {
            /// The bit that the kernel sets before the first thread starts (`TW`), and the one that a trap copies from the
            /// enable bit of interrupts (`MPIE`).
            const SET_UP: u32 = 1 << 21;
            const ENABLED_BEFORE: u32 = 1 << 7;
            let status: u32;
            // SAFETY: this only reads a register; the kernel calls this function.
            unsafe { asm!("csrr {}, mstatus", out(reg) status, options(nomem, nostack)) };
            expect_that(
                "interrupts were enabled in user mode",
                status & SET_UP == 0 || status & ENABLED_BEFORE != 0,
            );
            BoardTimer::count()
        }

        fn compare(count: u64) {
            BoardTimer::compare(count);
        }
    }

    /// The first words of RAM are of the kernel.
    const KERNEL: usize = 0x8010_0000;

    fn read() -> ! {
        core::hint::black_box(probe::load(KERNEL));
        broken("has read memory of the kernel")
    }

    fn count() -> ! {
        // SAFETY: this only reads a register.
        unsafe { asm!("rdcycle t0", out("t0") _, options(nomem, nostack)) };
        broken("has counted cycles")
    }

    fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect_at("reader", Cause::Access, KERNEL);
        watch.expect("counter", Cause::Instruction);
        expect("the victim goes on", vault.is_intact(), Ok(true));
        watch.expect_no_more();
        pass()
    }
}
