// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from the kernel to a thread: the memory that the thread may use is opened, and its registers are loaded.
//!
//! The legend of the assembly is in [`entry`](crate::entry).

use crate::context::{Context, FRAME, GIVEN_WAY, SAVED};
use crate::machine::{__crossgate_kernel, KERNEL, LEASES_OPEN, REGIONS};
use crate::machine::{Lease, Offset};
use crate::protection::{self, ProcessRegions};
use crate::{exception, floats};
use core::mem::offset_of;

/// Continues with a context.
///
/// In: r0 is its stack pointer. Out: the thread runs with all of its registers. This code loads r4 to r11, and the CPU
/// loads the others. No register keeps a value of the kernel.
macro_rules! resume {
    () => {
        concat!(
            $crate::floats::branch_if_marked!("r0", "r1", "__crossgate_resume_with_floats"),
            "ldmia r0!, {{r4-r11}}
         msr psp, r0
         mvn r0, #2 // EXC_RETURN: thread mode, process stack
         bx r0"
        )
    };
}
pub(crate) use resume;

/// Opens the memory that the current thread may use: its stack, the memory and devices of its process, and its leases.
///
/// In: sp is at the [`Bounds`](crate::context::Bounds). Out: r0 is the thread's stack pointer; r1 to r9 have any values.
///
/// If this thread holds leases, the bounds become its window. Otherwise they become its whole stack, so that a call or
/// a return of a thread without leases need not change them. (A window always has room for a context, because no method
/// is entered with less stack.)
#[unsafe(naked)]
pub unsafe extern "C" fn load() -> *mut Context {
    core::arch::naked_asm!(
        // Throughout: r4 the thread, r5 the kernel, r0 the stack pointer, r1 the address register of its stack, r2 its
        // rights.
        "ldr r5, .Lload_kernel",
        "ldr r4, [r5]", // the current thread
        "ldm r4, {{r1, r2, r3}}", // its stack, rights, calls
        "ldr r0, [r4, #{stack_pointer}]",
        "ldrd r6, r7, [r4, #{bounds}]",
        "strd r6, r7, [sp]",
        "ldrb r6, [r4, #{pending}]",
        "cbnz r6, .Lload_pending",
        // The plain case: the thread holds no leases, the last thread has left none open, and the core counts no time.
        ".Lload_leases:",
        "ldrh r6, [r5, #{leases_open}]",
        "orrs r6, r6, r3, lsr #31",
        "bne .Lload_special",
        // One store of eight words opens the stack, and the memory and two devices of the process. No region of the
        // last process stays open, and only the kernel runs between the first and the last of these words (`switches`).
        ".Lload_regions:",
        "uxtb r6, r2", // the process
        "ldrd r7, r8, [r5, #{regions}]",
        "add r7, r7, r6, lsl #5", // its regions
        protection::stack_registers!("r2", "r1", "r2"),
        protection::set_stack_limit!("r1", "r3"),
        "ldm r7, {{r3-r7, r9}}",
        "stm r8, {{r1-r7, r9}}",
        "dsb",
        "bx lr",
        // Something is pending.
        ".Lload_pending:",
        floats::find_context!("r0", "r7"),
        "movs r7, #0",
        "strb r7, [r4, #{pending}]",
        "cmp r6, #1",
        "bne .Lload_retry",
        // A reply: status, word, 0.
        "ldrb r6, [r4, #{pending_status}]",
        "ldr r8, [r4, #{pending_word}]",
        "strd r6, r8, [r0, #{arguments}]",
        "str r7, [r0, #{arguments} + 8]",
        floats::only_with_floats!("ldr r0, [r4, #{stack_pointer}]"),
        "b .Lload_leases",
        // The thread repeats its system call: its program counter goes back to the `svc` instruction, which is 2 bytes
        // long. Attacker: none. The context was checked when the thread made the system call, and since then the thread
        // has not run, and the context is closed to all others.
        ".Lload_retry:",
        "ldr r6, [r0, #{program_counter}]",
        "subs r6, #2",
        "str r6, [r0, #{program_counter}]",
        floats::only_with_floats!("ldr r0, [r4, #{stack_pointer}]"),
        "b .Lload_leases",
        // Either the core counts how long threads run, or this thread holds leases, or the last one has left some open.
        // All of this takes long, so the kernel first gives way to an interrupt that is pending.
        ".Lload_special:",
        "ldr r6, [r5, #{regions} + 4]",
        "0: ldr r6, [r6, #{control}]",
        ".pushsection .crossgate.looks, \"\", %progbits",
        ".word 0b",
        ".popsection",
        "tst r6, #{pending_exception}",
        "bne .Lload_give_way",
        "ldr r3, [r5, #{budgets}]",
        "cbz r3, .Lload_lend",
        "push {{r0, r1, r2, lr}}",
        "mov r0, r5",
        "ldr r3, [r3]",
        "blx r3",
        "pop {{r0, r1, r2, lr}}",
        // Opens the leases that are in force, and closes the other regions for leases.
        ".Lload_lend:",
        "push {{r0, r1}}",
        "ubfx r6, r2, #8, #8",
        "strb r6, [r5, #{leases_open}]",
        "cbz r6, .Lload_open", // the bounds are set
        // The bounds become the window, because a lease may lie above the window, with closed memory in between, where
        // nothing must be saved (`wild_contexts`).
        protection::window_size!(),
        "subs r3, #{context}",
        "str r3, [sp, #12]",
        // The leases: the first that is in force, and their number.
        ".Lload_open:",
        "lsrs r7, r6, #4",
        "and r6, r6, #15",
        "subs r6, r7",
        "add r4, r4, r7, lsl #4",
        "adds r4, #{leases}",
        protection::open_leases!(),
        "pop {{r0, r1}}",
        "ldr r5, .Lload_kernel",
        "b .Lload_regions",
        protection::open_leases_rest!(),
        // Returns from the exception with a stack pointer that leads to no frame. If an interrupt is still pending, the
        // CPU enters its handler and does not read the frame. If none is pending any more, the CPU finds no frame and
        // faults, and the handler of the fault loads the most urgent thread.
        ".global __crossgate_give_way",
        ".thumb_func",
        "__crossgate_give_way:",
        ".Lload_give_way:",
        "mvn r0, #2", // EXC_RETURN, and `GIVEN_WAY`: the CPU clears the two lowest bits of a stack pointer
        "msr psp, r0",
        "bx r0",
        ".balign 4",
        ".Lload_kernel: .word {kernel}",
        kernel = sym __crossgate_kernel,
        control = const exception::CONTROL as i32 - protection::REGION_REGISTERS as i32,
        pending_exception = const exception::PENDING_EXCEPTION,
        stack_pointer = const Offset::STACK_POINTER,
        bounds = const Offset::BOUNDS,
        pending = const Offset::PENDING,
        leases_open = const LEASES_OPEN,
        regions = const REGIONS,
        pending_status = const Offset::PENDING_STATUS,
        pending_word = const Offset::PENDING_WORD,
        arguments = const offset_of!(Context, arguments),
        program_counter = const offset_of!(Context, program_counter),
        budgets = const KERNEL.budgets,
        context = const SAVED + FRAME,
        leases = const Offset::LEASES,
    )
}

unsafe extern "C" {
    // A part of `load`: serves the interrupt that is pending, while the contexts of all threads are saved.
    #[link_name = "__crossgate_give_way"]
    pub fn give_way() -> !;
}

const _: () =
    assert!(size_of::<ProcessRegions>() == 32, "`load` and `SVCall` multiply by this size");
const _: () = assert!(GIVEN_WAY == !2 & !3, "`load` computes `GIVEN_WAY` from `EXC_RETURN`");
const _: () = assert!(size_of::<Lease>() == 16, "`load` multiplies by this size");
