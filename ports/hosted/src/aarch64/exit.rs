// SPDX-License-Identifier: MIT OR Apache-2.0
//! The paths out of the kernel. They open the memory that the thread may use, and load the registers of the thread.
//!
//! The legend of the assembly is in [`entry`](crate::entry).

use crate::changes::{CHANGES, Change};
use crate::context::Context;
use crate::cpu::{HAS_SME, HAS_SVE};
use crate::interrupt::SELECTOR;
use crate::linux::memory::cannot_protect;
use crate::way::{Answer, Start, Way};
use crate::words::{KERNEL_STACK_END, MODE, PENDING, USER};
use core::arch::naked_asm;
use core::mem::offset_of;
use core::sync::atomic::Ordering;

unsafe extern "C" {
    /// The name of the gate for user code: see [`entry`](crate::entry).
    fn __crossgate_gate();
}

/// Takes the way to the first thread, on the kernel's stack. The calling code never continues.
pub fn first(way: Way) -> ! {
    // SAFETY: the kernel's stack is not in use yet, and the way leads to the first thread.
    unsafe {
        core::arch::asm!(
            "mov sp, {stack}",
            "b {leave}",
            stack = in(reg) KERNEL_STACK_END.load(Ordering::Relaxed),
            leave = sym leave,
            in("x0") way.exit,
            in("x1") way.argument,
            options(noreturn),
        )
    }
}

/// Makes the [`CHANGES`] of protection, then takes a [`Way`].
///
/// In: the way in x0 and x1. Out: its argument in x0, at its exit. It is entered on the kernel's stack, and in the
/// kernel's mode.
///
/// Attacker: jumps here, or to the `svc`, with registers of its choice. Then it has called Linux, which the book admits.
#[unsafe(naked)]
pub unsafe extern "C" fn leave() {
    naked_asm!(
        // Registers that Linux preserves.
        "mov x19, x0",
        "mov x20, x1",
        "adrp x21, {changes}",
        "add x21, x21, :lo12:{changes}",
        // This loop makes one change after the other, and ends at a change of length 0.
        "2: ldr x1, [x21, {length}]",
        "cbz x1, 3f",
        "ldr x0, [x21, {start}]",
        "ldr x2, [x21, {protection}]",
        "mov x8, {mprotect}",
        "svc #0",
        "add x21, x21, {size}",
        "cbz w0, 2b",
        // Memory that has to be closed may still be open, so no code may continue.
        "b {cannot_protect}",
        "3: mov x0, x20",
        "br x19",
        changes = sym CHANGES,
        length = const offset_of!(Change, length),
        start = const offset_of!(Change, start),
        protection = const offset_of!(Change, protection),
        mprotect = const libc::SYS_mprotect,
        size = const size_of::<Change>(),
        cannot_protect = sym cannot_protect,
    )
}

