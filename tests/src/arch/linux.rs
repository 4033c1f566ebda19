// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hosted port, on Linux.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "aarch64")]
pub use aarch64::*;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

use board::port::inside;
use crossgate_abi::CallError;
use crossgate_abi::number;
use crossgate_abi::number::hosted::{self, HostedCall};
use crossgate_abi::table::System;

/// Amounts of stack, in bytes, that are enough for a system call (and for an interrupt, which saves much more), but for
/// no method.
pub const TOO_LITTLE_STACK: core::ops::Range<usize> = 16 * 1024..17 * 1024;
/// The number of bytes of stack that a method needs beyond the declaration of its service, which is meant for
/// microcontrollers.
pub const METHOD_STACK: usize = 48 * 1024;
/// The number of a system call that does not exist.
pub const UNKNOWN_SYSTEM_CALL: usize = hosted::INTERRUPT + HostedCall::ALL.len();
/// True if lent memory contains the data that a method wrote before it crashed. On this port the method's copy is lost
/// with the call.
pub const CRASHED_CALLS_WRITE: bool = false;
/// True if the protection unit can open any run of granules of 4 bytes, not only eighths of a block.
pub const OPENS_GRANULES: bool = false;
/// True if the protection unit can open any run of eighths of a block, not only an aligned power of two.
pub const OPENS_EIGHTHS: bool = true;
/// The number of attacks that a test with random attacks makes.
pub const RANDOM_ATTACKS: u32 = 200;
/// The number of rounds of a loop that is certainly interrupted.
pub const INTERRUPTED_LOOP: u32 = 4_000;
/// The result of a write to memory that was lent for reading: the write changes a copy.
pub const WRITE_TO_WHAT_IS_READ: Result<(), CallError> = Ok(());

/// Writes a byte to the standard error.
pub fn write_byte(byte: u8) {
    let _ = trap(number::system_call(hosted::SAY), [byte.into(), 0, 0, 0]);
}

/// Ends the program.
pub fn end(status: u8) -> ! {
    loop {
        let _ = trap(number::system_call(hosted::END), [status.into(), 0, 0, 0]);
    }
}

/// Returns the wiring, with the real addresses of memory.
#[must_use]
pub fn placed(_: &'static System) -> &'static System {
    inside::system()
}

/// Returns an address of the kernel's memory: the far end of its stack. The port does not guarantee that user code
/// can't write there. But the kernel has to know that this memory belongs to no process.
#[must_use]
pub fn kernel_memory() -> usize {
    inside::kernel_stack().start + 0x1000
}

/// Returns the addresses of code and constants, which all processes may read.
#[must_use]
pub fn constants() -> core::ops::Range<usize> {
    unsafe extern "C" {
        static __ehdr_start: u8;
        static etext: u8;
    }
    (&raw const __ehdr_start).addr()..(&raw const etext).addr()
}

/// Returns the address at which a method finds the first memory that is lent to it, if the caller lends `length` bytes
/// at `address`. The memory is copied to the end of the method's part of the stack, which is still nearly empty.
#[must_use]
pub fn lent(_address: usize, length: usize) -> usize {
    let here = 0_u8;
    (&raw const here).addr().next_multiple_of(STEP) - length
}

/// Returns the address that a fault record contains for the instruction at `address`.
#[must_use]
pub fn in_program(address: usize) -> usize {
    inside::in_program(address)
}
