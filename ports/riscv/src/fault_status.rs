// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cause of a fault, from the CPU's registers (The RISC-V Instruction Set Manual, Volume II, 3.1.15).

use crate::crash;
#[cfg(feature = "napot")]
use crate::fault_address;
use crate::last_words::halt;
use crossgate_abi::{Cause, Word};
use crossgate_protection::Span;

/// An access at most this number of bytes below a stack counts as an overflow, if the stack pointer is near the bottom
/// of the stack.
const OVERFLOW_REACH: Word = 128;
/// The size of the guard at the bottom of the kernel's stack, in bytes.
const GUARD: Word = 32;

/// The numbers of exceptions.
mod exception {
    pub const INSTRUCTION_MISALIGNED: u32 = 0;
    pub const INSTRUCTION_ACCESS: u32 = 1;
    pub const BREAKPOINT: u32 = 3;
    pub const LOAD_MISALIGNED: u32 = 4;
    pub const STORE_ACCESS: u32 = 7;
    pub const ENVIRONMENT_CALL: u32 = 8;
    /// The first of the interrupts.
    pub const INTERRUPT: u32 = 1 << 31;
}

/// The registers of the CPU that describe an exception.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Status {
    /// `mcause`.
    pub cause: u32,
    /// `mepc`.
    pub instruction: Word,
    /// `mtval`.
    pub value: Word,
}

impl Status {
    /// Reads the registers.
    pub fn read() -> Status {
        let (cause, instruction, value);
        // SAFETY: this only reads registers.
        unsafe {
            core::arch::asm!(
                "csrr {}, mcause",
                "csrr {}, mepc",
                "csrr {}, mtval",
                out(reg) cause,
                out(reg) instruction,
                out(reg) value,
                options(nomem, nostack),
            );
        }
        Status { cause, instruction, value }
    }
}

/// A fault, in the form of the kernel core.
pub struct Report {
    pub cause: Cause,
    pub instruction: Word,
    pub address: Word,
}

/// Returns the address of a load or store of a thread that has just faulted.
#[cfg(not(feature = "napot"))]
fn address(status: Status) -> Word {
    status.value
}

/// The same for Hazard3, which does not tell the address: from the instruction.
#[cfg(feature = "napot")]
fn address(status: Status) -> Word {
    // SAFETY: the thread has just executed this instruction of two or four bytes, so it is in flash.
    let instruction = unsafe {
        let halves = status.instruction as *const u16;
        let lower = u32::from(halves.read());
        if lower & 3 == 3 { lower | u32::from(halves.add(1).read()) << 16 } else { lower }
    };
    fault_address::of_access(instruction, crash::register).unwrap_or(0)
}

/// Returns the fault of a thread with this stack.
pub fn read(stack: Span) -> Report {
    let status = Status::read();
    let Status { cause, instruction, .. } = status;
    let stack_pointer = crash::stack_pointer();
    match cause {
        // A system call or an interrupt of a thread whose registers can't be saved.
        exception::ENVIRONMENT_CALL | exception::INTERRUPT.. => {
            Report { cause: Cause::Stack, instruction: 0, address: 0 }
        }
        exception::INSTRUCTION_MISALIGNED | exception::INSTRUCTION_ACCESS => {
            Report { cause: Cause::Execute, instruction, address: 0 }
        }
        exception::LOAD_MISALIGNED..=exception::STORE_ACCESS => {
            let address = address(status);
            let lowest = stack.start.wrapping_sub(OVERFLOW_REACH);
            let is_overflow = address.wrapping_sub(lowest) < OVERFLOW_REACH
                && stack_pointer < stack.start + OVERFLOW_REACH;
            let cause = if is_overflow { Cause::Stack } else { Cause::Access };
            Report { cause, instruction, address }
        }
        // (`mtval` may contain the instruction, or the address of a breakpoint: no address of an access.)
        _ => Report { cause: Cause::Instruction, instruction, address: 0 },
    }
}

/// Handles a fault of the kernel itself: the machine halts, because the state of the kernel can't be trusted any more.
///
/// Before this, [`entry`](crate::entry) has set the stack pointer to the top of the kernel's stack. So the last words
/// are sent even if the stack caused the fault.
pub extern "C" fn kernel_fault() -> ! {
    let Status { cause, instruction, value } = Status::read();
    let guard = crate::linker::kernel_stack_bottom();
    let is_overflow = cause != exception::BREAKPOINT && value.wrapping_sub(guard) < GUARD;
    let why = if is_overflow { "kernel stack overflow" } else { "kernel fault" };
    halt(why, &[cause, value as u32, instruction as u32])
}
