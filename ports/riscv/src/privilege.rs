// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rights of other modes than machine mode, which boot code may have given them (The RISC-V Instruction Set Manual,
//! Volume II, 3.1 and 3.7). The kernel takes them all, and stops the machine if one remains.
//!
//! Many of the registers exist only on some cores. An access to a register that does not exist is an exception, for which
//! the code sets another handler: it skips the instruction.

use crate::last_words::halt;
use crate::vectors;
use core::arch::{asm, naked_asm};

/// Skips an instruction that has trapped: an access to a register, which is 4 bytes long.
///
/// In: as in machine mode at a trap; `mscratch` is free. Out: all registers are as before.
#[unsafe(naked)]
unsafe extern "C" fn skip() {
    naked_asm!(
        #[cfg(not(feature = "vectored"))]
        ".balign 4",
        // This is the vector of exceptions.
        #[cfg(feature = "vectored")]
        ".balign 256",
        "csrw mscratch, t0",
        "csrr t0, mepc",
        "addi t0, t0, 4",
        "csrw mepc, t0",
        "csrr t0, mscratch",
        "mret",
    )
}

/// Writes a register, if it exists, and returns what it then holds; 0 if it does not exist. Only while [`skip`] is the
/// handler of traps.
macro_rules! write {
    ($register:literal, $value:expr) => {{
        let left: u32;
        asm!(
            "li {left}, 0",
            concat!("csrw ", $register, ", {value}"),
            concat!("csrr {left}, ", $register),
            value = in(reg) $value,
            left = out(reg) left,
            options(nostack),
        );
        left
    }};
}

/// Clears registers, and halts with the first that is not 0 afterwards.
macro_rules! clear_all {
    ($why:literal: $($register:literal)*) => { $(
        let left = write!($register, 0);
        if left != 0 {
            halt(concat!($why, ": ", $register), &[left]);
        }
    )* };
}

/// The bits of `mstatus` with the mode to which `mret` returns (`MPP`), and the bit that gives loads and stores of
/// machine mode the rights of that mode (`MPRV`).
const RETURNS_TO_MACHINE_MODE: u32 = 3 << 11 | 1 << 17;
/// The bit of `mstatus` by which `wfi` in user mode is an illegal instruction: only the kernel waits.
const TIMEOUT_WAIT: u32 = 1 << 21;
/// The bit of `mstatus` that becomes the enable bit of interrupts (`MIE`) when a thread continues (`MPIE`). A trap of a
/// thread sets it again. In user mode, interrupts are enabled without it, but not on an RP2350 (its data sheet, erratum
/// RP2350-E7).
const INTERRUPTS_OF_THREADS: u32 = 1 << 7;
/// The bit of `misa` of cores with user mode.
const USER_MODE: u32 = 1 << 20;
/// The bits of the external interrupt and the timer interrupt of machine mode.
const OF_KERNEL: u32 = 1 << 11 | 1 << 7;

/// Takes all rights from other modes than machine mode, except for the memory that entries 0 to 15 of the protection unit
/// open.
pub fn take_all() {
    // SAFETY: the reset handler runs alone, with interrupts disabled; these registers belong to the kernel.
    unsafe {
        const SOME_ADDRESS: u32 = 0x1000;
        asm!("csrw mtvec, {}", in(reg) skip as unsafe extern "C" fn() as usize, options(nostack));
        // (The lowest bits depend on the size of granules.)
        if write!("pmpaddr0", SOME_ADDRESS) & !0b111 != SOME_ADDRESS {
            halt("this CPU has no physical memory protection", &[]);
        }
        // (The lowest bits of this register make entries of the protection unit mean something else.)
        clear_all! {
            "this CPU does not give up a setting":
            "0x747" "medeleg" "satp" "mcounteren"
            // Entries 16 to 63.
            "0x3a4" "0x3a5" "0x3a6" "0x3a7" "0x3a8" "0x3a9" "0x3aa" "0x3ab" "0x3ac" "0x3ad" "0x3ae" "0x3af"
        }
        // (With the hypervisor extension, bits of virtual interrupts can't be cleared. The kernel enables none of them.)
        let delegated = write!("mideleg", 0);
        let handler = vectors::handler();
        let (status, in_force): (u32, usize);
        // A trap of the kernel finds 0 in `mscratch`.
        asm!(
            "csrw mscratch, zero",
            "csrw mtvec, {handler}",
            "csrw mstatus, {wanted}",
            "csrr {status}, mstatus",
            "csrr {in_force}, mtvec",
            handler = in(reg) handler,
            wanted = in(reg) TIMEOUT_WAIT | INTERRUPTS_OF_THREADS,
            status = out(reg) status,
            in_force = out(reg) in_force,
            options(nostack),
        );
        if delegated & OF_KERNEL != 0 {
            halt("this CPU does not give up a setting: mideleg", &[delegated]);
        }
        let modes: u32;
        asm!("csrr {}, misa", out(reg) modes, options(nomem, nostack));
        // (A core may say nothing there.)
        let has_user_mode = modes == 0 || modes & USER_MODE != 0;
        if !has_user_mode || status & RETURNS_TO_MACHINE_MODE != 0 {
            halt("this CPU has no user mode", &[modes, status]);
        }
        if in_force != handler {
            halt("this CPU can't have the handler of traps here", &[in_force as u32]);
        }
    }
}
