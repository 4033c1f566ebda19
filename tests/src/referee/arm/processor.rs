// SPDX-License-Identifier: MIT OR Apache-2.0
//! A run of the kernel with given registers of the CPU.

use super::notes;
use super::registers::Registers;
use core::arch::naked_asm;
use core::mem::offset_of;

/// A line of assembly that only a CPU with floats needs. (The compiler does not tell the assembler in all crates that
/// the target has floats, so the first line does.)
#[cfg(target_abi = "eabihf")]
macro_rules! only_with_floats {
    ($line:literal) => {
        $line
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! only_with_floats {
    ($line:literal) => {
        ""
    };
}
pub(super) use only_with_floats;

/// Runs the kernel with these registers from `target`, until it returns to a thread. Then the registers are those that
/// the thread would have had, except for those in its frame.
///
/// PendSV brings the CPU back: this function pends it. PendSV has the same priority as all code that runs, so the CPU
/// takes it when this code returns. It comes before all other pending exceptions.
pub fn run(registers: &mut Registers) {
    pend();
    run_interrupt(registers);
}

/// Runs the kernel if an interrupt is pending. PendSV would come before the interrupt, so the interrupt's
/// [handler](interrupt) pends PendSV.
pub fn run_interrupt(registers: &mut Registers) {
    // SAFETY: the handlers of the kernel get a free main stack, and restore it; `resume` handles PendSV. The registers
    // of this function are saved meanwhile.
    unsafe { enter(registers) };
}

/// Pends PendSV.
fn pend() {
    const INTERRUPT_CONTROL: *mut u32 = core::ptr::without_provenance_mut(0xe000_ed04);
    const PEND: u32 = 1 << 28;
    // SAFETY: the handler of PendSV belongs to the referee.
    unsafe { INTERRUPT_CONTROL.write_volatile(PEND) };
}

#[unsafe(naked)]
unsafe extern "C" fn enter(registers: &mut Registers) {
    naked_asm!(
        only_with_floats!(".fpu fpv4-sp-d16"),
        "push {{r0, r4-r11, lr}}",
        // When a handler starts, the CPU has cleared the bit that says that floats are in use.
        only_with_floats!("add r1, r0, #{floats}"),
        only_with_floats!("vldmia r1, {{s0-s31}}"),
        only_with_floats!("mrs r1, control"),
        only_with_floats!("bic r1, #4"),
        only_with_floats!("msr control, r1"),
        only_with_floats!("isb"),
        "ldr r1, 1f",
        "str sp, [r1]",
        "mov r12, r0",
        "ldmia r12!, {{r4-r11}}",
        "ldmia r12!, {{r0-r2}}",
        "msr psp, r0",
        "mov sp, r1",
        "mov lr, r2",
        // The memory below the stack pointer is free.
        "ldr r0, [r12, #{target}]",
        "str r0, [sp, #-4]",
        "ldmia r12, {{r0-r3, r12}}",
        "ldr pc, [sp, #-4]",
        ".balign 4",
        "1: .word {waiting}",
        target = const offset_of!(Registers, target) - offset_of!(Registers, scratch),
        waiting = const notes::WAITING,
        #[cfg(target_abi = "eabihf")]
        floats = const offset_of!(Registers, floats),
    )
}

/// Continues in [`run`]: the handler of PendSV.
#[unsafe(naked)]
pub unsafe extern "C" fn resume() {
    naked_asm!(
        only_with_floats!(".fpu fpv4-sp-d16"),
        "ldr r0, 1f",
        "ldr r1, [r0]",
        "ldr r2, [r1]",
        only_with_floats!("add r3, r2, #{floats}"),
        only_with_floats!("vstmia r3, {{s0-s31}}"),
        "stmia r2!, {{r4-r11}}",
        "mrs r3, psp",
        "mov r12, sp",
        "stmia r2!, {{r3, r12, lr}}",
        "mov sp, r1",
        "pop {{r0, r4-r11, pc}}",
        ".balign 4",
        "1: .word {waiting}",
        waiting = const notes::WAITING,
        #[cfg(target_abi = "eabihf")]
        floats = const offset_of!(Registers, floats),
    )
}

/// An exception handler that does nothing.
#[unsafe(naked)]
pub unsafe extern "C" fn return_from_exception() {
    naked_asm!("bx lr")
}

/// The handler of all interrupts: lets PendSV come after the kernel's handler, or after its slow path.
#[unsafe(naked)]
pub unsafe extern "C" fn interrupt() {
    naked_asm!(
        "ldr r0, 1f",
        "mov r1, #{pend}",
        "str r1, [r0]",
        "ldr r0, 2f",
        "ldr pc, [r0]",
        ".balign 4",
        "1: .word 0xe000ed04",
        "2: .word {interrupt}",
        pend = const 1 << 28,
        interrupt = const notes::INTERRUPT_PATH,
    )
}
