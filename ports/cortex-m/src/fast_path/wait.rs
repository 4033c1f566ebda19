// SPDX-License-Identifier: MIT OR Apache-2.0
//! A wait without a time limit, for one notification that has no signal.
//!
//! In: r0 the stack pointer, r3 the thread; lr the kernel. Out: the next thread continues.

macro_rules! wait {
    () => {
        "
        .Lwait:
        // Attacker: the three words are arbitrary (`gate_attacks`, `system_calls`). This code checks that there is no
        // time limit (all bits of both words are 1), that there is at most one notification (the set is a power of two,
        // or 0), and that the notification belongs to the process (by the wiring).
        ldm r0, {{r1, r2, r12}} // the set, and the time limit
        stmdb r0!, {{r4-r11}}
        and r2, r12
        adds r2, #1
        bne .Lcall_slow_near
        subs r2, r1, #1
        tst r2, r1
        bne .Lcall_slow_near
        ldrb r2, [r3, #{rights}] // the process
        ldr r4, [lr, #{processes}]
        rsb r2, r2, r2, lsl #3
        add r4, r4, r2, lsl #2
        ldr r2, [r4, #{owned}]
        tst r2, r1
        beq .Lcall_slow_near
        ldrb r2, [r4, #{first_owned}]
        clz r4, r1
        adds r2, r4
        ldr r4, [lr, #{notifications}]
        add r2, r4, r2, lsl #3
        ldrd r4, r5, [r2] // its signals, and the waiting threads
        cbnz r4, .Lcall_slow_far
        // If the wait may have to fail, these two bytes are not both 0: no caller waits for the call that the thread is
        // in, or that call may be late. Then the core decides.
        ldrh r6, [r3, #{may_fail}]
        cmp r6, #0
        bne .Lcall_slow_near
        // The thread waits.
        movs r6, #{waits_for_notifications}
        strd r6, r1, [r3, #{wait}]
        ldrb r1, [r3, #{id}]
        movs r6, #1
        lsls r6, r1
        orrs r5, r6
        str r5, [r2, #{waiters}]
        // The thread is the first of its priority. The next one becomes the first.
        ldrb r5, [r3, #{priority}]
        mvns r2, r5 // its level, less 32
        add r2, lr
        ldrb r7, [r2, #{last} + 32]
        cmp r7, r1
        beq .Lwait_alone
        add r7, lr, r1
        ldrb r6, [r7, #{next}]
        strb r6, [r2, #{first} + 32]
        b .Lswitch
        // The thread is the only one of its level. The next thread is the first of the most urgent level that is not
        // empty.
        .Lwait_alone:
        movs r6, #1
        lsls r6, r5
        ldr r7, [lr, #{levels}]
        bics r7, r6
        str r7, [lr, #{levels}]
        clz r7, r7
        add r7, lr
        ldrb r6, [r7, #{first}]
        b .Lswitch
        .Lcall_slow_far:
        b .Lcall_slow
        "
    };
}
pub(super) use wait;
