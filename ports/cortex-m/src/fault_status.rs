// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cause of a fault, from the CPU's status registers (ARM DDI 0403E, B3.2.15).

use crate::context::FRAME;
use crate::floats;
use crate::last_words::halt;
use crate::linker::{__crossgate_kernel_stack_bottom, symbol};
use crate::protection::{LOWEST_FRAME, PENDED_FAULTS, is_below_limit};
use cortex_m::peripheral::SCB;
use crossgate_abi::{Cause, Word};
use crossgate_protection::Span;

/// The bits of the configurable fault status register that are used here.
mod status {
    pub const INSTRUCTION_ACCESS: u32 = 1 << 0;
    pub const DATA_ACCESS: u32 = 1 << 1;
    pub const MEMORY_STACKING: u32 = 1 << 3 | 1 << 4;
    pub const MEMORY_ADDRESS_VALID: u32 = 1 << 7;
    pub const INSTRUCTION_BUS: u32 = 1 << 8;
    pub const DATA_BUS: u32 = 1 << 9 | 1 << 10;
    pub const BUS_STACKING: u32 = 1 << 11 | 1 << 12;
    pub const BUS_ADDRESS_VALID: u32 = 1 << 15;
    pub const STACKING: u32 = MEMORY_STACKING | BUS_STACKING;
}

/// An access at most this number of bytes below a stack counts as an overflow, if the stack pointer is near the bottom
/// of the stack. One instruction pushes no more than this.
const OVERFLOW_REACH: Word = if floats::EXIST { 128 } else { 64 };

/// The index of the program counter among the words that the CPU saves.
const PROGRAM_COUNTER: usize = 6;
/// The size of the guard at the bottom of the kernel's stack, in bytes.
const GUARD: Word = 32;

/// A fault, in the form of the kernel core.
pub struct Report {
    pub cause: Cause,
    pub instruction: Word,
    pub address: Word,
}

/// Reads and clears the fault status. `frame` is the process stack pointer of the thread.
pub fn read(frame: *const Word, stack: Span) -> Report {
    // SAFETY: the system control block belongs to the kernel; a write of the status bits clears them. If the CPU could
    // not save registers, it could not enter the exception, which is still pending. The pending bits are cleared,
    // because otherwise the exception would hit the next thread.
    let (status, memory_address, bus_address) = unsafe {
        let scb = &*SCB::PTR;
        let status = scb.cfsr.read();
        let addresses = (scb.mmfar.read(), scb.bfar.read());
        scb.cfsr.write(status);
        scb.shcsr.modify(|value| value & !PENDED_FAULTS);
        (status, addresses.0 as Word, addresses.1 as Word)
    };
    let address = if status & status::MEMORY_ADDRESS_VALID != 0 {
        memory_address
    } else if status & status::BUS_ADDRESS_VALID != 0 {
        bus_address
    } else {
        0
    };
    let is_saved = status & status::STACKING == 0;
    let is_below_limit = is_below_limit(status);
    // The stack pointer may be any address, even at the end of the address space.
    let lowest = stack.start + LOWEST_FRAME;
    let is_on_stack = frame.addr().wrapping_sub(lowest) <= stack.end.wrapping_sub(lowest + FRAME);
    let mut instruction = 0;
    if is_saved && is_on_stack {
        // SAFETY: the CPU saved the frame without an error, with the rights of the thread, and it lies inside the
        // thread's stack.
        instruction = unsafe { frame.add(PROGRAM_COUNTER).read_volatile() };
    }
    let lowest = stack.start.wrapping_sub(OVERFLOW_REACH);
    let is_overflow = is_below_limit
        || address.wrapping_sub(lowest) < OVERFLOW_REACH
            && frame.addr() < stack.start + OVERFLOW_REACH;
    let cause = if !is_saved || is_overflow {
        Cause::Stack
    } else if status & status::DATA_ACCESS != 0 {
        Cause::Access
    } else if status & status::INSTRUCTION_ACCESS != 0 {
        Cause::Execute
    } else if status & (status::INSTRUCTION_BUS | status::DATA_BUS) != 0 {
        Cause::Bus
    } else {
        Cause::Instruction
    };
    Report { cause, instruction, address }
}

/// Handles a fault of the kernel itself: the machine halts, because the state of the kernel can't be trusted any more.
/// `frame` is the main stack pointer; the registers that the CPU saved are there, if it could save them.
///
/// Before this, [`entry`](crate::entry) has set the main stack pointer to the top of the stack and has switched the
/// protection off. So the last words are sent even if the main stack caused the fault.
pub extern "C" fn kernel_fault(frame: *const Word) -> ! {
    // SAFETY: the system control block belongs to the kernel.
    let (status, address) = unsafe { ((*SCB::PTR).cfsr.read(), (*SCB::PTR).mmfar.read()) };
    let guard = symbol(&raw const __crossgate_kernel_stack_bottom);
    let is_saved = status & status::STACKING == 0 && !is_below_limit(status);
    // SAFETY: the CPU saved the frame there without an error.
    let instruction = if is_saved { unsafe { frame.add(PROGRAM_COUNTER).read() } } else { 0 };
    let is_overflow = !is_saved || (address as Word).wrapping_sub(guard) < GUARD;
    let why = if is_overflow { "kernel stack overflow" } else { "kernel fault" };
    halt(why, &[status, address, instruction as u32])
}
