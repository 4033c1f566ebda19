// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the floating point unit, on a CPU that has one.
//!
//! A thread *uses floats* from its first floating point instruction on (`CONTROL.FPCA`; ARM DDI 0403E, B1.5.7). When it
//! is interrupted, or makes a system call, the CPU pushes s0 to s15 and `FPSCR` above the other registers, at once and
//! with the rights of the thread, and says so in `EXC_RETURN`. (The CPU can also push them lazily, when the kernel
//! first touches the registers. But then it would push with the rights of the thread and the priority of the kernel,
//! and a bad stack pointer would be a fault of the kernel.)
//!
//! The kernel saves s16 to s31 below its own registers, and then clears all 32. So **while a thread runs that does not
//! use floats, all of them are 0**, and code that enters or resumes such a thread does nothing for them. (`FPSCR` needs
//! nothing at all: the CPU sets it when a thread begins to use floats.)
//!
//! | place, from low to high | bytes | saved by | if |
//! |---|---|---|---|
//! | s16 to s31 | 64 | the kernel | the thread uses floats |
//! | r4 to r11 | 32 | the kernel | |
//! | r0 to r3, r12, lr, pc, status | 32 | the CPU | |
//! | s0 to s15, `FPSCR`, a free word | 72 | the CPU | the thread uses floats |
//!
//! The core knows a context by its lowest address. If the thread uses floats, bit 0 of this stack pointer is set. In
//! the assembly r0 is the address of r4 to r11, the [`Context`](crate::context::Context), as on a CPU without floats.
//! Code that writes to the core's memory turns this address into a stack pointer ([`stack_pointer`]). Code that loads a
//! context turns a stack pointer into the address ([`context`]).
//!
//! Within one run of the kernel, `CONTROL.FPCA` says whether the kernel has saved (or at least cleared) the registers
//! of the thread that it interrupted. The CPU clears the bit at the entry of each exception, and floating point
//! instructions set it. The kernel contains no floating point instructions besides those that save, clear and load the
//! registers (`cargo xtask test` checks this).
//!
//! The macros are pieces of assembly. They are empty for a CPU without a floating point unit.
#![cfg_attr(
    baseline,
    expect(
        unused_macros,
        unused_imports,
        reason = "the assembly for these CPUs knows of no floats"
    )
)]

use crossgate_abi::Word;

/// True if the firmware is for a CPU with a floating point unit.
pub const EXIST: bool = cfg!(target_abi = "eabihf");

/// The size of s16 to s31 in bytes.
const SAVED: Word = 64;
/// The size of s0 to s15, `FPSCR` and a free word in bytes.
const PUSHED: Word = 72;
/// The size of all of them in bytes, which a thread that uses floats has on its stack beside its other registers.
pub const SIZE: Word = if EXIST { SAVED + PUSHED } else { 0 };
/// The bit of a stack pointer that says that the thread uses floats.
const MARK: Word = 1;

/// Returns whether the thread that the kernel has interrupted uses floats.
#[inline(always)]
pub fn are_in_use() -> bool {
    #[cfg(target_abi = "eabihf")]
    {
        const ACTIVE: u32 = 1 << 2;
        let control: u32;
        // SAFETY: this only reads a register.
        unsafe {
            core::arch::asm!("mrs {}, control", out(reg) control, options(nomem, nostack, preserves_flags));
        }
        control & ACTIVE != 0
    }
    #[cfg(not(target_abi = "eabihf"))]
    false
}

/// Returns the stack pointer that stands for the context at this address, of the thread that the kernel has
/// interrupted.
#[inline(always)]
pub fn stack_pointer(context: Word) -> Word {
    if are_in_use() { context - SAVED + MARK } else { context }
}

/// Returns the address of the context that a stack pointer stands for.
#[inline(always)]
pub fn context(stack_pointer: Word) -> Word {
    if is_marked(stack_pointer) { stack_pointer - MARK + SAVED } else { stack_pointer }
}

/// Returns whether the CPU has pushed the registers of a thread that uses floats. The handler's `EXC_RETURN` says so.
#[inline(always)]
pub fn are_pushed(exception_return: Word) -> bool {
    const PLAIN_FRAME: Word = 1 << 4;
    EXIST && exception_return & PLAIN_FRAME == 0
}

/// Returns the number of bytes that the CPU has pushed above the frame in a context.
#[inline(always)]
pub fn pushed(is_in_use: bool) -> Word {
    if is_in_use { PUSHED } else { 0 }
}

/// Returns whether a stack pointer stands for the context of a thread that uses floats.
#[inline(always)]
pub fn is_marked(stack_pointer: Word) -> bool {
    EXIST && stack_pointer & MARK != 0
}

/// Zeros for all registers.
#[cfg(target_abi = "eabihf")]
pub static ZEROS: [u64; 16] = [0; 16];

