// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the kernel: from reset to the first thread.

use crate::context::{Bounds, Context};
use crate::last_words::halt;
use crate::machine::__crossgate_kernel;
use crate::{exit, floats, linker, protection};
use core::mem::offset_of;
use cortex_m::peripheral::{NVIC, SCB};
use crossgate_abi::table::System;
use volatile_register::RW;

/// Sets everything up and becomes the idle thread.
///
/// # Safety
/// Called once, by the reset handler, with the wiring that the kernel was made for.
pub unsafe fn boot(system: &'static System) -> ! {
    // SAFETY: as the caller promises.
    unsafe { boot_and(system, || ()) }
}

/// Boots, and runs `more` as soon as interrupts are set up.
///
/// # Safety
/// As for [`boot`].
#[inline(always)]
pub unsafe fn boot_and(system: &'static System, more: impl FnOnce()) -> ! {
    cortex_m::interrupt::disable();
    let kernel = &raw mut __crossgate_kernel;
    // SAFETY: nothing uses the kernel before the first exception of a thread.
    let kernel = unsafe { &mut *kernel };
    // SAFETY: the kernel was made for this wiring, as the caller promises.
    unsafe { kernel.port.set_regions(system) };
    let flash = linker::flash();
    // The clock starts before the rest, because boot code may have left SysTick running.
    kernel.port.start_clock();
    configure(system);
    floats::enable();
    more();
    protection::enable(flash);
    kernel.start(flash);
    // SAFETY: the idle thread starts here, without privileges.
    unsafe { become_current_thread() }
}

/// Sets the exception priorities, and enables separate handlers for the faults. Overwrites the settings that boot code
/// has left, so that no interrupt is enabled, and none preempts another.
#[cfg(not(baseline))]
#[inline(always)]
fn configure(system: &System) {
    const TRAP_DIVISION_BY_ZERO: u32 = 1 << 4;
    const ALIGN_STACK: u32 = 1 << 9;
    /// The bits that are changed here. The upper half of the register controls caches, if the CPU has some.
    const BEHAVIOUR: u32 = 0xffff;
    const FORGET_PENDSV_AND_SYSTICK: u32 = 1 << 27 | 1 << 25;
    // SAFETY: the reset handler runs alone; these registers belong to the kernel.
    unsafe {
        let (scb, nvic) = (&*SCB::PTR, &*NVIC::PTR);
        set_all(&nvic.icer);
        // All exceptions except for faults get the lowest priority. (The priority of faults stays as boot code has set
        // it. Even if it is the lowest one, faults still come first, because their numbers are lower.)
        set_all(core::slice::from_raw_parts(nvic.ipr.as_ptr().cast(), nvic.ipr.len() / 4));
        let [_faults, others @ ..] = &*scb.shpr.as_ptr().cast::<[RW<u32>; 3]>();
        set_all(others);
        cortex_m::register::basepri::write(0);
        scb.icsr.write(FORGET_PENDSV_AND_SYSTICK);
        // If the last line exists, the lines before it exist, too. The priority of a line that does not exist is always
        // read as 0.
        if let Some(last) = system.lines.len().checked_sub(1)
            && nvic.ipr.get(last).is_none_or(|priority| priority.read() == 0)
        {
            refuse_line(last as u16);
        }
        scb.cfsr.write(u32::MAX);
        scb.shcsr.write(protection::ENABLE_FAULTS);
        scb.ccr.modify(|value| value & !BEHAVIOUR | TRAP_DIVISION_BY_ZERO | ALIGN_STACK);
    }
    protection::set_write_buffer();
}

/// Sets the exception priorities, as above. An ARMv6-M and an ARMv8-M Baseline have no separate handlers for faults, and
/// their priorities are read and written four at a time.
#[cfg(baseline)]
fn configure(system: &System) {
    const TRAP_UNALIGNED: u32 = 1 << 3;
    const ALIGN_STACK: u32 = 1 << 9;
    const BEHAVIOUR: u32 = 0xffff;
    const FORGET_PENDSV_AND_SYSTICK: u32 = 1 << 27 | 1 << 25;
    /// The number of registers for lines, and of those for their priorities.
    const LINES: [usize; 2] = if cfg!(armv6m) { [1, 8] } else { [8, 60] };
    /// The priorities of the exceptions that are not faults.
    const OTHERS: *const [RW<u32>; 2] = core::ptr::without_provenance(0xe000_ed1c);
    // SAFETY: the reset handler runs alone; these registers belong to the kernel.
    unsafe {
        let (scb, nvic) = (&*SCB::PTR, &*NVIC::PTR);
        let priorities = core::slice::from_raw_parts(nvic.ipr.as_ptr().cast(), LINES[1]);
        set_all(&nvic.icer[..LINES[0]]);
        set_all(priorities);
        set_all(&*OTHERS);
        scb.icsr.write(FORGET_PENDSV_AND_SYSTICK);
        // If the last line exists, the lines before it exist, too. The priority of a line that does not exist is always
        // read as 0.
        if let Some(last) = system.lines.len().checked_sub(1)
            && priorities.get(last / 4).is_none_or(|four| four.read() >> (last % 4 * 8) & 0xff == 0)
        {
            refuse_line(last as u16);
        }
        // (On an ARMv6-M and an ARMv8-M Baseline, both bits are always 1. A CPU that can do more then does the same.)
        scb.ccr.modify(|value| value & !BEHAVIOUR | TRAP_UNALIGNED | ALIGN_STACK);
    }
}

/// Reports that the wiring, or the board, has an interrupt line that the CPU does not have, and halts.
#[inline(always)]
pub fn refuse_line(line: u16) -> ! {
    halt("this CPU has no interrupt line", &[line.into()])
}

/// Writes 1 to all bits of the registers.
#[inline(never)]
fn set_all(registers: &[RW<u32>]) {
    for register in registers {
        // SAFETY: the registers belong to the kernel, and they mask or clear interrupts or make them less urgent.
        unsafe { register.write(u32::MAX) };
    }
}

/// Continues as the current thread: unprivileged, on the process stack, with the thread's first context.
///
/// # Safety
/// The thread has not run yet. The main stack is abandoned: from here on only exceptions use it, from its top.
unsafe fn become_current_thread() -> ! {
    const UNPRIVILEGED_ON_PROCESS_STACK: u32 = 0b11;
    // SAFETY: as the caller promises. No exception of the kernel comes in between, because every interrupt line is
    // masked until a thread acknowledges it, nothing is pending, and the timer's first interrupt is far away. Handlers
    // above the kernel preserve everything.
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
