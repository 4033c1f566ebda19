// SPDX-License-Identifier: MIT OR Apache-2.0
//! The most frequent system calls, without Rust: calls, their returns, and some others.
//!
//! | file | contents |
//! |---|---|
//! | `call`, `lend` | a plain call, or one that takes a lock; a call that lends memory of the caller's stack |
//! | `leave` | the return from a call |
//! | `dispatch` | the choice among the other system calls; the thread's index, the time, deadlines |
//! | `switch` | yield, and the switch to another thread |
//! | `signal`, `wait` | signals and waits, if one thread waits for one notification |
//! | `pieces` | pieces that several of these contain |
//!
//! Each piece makes the checks of the core, and all changes that the core and the handlers would make. Any case that a
//! piece does not handle takes the slow path, with nothing changed. The core is the specification: the test
//! `riscv_equivalence` runs both paths from the same states and compares every byte.
//!
//! The registers of a thread that calls or is switched from are saved as in a [`Context`], but only those that a function
//! preserves, gp, tp, sp and pc; at a switch, also a0 to a4. Bit 0 of the saved pc marks such a context:
//! [`load`](crate::exit::load) clears the other registers.
//!
//! The pieces follow each other in [`system_call`], and jump to labels of each other. The legend of the assembly is in
//! [`entry`](crate::entry).

mod call;
mod dispatch;
mod leave;
mod lend;
mod pieces;
mod signal;
mod switch;
mod wait;

use crate::clock::Clock;
use crate::context::{Bounds, Context};
use crate::exit::load;
use crate::handler;
use crate::machine::{__crossgate_kernel, CLOCK, KERNEL, LEASES_OPEN, Machine, REGIONS};
use crate::protection;
use call::{call, commit};
use core::mem::offset_of;
use crossgate_abi::table::{self, Gate, NO_LOCK, Service};
use crossgate_abi::{Word, number};
use crossgate_kernel::Kernel;
use crossgate_kernel::frame::LOCKED;
use crossgate_kernel::lease;
use crossgate_kernel::lock::Lock;
use crossgate_kernel::notification::Notification;
use crossgate_kernel::port::Port;
use crossgate_kernel::schedule::Ready;
use crossgate_kernel::thread::{self, Calls};
use crossgate_protection::Native;
use crossgate_protection::pmp::Range;
use dispatch::dispatch;
use leave::leave;
use lend::lend;
use pieces::{INDICES, SEQUENCE};
use signal::signal;
use switch::switch;
use wait::wait;

type Offset = thread::Offset<Native>;
type Lease = lease::Lease<Range>;

unsafe extern "C" {
    /// The slow path of traps, in [`entry`](crate::entry), ...
    fn __crossgate_slow();
    /// ... that of returns, ...
    fn __crossgate_slow_return();
    /// ... and the code that goes the way that a handler has returned.
    fn __crossgate_way_out();
}

/// The number of bytes of stack that a call needs beyond the room in the gate, which the wiring computes for another
/// CPU.
const MORE_ROOM: Word = Machine::ENTRY_SIZE - Gate::ENTRY_SIZE as Word;

