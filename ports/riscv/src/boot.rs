// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the kernel: from reset to the first thread.

use crate::context::Bounds;
use crate::interrupts::{self, __crossgate_board_enable, __crossgate_board_reset_lines};
use crate::last_words::halt;
use crate::machine::__crossgate_kernel;
use crate::{exit, handler, linker, privilege, protection, vectors};
use core::arch::{asm, naked_asm};
use crossgate_abi::table::System;

unsafe extern "Rust" {
    safe fn __crossgate_board_prepare();
}

/// The first code after a reset: gives the kernel's statics their initial values.
///
/// In: machine mode, on the first core. Other cores wait for ever.
#[unsafe(naked)]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".init.reset")]
unsafe extern "C" fn Reset() -> ! {
    naked_asm!(
        // (Some cores have no register `mie`.)
        "csrci mstatus, 8",
        "csrr t0, mhartid",
        "0: bnez t0, 0b",
        "lui sp, %hi(_stack_start)",
        "addi sp, sp, %lo(_stack_start)",
        // The bounds are at the top of the stack.
        "addi sp, sp, -{bounds}",
        "lui t0, %hi(__sidata)",
        "addi t0, t0, %lo(__sidata)",
        "lui t1, %hi(__sdata)",
        "addi t1, t1, %lo(__sdata)",
        "lui t2, %hi(__edata)",
        "addi t2, t2, %lo(__edata)",
        "1: bgeu t1, t2, 2f",
        "lw t3, 0(t0)",
        "sw t3, 0(t1)",
        "addi t0, t0, 4",
        "addi t1, t1, 4",
        "j 1b",
        "2: lui t1, %hi(__sbss)",
        "addi t1, t1, %lo(__sbss)",
        "lui t2, %hi(__ebss)",
        "addi t2, t2, %lo(__ebss)",
        "3: bgeu t1, t2, 4f",
        "sw zero, 0(t1)",
        "addi t1, t1, 4",
        "j 3b",
        "4: j main",
        bounds = const size_of::<Bounds>(),
    )
}

/// Sets everything up and becomes the idle thread. `paint` prepares the stacks.
///
/// # Safety
/// Called once, by the reset handler, with the wiring that the kernel was made for.
#[inline(always)]
pub unsafe fn boot(system: &'static System, paint: impl FnOnce()) -> ! {
    configure();
    __crossgate_board_prepare();
    let kernel = &raw mut __crossgate_kernel;
    // SAFETY: nothing uses the kernel before the first trap of a thread.
    let kernel = unsafe { &mut *kernel };
    // SAFETY: the kernel was made for this wiring, as the caller promises.
    unsafe { kernel.port.set_regions(system) };
    kernel.port.clock.start();
    __crossgate_board_reset_lines();
    for interrupt in system.interrupts {
        if !__crossgate_board_enable(interrupt.line) {
            halt("this chip has no interrupt line", &[interrupt.line.into()]);
        }
    }
    paint();
    privilege::take_all();
    protection::enable(linker::flash());
    kernel.start(linker::constants());
    let way = handler::go_on(kernel);
    // SAFETY: the idle thread starts here, in user mode. The stack is abandoned: from here on only traps use it, from its
    // top.
    unsafe {
        asm!(
            "mv sp, {stack}",
            "jr {exit}",
            stack = in(reg) Bounds::place(),
            exit = in(reg) exit::code(&way),
            in("a0") exit::argument(&way),
            options(noreturn),
        )
    }
}

/// Enables the interrupts and the handler of the kernel.
fn configure() {
    // SAFETY: the reset handler runs alone; these registers belong to the kernel. A trap of the kernel finds 0 in
    // `mscratch`.
    unsafe {
        asm!(
            "csrw mscratch, zero",
            "csrw mtvec, {handler}",
            "csrw mstatus, zero",
            handler = in(reg) vectors::handler(),
            options(nostack),
        );
    }
    interrupts::enable();
}
