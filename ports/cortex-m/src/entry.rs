// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from an exception of the CPU to the handlers in Rust, and back.
//!
//! On entry the registers that the CPU has not saved (r4 to r11) are pushed on the thread's stack, below the CPU's
//! frame, but only if that place is inside the stack. Otherwise the kernel would write wherever a wild stack pointer
//! leads. The handler gets the address of this context. If the handler returns a stack pointer, the context there
//! continues. If it returns 0, the most urgent thread continues. (A stack pointer is the address of a context, unless
//! the thread uses floating point registers: see `floats`.)
//!
//! # Legend of the assembly
//!
//! The legend holds for this file, `fast_path`, `exit`, and the short pieces elsewhere. Names in parentheses, such as
//! (`registers`), are those of tests.
//!
//! | register | when an exception is entered | in the kernel | when a thread continues |
//! |---|---|---|---|
//! | r0 to r3, r12 | in the frame, and possibly nowhere else; at `SVCall` in the registers too | free | from the frame, by the CPU |
//! | r4 to r11 | the thread's | free, once they are saved | from the context; the caller's values, after a call; 0 in a method |
//! | lr | `EXC_RETURN`; bit 2: a thread was interrupted, not the kernel | free | from the frame |
//! | flags, pc | in the frame | free | from the frame |
//! | psp | any address: the frame is there, if the CPU could push it | where the thread left it | at the frame |
//! | msp (sp) | at the `Bounds`, 8 bytes below the end of the main stack | below that | at the `Bounds` |
//! | s0 to s31 | the thread's, if it uses floats (bit 4 of lr is 0); else 0 | 0 | the thread's, if it uses floats; else 0 |
//!
//! Only the context on the thread's stack and the kernel's memory are **live**: values anywhere else may be lost. No
//! handler saves registers of the kernel, because none has to: a fault of the kernel halts the machine, and the
//! non-maskable interrupt and handlers above the kernel leave all registers as they were.
//!
//! The values that the kernel, or another thread, had in a register are **secret**. Each path out of the kernel loads
//! or clears all registers: this code does it for r4 to r11, and the CPU for the others (`registers`).
//!
//! **Attackers** can jump to every instruction here, because all of flash is executable, but a jump gives no privilege.
//! Without privilege, this code can do no more than the process' own code: its first access to the kernel's memory is a
//! fault, and `msr` does not change a stack pointer. A jump to `EXC_RETURN`, the value in lr by which a handler
//! returns, leads to an address that no thread may execute (`privilege`, `execution`). With privilege, this code runs
//! only after the CPU has taken an exception, and it starts at the handler's first instruction. Then attackers control
//! the words in registers and frame, the stack pointer, the contents of their memory, and the moment of the exception.
//! A comment that begins with `Attacker:` names what an attacker controls at that place, the mechanism that stops the
//! attacker, and the test that shows it.

use crate::context::{_stack_start, Context, PROCESS_STACK};
use crate::exit::{give_way, load, resume};
use crate::machine::{__crossgate_kernel, KERNEL, Machine, Offset, REGIONS};
use crate::{exception, fault_status, handler, protection};
use core::mem::offset_of;
use crossgate_kernel::Kernel;
use crossgate_kernel::schedule::Ready;

/// Saves r4 to r11 below the frame that the CPU has pushed.
///
/// In: the `Bounds` at sp. Out: r0 is the context. It changes r1, r2, and the flags.
///
/// Attacker: the stack pointer is any address at which a thread could push a frame. If the place for the registers is
/// outside the memory that is open to the thread, this code pushes nothing, and continues at `$out_of_bounds`
/// (`stacks`, `wild_contexts`). The check is one unsigned comparison: below the lowest value, the difference wraps
/// around to a large number.
macro_rules! save {
    ($out_of_bounds:literal) => {
        concat!(
            "mrs r0, psp\n",
            "ldrd r1, r2, [sp]\n",
            "subs r1, r0, r1\n",
            "cmp r1, r2\n",
            "bhi ",
            $out_of_bounds,
            "\n",
            "stmdb r0!, {{r4-r11}}",
        )
    };
}
pub(crate) use save;

/// True if the CPU clears the words of a system call (r0 to r3, and r12) when it enters the handler: an ARMv8.1-M does.
pub const CLEARS_WORDS: bool = cfg!(armv8_1m);

