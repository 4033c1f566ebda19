// SPDX-License-Identifier: MIT OR Apache-2.0
//! Code that fills the registers of the floating point unit for a test, and reads them.
//!
//! The tests of these registers run only on boards with such a unit (`boards.toml`), but compile for all boards.

use crossgate_abi::{ARGUMENT_WORDS, Status, Word};
pub use system_tests::arch::ROUND_UP;

/// s0 to s31, and `FPSCR`.
pub type Floats = [u32; 33];

/// Returns registers that are all different, and none of them 0, with this `FPSCR`.
#[must_use]
pub fn full(first: u32, status: u32) -> Floats {
    let mut floats = [status; 33];
    for (place, register) in floats.iter_mut().take(32).enumerate() {
        *register = first + 1 + place as u32;
    }
    floats
}

/// Returns the number of registers that are not 0.
#[must_use]
pub fn used(floats: &Floats) -> u32 {
    floats.iter().map(|&register| u32::from(register != 0)).sum()
}

/// A system call with full registers.
#[repr(C)]
pub struct Trap {
    selector: Word,
    words: [Word; ARGUMENT_WORDS],
    before: Floats,
    /// The registers after the system call.
    pub after: Floats,
    /// The status of the system call.
    pub status: Status,
}

impl Trap {
    /// Makes the system call. Returns its status, and the registers after it.
    #[must_use]
    pub fn make(selector: Word, words: [Word; ARGUMENT_WORDS], before: Floats) -> Trap {
        let mut trap = Trap { selector, words, before, after: [0; 33], status: Status::OK };
        // SAFETY: the function reads and writes nothing else; the kernel preserves all other registers.
        unsafe { unit::trap(&raw mut trap) };
        trap
    }
}

/// Returns the present registers. From now on, the thread uses floats.
#[must_use]
pub fn now() -> Floats {
    let mut floats = [0; 33];
    // SAFETY: the function writes nothing else.
    unsafe { unit::now(&raw mut floats) };
    floats
}

/// Computes for a number of rounds with these registers, without a system call. Returns the registers.
#[must_use]
pub fn keep(before: Floats, rounds: u32) -> Floats {
    let mut floats = before;
    // SAFETY: the function reads and writes nothing else.
    unsafe { unit::keep(&raw mut floats, rounds) };
    floats
}

/// Changes s0 to s15, as every function may.
pub fn spoil(floats: &Floats) {
    // SAFETY: the function changes no register that a function has to preserve.
    unsafe { unit::spoil(floats) };
}

/// Executes an instruction that does not exist, with these registers.
pub fn crash(floats: &Floats) -> ! {
    // SAFETY: the process ends here.
    unsafe { unit::crash(floats) }
}

/// Makes a system call with these registers and any stack pointer.
pub fn trap_at(stack_pointer: usize, selector: Word, floats: &Floats) -> ! {
    // SAFETY: this is an attack. If the system call returns, the process ends.
    unsafe { unit::trap_at(floats, stack_pointer, selector) }
}

/// Makes a call that lends 32 bytes at an address, with these registers and with a stack pointer to a free part of the
/// stack. Returns the status.
#[must_use]
pub fn lend_at(stack_pointer: usize, selector: Word, address: usize, floats: &Floats) -> Status {
    // SAFETY: the function preserves all registers that a function has to preserve, and the memory is free.
    Status(unsafe { unit::lend_at(floats, stack_pointer, selector, address) })
}

/// Waits for an interrupt with these registers and any stack pointer.
pub fn wait_at(stack_pointer: usize, floats: &Floats) -> ! {
    // SAFETY: this is an attack. The code that runs then uses no stack.
    unsafe { unit::wait_at(floats, stack_pointer) }
}

/// Makes a system call with these registers, after an attempt to make the CPU forget that floats are in use.
pub fn forget_and_trap(selector: Word, floats: &Floats) {
    // SAFETY: the function preserves all registers that a function has to preserve.
    unsafe { unit::forget_and_trap(floats, selector) }
}

#[cfg(target_abi = "eabihf")]
mod unit {
    use super::{Floats, Trap};
    use core::arch::naked_asm;
    use core::mem::offset_of;
    use crossgate_abi::Word;