/// Makes the CPU save the registers at once, and clears the values that boot code has left in them. Halts if there is
/// no unit, or one that does not keep these settings.
#[cfg(target_abi = "eabihf")]
#[inline(always)]
pub fn enable() {
    use crate::last_words::halt;
    use cortex_m::peripheral::{FPU, SCB};
    const ALL_CODE: u32 = 0b1111 << 20;
    /// `ASPEN` without `LSPEN`.
    const SAVE_AT_ONCE: u32 = 1 << 31;
    const SAVE_LATER: u32 = 1 << 30;
    // SAFETY: the unit belongs to the kernel, which has not started a thread yet, and no code of the kernel keeps a
    // value in its registers.
    unsafe {
        let (scb, fpu) = (&*SCB::PTR, &*FPU::PTR);
        scb.cpacr.modify(|value| value | ALL_CODE);
        fpu.fpccr.write(SAVE_AT_ONCE);
        fpu.fpdscr.write(0);
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
        let is_kept = fpu.fpccr.read() & (SAVE_AT_ONCE | SAVE_LATER) == SAVE_AT_ONCE;
        if scb.cpacr.read() & ALL_CODE != ALL_CODE || !is_kept {
            halt("this CPU has no FPU", &[]);
        }
        core::arch::asm!("vldmia {}, {{d0-d15}}", in(reg) &raw const ZEROS, options(nostack));
    }
}

/// Without a unit there is nothing to do.
#[cfg(not(target_abi = "eabihf"))]
#[inline(always)]
pub fn enable() {}

/// At the entry of an exception: goes to the label if the thread uses floats.
#[cfg(target_abi = "eabihf")]
macro_rules! branch_if_in_use {
    ($label:literal) => {
        concat!("tst lr, #16\nbeq ", $label, "\n")
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! branch_if_in_use {
    ($label:literal) => {
        ""
    };
}
pub(crate) use branch_if_in_use;

/// In the kernel: goes to the label if the thread uses floats, and its registers are saved. It changes the register and
/// the flags N and Z. The carry is kept.
#[cfg(target_abi = "eabihf")]
macro_rules! branch_if_saved {
    ($register:literal, $label:literal) => {
        concat!("mrs ", $register, ", control\ntst ", $register, ", #4\nbne ", $label, "\n")
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! branch_if_saved {
    ($register:literal, $label:literal) => {
        ""
    };
}
pub(crate) use branch_if_saved;

/// Before a context is loaded: goes to the label if the stack pointer in the first register stands for a context with
/// floats. It changes the second register and the flags.
#[cfg(target_abi = "eabihf")]
macro_rules! branch_if_marked {
    ($pointer:literal, $scratch:literal, $label:literal) => {
        concat!("lsls ", $scratch, ", ", $pointer, ", #31\nbne ", $label, "\n")
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! branch_if_marked {
    ($pointer:literal, $scratch:literal, $label:literal) => {
        ""
    };
}
pub(crate) use branch_if_marked;

/// Makes the address of a context from the stack pointer in the first register. It changes the second register and the
/// flags.
#[cfg(target_abi = "eabihf")]
macro_rules! find_context {
    ($pointer:literal, $scratch:literal) => {
        concat!("lsls ", $scratch, ", ", $pointer, ", #31\nit ne\naddne ", $pointer, ", #63\n")
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! find_context {
    ($pointer:literal, $scratch:literal) => {
        ""
    };
}
pub(crate) use find_context;

/// A line of assembly that only a CPU with floats needs.
#[cfg(target_abi = "eabihf")]
macro_rules! only_with_floats {
    ($line:literal) => {
        concat!($line, "\n")
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! only_with_floats {
    ($line:literal) => {
        ""
    };
}
pub(crate) use only_with_floats;

/// Clears all registers. The label is that of a word with the address of [`ZEROS`]; the register is changed.
#[cfg(target_abi = "eabihf")]
macro_rules! clear {
    ($register:literal, $zeros:literal) => {
        concat!("ldr ", $register, ", ", $zeros, "\nvldmia ", $register, ", {{d0-d15}}\n")
    };
}
#[cfg(target_abi = "eabihf")]
pub(crate) use clear;

/// Saves s16 to s31 of a thread that uses floats, and clears all registers. (The caller of the macro saves r4 to r11
/// later, above these registers.)
///
/// In: r0 the stack pointer; the `Bounds` at sp. Out: r2 is the distance from the lowest address that a stack pointer
/// may have to the stack pointer that stands for the context. It changes r1 and the flags.
///
/// Attacker: the stack pointer is any address at which a thread could push a frame with floats (`float_attacks`). The
/// kernel's registers have to lie in the bounds, and the frame below their end. Otherwise this code changes nothing,
/// and continues at `$out_of_bounds`.
#[cfg(target_abi = "eabihf")]
macro_rules! save {
    ($out_of_bounds:literal, $zeros:literal) => {
        concat!(
            "ldrd r2, r1, [sp]\nsubs r2, r0, r2\ncmp r2, r1\nbhi ",
            $out_of_bounds,
            "\nsubs r1, r2\ncmp r1, #72\nblo ",
            $out_of_bounds,
            "\nsubs r2, #63\nbls ",
            $out_of_bounds,
            "\nsub r1, r0, #96\nvstmia r1, {{s16-s31}}\n",
            $crate::floats::clear!("r1", $zeros),
        )
    };
}
#[cfg(target_abi = "eabihf")]
pub(crate) use save;

const _: () = assert!(
    SAVED - MARK == 63 && SAVED + crate::context::SAVED == 96 && PUSHED == 72,
    "the assembly contains these numbers"
);

/// Continues with the context of a thread that uses floats.
///
/// In: r0 is its stack pointer. Out: the thread, with all of its registers.
#[cfg(target_abi = "eabihf")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn __crossgate_resume_with_floats() {
    core::arch::naked_asm!(
        "subs r0, #1",
        "vldmia r0!, {{s16-s31}}",
        "ldmia r0!, {{r4-r11}}",
        "msr psp, r0",
        "mvn r0, #18", // EXC_RETURN: thread mode, process stack, with floats
        "bx r0",
    )
}
