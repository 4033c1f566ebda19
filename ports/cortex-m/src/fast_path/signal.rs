// SPDX-License-Identifier: MIT OR Apache-2.0
//! A signal of a notification, if exactly one thread waits for it, and this thread waits for no other notification.
//!
//! In: r0 the stack pointer, r3 the thread; lr the kernel. Out: the more urgent of the two threads continues. An
//! interrupt enters at `__crossgate_signal`.

macro_rules! signal {
    () => {
        "
        .Lsignal:
        ldr r1, [r0]
        stmdb r0!, {{r4-r11}}
        add r8, r0, #{saved} // the place of the status
        ldrd r2, r4, [lr, #{notifications}] // the notifications, and their number
        // Attacker: the number is arbitrary (`gate_attacks`). It is compared before it is multiplied. Then the wiring
        // decides if the thread's process may signal this notification.
        cmp r1, r4
        bhs .Lcall_slow_near
        ldr r4, [lr, #{system}]
        ldr r4, [r4, #{wiring}]
        add r4, r4, r1, lsl #4
        ldr r4, [r4, #{signallers}]
        ldrb r5, [r3, #{rights}] // the process
        rors r4, r5
        lsls r4, r4, #31
        beq .Lcall_slow_near
        add r2, r2, r1, lsl #3
        // An interrupt enters here, with 0 in r12.
        .global __crossgate_signal
        .thumb_func
        __crossgate_signal:
        // Exactly one thread waits if this set is a power of two. That thread waits for no other notification if its
        // own set is a power of two, too. If the worker is about to wake it, the core has to tell the worker.
        ldr r4, [r2, #{waiters}]
        subs r5, r4, #1
        blo .Lsignal_slow
        ldr r6, [lr, #{waking}]
        orrs r5, r6
        tst r5, r4
        bne .Lsignal_slow
        clz r6, r4
        rsb r6, r6, #31 // the waiting thread
        ldr r5, [lr, #4]
        ldr r5, [r5, r6, lsl #2]
        ldr r4, [r5, #{wait_value}]
        subs r7, r4, #1
        tst r7, r4
        bne .Lsignal_slow
        // The thread no longer waits.
        movs r4, #0
        str r4, [r2, #{waiters}]
        str r4, [r5, #{wait}]
        mvns r7, r4
        strd r7, r7, [r5, #{wake_at}]
        movs r7, #{reply}
        strd r7, r1, [r5, #{pending}]
        str r4, [r8]
        // The thread is ready. It is queued behind the other threads of its priority, which may include the current
        // thread.
        ldrb r7, [r5, #{priority}]
        ldrb r1, [r3, #{priority}]
        mvns r2, r7
        add r2, lr // its level, less 32
        cmp r7, r1
        beq .Lsignal_queue
        movs r5, #1
        lsls r5, r7
        ldr r4, [lr, #{levels}]
        tst r4, r5
        bne .Lsignal_queue
        orrs r4, r5
        str r4, [lr, #{levels}]
        movs r4, #0
        strb r6, [r2, #{first} + 32]
        strb r6, [r2, #{last} + 32]
        cmp r7, r1
        ldrb r1, [r3, #{id}]
        bhi .Lswitch
        b .Lsignal_resume
        .Lsignal_queue:
        ldrb r5, [r2, #{last} + 32]
        add r5, lr
        strb r6, [r5, #{next}]
        strb r6, [r2, #{last} + 32]
        // The thread that signals, or was interrupted, continues with the registers that it had.
        .Lsignal_resume:
        ldm r0, {{r4-r11}}
        b .Lresume
        // Nothing was changed so far. r12 tells a system call from an interrupt.
        .Lsignal_slow:
        cmp r12, #0
        beq .Lsignal_interrupt
        // (`.Lcall_slow` is too far for a short branch with a condition.)
        .Lcall_slow_near:
        b .Lcall_slow
        .Lsignal_interrupt:
        b {interrupt}
        "
    };
}
pub(super) use signal;