/// The slow path of every system call: the core decides.
///
/// In: r12 is the selector, as in `SVCall`, or 0 on an ARMv8.1-M if the stack pointer is out of bounds; for a return,
/// r0 to r2 are its words. Out: some thread continues.
///
/// # Safety
/// Only the handler of a system call jumps here; this code ends its exception.
#[unsafe(naked)]
pub unsafe extern "C" fn slow() {
    core::arch::naked_asm!(
        // A return passes three words in registers. The values that the method left in r4 to r11 are dead, so they are
        // not saved. Nothing is written to the stack, so the thread's stack pointer need not be checked.
        "cmn r12, #1",
        "beq .Lslow_return",
        save!(".Lslow_out_of_bounds"),
        // The selector is the word that the CPU saved from r12.
        "ldr r1, [r0, #{selector}]",
        "cmp r1, #0",
        "blt .Lslow_other",
        "bl {call}",
        // `call` and `other` return a stack pointer, or 0 if the context of the most urgent thread has to be loaded.
        ".global __crossgate_go_on",
        ".Lslow_resume_or_load:",
        "cbnz r0, .Lslow_resume",
        // Everything that the event has changed is in memory by now. So if an interrupt is pending, it is served first.
        ".thumb_func",
        "__crossgate_go_on:",
        ".Lslow_go_on:",
        "ldr r0, .Lslow_kernel",
        "ldr r1, [r0, #{regions} + 4]",
        "0: ldr r1, [r1, #{control}]",
        ".pushsection .crossgate.looks, \"\", %progbits",
        ".word 0b",
        ".popsection",
        "tst r1, #{pending_exception}",
        "bne {give_way}",
        "ldrb r1, [r0, #{rearms}]",
        "cbz r1, .Lslow_switch",
        "bl {rearm}",
        "ldr r0, .Lslow_kernel",
        // The most urgent thread becomes the current one.
        ".Lslow_switch:",
        "ldr r1, [r0, #{levels}]",
        "clz r1, r1",
        "add r1, r0",
        "ldrb r1, [r1, #{first}]",
        "ldrd r2, r3, [r0]", // the current thread, and the slots of the others
        "ldrb r4, [r2, #{id}]",
        "cmp r1, r4",
        "beq .Lslow_load",
        "ldr r5, [r3, r1, lsl #2]",
        "movs r6, #0",
        "str r6, [r3, r1, lsl #2]",
        "str r2, [r3, r4, lsl #2]",
        "str r5, [r0]",
        // The current thread is now the one that runs next.
        ".global __crossgate_load",
        ".thumb_func",
        "__crossgate_load:",
        ".Lslow_load:",
        "bl {load}",
        ".Lslow_resume:",
        resume!(),
        ".Lslow_return:",
        "bl {leave}",
        "b .Lslow_go_on",
        // Not a call: the selector is the complement of a number.
        ".Lslow_other:",
        "mvns r1, r1",
        "bl {other}",
        "b .Lslow_resume_or_load",
        // The process of the thread crashes. The registers are dropped, and the most urgent thread continues.
        ".Lslow_out_of_bounds:",
        "bl {out_of_bounds}",
        "b .Lslow_go_on",
        ".balign 4",
        ".Lslow_kernel: .word {kernel}",
        selector = const offset_of!(Context, selector),
        call = sym handler::call,
        leave = sym handler::leave,
        other = sym handler::system_call,
        out_of_bounds = sym handler::out_of_bounds,
        load = sym load,
        kernel = sym __crossgate_kernel,
        regions = const REGIONS,
        control = const exception::CONTROL as i32 - protection::REGION_REGISTERS as i32,
        pending_exception = const exception::PENDING_EXCEPTION,
        give_way = sym give_way,
        rearms = const KERNEL.rearms,
        rearm = sym Kernel::<Machine>::rearm,
        levels = const KERNEL.ready + Ready::LEVELS,
        first = const KERNEL.ready + Ready::FIRST,
        id = const Offset::ID,
    )
}

unsafe extern "C" {
    // A part of `slow`: continues with the most urgent thread.
    #[link_name = "__crossgate_go_on"]
    pub fn go_on() -> !;
    // A part of `slow`: continues with the thread that is current now.
    #[link_name = "__crossgate_load"]
    pub fn load_current() -> !;
}

/// The slow path of an interrupt: the core decides.
///
/// In: r0 is the context of the interrupted thread. Out: some thread continues.
///
/// # Safety
/// Only the handler of an interrupt jumps here; this code ends its exception.
#[unsafe(naked)]
pub unsafe extern "C" fn interrupt() {
    core::arch::naked_asm!(
        "bl {handler}",
        "b {go_on}",
        handler = sym handler::interrupt,
        go_on = sym go_on,
    )
}

/// Handles a fault. The context that faulted is not saved, because nothing ever returns to it.
///
/// In: bit 2 of lr is 1 if a thread has faulted, and 0 if the kernel has. Out: some thread continues, or the machine
/// halts.
///
/// Attacker: the stack pointer is arbitrary, and the frame is missing if the CPU could not push it.
/// [`fault_status::read`] uses neither before it has checked both (`stacks`, `wild_contexts`).
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq .Lfault_of_kernel",
        clear_floats!(),
        // Nothing is pushed on the thread's stack.
        "mrs r0, psp",
        "bl {handler}",
        "b {go_on}",
        // The kernel has faulted. Its stack may be used up, or closed by the guard (`kernel_overflow`), so the handler
        // starts again at the top of the stack.
        ".Lfault_of_kernel:",
        "mov r0, sp",
        "ldr r1, .Lfault_stack",
        "mov sp, r1",
        "cpsid f", // sets FAULTMASK: the protection unit is off from now on, as in a hard fault
        "b {kernel_fault}",
        ".balign 4",
        ".Lfault_stack: .word {stack}",
        crate::floats::only_with_floats!(".Lfault_zeros: .word {zeros}"),
        thread = const PROCESS_STACK,
        #[cfg(target_abi = "eabihf")]
        zeros = sym crate::floats::ZEROS,
        stack = sym _stack_start,
        kernel_fault = sym fault_status::kernel_fault,
        handler = sym handler::fault,
        go_on = sym go_on,
    )
}

/// Clears the registers of a thread that uses floats, which are not saved.
///
/// Secret: their values (`floats`).
#[cfg(target_abi = "eabihf")]
macro_rules! clear_floats {
    () => {
        concat!(
            "tst lr, #16\nbne .Lfault_without_floats\n",
            crate::floats::clear!("r0", ".Lfault_zeros"),
            ".Lfault_without_floats:\n",
        )
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! clear_floats {
    () => {
        ""
    };
}
use clear_floats;

/// Defines the handlers of the other faults. They all do the same as the handler of hard faults, because only the
/// status registers tell the causes apart.
macro_rules! same_as_hard_fault {
    ($($name:ident)*) => { $(
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() {
            core::arch::naked_asm!("b {hard_fault}", hard_fault = sym HardFault)
        }
    )* };
}

same_as_hard_fault! { MemoryManagement BusFault UsageFault SecureFault }
