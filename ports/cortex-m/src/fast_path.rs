//! The system calls that are made most, without Rust: calls, their returns, and some others.

use crate::boot::{__crossgate_kernel, CLOCK, LEASES_OPEN, REGIONS};
use crate::clock::Clock;
use crate::context::{Context, THUMB};
use crate::entry::{KERNEL, SAVED, go_on, interrupt, resume, slow};
use crate::mpu;
use crossgate_abi::table::{self, Gate, NO_LOCK, Service};
use crossgate_abi::{Word, number};
use crossgate_kernel::call::LOCKED;
use crossgate_kernel::lease::Lease;
use crossgate_kernel::lock::Lock;
use crossgate_kernel::notification::Notification;
use crossgate_kernel::schedule::Ready;
use crossgate_kernel::thread::{Calls, offset};
use crossgate_protection::armv7m::Access;

/// A system call. What it is, its selector says, in r12.
///
/// A call that there is nothing special about, the return from it, and the other system calls that are made
/// most (yield, signal, wait, the thread's index, the time, limits of calls) are done here: with the checks of the
/// core, and all of what it and the handlers change. The core is the specification. Anything else goes the [slow](slow) way, with nothing
/// changed.
///
/// The registers that the CPU has saved (r0 to r3, r12) still are what the thread put there: of the exceptions
/// that have this one's priority it has the lowest number, so none comes first; a fault that does takes the
/// system call away, and the non-maskable interrupt and [handlers above the kernel](crate::zero_latency) preserve them.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn SVCall() {
    core::arch::naked_asm!(
        "mvns r3, r12",
        "beq .Lreturn",
        "mrs r0, psp",
        "ldrd r2, r1, [sp]",
        "ldr lr, .Lkernel",
        "subs r2, r0, r2", // what is left of the stack below the registers that are saved now
        "cmp r2, r1",
        "bhi .Lslow",
        "cmp r3, #0",
        "bgt .Lother",
        // --- A call.
        "stmdb r0!, {{r4-r11}}",
        // r3 the thread, r6 who runs, r7 the gates, r8 how many, r10 the regions of processes, r11 the protection unit.
        "ldm lr, {{r3, r4, r5, r6, r7, r8, r10, r11}}",
        "cmp r12, r8",
        "bhs .Lcall_slow",
        "add r7, r7, r12, lsl #4",
        "ldm r7, {{r4, r5, r7, r9}}", // who may, owner and service and room, entry, object
        "ldm r3, {{r1, r8, r12}}",    // the stack, the caller's level, its calls
        "ror r4, r4, r8",             // the caller may,
        "rors r6, r5",             // and the callee runs
        "ands r4, r4, r6",
        "lsls r4, r4, #31",
        "beq .Lcall_slow",
        "cmp r12, #{last_call}",
        "bhi .Lcall_slow",
        // The window, as `armv7m::window` computes it, but for very small ones: no room is as small as those.
        "subs r4, r2, #1",
        "clz r4, r4",
        "rsb r6, r4, #29",
        "lsrs r2, r6", // how many eighths,
        "lsl r6, r2, r6", // and bytes
        "cmp r6, r5, asr #16", // (with what is no room, unsigned, the most that there is)
        "blo .Lcall_check",
        // --- Nothing is missing: the call is made. If something is lent to it, the carry is clear.
        ".Lcall_enter: mov lr, #0x100",
        "lsl r2, lr, r2",
        "ldr lr, .Lclosed_stack",
        "sub lr, lr, r4, lsl #1",
        "sub r2, lr, r2", // the attribute register of the stack
        "add lr, r3, r12",
        "strd r0, r8, [lr, #{frames}]",
        "add r12, r12, #{frame}",
        "uxtb r4, r5",
        "orr r8, r4, r2, lsl #16", // the callee's level
        "itt lo",
        "orrlo r8, r8, #{first_lease}",
        "orrlo r12, r12, #{holds_leases}",
        "lsrs r5, #8",
        "strb r5, [lr, #{frames} + {service}]",
        "strd r8, r12, [r3, #{level}]",
        "add r8, r10, r4, lsl #5",
        "ldm r8, {{r3, r4, r5, r8, r10, r12}}",
        "stm r11, {{r1, r2, r3, r4, r5, r8, r10, r12}}",
        "dsb",
        // Below the window's top: the frame that the CPU will load, then the fourth word.
        "add r6, r1, r6",
        "sub r6, r6, #{stack_region} + {top_to_frame} - 16",
        "add r0, r0, #{saved}",
        "ldm r0, {{r10, r11, r12, lr}}",
        "movs r4, #0",
        "movs r5, #0",
        "bic r7, r7, #1",
        "mov r8, #{thumb}",
        "stm r6, {{r4, r5, r7, r8, lr}}",
        "stmdb r6!, {{r9, r10, r11, r12}}",
        "msr psp, r6",
        "adr r0, .Lzeroes",
        "ldm r0, {{r4-r11}}",
        "mvn lr, #2",
        "bx lr",
        // --- The slow way of a call.
        ".Lcall_slow: ldr r12, [r0, #{selector}]",
        "ldm r0, {{r4-r11}}",
        ".Lslow: b {slow}",
        // --- There is less room than the gate says. Or the object lets one call in at a time, or memory is lent.
        ".Lcall_check: ldr r11, [lr, #{services}]",
        "ubfx r10, r5, #8, #8",
        "add r10, r10, r10, lsl #3",
        "add r10, r11, r10, lsl #2",
        "ldrh r1, [r10, #{service_stack}]",
        "adds r1, #{entry_size}",
        "cmp r6, r1",
        "blo .Lcall_slow",
        "asrs r1, r5, #16",
        "adds r1, #{exclusive}",
        "bmi .Lcall_lend",
        "bne .Lcall_slow",
        "ldrb r11, [r10, #{service_lock}]",
        "ldr r10, [lr, #{locks}]",
        "add r10, r10, r11",
        "ldrb r1, [r10]",
        "cmp r1, #0",
        "bne .Lcall_slow",
        "ldrb r1, [r3, #{id}]",
        "strb r1, [r10]",
        "add r10, r3, r12",
        "movs r1, #{locked}",
        "strb r1, [r10, #{frames} + {care}]",
        ".Lcall_reload: ldrd r10, r11, [lr, #{regions}]",
        "ldr r1, [r3]",
        "b .Lcall_enter",
        // --- The first two words are memory of the thread's own stack: see `Kernel::take_leases`.
        ".Lcall_lend: cmp r12, #0", // (further in, what its callers have closed has to be known)
        "bne .Lcall_slow",
        "push {{r2, r4-r7}}",
        "ldrd r1, r2, [r0, #{saved}]",
        "cmp r2, #1",
        "blt .Lcall_lend_slow",
        "adds r2, r1, r2", // its end
        "bcs .Lcall_lend_slow",
        "add r4, r0, #{context}",
        "cmp r1, r4",
        "blo .Lcall_lend_slow",
        "ldr r4, [r3, #{stack} + 4]",
        "cmp r2, r4",
        "bhi .Lcall_lend_slow",
        // A region opens it, and nothing else: see `armv7m::lease_within`.
        "subs r6, r2, #1",
        "eor r4, r1, r6",
        "orr r4, r4, #128",
        "clz r4, r4",
        "rsb r4, r4, #29", // log2 of an eighth
        "movs r7, #1",
        "lsls r7, r4",
        "subs r7, #1",
        "tst r1, r7",
        "bne .Lcall_lend_slow",
        "tst r2, r7",
        "bne .Lcall_lend_slow",
        "strd r1, r2, [r3, #{leases}]",
        "ubfx r5, r5, #16, #1", // whether it is for writing
        "lsrs r7, r1, r4",
        "lsrs r6, r4",
        "bic r1, r7, #7",
        "lsls r1, r4",
        "adds r1, #{lease_region}",
        "and r7, r7, #7",
        "and r6, r6, #7",
        "movs r2, #0xff",
        "lsls r2, r7",
        "movs r7, #0xfe",
        "lsls r7, r6",
        "orn r2, r7, r2",
        "uxtb r2, r2", // the eighths that stay closed
        "lsls r4, #1",
        "adds r4, #5",
        "orr r2, r4, r2, lsl #8",
        "movt r2, #{read_only}",
        "orr r2, r2, r5, lsl #24",
        "orr r6, r5, #{of_stack} << 8",
        "strd r2, r6, [r3, #{leases} + 8]",
        // Its region. The other one is closed.
        "movs r4, #{lease_region} + 1",
        "movs r5, #0",
        "ldr r7, [lr, #{regions} + 4]",
        "stmia r7!, {{r1, r2, r4, r5}}",
        "movs r1, #{first_lease} >> 8",
        "strb r1, [lr, #{leases_open}]",
        "ldr r1, [sp, #12]", // the window
        "subs r1, #{context}",
        "str r1, [sp, #24]", // the bounds
        "pop {{r2, r4-r7}}",
        "cmp r12, #1",
        "b .Lcall_reload",
        ".Lcall_lend_slow: pop {{r2, r4-r7}}",
        "b .Lcall_slow",
        // --- A return. What the thread has in r4 to r11 is nobody's.
        ".Lreturn: ldr r3, .Lkernel",
        "ldr r4, [r3]",
        "ldr r5, [r4, #{calls}]",
        "subs r5, #{frame}",
        "cmp r5, #{last_call}", // it is in a call, and nothing is lent to it
        "bhi .Lreturn_leases",
        "adds r6, r4, r5",
        "ldrb r7, [r6, #{frames} + {care}]",
        "orrs r7, r0",
        "bne .Lreturn_care",
        // --- There is nothing to take care of: it returns.
        ".Lreturn_leave: ldrd r6, r7, [r6, #{frames}]", // where the caller's registers are, and its level
        "strd r7, r5, [r4, #{level}]",
        "add r11, r6, #{saved}",
        "stm r11, {{r0, r1, r2}}",
        "ldrd r3, r8, [r3, #{regions}]",
        "uxtb r5, r7",
        "add r5, r3, r5, lsl #5",
        "ldr r0, [r4]",
        "lsrs r1, r7, #16",
        "movt r1, #{stack_access}",
        "ldm r5, {{r2-r7}}",
        "stm r8, {{r0-r7}}",
        "dsb",
        "msr psp, r11",
        "ldmdb r11, {{r4-r11}}",
        "mvn lr, #2",
        "bx lr",
        // --- Something is lent to it. If nothing is to its caller, the leases are closed, and all of the stack is
        // in bounds again.
        ".Lreturn_leases: bic r5, r5, #{holds_leases}",
        "cmp r5, #{last_call}",
        "bhi .Lreturn_slow",
        "adds r6, r4, r5",
        "ldrb r7, [r6, #{frames} + {care}]",
        "orrs r7, r0",
        "bne .Lreturn_slow",
        "ldrb r7, [r6, #{frames} + {frame_leases}]",
        "cbnz r7, .Lreturn_slow",
        "strb r0, [r3, #{leases_open}]",
        "ldrd r7, r8, [r4, #{bounds}]",
        "strd r7, r8, [sp]",
        "ldr r12, [r3, #{regions} + 4]",
        "movs r7, #{lease_region}",
        "strd r7, r0, [r12]",
        "adds r7, #1",
        "strd r7, r0, [r12, #8]",
        "b .Lreturn_leave",
        // --- It succeeded, and gives back the lock of the object, if nobody waits for that.
        ".Lreturn_care: cbnz r0, .Lreturn_slow",
        "cmp r7, #{locked}",
        "bne .Lreturn_slow",
        "ldr r7, [r4, #{waiters_of_thread}]",
        "cbnz r7, .Lreturn_slow",
        "ldr r7, [r3, #{services}]",
        "ldrb r0, [r6, #{frames} + {service}]",
        "add r0, r0, r0, lsl #3",
        "add r7, r7, r0, lsl #2",
        "ldrb r0, [r7, #{service_lock}]",
        "cmp r0, #{no_lock}",
        "beq .Lreturn_reload",
        "ldr r7, [r3, #{locks}]",
        "add r7, r0",
        "movs r0, #0",
        "strb r0, [r7]",
        "strb r0, [r6, #{frames} + {care}]",
        "b .Lreturn_leave",
        // --- The slow way of a return.
        ".Lreturn_reload: movs r0, #0",
        ".Lreturn_slow: mvn r12, #0",
        "b {slow}",
        // --- Another system call.
        ".Lother: cmp r3, #{signal}",
        "ldr r3, [lr]", // the thread
        "beq .Lsignal",
        "blt .Lyield",
        "cmn r12, #{wait_number} + 1",
        "beq .Lwait",
        "cmn r12, #{thread_id} + 1",
        "bne .Lnow",
        // --- It asks for its index.
        "ldrb r2, [r3, #{id}]",
        "movs r1, #0",
        "strd r1, r2, [r0]",
        ".Lresume: mvn lr, #2",
        "bx lr",
        // --- It asks for the time.
        ".Lnow: push {{r0, r1}}",
        "cmn r12, #{now} + 1",
        "bne .Llimit",
        "add r0, lr, #{clock}",
        "bl {read_clock}",
        "pop {{r2, r3}}",
        "movs r3, #0",
        "strd r3, r0, [r2]",
        "str r1, [r2, #8]",
        "b .Lresume",
        // --- It limits its calls. The core does it, as it would the slow way: that changes no register of the
        // thread, and nobody else runs then.
        ".Llimit: cmn r12, #{limit} + 1",
        "bne .Llimit_slow",
        "ldr r2, [lr, #{limits}]",
        "cbz r2, .Llimit_slow",
        "ldr r2, [r2]",
        "mov r1, r0",
        "mov r0, lr",
        "blx r2",
        "pop {{r2, r3}}",
        "str r0, [r2]",
        "b .Lresume",
        ".Llimit_slow: pop {{r0, r1}}",
        "b {slow}",
        // --- It lets the next of its priority run. (The idle thread gives way to all, when the kernel starts.)
        ".Lyield: ldrb r1, [r3, #{id}]",
        "ldrb r2, [r3, #{priority}]",
        "rsbs r2, #31",
        "cmp r2, #31",
        "beq .Lslow",
        "add r2, lr, r2", // its level
        "ldrb r12, [r2, #{last}]",
        "cmp r12, r1",
        "beq .Lyield_alone",
        "stmdb r0!, {{r4-r11}}",
        "movs r4, #0",
        "str r4, [r0, #{saved}]",
        "add r5, lr, r1",
        "ldrb r6, [r5, #{next}]",
        "add r7, lr, r12",
        "strb r1, [r7, #{next}]",
        "strb r1, [r2, #{last}]",
        "strb r6, [r2, #{first}]",
        // --- Thread r6 runs next, instead of r3 with the index r1, whose registers are saved at r0. r4 is 0.
        ".Lswitch: str r0, [r3, #{stack_pointer}]",
        "ldr r7, [lr, #4]",
        "ldr r11, [r7, r6, lsl #2]",
        "str r4, [r7, r6, lsl #2]",
        "str r3, [r7, r1, lsl #2]",
        "str r11, [lr]",
        // As `load` does it, if there are no leases, and nobody counts the time.
        "ldm r11, {{r1, r2, r3}}", // its stack, level, calls
        "ldr r0, [r11, #{stack_pointer}]",
        "ldrd r6, r7, [r11, #{bounds}]",
        "strd r6, r7, [sp]",
        "ldrh r6, [lr, #{leases_open}]",
        "orrs r6, r6, r3, lsr #31",
        "bne .Lswitch_slow",
        "ldrb r6, [r11, #{pending}]",
        "cbnz r6, .Lswitch_pending",
        ".Lswitch_load: uxtb r6, r2", // the process
        "ldrd r7, r8, [lr, #{regions}]",
        "add r7, r7, r6, lsl #5",
        "lsrs r2, r2, #16",
        "movt r2, #{stack_access}",
        "ldm r7, {{r3-r7, r9}}",
        "stm r8, {{r1-r7, r9}}",
        "dsb",
        resume!(),
        ".Lswitch_slow: b {go_on}",
        ".Lswitch_pending: cmp r6, #{reply}",
        "bne .Lswitch_slow",
        "ldrb r6, [r11, #{pending} + 1]",
        "ldr r7, [r11, #{pending} + 4]",
        "strb r4, [r11, #{pending}]",
        "strd r6, r7, [r0, #{saved}]",
        "str r4, [r0, #{saved} + 8]",
        "b .Lswitch_load",
        // It is the only one.
        ".Lyield_alone: movs r1, #0",
        "str r1, [r0]",
        "b .Lresume",
        // --- It signals a notification for which one thread waits, and for no other.
        ".Lsignal: ldr r1, [r0]",
        "stmdb r0!, {{r4-r11}}",
        "add r8, r0, #{saved}", // where the status goes
        "ldrd r2, r4, [lr, #{notifications}]", // there are as many as in the wiring
        "cmp r1, r4",
        "bhs .Lcall_slow_near",
        "ldr r4, [lr, #{system}]",
        "ldr r4, [r4, #{wiring}]",
        "add r4, r4, r1, lsl #4",
        "ldr r4, [r4, #{signallers}]",
        "ldrb r5, [r3, #{level}]", // the process
        "rors r4, r5",
        "lsls r4, r4, #31",
        "beq .Lcall_slow_near",
        "add r2, r2, r1, lsl #3",
        // An interrupt goes on here, and has r12 be 0.
        ".global __crossgate_signal",
        ".thumb_func",
        "__crossgate_signal:",
        "ldr r4, [r2, #{waiters}]",
        "subs r5, r4, #1",
        "blo .Lsignal_slow",
        "tst r5, r4",
        "bne .Lsignal_slow",
        "clz r6, r4",
        "rsb r6, r6, #31", // who waits
        "ldr r5, [lr, #4]",
        "ldr r5, [r5, r6, lsl #2]",
        "ldr r4, [r5, #{wait_value}]",
        "subs r7, r4, #1",
        "tst r7, r4",
        "bne .Lsignal_slow",
        // It waits no longer.
        "movs r4, #0",
        "str r4, [r2, #{waiters}]",
        "str r4, [r5, #{wait}]",
        "mvns r7, r4",
        "strd r7, r7, [r5, #{deadline}]",
        "movs r7, #{reply}",
        "strd r7, r1, [r5, #{pending}]",
        "str r4, [r8]",
        // It is ready. If others of its priority are, as the current thread may be, it comes after them.
        "ldrb r7, [r5, #{priority}]",
        "ldrb r1, [r3, #{priority}]",
        "rsb r2, r7, #31",
        "add r2, lr", // its level
        "cmp r7, r1",
        "beq .Lsignal_queue",
        "movs r5, #1",
        "lsls r5, r7",
        "ldr r8, [lr, #{levels}]",
        "tst r8, r5",
        "bne .Lsignal_queue",
        "orr r8, r5",
        "str r8, [lr, #{levels}]",
        "strb r6, [r2, #{first}]",
        "strb r6, [r2, #{last}]",
        "cmp r7, r1",
        "ldrb r1, [r3, #{id}]",
        "bhi .Lswitch",
        "b .Lsignal_resume",
        ".Lsignal_queue: ldrb r5, [r2, #{last}]",
        "add r5, lr",
        "strb r6, [r5, #{next}]",
        "strb r6, [r2, #{last}]",
        ".Lsignal_resume: ldm r0, {{r4-r11}}",
        "b .Lresume",
        ".Lsignal_slow: cmp r12, #0",
        "beq .Lsignal_interrupt",
        ".Lcall_slow_near: b .Lcall_slow",
        ".Lsignal_interrupt: b {interrupt}",
        // --- It waits for one notification, which has no signal, for as long as it takes.
        ".Lwait: ldm r0, {{r1, r2, r12}}", // which, and for how long
        "stmdb r0!, {{r4-r11}}",
        "and r2, r12",
        "adds r2, #1",
        "bne .Lcall_slow_near",
        "subs r2, r1, #1",
        "tst r2, r1",
        "bne .Lcall_slow_near",
        "ldrb r2, [r3, #{level}]", // the process
        "ldr r4, [lr, #{processes}]",
        "rsb r2, r2, r2, lsl #3",
        "add r4, r4, r2, lsl #2",
        "ldr r2, [r4, #{owned}]",
        "tst r2, r1",
        "beq .Lcall_slow_near",
        "ldrb r2, [r4, #{first_owned}]",
        "clz r4, r1",
        "adds r2, r4",
        "ldr r4, [lr, #{notifications}]",
        "add r2, r4, r2, lsl #3",
        "ldrd r4, r5, [r2]", // its signals, and who waits
        "cbnz r4, .Lcall_slow_far",
        "ldrb r6, [r3, #{orphaned}]",
        "cmp r6, #0",
        "bne .Lcall_slow_near",
        "movs r6, #{waits_for_notifications}",
        "strd r6, r1, [r3, #{wait}]",
        "ldrb r1, [r3, #{id}]",
        "movs r6, #1",
        "lsls r6, r1",
        "orrs r5, r6",
        "str r5, [r2, #{waiters}]",
        // It is the first of its priority.
        "ldrb r5, [r3, #{priority}]",
        "rsb r2, r5, #31",
        "add r2, lr",
        "ldrb r7, [r2, #{last}]",
        "cmp r7, r1",
        "beq .Lwait_alone",
        "add r7, lr, r1",
        "ldrb r6, [r7, #{next}]",
        "strb r6, [r2, #{first}]",
        "b .Lswitch",
        // The only one.
        ".Lwait_alone: movs r6, #1",
        "lsls r6, r5",
        "ldr r7, [lr, #{levels}]",
        "bics r7, r6",
        "str r7, [lr, #{levels}]",
        "clz r7, r7",
        "add r7, lr",
        "ldrb r6, [r7, #{first}]",
        "b .Lswitch",
        ".Lcall_slow_far: b .Lcall_slow",
        ".balign 4",
        ".Lkernel: .word {kernel}",
        // The attribute register of a stack of which nothing is open, if its size is 2^31.
        ".Lclosed_stack: .word ({stack_access} << 16) + 0x10000 + 63",
        ".Lzeroes: .word 0, 0, 0, 0, 0, 0, 0, 0",
        signal = const number::SIGNAL,
        wait_number = const number::WAIT,
        thread_id = const number::THREAD_ID,
        now = const number::NOW,
        limit = const number::LIMIT,
        limits = const KERNEL.limits,
        clock = const CLOCK,
        read_clock = sym Clock::now,
        reply = const offset::REPLY,
        waits_for_notifications = const offset::WAITS_FOR_NOTIFICATIONS,
        priority = const offset::PRIORITY,
        stack_pointer = const offset::STACK_POINTER,
        pending = const offset::PENDING,
        bounds = const offset::BOUNDS,
        leases_open = const LEASES_OPEN,
        wait = const offset::WAIT,
        orphaned = const offset::ORPHANED,
        wait_value = const offset::WAIT_VALUE,
        deadline = const offset::DEADLINE,
        first = const KERNEL.ready + Ready::FIRST,
        last = const KERNEL.ready + Ready::LAST,
        next = const KERNEL.ready + Ready::NEXT,
        levels = const KERNEL.ready + Ready::LEVELS,
        system = const KERNEL.system,
        processes = const KERNEL.processes,
        notifications = const KERNEL.notifications,
        waiters = const Notification::WAITERS,
        wiring = const core::mem::offset_of!(table::System, notifications),
        signallers = const core::mem::offset_of!(table::Notification, signallers),
        owned = const core::mem::offset_of!(table::Process, notifications),
        first_owned = const core::mem::offset_of!(table::Process, first_notification),
        go_on = sym go_on,
        interrupt = sym interrupt,
        selector = const core::mem::offset_of!(Context, selector),
        saved = const SAVED,
        thumb = const THUMB,
        top_to_frame = const Context::FIRST_SIZE - SAVED,
        entry_size = const Gate::ENTRY_SIZE,
        first_lease = const 1 << 8,
        context = const Context::SIZE,
        stack = const offset::STACK,
        leases = const offset::LEASES,
        of_stack = const Lease::OF_STACK,
        read_only = const Access::ReadOnly as u32 >> 16,
        exclusive = const 0x1_0000 - Gate::EXCLUSIVE as u32,
        no_lock = const NO_LOCK,
        service_stack = const core::mem::offset_of!(Service, stack),
        service_lock = const core::mem::offset_of!(Service, lock),
        frame = const Calls::FRAME,
        holds_leases = const Calls::LEASES,
        frame_leases = const offset::FRAME_LEASES,
        lease_region = const mpu::LEASE_REGION,
        last_call = const Calls::LAST,
        locked = const LOCKED,
        level = const offset::LEVEL,
        calls = const offset::CALLS,
        id = const offset::ID,
        waiters_of_thread = const offset::WAITERS,
        frames = const offset::FRAMES,
        service = const offset::FRAME_SERVICE,
        care = const offset::FRAME_CARE,
        services = const KERNEL.services,
        locks = const KERNEL.locks,
        regions = const REGIONS,
        stack_region = const mpu::STACK_REGION,
        stack_access = const mpu::STACK_ACCESS,
        kernel = sym __crossgate_kernel,
        slow = sym slow,
    )
}

