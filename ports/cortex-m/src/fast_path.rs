// SPDX-License-Identifier: MIT OR Apache-2.0
//! The most frequent system calls, without Rust: calls, their returns, and some others; and interrupts.
//!
//! | file | contents |
//! |---|---|
//! | `call`, `lend` | a plain call; a call that lends memory of the caller's stack |
//! | `leave` | the return from a call |
//! | `dispatch` | the choice among the other system calls; the thread's index, the time, deadlines |
//! | `switch` | yield, and the switch to another thread |
//! | `signal`, `wait` | signals and waits, if one thread waits for one notification |
//! | `interrupt` | interrupt lines, each as a signal |
//! | `floats` | the parts of all these files that only a thread with floats needs |
//!
//! Each piece makes the checks of the core, and all changes that the core and the handlers would make. Any case that a
//! piece does not handle takes the slow path, with nothing changed. The core is the specification: the test
//! `equivalence` runs both paths from the same states and compares every byte.
//!
//! The pieces follow each other in `SVCall`, and jump to labels of each other. The legend of the assembly is in
//! [`entry`](crate::entry).

mod call;
mod dispatch;
mod floats;
mod interrupt;
mod leave;
mod lend;
mod signal;
mod switch;
mod wait;

use crate::clock::Clock;
use crate::context::{Context, SAVED, THUMB};
use crate::entry::{interrupt, load_current, slow};
use crate::machine::{__crossgate_kernel, CLOCK, KERNEL, LEASES_OPEN, REGIONS};
use crate::machine::{Lease, Offset};
use crate::protection;
use call::call;
use core::mem::offset_of;
use crossgate_abi::table::{self, Gate, NO_LOCK, Service};
use crossgate_abi::{Word, number};
use crossgate_kernel::frame::LOCKED;
use crossgate_kernel::lock::Lock;
use crossgate_kernel::notification::Notification;
use crossgate_kernel::schedule::Ready;
use crossgate_kernel::thread::Calls;
use dispatch::dispatch;
use floats::floats;
use leave::leave;
use lend::lend;
use signal::signal;
use switch::switch;
use wait::wait;