/// Clears registers, so that none keeps a value that the kernel, or another thread, had in it: x1 to x18, the flags, and
/// all vector registers. The others are loaded afterwards. To write the lower 128 bits of a vector register clears the
/// rest of it, if there is one (`registers`).
macro_rules! scrub {
    () => {
        ".arch_extension sve
         adrp x9, {has_sve}
         ldrb w9, [x9, :lo12:{has_sve}]
         cbz w9, 2f
         pfalse p0.b
         pfalse p1.b
         pfalse p2.b
         pfalse p3.b
         pfalse p4.b
         pfalse p5.b
         pfalse p6.b
         pfalse p7.b
         pfalse p8.b
         pfalse p9.b
         pfalse p10.b
         pfalse p11.b
         pfalse p12.b
         pfalse p13.b
         pfalse p14.b
         pfalse p15.b
         wrffr p0.b
         2: adrp x9, {has_sme}
         ldrb w9, [x9, :lo12:{has_sme}]
         cbz w9, 3f
         msr S3_3_C13_C0_5, xzr
         3: movi v0.2d, #0
         movi v1.2d, #0
         movi v2.2d, #0
         movi v3.2d, #0
         movi v4.2d, #0
         movi v5.2d, #0
         movi v6.2d, #0
         movi v7.2d, #0
         movi v8.2d, #0
         movi v9.2d, #0
         movi v10.2d, #0
         movi v11.2d, #0
         movi v12.2d, #0
         movi v13.2d, #0
         movi v14.2d, #0
         movi v15.2d, #0
         movi v16.2d, #0
         movi v17.2d, #0
         movi v18.2d, #0
         movi v19.2d, #0
         movi v20.2d, #0
         movi v21.2d, #0
         movi v22.2d, #0
         movi v23.2d, #0
         movi v24.2d, #0
         movi v25.2d, #0
         movi v26.2d, #0
         movi v27.2d, #0
         movi v28.2d, #0
         movi v29.2d, #0
         movi v30.2d, #0
         movi v31.2d, #0
         msr fpsr, xzr
         msr nzcv, xzr
         mov x1, xzr
         mov x2, xzr
         mov x3, xzr
         mov x4, xzr
         mov x5, xzr
         mov x6, xzr
         mov x7, xzr
         mov x8, xzr
         mov x9, xzr
         mov x10, xzr
         mov x11, xzr
         mov x12, xzr
         mov x13, xzr
         mov x14, xzr
         mov x15, xzr
         mov x16, xzr
         mov x17, xzr
         mov x18, xzr"
    };
}

/// Enters user mode with the stack pointer in x9. From here on a signal interrupts the thread. If something is pending,
/// the thread first enters the kernel again, as by an interrupt, with this stack pointer. Otherwise an event since the
/// kernel's last check would have to wait until the thread makes a system call. It changes x9 and x10, and keeps the
/// registers that a function preserves.
macro_rules! enter_user_mode {
    () => {
        "mov sp, x9
         adrp x9, {mode}
         mov w10, {user}
         strh w10, [x9, :lo12:{mode}]
         mov x10, xzr
         5: adrp x9, {pending}
         ldr w9, [x9, :lo12:{pending}]
         cbz w9, 6f
         mov x8, {interrupt}
         bl {gate}
         b 5b
         6:"
    };
}

/// Loads the registers that a function preserves from the [`Context`] at the stack pointer, and the address at which the
/// thread continues.
///
/// Attacker: has changed the words that are loaded, by another thread of its process, or jumps here with a stack of its
/// own. These are loads of user code, in the mode of user code: it gains what it has.
macro_rules! load_context {
    () => {
        "ldr x9, [sp, {control}]
         msr fpcr, x9
         mov x9, xzr
         ldp d8, d9, [sp, {vectors}]
         ldp d10, d11, [sp, {vectors} + 16]
         ldp d12, d13, [sp, {vectors} + 32]
         ldp d14, d15, [sp, {vectors} + 48]
         ldp x19, x20, [sp, {saved}]
         ldp x21, x22, [sp, {saved} + 16]
         ldp x23, x24, [sp, {saved} + 32]
         ldp x25, x26, [sp, {saved} + 48]
         ldp x27, x28, [sp, {saved} + 64]
         ldp x29, x30, [sp, {saved} + 80]"
    };
}

/// Continues after a system call.
///
/// In: x0 is the [`Context`], which contains the results. Out: the results in x0, x1, x2; the registers that a function
/// preserves are unchanged.
#[unsafe(naked)]
pub unsafe extern "C" fn resume() {
    naked_asm!(
        scrub!(),
        "mov x9, x0",
        enter_user_mode!(),
        load_context!(),
        "ldp x0, x1, [sp, {words}]",
        "ldr x2, [sp, {words} + 16]",
        "add sp, sp, {size}",
        "ret",
        has_sve = sym HAS_SVE,
        has_sme = sym HAS_SME,
        mode = sym MODE,
        user = const USER,
        pending = sym PENDING,
        interrupt = const SELECTOR,
        gate = sym __crossgate_gate,
        control = const offset_of!(Context, control),
        vectors = const offset_of!(Context, vectors),
        saved = const offset_of!(Context, saved),
        words = const offset_of!(Context, words),
        size = const Context::SIZE,
    )
}

