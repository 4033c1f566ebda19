// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from the kernel to a thread, for ARMv6-M and ARMv8-M Baseline: the memory that the thread may use is opened,
//! and its registers are loaded.
//!
//! The legend of the assembly is in `src/entry.rs`.

use crate::context::{Bounds, Context, GIVEN_WAY};
use crate::exception;
use crate::machine::{Machine, window_of, with_kernel};
use crate::protection;
use crossgate_abi::{Status, Word};
use crossgate_kernel::Kernel;
use crossgate_kernel::wait::Pending;

/// Continues with a context.
///
/// In: r0 is its stack pointer, or [`GIVEN_WAY`]. Out: the thread runs with all of its registers. This code loads r4 to
/// r11, and the CPU loads the others. No register keeps a value of the kernel. With `GIVEN_WAY`, the CPU finds no frame
/// there. If an exception is pending, the CPU enters its handler and does not read the frame. If none is pending any
/// more, the CPU faults, and the handler of the fault loads the most urgent thread.
#[unsafe(naked)]
pub unsafe extern "C" fn resume() -> ! {
    core::arch::naked_asm!(
        "adds r1, r0, #{has_given_way}",
        "beq 1f",
        "adds r0, #16",
        "ldmia r0!, {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "subs r0, #32",
        "ldmia r0!, {{r4-r7}}",
        "adds r0, #16",
        "1: msr psp, r0",
        "movs r0, #2",
        "mvns r0, r0", // EXC_RETURN: thread mode, process stack
        "bx r0",
        has_given_way = const !GIVEN_WAY + 1,
    )
}

/// Ends an event after which a context has to be loaded. Everything that the event has changed is in memory by now. So
/// if an interrupt is pending, it is served first. Returns the stack pointer to continue with.
pub extern "C" fn go_on() -> Word {
    if exception::look() {
        return GIVEN_WAY as Word;
    }
    with_kernel(|kernel| {
        kernel.reschedule();
        open(kernel)
    })
}

/// Continues with the current thread. Returns its stack pointer.
pub extern "C" fn load() -> Word {
    with_kernel(open)
}

/// Does the work that is pending for the current thread, and opens the memory that the thread may use: the window of its
/// stack, the memory and devices of its process, and its leases. Returns its stack pointer.
fn open(kernel: &mut Kernel<Machine>) -> Word {
    kernel.account();
    let thread = kernel.current();
    let stack_pointer = thread.stack_pointer;
    // SAFETY: the context was saved there, or is the thread's first one, and no other code uses it.
    let context = unsafe { &mut *(stack_pointer as *mut Context) };
    match thread.take_pending() {
        Pending::Nothing => {}
        Pending::Reply { status, word } => context.answer(Status(status.into()), word),
        // The context was checked when the thread made the system call, and has been closed to all others since.
        Pending::Retry => context.repeat(),
    }
    let thread = kernel.current_thread();
    let window = window_of(thread);
    // SAFETY: only this function changes the bounds, and the kernel's exceptions don't nest.
    unsafe { Bounds::place().write(Bounds::in_window(window)) };
    let regions = kernel.port.regions_of(thread.rights().process);
    let mut leases = thread.leases();
    let leases = [leases.next(), leases.next()];
    protection::open(window.start, thread.rights().window, regions, leases);
    stack_pointer
}
