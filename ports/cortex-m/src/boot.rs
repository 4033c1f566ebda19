// SPDX-License-Identifier: MIT OR Apache-2.0
//! From reset to the first thread.

use crate::context::{Bounds, Context};
use crate::last_words::halt;
use crate::machine::__crossgate_kernel;
use crate::{exit, linker, protection};
use core::mem::offset_of;
use cortex_m::peripheral::{NVIC, SCB};
use crossgate_abi::table::System;
use volatile_register::RW;

/// Sets everything up and becomes the idle thread.
///
/// # Safety
/// Called once, by the reset handler, with the wiring that the kernel was made for.
pub unsafe fn boot(system: &'static System) -> ! {
    // SAFETY: as the caller vouches.
    unsafe { boot_and(system, || ()) }
}

/// Boots, and does something more as soon as interrupts are set up.
///
/// # Safety
/// As [`boot`].
#[inline(always)]
pub unsafe fn boot_and(system: &'static System, more: impl FnOnce()) -> ! {
    cortex_m::interrupt::disable();
    let kernel = &raw mut __crossgate_kernel;
    // SAFETY: nothing uses the kernel before the first exception of a thread.
    let kernel = unsafe { &mut *kernel };
    // SAFETY: the kernel was made for this wiring, as the caller vouches.
    unsafe { kernel.port.set_regions(system) };
    let flash = linker::flash();
    // Before the rest, as SysTick may be running.
    kernel.port.start_clock();
    configure(system);
    more();
    protection::enable(flash);
    kernel.start(flash);
    // SAFETY: the idle thread starts here, without privileges.
    unsafe { become_current_thread() }
}

/// Exception priorities, and which faults are told apart. What boot code has left is put right: no
/// interrupt is let in, and none preempts another.
#[inline(always)]
fn configure(system: &System) {
    const FAULTS_ENABLED: u32 = 0b111 << 16;
    const TRAP_DIVISION_BY_ZERO: u32 = 1 << 4;
    const ALIGN_STACK: u32 = 1 << 9;
    /// The other half of the register has caches, if the CPU has some.
    const BEHAVIOUR: u32 = 0xffff;
    const FORGET_PENDSV_AND_SYSTICK: u32 = 1 << 27 | 1 << 25;
    // SAFETY: the reset handler runs alone; these registers are the kernel's.
    unsafe {
        let (scb, nvic) = (&*SCB::PTR, &*NVIC::PTR);
        set_all(&nvic.icer);
        // The lowest priority, for all but faults. (If theirs is as low, their lower numbers decide.)
        set_all(core::slice::from_raw_parts(nvic.ipr.as_ptr().cast(), nvic.ipr.len() / 4));
        let [_faults, others @ ..] = &*scb.shpr.as_ptr().cast::<[RW<u32>; 3]>();
        set_all(others);
        cortex_m::register::basepri::write(0);
        scb.icsr.write(FORGET_PENDSV_AND_SYSTICK);
        for interrupt in system.interrupts {
            // A line that does not exist has no priority.
            let line = nvic.ipr.get(usize::from(interrupt.line));
            if line.is_none_or(|priority| priority.read() == 0) {
                refuse_line(interrupt.line);
            }
        }
        scb.cfsr.write(u32::MAX);
        scb.shcsr.write(FAULTS_ENABLED);
        scb.ccr.modify(|value| value & !BEHAVIOUR | TRAP_DIVISION_BY_ZERO | ALIGN_STACK);
        // Without write buffering a bus error is told at the store that caused it, so that the
        // right process is blamed (Cortex-M3 and M4: ACTLR.DISDEFWBUF).
        const DISABLE_WRITE_BUFFER: u32 = 1 << 1;
        (*cortex_m::peripheral::ICB::PTR).actlr.modify(|value| value | DISABLE_WRITE_BUFFER);
    }
}

/// Says that the wiring, or the board, has an interrupt line that the CPU has not.
#[inline(always)]
pub fn refuse_line(line: u16) -> ! {
    halt("this CPU has no interrupt line", &[line.into()])
}

/// Writes 1 to all bits of registers.
#[inline(never)]
fn set_all(registers: &[RW<u32>]) {
    for register in registers {
        // SAFETY: they are the kernel's, and mask or forget interrupts or make them less urgent.
        unsafe { register.write(u32::MAX) };
    }
}

/// Runs the current thread, unprivileged, on the process stack, from its first context.
///
/// # Safety
/// It has not run yet. The main stack is abandoned: from here on only exceptions use it, from its
/// top.
unsafe fn become_current_thread() -> ! {
    const UNPRIVILEGED_ON_PROCESS_STACK: u32 = 0b11;
    // SAFETY: as the caller vouches; no exception of the kernel comes in between, as every interrupt line is
    // masked until a thread acknowledges it, nothing is pending, and the first time of the timer is far away. What is
    // above the kernel leaves all as it is.
    unsafe {
        core::arch::asm!(
            "mov sp, {main_stack}",
            "bl {load}",
            "ldr r1, [r0, #{program_counter}]",
            "adds r1, #1", // Thumb code
            "adds r0, #{size}",
            "msr psp, r0",
            "cpsie i",
            "movs r0, #{control}",
            "msr control, r0",
            "isb",
            "bx r1",
            main_stack = in(reg) Bounds::place(),
            load = sym exit::load,
            program_counter = const offset_of!(Context, program_counter),
            size = const Context::SIZE,
            control = const UNPRIVILEGED_ON_PROCESS_STACK,
            options(noreturn),
        )
    }
}
