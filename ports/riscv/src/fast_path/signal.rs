// SPDX-License-Identifier: MIT OR Apache-2.0
//! A signal of a notification: if no thread waits for it; or if exactly one does, which waits for no other notification.
//!
//! In: as in `dispatch`; a0 is the index of the notification. Out: the more urgent of the two threads continues.

macro_rules! signal {
    () => {
        concat!(
            "
        .Lsignal:
        lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw a5, 0(t3)
        // Attacker: the number is arbitrary (`gate_attacks`). It is compared before it is multiplied. Then the wiring
        // decides if the thread's process may signal this notification.
        lw t4, {notifications} + 4(t3)
        bgeu a0, t4, .Lgive_up
        lw t6, {system}(t3)
        lw t6, {wiring}(t6)
        slli t5, a0, 4
        add t6, t6, t5
        lw t5, {signallers}(t6)
        lw a6, {rights}(a5) // the process, in the lowest byte
        srl t5, t5, a6
        andi t5, t5, 1
        beqz t5, .Lgive_up
        lw t4, {notifications}(t3)
        slli t5, a0, 3
        add t4, t4, t5
        lw t5, 4(t4)
        beqz t5, .Lsignal_keep
        // Exactly one thread waits if this set is a power of two. That thread waits for no other notification if its
        // own set is a power of two, too. If the worker is about to wake it, the core has to tell the worker.
        addi t1, t5, -1
        and t1, t1, t5
        lw t6, {waking}(t3)
        and t6, t6, t5
        or t1, t1, t6
        bnez t1, .Lgive_up
        ",
            crate::fast_path::pieces::index_of!("t5", "t1"),
            "
        lw a7, 4(t3)
        slli t1, t5, 2
        add a7, a7, t1
        lw a7, 0(a7) // the thread that waits
        lw t1, {wait_value}(a7)
        addi t2, t1, -1
        and t2, t2, t1
        bnez t2, .Lgive_up
        // The thread no longer waits.
        sw zero, 4(t4)
        sb zero, {wait}(a7)
        li t1, -1
        sw t1, {wake_at}(a7)
        sw t1, {wake_at} + 4(a7)
        li t1, {reply} // with the status 0
        sh t1, {pending}(a7)
        sw a0, {pending} + 4(a7)
        li a0, 0
        // The thread is ready. It is queued behind the other threads of its priority, which may include the current
        // thread.
        lbu t1, {priority}(a7)
        lbu t2, {priority}(a5)
        sub t4, t3, t1 // its level, with the offset 31
        li t6, 1
        sll t6, t6, t1
        lw a6, {levels}(t3)
        and a7, a6, t6
        bnez a7, .Lsignal_queue
        or a6, a6, t6
        sw a6, {levels}(t3)
        sb t5, {first} + 31(t4)
        sb t5, {last} + 31(t4)
        bltu t2, t1, .Lswitch
        j .Lresume_with
        .Lsignal_queue:
        lbu t6, {last} + 31(t4)
        add t6, t6, t3
        sb t5, {next}(t6)
        sb t5, {last} + 31(t4)
        j .Lresume_with
        // No thread waits, so the notification keeps the signal, and counts it if the wiring says so.
        .Lsignal_keep:
        li t1, 1
        lbu t5, {counting}(t6)
        beqz t5, .Lsignal_kept
        lw t5, 0(t4)
        add t1, t1, t5
        beqz t1, .Lresume // the counter is at its end
        .Lsignal_kept:
        sw t1, 0(t4)

        // --- The thread continues: its status is 0. Nothing was saved, so nothing is loaded.
        .Lresume:
        li a0, 0
        .Lresume_with:
        csrr t1, mepc
        addi t1, t1, 4
        csrw mepc, t1
        csrw mscratch, sp
        mv sp, t0
        // Secret: the values of this code (`registers`).
        ",
            crate::exit::clear!(),
            "
        mret
        "
        )
    };
}
pub(super) use signal;