    /// Allows the instructions, because the compiler does not tell the assembler in all crates that the target has
    /// them.
    macro_rules! with_floats {
        ($($piece:tt)*) => { naked_asm!(".fpu fpv4-sp-d16", $($piece)*) };
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn trap(trap: *mut Trap) {
        with_floats!(
            "push {{r3-r11, lr}}",
            "vpush {{d8-d15}}",
            "mov r4, r0",
            "vmrs r5, fpscr",
            "add r1, r4, #{before}",
            "vldmia r1!, {{s0-s31}}",
            "ldr r1, [r1]",
            "vmsr fpscr, r1",
            "ldr r12, [r4, #{selector}]",
            "add r0, r4, #{words}",
            "ldm r0, {{r0-r3}}",
            "svc 0",
            "str r0, [r4, #{status}]",
            "add r1, r4, #{after}",
            "vstmia r1!, {{s0-s31}}",
            "vmrs r2, fpscr",
            "str r2, [r1]",
            "vmsr fpscr, r5",
            "vpop {{d8-d15}}",
            "pop {{r3-r11, pc}}",
            selector = const offset_of!(Trap, selector),
            words = const offset_of!(Trap, words),
            before = const offset_of!(Trap, before),
            after = const offset_of!(Trap, after),
            status = const offset_of!(Trap, status),
        )
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn now(floats: *mut Floats) {
        with_floats!("vstmia r0!, {{s0-s31}}", "vmrs r1, fpscr", "str r1, [r0]", "bx lr",)
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn keep(floats: *mut Floats, rounds: u32) {
        with_floats!(
            "vpush {{d8-d15}}",
            "vmrs r3, fpscr",
            "mov r2, r0",
            "vldmia r2!, {{s0-s31}}",
            "ldr r2, [r2]",
            "vmsr fpscr, r2",
            "1: subs r1, #1",
            "bne 1b",
            "vstmia r0!, {{s0-s31}}",
            "vmrs r1, fpscr",
            "str r1, [r0]",
            "vmsr fpscr, r3",
            "vpop {{d8-d15}}",
            "bx lr",
        )
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn spoil(floats: *const Floats) {
        with_floats!("vldmia r0, {{s0-s15}}", "bx lr",)
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn crash(floats: *const Floats) -> ! {
        with_floats!("vldmia r0, {{s0-s31}}", "udf #0")
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn trap_at(floats: *const Floats, stack: usize, selector: Word) -> ! {
        with_floats!("vldmia r0, {{s0-s31}}", "mov sp, r1", "mov r12, r2", "svc 0", "udf #0",)
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn lend_at(
        floats: *const Floats,
        stack: usize,
        selector: Word,
        address: usize,
    ) -> Word {
        with_floats!(
            "push {{r4, lr}}",
            "vpush {{d8-d15}}",
            "mov r4, sp",
            "vldmia r0, {{s0-s31}}",
            "mov sp, r1",
            "mov r12, r2",
            "mov r0, r3",
            "movs r1, #32",
            "movs r2, #0",
            "movs r3, #0",
            "svc 0",
            "mov sp, r4",
            "vpop {{d8-d15}}",
            "pop {{r4, pc}}",
        )
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn wait_at(floats: *const Floats, stack: usize) -> ! {
        with_floats!("vldmia r0, {{s0-s31}}", "mov sp, r1", "1: b 1b")
    }

    #[unsafe(naked)]
    pub unsafe extern "C" fn forget_and_trap(floats: *const Floats, selector: Word) {
        with_floats!(
            "push {{r12, lr}}",
            "vpush {{d8-d15}}",
            "vldmia r0, {{s0-s31}}",
            "mov r12, r1",
            "movs r0, #0b11",
            "msr control, r0", // without privilege it has no effect
            "isb",
            "svc 0",
            "vpop {{d8-d15}}",
            "pop {{r12, pc}}",
        )
    }
}

/// Without a floating point unit there is nothing to run.
#[cfg(not(target_abi = "eabihf"))]
mod unit {
    use super::{Floats, Trap};
    use crossgate_abi::Word;
    use system_tests::report::fail;

    fn missing() -> ! {
        fail(format_args!("this firmware is for a CPU without floats"))
    }
    pub unsafe fn trap(_: *mut Trap) {
        missing()
    }
    pub unsafe fn now(_: *mut Floats) {
        missing()
    }
    pub unsafe fn keep(_: *mut Floats, _: u32) {
        missing()
    }
    pub unsafe fn spoil(_: &Floats) {
        missing()
    }
    pub unsafe fn crash(_: &Floats) -> ! {
        missing()
    }
    pub unsafe fn trap_at(_: &Floats, _: usize, _: Word) -> ! {
        missing()
    }
    pub unsafe fn lend_at(_: &Floats, _: usize, _: Word, _: usize) -> Word {
        missing()
    }
    pub unsafe fn wait_at(_: &Floats, _: usize) -> ! {
        missing()
    }
    pub unsafe fn forget_and_trap(_: &Floats, _: Word) {
        missing()
    }
}