/// Handles a system call. Every case that is not handled here takes the [slow] path.
///
/// In: r12 is the selector: the index of a gate, or the complement of a number, which is negative; r0 to r3 are words.
/// Out: some thread continues.
///
/// The registers that the CPU has saved (r0 to r3, r12) still have the thread's values, except on an ARMv8.1-M. Among
/// the exceptions of this priority, `SVCall` has the lowest number, so the CPU takes none of the others before it. A
/// fault that the CPU takes before it cancels the system call (`stacks`). The non-maskable interrupt and [handlers
/// above the kernel](crate::zero_latency) preserve the registers.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn SVCall() {
    core::arch::naked_asm!(
        crate::floats::branch_if_in_use!(".Lfloats"),
        // A return is the only system call that does not check the stack pointer.
        #[cfg(not(armv8_1m))]
        "mvns r3, r12",
        #[cfg(not(armv8_1m))]
        "beq .Lreturn",
        // Attacker: the stack pointer is arbitrary (`stacks`, `wild_contexts`). The registers that are pushed below it
        // have to lie in the bounds, as in `save`. If they do not, the slow path finds this fault in the same way.
        "mrs r0, psp",
        "ldrd r2, r1, [sp]",
        "ldr lr, .Lkernel",
        "subs r2, r0, r2", // what is left of the stack below the registers that are saved now
        "cmp r2, r1",
        #[cfg(armv8_1m)]
        "mov r12, #0", // no return
        "bhi .Lslow",
        // The words are in the bounds, too. (An ARMv8.1-M clears r0 to r3 and r12 when it enters a handler.)
        #[cfg(armv8_1m)]
        "ldr r12, [r0, #{saved_selector}]",
        #[cfg(armv8_1m)]
        "mvns r3, r12",
        #[cfg(armv8_1m)]
        "beq .Lreturn_words",
        ".Lentered:",
        // r3 is the complement of the selector: negative for a gate, otherwise the number of another system call.
        "cmp r3, #0",
        "bgt .Ldispatch",
        call!(),
        lend!(),
        leave!(),
        dispatch!(),
        switch!(),
        signal!(),
        wait!(),
        floats!(),
        #[cfg(armv8_1m)]
        ".Lreturn_words:",
        #[cfg(armv8_1m)]
        "ldm r0, {{r0, r1, r2}}",
        #[cfg(armv8_1m)]
        "b .Lreturn",
        ".balign 4",
        ".Lkernel: .word {kernel}",
        protection::call_constants!(),
        ".Lzeroes: .word 0, 0, 0, 0, 0, 0, 0, 0",
        signal = const number::SIGNAL,
        wait_number = const number::WAIT,
        thread_id = const number::THREAD_ID,
        now = const number::NOW,
        deadline = const number::SET_DEADLINE,
        deadlines = const KERNEL.deadlines,
        clock = const CLOCK,
        read_clock = sym Clock::now,
        reply = const Offset::REPLY,
        waits_for_notifications = const Offset::WAITS_FOR_NOTIFICATIONS,
        priority = const Offset::PRIORITY,
        stack_pointer = const Offset::STACK_POINTER,
        pending = const Offset::PENDING,
        bounds = const Offset::BOUNDS,
        leases_open = const LEASES_OPEN,
        wait = const Offset::WAIT,
        may_fail = const Offset::MAY_FAIL,
        wait_value = const Offset::WAIT_VALUE,
        wake_at = const Offset::WAKE_AT,
        first = const KERNEL.ready + Ready::FIRST,
        last = const KERNEL.ready + Ready::LAST,
        next = const KERNEL.ready + Ready::NEXT,
        levels = const KERNEL.ready + Ready::LEVELS,
        system = const KERNEL.system,
        processes = const KERNEL.processes,
        notifications = const KERNEL.notifications,
        waking = const KERNEL.waking,
        waiters = const Notification::WAITERS,
        wiring = const offset_of!(table::System, notifications),
        signallers = const offset_of!(table::NotificationRow, signallers),
        owned = const offset_of!(table::ProcessRow, notifications),
        first_owned = const offset_of!(table::ProcessRow, first_notification),
        load_current = sym load_current,
        interrupt = sym interrupt,
        selector = const offset_of!(Context, selector),
        #[cfg(armv8_1m)]
        saved_selector = const offset_of!(Context, selector) - SAVED,
        saved = const SAVED,
        thumb = const THUMB,
        top_to_frame = const Context::FIRST_SIZE - SAVED,
        entry_size = const Gate::ENTRY_SIZE,
        first_lease = const 1 << 8,
        context = const Context::SIZE,
        stack = const Offset::STACK,
        leases = const Offset::LEASES,
        of_stack = const Lease::OF_STACK,
        exclusive = const 0x1_0000 - Gate::EXCLUSIVE as u32,
        no_lock = const NO_LOCK.number(),
        service_stack = const offset_of!(Service, stack),
        service_lock = const offset_of!(Service, lock),
        frame = const Calls::FRAME,
        holds_leases = const Calls::LEASES,
        frame_leases = const Offset::FRAME_LEASES,
        last_call = const Calls::LAST,
        locked = const LOCKED,
        rights = const Offset::RIGHTS,
        calls = const Offset::CALLS,
        id = const Offset::ID,
        waiters_of_thread = const Offset::WAITERS,
        frames = const Offset::FRAMES,
        service = const Offset::FRAME_SERVICE,
        care = const Offset::FRAME_CARE,
        services = const KERNEL.services,
        locks = const KERNEL.locks,
        regions = const REGIONS,
        stack_region = const protection::STACK_REGION,
        kernel = sym __crossgate_kernel,
        slow = sym slow,
        #[cfg(target_abi = "eabihf")]
        go_on = sym crate::entry::go_on,
        #[cfg(target_abi = "eabihf")]
        out_of_bounds = sym crate::handler::out_of_bounds,
        #[cfg(target_abi = "eabihf")]
        zeros = sym crate::floats::ZEROS,
    )
}

const _: () = assert!(
    size_of::<Service>() == 36
        && size_of::<Gate>() == 16
        && size_of::<Lock>() == 1
        && size_of::<table::NotificationRow>() == 16
        && size_of::<table::ProcessRow>() == 28
        && size_of::<Notification>() == 8,
    "`SVCall` multiplies by these sizes"
);
const _: () = assert!(
    Gate::LEASE_TO_READ == Gate::EXCLUSIVE - 2
        && Gate::LEASE_TO_WRITE == Gate::EXCLUSIVE - 1
        && Gate::LEASE_TO_WRITE & 1 == 1
        && number::RETURN == 0
        && number::YIELD == 1
        && number::SIGNAL == 2
        && number::WAIT > number::SIGNAL
        && number::THREAD_ID > number::SIGNAL
        && number::NOW > number::SIGNAL
        && number::SET_DEADLINE > number::SIGNAL,
    "`SVCall` tells them apart by these values"
);
const _: () = assert!(
    Notification::SIGNALS == 0 && Notification::WAITERS == 4,
    "`SVCall` loads both with one instruction"
);
const _: () = assert!(
    Context::FIRST_SIZE + Context::SIZE == Gate::ENTRY_SIZE as Word,
    "the room in a gate includes these sizes"
);
