// SPDX-License-Identifier: MIT OR Apache-2.0
//! The status of a fault. A signal handler records it for the kernel, because Linux has no register for it.

use crate::linux::program::in_program;
use crate::memory::GUARD;
use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use crossgate_abi::inspect::dump;
use crossgate_abi::{Cause, Word};

/// Whether a fault is recorded that the kernel has not seen.
static IS_NEW: AtomicBool = AtomicBool::new(false);
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
    /// The registers at the fault, in the order of a [dump].
    pub registers: [Word; dump::REGISTER_COUNT],
}

impl Report {
    /// The report of a thread that has entered the kernel as if it had faulted.
    const FORGED: Report = Report {
        cause: Cause::Unknown,
        instruction: 0,
        address: 0,
        registers: [0; dump::REGISTER_COUNT],
    };
}

/// Returns the fault by which the current thread has entered the kernel. Each fault is returned once: a thread that
/// jumps to the code behind a fault must not get the registers of another one.
pub fn take() -> Report {
    if !IS_NEW.swap(false, Ordering::Relaxed) {
        return Report::FORGED;
    }
    let cause = Cause::from_number(CAUSE.load(Ordering::Relaxed).into());
    Report {
        cause: cause.unwrap_or(Cause::Unknown),
        instruction: INSTRUCTION.load(Ordering::Relaxed),
        address: ADDRESS.load(Ordering::Relaxed),
        registers: core::array::from_fn(|index| REGISTERS[index].load(Ordering::Relaxed)),
    }
}

/// Records a fault and the registers of the faulted thread.
pub fn note(registers: &[i64; 23], cause: Cause, instruction: Word, address: Word) {
    CAUSE.store(cause as u8, Ordering::Relaxed);
    INSTRUCTION.store(in_program(instruction), Ordering::Relaxed);
    ADDRESS.store(address, Ordering::Relaxed);
    for (place, register) in REGISTERS.iter().zip(DUMPED) {
        place.store(registers[register as usize] as usize, Ordering::Relaxed);
    }
    IS_NEW.store(true, Ordering::Relaxed);
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