/// Continues after a system call, with results that are not in the context.
///
/// In: x0 is the [`Answer`]. Out: as for [`resume`].
#[unsafe(naked)]
pub unsafe extern "C" fn answer() {
    naked_asm!(
        scrub!(),
        // The results are kept in registers that the gate preserves.
        "ldp x19, x20, [x0, {words}]",
        "ldr x21, [x0, {words} + 16]",
        "ldr x9, [x0, {stack_pointer}]",
        enter_user_mode!(),
        "mov x0, x19",
        "mov x1, x20",
        "mov x2, x21",
        load_context!(),
        "add sp, sp, {size}",
        "ret",
        has_sve = sym HAS_SVE,
        has_sme = sym HAS_SME,
        stack_pointer = const offset_of!(Answer, stack_pointer),
        words = const offset_of!(Answer, words),
        mode = sym MODE,
        user = const USER,
        pending = sym PENDING,
        interrupt = const SELECTOR,
        gate = sym __crossgate_gate,
        control = const offset_of!(Context, control),
        vectors = const offset_of!(Context, vectors),
        saved = const offset_of!(Context, saved),
        size = const Context::SIZE,
    )
}

/// Repeats the system call of a context.
///
/// In: x0 is the [`Context`]. Out: it continues at the gate, with the registers of the first call of the gate.
#[unsafe(naked)]
pub unsafe extern "C" fn retry() {
    naked_asm!(
        scrub!(),
        "mov x9, x0",
        enter_user_mode!(),
        load_context!(),
        "ldr x8, [sp, {selector}]",
        "ldp x0, x1, [sp, {words}]",
        "ldp x2, x3, [sp, {words} + 16]",
        "add sp, sp, {size}",
        "b {gate}",
        has_sve = sym HAS_SVE,
        has_sme = sym HAS_SME,
        mode = sym MODE,
        user = const USER,
        pending = sym PENDING,
        interrupt = const SELECTOR,
        gate = sym __crossgate_gate,
        control = const offset_of!(Context, control),
        vectors = const offset_of!(Context, vectors),
        saved = const offset_of!(Context, saved),
        selector = const offset_of!(Context, selector),
        words = const offset_of!(Context, words),
        size = const Context::SIZE,
    )
}

/// Calls a function on a fresh stack. It must not return: the address that it would return to is 0.
///
/// In: x0 is the [`Start`]. Out: its six arguments in x0 to x5; the rest is 0, but x9.
#[unsafe(naked)]
pub unsafe extern "C" fn start() {
    naked_asm!(
        scrub!(),
        // The arguments are kept in registers that the gate preserves.
        "ldr x9, [x0, {stack_pointer}]",
        "ldr x25, [x0, {target}]",
        "ldp x19, x20, [x0, {arguments}]",
        "ldp x21, x22, [x0, {arguments} + 16]",
        "ldp x23, x24, [x0, {arguments} + 32]",
        "mov x26, xzr",
        "mov x27, xzr",
        "mov x28, xzr",
        "mov x29, xzr",
        "msr fpcr, xzr",
        enter_user_mode!(),
        "mov x0, x19",
        "mov x1, x20",
        "mov x2, x21",
        "mov x3, x22",
        "mov x4, x23",
        "mov x5, x24",
        "mov x9, x25",
        "mov x19, xzr",
        "mov x20, xzr",
        "mov x21, xzr",
        "mov x22, xzr",
        "mov x23, xzr",
        "mov x24, xzr",
        "mov x25, xzr",
        "mov x30, xzr",
        "br x9",
        has_sve = sym HAS_SVE,
        has_sme = sym HAS_SME,
        stack_pointer = const offset_of!(Start, stack_pointer),
        target = const offset_of!(Start, target),
        arguments = const offset_of!(Start, arguments),
        mode = sym MODE,
        user = const USER,
        pending = sym PENDING,
        interrupt = const SELECTOR,
        gate = sym __crossgate_gate,
    )
}