const _: () = assert!(
    size_of::<Service>() == 36
        && size_of::<Gate>() == 16
        && size_of::<Lock>() == 1
        && size_of::<table::Notification>() == 16
        && size_of::<table::Process>() == 28
        && size_of::<Notification>() == 8,
    "`SVCall` multiplies by them"
);
const _: () = assert!(
    Gate::LEASE_TO_READ == Gate::EXCLUSIVE - 2
        && Gate::LEASE_TO_WRITE == Gate::EXCLUSIVE - 1
        && Gate::LEASE_TO_WRITE & 1 == 1
        && Access::ReadWrite as u32 == Access::ReadOnly as u32 | 1 << 24
        && number::RETURN == 0
        && number::YIELD == 1
        && number::SIGNAL == 2
        && number::WAIT > number::SIGNAL
        && number::THREAD_ID > number::SIGNAL
        && number::NOW > number::SIGNAL
        && number::LIMIT > number::SIGNAL,
    "`SVCall` tells them apart"
);
const _: () = assert!(
    Notification::SIGNALS == 0 && Notification::WAITERS == 4,
    "`SVCall` loads them at once"
);
const _: () = assert!(
    Context::FIRST_SIZE + Context::SIZE == Gate::ENTRY_SIZE as Word,
    "the gates have it in their room"
);
