//! The way from an exception to Rust and back.
//!
//! On entry the registers that the CPU has not saved (r4 to r11) are pushed on the thread's stack,
//! below the CPU's frame, if they lie inside that stack: a stack pointer that points elsewhere would
//! have the kernel write there. The handler gets the address of this context, and gives back the
//! address of the context to go on with: the same, a callee's, or a caller's; or null if it is to be
//! that of the thread which is current now.

use crate::context::{_stack_start, Context, PROCESS_STACK};
use crate::exit::{load, resume};
use crate::{fault, handler};
use core::mem::offset_of;

/// Saves r4 to r11 below the frame that the CPU has pushed.
///
/// In: the [bounds](crate::context::Bounds) at sp. Out: r0 is the context. It changes r1, r2, and the flags.
///
/// Attacker: the stack pointer is any that a thread could push a frame at. If what is pushed here would lie elsewhere
/// than in memory that is open to the thread, nothing is, and it goes on at `$out_of_bounds` (`stacks`,
/// `wild_contexts`). That is one comparison, without a sign: below the lowest value the difference wraps.
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

/// The slow way of every system call: the core decides.
///
/// The registers are as in [`SVCall`](crate::fast_path), but for r3 and lr. What a thread has in r4 to r11 when it returns from a
/// call is nobody's, so they are not saved, and nothing is written to its stack.
///
/// # Safety
/// It is jumped to, by the handler of a system call whose exception it ends.
#[unsafe(naked)]
pub unsafe extern "C" fn slow() {
    core::arch::naked_asm!(
        "cmn r12, #1",
        "beq .Lslow_return",
        save!(".Lslow_out_of_bounds"),
        "ldr r1, [r0, #{selector}]",
        "cmp r1, #0",
        "blt .Lslow_other",
        "bl {call}",
        ".global __crossgate_resume_or_load, __crossgate_go_on",
        ".thumb_func",
        "__crossgate_resume_or_load:",
        ".Lslow_resume_or_load: cbnz r0, .Lslow_resume",
        ".thumb_func",
        "__crossgate_go_on:",
        ".Lslow_go_on: bl {load}",
        ".Lslow_resume:",
        resume!(),
        ".Lslow_return: bl {leave}",
        "b .Lslow_go_on",
        ".Lslow_other: mvns r1, r1",
        "bl {other}",
        "b .Lslow_resume_or_load",
        ".Lslow_out_of_bounds: bl {out_of_bounds}",
        "b .Lslow_go_on",
        selector = const offset_of!(Context, selector),
        call = sym handler::call,
        leave = sym handler::leave,
        other = sym handler::system_call,
        out_of_bounds = sym handler::out_of_bounds,
        load = sym load,
    )
}

unsafe extern "C" {
    // Parts of `slow`: go on with the context at r0, or with the current thread's if that is null, ...
    fn __crossgate_resume_or_load() -> !;
    // ... and with the thread that is current now.
    #[link_name = "__crossgate_go_on"]
    pub fn go_on() -> !;
}

/// The slow way of an interrupt: the core decides. The context of the thread that it interrupted is at r0. It may go
/// on with another. (If the stack pointer of that one was out of bounds, it is as if the next one had been
/// interrupted.)
///
/// # Safety
/// It is jumped to, by the handler of an interrupt whose exception it ends.
#[unsafe(naked)]
pub unsafe extern "C" fn interrupt() {
    core::arch::naked_asm!(
        "bl {handler}",
        "b {resume_or_load}",
        handler = sym handler::interrupt,
        resume_or_load = sym __crossgate_resume_or_load,
    )
}

/// The non-maskable interrupt comes at any moment, in the middle of the kernel too. So the kernel is told
/// later, by PendSV, which nothing else uses.
///
/// It may come when a system call has been made, and before that is entered. So it leaves all registers as they
/// are.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn NonMaskableInt() {
    core::arch::naked_asm!(
        "push {{r0, r1}}",
        "ldr r0, .Lnmi_control",
        "mov r1, #{pend_pendsv}", // where a 0 is written nothing happens
        "str r1, [r0]",
        "pop {{r0, r1}}",
        "bx lr",
        ".balign 4",
        ".Lnmi_control: .word {interrupt_control}",
        pend_pendsv = const 1 << 28,
        interrupt_control = const 0xe000_ed04_u32,
    )
}

/// A fault. The interrupted context is not saved: nothing ever goes back to it.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq .Lfault_of_kernel",
        "mrs r0, psp",
        "bl {handler}",
        "b {go_on}",
        // It was the kernel's. Its stack may be used up, or closed by the guard.
        ".Lfault_of_kernel: mov r0, sp",
        "ldr r1, .Lfault_stack",
        "mov sp, r1",
        "cpsid f", // faults are like hard faults from now on: for them the protection unit is off
        "b {kernel_fault}",
        ".balign 4",
        ".Lfault_stack: .word {stack}",
        thread = const PROCESS_STACK,
        stack = sym _stack_start,
        kernel_fault = sym fault::kernel_fault,
        handler = sym handler::fault,
        go_on = sym go_on,
    )
}

/// Faults that are told apart by their status only.
macro_rules! same_as_hard_fault {
    ($($name:ident)*) => { $(
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() {
            core::arch::naked_asm!("b {hard_fault}", hard_fault = sym HardFault)
        }
    )* };
}

same_as_hard_fault! { MemoryManagement BusFault UsageFault }
