// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers and the stack of a thread when it crashed.

use crate::context::{FRAME, SAVED};
use crate::protection::{ACTIVE_FAULTS, LOWEST_FRAME};
use crate::{exception, floats};
use crossgate_abi::Word;
use crossgate_abi::inspect::dump::REGISTER_COUNT;
use crossgate_protection::Span;

/// The values of r4 to r11 at the last fault of a thread, if the firmware keeps crash dumps.
static mut FAULTED: [Word; 8] = [0; 8];

/// Handles a fault: saves r4 to r11, which no other code saves at a fault, and continues as in a firmware without crash
/// dumps.
///
/// This code changes r0. If a thread has faulted, the CPU has saved r0. If the kernel has faulted, the kernel does not
/// continue.
#[unsafe(naked)]
pub unsafe extern "C" fn keep_registers() {
    core::arch::naked_asm!(
        "ldr r0, 1f",
        "stm r0, {{r4-r11}}",
        "b HardFault",
        ".balign 4",
        "1: .word {faulted}",
        faulted = sym FAULTED,
    )
}

/// The index of the stack pointer among the registers.
const STACK_POINTER: usize = 13;
/// The bit of the saved status that says that the CPU has left a word free above its frame, to align the frame.
const ALIGNED: Word = 1 << 9;

/// Carries out [`Port::dump`](crossgate_kernel::port::Port::dump). If the thread made a system call or was interrupted,
/// `context` is the stack pointer by which its registers were saved.
pub fn dump(context: Word, window: Span, registers: &mut [Word; REGISTER_COUNT]) -> Word {
    let is_fault = ACTIVE_FAULTS.contains(&exception::active());
    // SAFETY: this only reads the process stack pointer.
    let pointer = cortex_m::register::psp::read() as Word;
    let uses_floats = if is_fault { floats::are_in_use() } else { floats::is_marked(context) };
    let context = floats::context(context);
    let frame = if is_fault { pointer } else { context.wrapping_add(SAVED) };
    let lowest = window.start + if is_fault { LOWEST_FRAME } else { SAVED };
    // SAFETY: only `keep_registers` writes the static, and no exception whose handler calls `dump` preempts
    // `keep_registers`.
    let faulted = unsafe { (&raw const FAULTED).read() };
    // A frame outside of the window can't be trusted: the CPU has saved nothing there, or the thread may have written
    // the words itself.
    if frame < lowest || frame > window.end.wrapping_sub(FRAME) || !frame.is_multiple_of(8) {
        registers.fill(0);
        if is_fault && let Some(kept) = registers.get_mut(4..12) {
            kept.copy_from_slice(&faulted);
            registers[STACK_POINTER] = pointer;
        }
        return 0;
    }
    let saved = if is_fault { faulted } else { read(context) };
    let [r0, r1, r2, r3, r12, link, counter, status] = read(frame);
    let aligned = if status & ALIGNED != 0 { 4 } else { 0 };
    let start = frame + FRAME + floats::pushed(uses_floats) + aligned;
    if let Some(arguments) = registers.first_chunk_mut() {
        *arguments = [r0, r1, r2, r3];
    }
    if let Some(kept) = registers.get_mut(4..).and_then(|rest| rest.first_chunk_mut()) {
        *kept = saved;
    }
    if let Some(others) = registers.last_chunk_mut() {
        *others = [r12, start, link, counter, status];
    }
    start
}

/// Reads eight words that were saved on the stack of a thread, in its window.
fn read(place: Word) -> [Word; 8] {
    // SAFETY: `dump` has checked that the words lie in the stack, and the thread of this stack is not running.
    unsafe { (place as *const [Word; 8]).read() }
}
