// SPDX-License-Identifier: MIT OR Apache-2.0
//! The status of a fault. A signal handler records it for the kernel, because Linux has no register for it.

use crate::linux::program::in_program;
use crate::pages::GUARD;
use crate::registers::Registers;
use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use crossgate_abi::inspect::dump;
use crossgate_abi::{Cause, Word};

/// True if a fault is recorded that the kernel has not seen.
static IS_NEW: AtomicBool = AtomicBool::new(false);
static CAUSE: AtomicU8 = AtomicU8::new(0);
static INSTRUCTION: AtomicUsize = AtomicUsize::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);
static REGISTERS: [AtomicUsize; dump::REGISTER_COUNT] =
    [const { AtomicUsize::new(0) }; dump::REGISTER_COUNT];

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
pub fn note(registers: &Registers, cause: Cause, address: Word) {
    CAUSE.store(cause as u8, Ordering::Relaxed);
    INSTRUCTION.store(in_program(registers.instruction()), Ordering::Relaxed);
    ADDRESS.store(address, Ordering::Relaxed);
    for (place, register) in REGISTERS.iter().zip(registers.dumped()) {
        place.store(register, Ordering::Relaxed);
    }
    IS_NEW.store(true, Ordering::Relaxed);
}

/// Returns the cause of a fault. The thread's stack pointer is in its stack, which starts at `stack`.
pub fn cause(signal: c_int, registers: &Registers, address: Word, stack: Word) -> Cause {
    match signal {
        libc::SIGSEGV if (stack - GUARD..stack).contains(&address) => Cause::Stack,
        libc::SIGSEGV if registers.is_fetch(address) => Cause::Execute,
        libc::SIGSEGV => Cause::Access,
        libc::SIGBUS => Cause::Bus,
        libc::SIGABRT => Cause::Panic,
        _ => Cause::Instruction,
    }
}
