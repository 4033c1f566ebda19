// SPDX-License-Identifier: MIT OR Apache-2.0
//! Yield, by which a thread lets the next thread of its priority run; and the switch from one thread to another, which
//! a signal and a wait use, too.
//!
//! In: r0 the stack pointer, r3 the thread; lr the kernel. Out: the next thread continues.
//!
//! The ready threads of a priority are a list: its level has the first and the last, and each thread has the next.

macro_rules! switch {
    () => {
        concat!(
            "
        // --- The thread lets the next of its priority run. (The idle thread, of priority 0, takes the slow path.)
        .Lyield:
        ldrb r1, [r3, #{id}]
        ldrb r2, [r3, #{priority}]
        rsbs r2, #31
        cmp r2, #31
        beq .Lslow
        add r2, lr, r2 // its level
        ldrb r12, [r2, #{last}]
        cmp r12, r1
        beq .Lyield_alone
        stmdb r0!, {{r4-r11}}
        movs r4, #0
        str r4, [r0, #{saved}]
        // The thread becomes the last, and the next one the first.
        add r5, lr, r1
        ldrb r6, [r5, #{next}]
        add r7, lr, r12
        strb r1, [r7, #{next}]
        strb r1, [r2, #{last}]
        strb r6, [r2, #{first}]

        // --- The thread with the index r6 runs next. The thread r3, whose index is r1, stops: its registers are saved
        // at r0. r4 is 0.
        .Lswitch:
        ",
            crate::floats::branch_if_saved!("r7", ".Lswitch_floats"),
            "
        .Lswitch_kept:
        str r0, [r3, #{stack_pointer}]
        // The current thread is in no slot. Its address is the first word of the kernel, at lr.
        ldr r7, [lr, #4]
        ldr r11, [r7, r6, lsl #2]
        str r4, [r7, r6, lsl #2]
        str r3, [r7, r1, lsl #2]
        str r11, [lr]
        // The same as in `load`, if there are no leases and the core does not count the time.
        ldm r11, {{r1, r2, r3}} // its stack, rights, calls
        ldr r0, [r11, #{stack_pointer}]
        ldrd r6, r7, [r11, #{bounds}]
        strd r6, r7, [sp]
        ldrh r6, [lr, #{leases_open}]
        orrs r6, r6, r3, lsr #31
        bne .Lswitch_slow
        ldrb r6, [r11, #{pending}]
        cbnz r6, .Lswitch_pending
        // Closes the memory of one process and opens that of the other, by the same stores (`switches`).
        .Lswitch_load:
        uxtb r6, r2 // the process
        ldrd r7, r8, [lr, #{regions}]
        add r7, r7, r6, lsl #5
        ",
            crate::protection::stack_registers!("r2", "r1", "r2"),
            crate::protection::set_stack_limit!("r1", "r3"),
            "
        ldm r7, {{r3-r7, r9}}
        stm r8, {{r1-r7, r9}}
        dsb
        ",
            crate::exit::resume!(),
            "
        // Everything that was done so far is in memory, where `load` finds it.
        .Lswitch_slow:
        b {load_current}
        // A reply for which the thread waited: status, word, 0.
        .Lswitch_pending:
        cmp r6, #{reply}
        bne .Lswitch_slow
        ",
            crate::floats::find_context!("r0", "r8"),
            "
        ldrb r6, [r11, #{pending} + 1]
        ldr r7, [r11, #{pending} + 4]
        strb r4, [r11, #{pending}]
        strd r6, r7, [r0, #{saved}]
        str r4, [r0, #{saved} + 8]
        ",
            crate::floats::only_with_floats!("ldr r0, [r11, #{stack_pointer}]"),
            "
        b .Lswitch_load
        // The thread is the only one of its priority.
        .Lyield_alone:
        movs r1, #0
        str r1, [r0]
        b .Lresume
        "
        )
    };
}
pub(super) use switch;
