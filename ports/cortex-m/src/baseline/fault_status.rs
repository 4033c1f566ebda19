// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cause of a fault. An ARMv6-M and an ARMv8-M Baseline have no registers that say it: all faults are hard faults,
//! without a status. So the cause is found from the instruction that faulted, the thread's registers, and what the
//! protection unit lets a thread access.
//!
//! | what is found | cause |
//! |---|---|
//! | the CPU has not pushed its frame in the Secure state (ARMv8-M) | `Instruction`: the thread has left this state |
//! | the CPU's frame is not in the window of the thread | `Stack`; the CPU may not have been able to push it |
//! | the thread does not execute Thumb code | `Instruction` |
//! | the program counter is not in flash | `Execute` |
//! | the instruction moves the stack pointer, and the CPU keeps a limit of it (ARMv8-M) | `Stack` |
//! | the instruction accesses memory that is closed | `Access`, or `Stack` just below the stack |
//! | the instruction accesses memory at an address that is not aligned | `Instruction` |
//! | the instruction accesses open memory | `Bus`: nothing answers there, or the device refuses |
//! | any other instruction: the CPU does not have it, or it is a breakpoint | `Instruction` |

use crate::context::{FRAME, THUMB};
use crate::instruction::{Access, PROGRAM_COUNTER, Registers, moves_stack_pointer};
use crate::last_words::halt;
use crate::linker::{__crossgate_kernel_stack_bottom, flash, symbol};
use crate::protection::{LOWEST_FRAME, opens};
use crossgate_abi::{Cause, Word};
use crossgate_protection::Span;

/// An access at most this number of bytes below a stack counts as an overflow, if the stack pointer is near the bottom
/// of the stack. One instruction pushes no more than this.
const OVERFLOW_REACH: Word = 64;
/// The bit of the saved status that says that the CPU has left a word free above its frame, to align the frame.
const ALIGNED: Word = 1 << 9;
/// The bit of `EXC_RETURN` that says that the frame is on a stack of the Secure state (ARMv8-M).
const SECURE_STACK: Word = 1 << 6;
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
/// part of the stack, `saved` r4 to r11, and `exception_return` the value of lr in the handler.
///
/// Attacker: all registers are arbitrary. The frame is read only if it is in the window (`stacks`, `wild_contexts`).
pub fn read(
    frame: Word,
    stack: Span,
    window: Span,
    saved: &[Word; 8],
    exception_return: Word,
) -> Report {
    if cfg!(armv8m) && exception_return & SECURE_STACK == 0 {
        return Report { cause: Cause::Instruction, instruction: 0, address: 0, is_saved: true };
    }
    let is_saved = frame >= window.start + LOWEST_FRAME && frame <= window.end.wrapping_sub(FRAME);
    if !is_saved {
        return Report { cause: Cause::Stack, instruction: 0, address: 0, is_saved };
    }
    // SAFETY: the words lie in the window of the thread, which is not running.
    let [r0, r1, r2, r3, r12, link, program_counter, status] =
        unsafe { (frame as *const [Word; 8]).read_volatile() };
    let [r4, r5, r6, r7, r8, r9, r10, r11] = *saved;
    let free = if status & ALIGNED != 0 { 4 } else { 0 };
    let stack_pointer = frame + FRAME + free;
    let registers = [
        r0,
        r1,
        r2,
        r3,
        r4,
        r5,
        r6,
        r7,
        r8,
        r9,
        r10,
        r11,
        r12,
        stack_pointer,
        link,
        program_counter,
    ];
    let (cause, address) = find(&registers, status, stack);
    let lowest = stack.start.wrapping_sub(OVERFLOW_REACH);
    let is_overflow =
        address.wrapping_sub(lowest) < OVERFLOW_REACH && frame < stack.start + OVERFLOW_REACH;
    let cause = if is_overflow { Cause::Stack } else { cause };
    Report { cause, instruction: program_counter, address, is_saved }
}

/// Returns the cause, and the address of the access; 0 if there is none.
fn find(registers: &Registers, status: Word, stack: Span) -> (Cause, Word) {
    let (code, counter) = (flash(), registers[PROGRAM_COUNTER]);
    if status & THUMB == 0 {
        return (Cause::Instruction, 0);
    }
    if counter < code.start || counter >= code.end & !1 {
        return (Cause::Execute, 0);
    }
    let places = [counter, counter.saturating_add(2).min((code.end & !1) - 2)];
    // SAFETY: both addresses are in flash. The CPU has fetched an instruction at the first one, so they are multiples of
    // 2.
    let halves = unsafe { places.map(|address| (address as *const u16).read_volatile()) };
    let access = Access::of(halves, registers);
    let is_below = access.is_none_or(|access| access.address < stack.start);
    if cfg!(armv8m) && moves_stack_pointer(halves[0]) && is_below {
        return (Cause::Stack, 0);
    }
    let Some(access) = access else { return (Cause::Instruction, 0) };
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
