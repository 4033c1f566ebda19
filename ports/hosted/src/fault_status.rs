// SPDX-License-Identifier: MIT OR Apache-2.0
//! The status of a fault. A signal handler records it for the kernel, because Linux has no register for it.

use crate::linux::program::in_program;
use crate::memory::GUARD;
use core::ffi::c_int;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use crossgate_abi::inspect::dump;
use crossgate_abi::{Cause, Word};

static CAUSE: AtomicU8 = AtomicU8::new(0);
static INSTRUCTION: AtomicUsize = AtomicUsize::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);
static REGISTERS: [AtomicUsize; dump::REGISTER_COUNT] =
    [const { AtomicUsize::new(0) }; dump::REGISTER_COUNT];

/// The registers in the order of a dump.
const DUMPED: [c_int; dump::REGISTER_COUNT] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
    libc::REG_RIP,
];

/// A fault.
pub struct Report {
    pub cause: Cause,
    pub instruction: Word,
    pub address: Word,
}

/// Returns the fault by which the current thread has entered the kernel.
pub fn report() -> Report {
    let cause = Cause::from_number(CAUSE.load(Ordering::Relaxed).into());
    Report {
        cause: cause.unwrap_or(Cause::Unknown),
        instruction: INSTRUCTION.load(Ordering::Relaxed),
        address: ADDRESS.load(Ordering::Relaxed),
    }
}

/// Returns the registers at the fault of the current thread, in the order of a [dump].
pub fn registers() -> [Word; dump::REGISTER_COUNT] {
    core::array::from_fn(|index| REGISTERS[index].load(Ordering::Relaxed))
}

/// Records a fault and the registers of the faulted thread.
pub fn note(registers: &[i64; 23], cause: Cause, instruction: Word, address: Word) {
    CAUSE.store(cause as u8, Ordering::Relaxed);
    INSTRUCTION.store(in_program(instruction), Ordering::Relaxed);
    ADDRESS.store(address, Ordering::Relaxed);
    for (place, register) in REGISTERS.iter().zip(DUMPED) {
        place.store(registers[register as usize] as usize, Ordering::Relaxed);
    }
}

/// Returns the cause of a fault. The thread's stack pointer is in its stack, which starts at `stack`.
pub fn cause(signal: c_int, access: i64, address: Word, stack: Word) -> Cause {
    const INSTRUCTION_FETCH: i64 = 1 << 4;
    match signal {
        libc::SIGSEGV if (stack - GUARD..stack).contains(&address) => Cause::Stack,
        libc::SIGSEGV if access & INSTRUCTION_FETCH != 0 => Cause::Execute,
        libc::SIGSEGV => Cause::Access,
        libc::SIGBUS => Cause::Bus,
        libc::SIGABRT => Cause::Panic,
        _ => Cause::Instruction,
    }
}
