// SPDX-License-Identifier: MIT OR Apache-2.0
//! The user code of an interrupt: a signal makes a thread execute this code.
//!
//! The CPU has no instruction that jumps to an address in memory. So code of the port could not load all registers of
//! an interrupted thread: it would need one for the address at which the thread continues. Only Linux can, by the
//! system call `rt_sigreturn`. Therefore the signal handler copies the frame, which has all registers of the thread, to
//! the thread's stack. Then the thread reports the interrupt to the kernel, and calls Linux to load the frame. If the
//! stack has no room for the frame, this is a fault of the thread.

use crate::registers::Registers;
use core::arch::naked_asm;
use crossgate_abi::number::{self, hosted};
use crossgate_protection::Span;

/// The selector of the system call that reports an interrupt.
pub const SELECTOR: isize = number::system_call(hosted::INTERRUPT) as isize;

unsafe extern "C" {
    /// The name of the gate for user code: see [`entry`](crate::entry).
    fn __crossgate_gate();
    /// The instruction at which an interrupted thread returns from the gate.
    fn __crossgate_interrupted();
}

/// Returns `true` if a thread at this instruction will report an interrupt to the kernel in any case.
pub fn is_on_the_way(instruction: usize) -> bool {
    let start = |function: unsafe extern "C" fn()| function as *const () as usize;
    (start(by_signal)..start(__crossgate_interrupted)).contains(&instruction)
}

/// Makes the interrupted thread report the interrupt to the kernel. `window` is the open part of its stack. Returns
/// `false` if the stack pointer is outside the window, or has no room below it.
#[must_use]
pub fn begin(registers: &mut Registers, window: Span, _rights: Option<u32>) -> bool {
    let (frame, stack_pointer) = (registers.frame(), registers.stack_pointer());
    let Some(below) = stack_pointer.checked_sub(frame.room()) else { return false };
    let below = below & !15;
    if !window.contains(Span { start: below, end: stack_pointer }) {
        return false;
    }
    // SAFETY: this memory is in the open part of the thread's stack, below the part that the thread uses.
    unsafe { frame.copy_to(below) };
    registers.redirect(by_signal as *const (), below);
    true
}

/// Reports an interrupt to the kernel, and continues where the thread was interrupted.
///
/// In: the frame at the stack pointer. Out: no register is changed, and no flag.
///
/// Attacker: jumps here, or makes the same system call itself. This has the effect of an interrupt with nothing
/// pending: the kernel continues with the most urgent thread (`system_calls`). The attacker may change its own
/// registers in the frame, or have Linux load others: it can call Linux in any case.
#[unsafe(naked)]
unsafe extern "C" fn by_signal() {
    naked_asm!(
        "mov x8, {selector}",
        "bl {gate}",
        ".global __crossgate_interrupted",
        "__crossgate_interrupted:",
        "mov x8, {rt_sigreturn}",
        "svc #0",
        "udf #0",
        selector = const SELECTOR,
        gate = sym __crossgate_gate,
        rt_sigreturn = const libc::SYS_rt_sigreturn,
    )
}