/// Handles a system call. Every case that is not handled here takes the slow path.
///
/// In: t0 is the thread's stack pointer; a4 the selector: the index of a gate, or the complement of a number, which is
/// negative; a0 to a3 are words; the `Bounds`, with the thread's t0 and t1, are at sp, and `mscratch` is 0. Out: some
/// thread continues.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call() {
    core::arch::naked_asm!(
        // A return passes three words in registers. The values that the method left in the others are dead, so they are
        // not saved. Nothing is written to the stack, so the thread's stack pointer need not be checked.
        "addi t1, a4, 1",
        "beqz t1, .Lreturn",
        // Attacker: the stack pointer is any address. Registers are saved only in the window, as on the slow path
        // (`stacks`, `wild_contexts`), which finds the fault in the same way.
        "lw t1, {lowest}(sp)",
        "bltu t0, t1, .Lslow",
        "lw t1, {highest}(sp)",
        "bltu t1, t0, .Lslow",
        "bltz a4, .Ldispatch",
        call!(),
        lend!(),
        leave!(),
        dispatch!(),
        switch!(),
        signal!(),
        wait!(),
        slow = sym __crossgate_slow,
        slow_return = sym __crossgate_slow_return,
        way_out = sym __crossgate_way_out,
        load = sym load,
        core_switch = sym handler::switch,
        read_clock = sym Clock::now,
        kernel = sym __crossgate_kernel,
        clock = const CLOCK,
        regions = const REGIONS,
        leases_open = const LEASES_OPEN,
        services = const KERNEL.services,
        locks = const KERNEL.locks,
        system = const KERNEL.system,
        processes = const KERNEL.processes,
        notifications = const KERNEL.notifications,
        waking = const KERNEL.waking,
        budgets = const KERNEL.budgets,
        deadlines = const KERNEL.deadlines,
        first = const KERNEL.ready + Ready::FIRST,
        last = const KERNEL.ready + Ready::LAST,
        next = const KERNEL.ready + Ready::NEXT,
        levels = const KERNEL.ready + Ready::LEVELS,
        wiring = const offset_of!(table::System, notifications),
        signallers = const offset_of!(table::NotificationRow, signallers),
        counting = const offset_of!(table::NotificationRow, counting),
        owned = const offset_of!(table::ProcessRow, notifications),
        first_owned = const offset_of!(table::ProcessRow, first_notification),
        service_stack = const offset_of!(Service, stack),
        service_lock = const offset_of!(Service, lock),
        no_lock = const NO_LOCK.number(),
        exclusive = const 0x1_0000 - Gate::EXCLUSIVE as u32,
        care = const 0x1_0000 - Gate::CARE as u32,
        more_room = const MORE_ROOM,
        entry_size = const Machine::ENTRY_SIZE,
        context = const Context::SIZE,
        lowest = const offset_of!(Bounds, lowest),
        highest = const offset_of!(Bounds, highest),
        data = const protection::DATA,
        rights = const Offset::RIGHTS,
        calls = const Offset::CALLS,
        stack_pointer = const Offset::STACK_POINTER,
        stack = const Offset::STACK,
        id = const Offset::ID,
        priority = const Offset::PRIORITY,
        may_fail = const Offset::MAY_FAIL,
        pending = const Offset::PENDING,
        reply = const Offset::REPLY,
        wait = const Offset::WAIT,
        wait_value = const Offset::WAIT_VALUE,
        waits_for_notifications = const Offset::WAITS_FOR_NOTIFICATIONS,
        wake_at = const Offset::WAKE_AT,
        waiters_of_thread = const Offset::WAITERS,
        frames = const Offset::FRAMES,
        frame_service = const Offset::FRAME_SERVICE,
        frame_care = const Offset::FRAME_CARE,
        frame_leases = const Offset::FRAME_LEASES,
        frame = const Calls::FRAME,
        last_call = const Calls::LAST,
        lending = const Calls::FRAME | Calls::LEASES,
        first_lease = const 1 << 8,
        locked = const LOCKED,
        leases = const Offset::LEASES,
        registers = const Lease::REGISTERS,
        access = const Lease::REGISTERS + size_of::<Range>(),
        of_stack = const Lease::OF_STACK,
        to_read = const Range::TO_READ,
        signal = const number::SIGNAL,
        wait_number = const number::WAIT,
        yield_number = const number::YIELD,
        now = const number::NOW,
        thread_id = const number::THREAD_ID,
        deadline = const number::SET_DEADLINE,
        sequence = const SEQUENCE,
        indices = sym INDICES,
    )
}

const _: () = assert!(
    offset_of!(Kernel<Machine>, port) == 24,
    "`system_call` loads the current thread, the slots, the processes that run, and the gates, which lie before the port"
);
const _: () = assert!(
    size_of::<Service>() == 36
        && size_of::<Gate>() == 16
        && size_of::<Lock>() == 1
        && size_of::<table::NotificationRow>() == 16
        && size_of::<table::ProcessRow>() == 28
        && size_of::<Notification>() == 8,
    "`system_call` multiplies by these sizes"
);
const _: () = assert!(
    Gate::LEASE_TO_READ == Gate::EXCLUSIVE - 2
        && Gate::LEASE_TO_WRITE == Gate::EXCLUSIVE - 1
        && Gate::CARE == Gate::EXCLUSIVE + 1
        && Gate::LEASE_TO_WRITE & 1 == 1
        && number::RETURN == 0,
    "`system_call` tells them apart by these values"
);
const _: () = assert!(
    Notification::SIGNALS == 0 && Notification::WAITERS == 4,
    "`system_call` uses these offsets"
);
const _: () = assert!(Lease::START == 0, "`system_call` stores the memory of a lease first");
