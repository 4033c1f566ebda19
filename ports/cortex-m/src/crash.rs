// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers and the stack of a thread when it crashed.

use crate::context::{FRAME, GIVEN_WAY, SAVED};
use crate::floats;
use crate::protection::LOWEST_FRAME;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump::REGISTER_COUNT;
use crossgate_protection::Span;

/// The registers of a thread at its last fault.
#[repr(C)]
#[derive(Clone, Copy)]
struct Faulted {
    /// The values of r4 to r11.
    saved: [Word; 8],
    stack_pointer: Word,
    /// The value of lr in the handler; 0 if the registers have been written to a dump.
    exception_return: Word,
}

/// The registers of the last fault, if the firmware keeps crash dumps.
static mut FAULTED: Faulted = Faulted { saved: [0; 8], stack_pointer: 0, exception_return: 0 };

/// Handles a fault: saves the registers that no other code saves at a fault, and continues as in a firmware without
/// crash dumps. If the kernel has [given way](GIVEN_WAY), no thread has faulted, so this code saves nothing.
///
/// This code changes r0 and r4. Their values are not needed any more, because neither a thread nor the kernel continues
/// after its own fault.
#[cfg(not(baseline))]
#[unsafe(naked)]
pub unsafe extern "C" fn keep_registers() {
    core::arch::naked_asm!(
        "mrs r0, psp",
        "cmn r0, #{given_way}",
        "beq HardFault",
        "ldr r0, 1f",
        "stm r0!, {{r4-r11}}",
        "mrs r4, psp",
        "str r4, [r0]",
        "str lr, [r0, #4]",
        "b HardFault",
        ".balign 4",
        "1: .word {faulted}",
        given_way = const !GIVEN_WAY + 1,
        faulted = sym FAULTED,
    )
}

/// The same, with the instructions of ARMv6-M and ARMv8-M Baseline. This code changes r0 to r3, which the CPU has saved.
#[cfg(baseline)]
#[unsafe(naked)]
pub unsafe extern "C" fn keep_registers() {
    core::arch::naked_asm!(
        "mrs r3, psp",
        "adds r0, r3, #{given_way}",
        "beq 1f",
        "ldr r0, 2f",
        "stmia r0!, {{r4-r7}}",
        "mov r1, r8",
        "mov r2, r9",
        "stmia r0!, {{r1, r2}}",
        "mov r1, r10",
        "mov r2, r11",
        "stmia r0!, {{r1, r2, r3}}",
        "mov r1, lr",
        "str r1, [r0]",
        "1: ldr r0, 3f",
        "bx r0",
        ".balign 4",
        "2: .word {faulted}",
        "3: .word HardFault",
        given_way = const !GIVEN_WAY + 1,
        faulted = sym FAULTED,
    )
}

/// The index of the stack pointer among the registers.
const STACK_POINTER: usize = 13;
/// The bit of the saved status that says that the CPU has left a word free above its frame, to align the frame.
const ALIGNED: Word = 1 << 9;

/// Carries out [`Port::dump`](crossgate_kernel::port::Port::dump). If the thread did not fault, but made a system call
/// or was interrupted, `context` is the stack pointer by which its registers were saved.
pub fn dump(context: Word, window: Span, registers: &mut [Word; REGISTER_COUNT]) -> Word {
    // SAFETY: only this function and `keep_registers` access the static, and neither preempts the other.
    let faulted = unsafe { &mut *core::ptr::addr_of_mut!(FAULTED) };
    let exception_return = core::mem::take(&mut faulted.exception_return);
    let is_fault = exception_return != 0;
    let uses_floats =
        if is_fault { floats::are_pushed(exception_return) } else { floats::is_marked(context) };
    let context = floats::context(context);
    let frame = if is_fault { faulted.stack_pointer } else { context.wrapping_add(SAVED) };
    let lowest = window.start + if is_fault { LOWEST_FRAME } else { SAVED };
    // A frame outside of the window can't be trusted: the CPU has saved nothing there, or the thread may have written
    // the words itself.
    if frame < lowest || frame > window.end.wrapping_sub(FRAME) || !frame.is_multiple_of(8) {
        registers.fill(0);
        if is_fault && let Some(kept) = registers.get_mut(4..12) {
            kept.copy_from_slice(&faulted.saved);
            registers[STACK_POINTER] = faulted.stack_pointer;
        }
        return 0;
    }
    let [r4, r5, r6, r7, r8, r9, r10, r11] = if is_fault { faulted.saved } else { read(context) };
    let [r0, r1, r2, r3, r12, link, counter, status] = read(frame);
    let aligned = if status & ALIGNED != 0 { 4 } else { 0 };
    let start = frame + FRAME + floats::pushed(uses_floats) + aligned;
    *registers =
        [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, start, link, counter, status];
    start
}

/// Reads eight words that were saved on the stack of a thread, in its window.
fn read(place: Word) -> [Word; 8] {
    // SAFETY: `dump` has checked that the words lie in the stack, and the thread of this stack is not running.
    unsafe { (place as *const [Word; 8]).read() }
}
