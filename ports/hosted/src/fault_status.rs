// SPDX-License-Identifier: MIT OR Apache-2.0
//! The status of a fault. A signal handler records it for the kernel, because Linux has no register for it.

use crate::linux::program::in_program;
use crate::pages::GUARD;
use crate::registers::Registers;
use core::ffi::c_int;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use crossgate_abi::inspect::dump;
use crossgate_abi::{Cause, Word};

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
pub fn note(registers: &Registers, cause: Cause, address: Word) {
    CAUSE.store(cause as u8, Ordering::Relaxed);
    INSTRUCTION.store(in_program(registers.instruction()), Ordering::Relaxed);
    ADDRESS.store(address, Ordering::Relaxed);
    for (place, register) in REGISTERS.iter().zip(registers.dumped()) {
        place.store(register, Ordering::Relaxed);
    }
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
