// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cause of a fault. An ARMv6-M has no registers that say it: all faults are hard faults, without a status. So the
//! cause is found from the instruction that faulted, the thread's registers, and what the protection unit lets a thread
//! access.
//!
//! | what is found | cause |
//! |---|---|
//! | the CPU's frame is not in the window of the thread | `Stack`; the CPU may not have been able to push it |
//! | the thread does not execute Thumb code | `Instruction` |
//! | the program counter is not in flash | `Execute` |
//! | the instruction accesses memory that is closed | `Access`, or `Stack` just below the stack |
//! | the instruction accesses memory at an address that is not aligned | `Instruction` |
//! | the instruction accesses open memory | `Bus`: nothing answers there, or the device refuses |
//! | any other instruction: the CPU does not have it, or it is a breakpoint | `Instruction` |

use crate::context::{FRAME, THUMB};
use crate::instruction::{Access, Registers};
use crate::last_words::halt;
use crate::linker::{__crossgate_kernel_stack_bottom, flash, symbol};
use crate::protection::opens;
use crossgate_abi::{Cause, Word};
use crossgate_protection::Span;

/// An access at most this number of bytes below a stack counts as an overflow, if the stack pointer is near the bottom
/// of the stack. One instruction pushes no more than this.
const OVERFLOW_REACH: Word = 64;
/// The bit of the saved status that says that the CPU has left a word free above its frame, to align the frame.
const ALIGNED: Word = 1 << 9;
/// The size of the guard at the bottom of the kernel's stack, in bytes.
const GUARD: Word = 32;

/// A fault, in the form of the kernel core.
pub struct Report {
    pub cause: Cause,
    pub instruction: Word,
    pub address: Word,
    /// True if the CPU has certainly saved the registers. If not, the exception that it could not enter may be pending.
    pub is_saved: bool,
}

/// Finds the cause of a fault. `frame` is the process stack pointer of the thread, `stack` its stack, `window` the open
/// part of the stack, and `saved` r4 to r7.
///
/// Attacker: all registers are arbitrary. The frame is read only if it is in the window (`stacks`, `wild_contexts`).
pub fn read(frame: Word, stack: Span, window: Span, saved: [Word; 4]) -> Report {
    let is_saved = frame >= window.start && frame <= window.end.wrapping_sub(FRAME);
    if !is_saved {
        return Report { cause: Cause::Stack, instruction: 0, address: 0, is_saved };
    }
    // SAFETY: the words lie in the window of the thread, which is not running.
    let [r0, r1, r2, r3, _, _, program_counter, status] =
        unsafe { (frame as *const [Word; 8]).read_volatile() };
    let [r4, r5, r6, r7] = saved;
    let free = if status & ALIGNED != 0 { 4 } else { 0 };
    let registers = Registers {
        low: [r0, r1, r2, r3, r4, r5, r6, r7],
        stack_pointer: frame + FRAME + free,
        program_counter,
    };
    let (cause, address) = find(&registers, status);
    let lowest = stack.start.wrapping_sub(OVERFLOW_REACH);
    let is_overflow =
        address.wrapping_sub(lowest) < OVERFLOW_REACH && frame < stack.start + OVERFLOW_REACH;
    let cause = if is_overflow { Cause::Stack } else { cause };
    Report { cause, instruction: program_counter, address, is_saved }
}

/// Returns the cause, and the address of the access; 0 if there is none.
fn find(registers: &Registers, status: Word) -> (Cause, Word) {
    let (code, counter) = (flash(), registers.program_counter);
    if status & THUMB == 0 {
        return (Cause::Instruction, 0);
    }
    if counter < code.start || counter >= code.end & !1 {
        return (Cause::Execute, 0);
    }
    // SAFETY: the address is in flash, and the CPU has fetched an instruction there, so it is a multiple of 2.
    let first = unsafe { (counter as *const u16).read_volatile() };
    let Some(access) = Access::of(first, registers) else { return (Cause::Instruction, 0) };
    match access.first_closed(|address| opens(address, access.is_write)) {
        _ if access.is_unaligned() => (Cause::Instruction, 0),
        Some(address) => (Cause::Access, address),
        None => (Cause::Bus, access.address),
    }
}

/// Handles a fault of the kernel itself: the machine halts, because the state of the kernel can't be trusted any more.
/// `frame` is the main stack pointer; the registers that the CPU saved are there, if it could save them.
///
/// Before this, [`entry`](crate::entry) has set the main stack pointer to the top of the stack. The protection is off
/// during a hard fault. So the last words are sent even if the main stack caused the fault. (A fault of the kernel while
/// it handles a fault of a thread stops the CPU, without last words.)
pub extern "C" fn kernel_fault(frame: Word) -> ! {
    let bottom = symbol(&raw const __crossgate_kernel_stack_bottom);
    if frame.wrapping_sub(bottom) < GUARD || frame < bottom {
        halt("kernel stack overflow", &[]);
    }
    // SAFETY: the CPU saved the frame there: it is on the kernel's stack, above the guard.
    let [.., instruction, _] = unsafe { (frame as *const [Word; 8]).read() };
    halt("kernel fault", &[instruction as u32])
}
