// SPDX-License-Identifier: MIT OR Apache-2.0
//! A wait for one notification: if it has a signal; or without a time limit.
//!
//! In: as in `dispatch`; a0 is the set of notifications, a1 and a2 the time limit. Out: the thread continues, or the next
//! one.

macro_rules! wait {
    () => {
        concat!(
            "
        .Lwait:
        lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw a5, 0(t3)
        // Attacker: the three words are arbitrary (`gate_attacks`, `system_calls`). This code checks that there is at
        // most one notification (the set is a power of two, or 0), and that it belongs to the process (by the wiring).
        addi t1, a0, -1
        and t1, t1, a0
        bnez t1, .Lgive_up
        lbu t2, {rights}(a5) // the process
        slli t4, t2, 3
        sub t4, t4, t2
        slli t4, t4, 2
        lw t2, {processes}(t3)
        add t4, t4, t2
        lw t2, {owned}(t4)
        and t2, t2, a0
        beqz t2, .Lgive_up
        ",
            crate::fast_path::pieces::index_of!("t2", "t1"),
            "
        lbu t5, {first_owned}(t4)
        addi t5, t5, 31 // (the highest bit is the first notification)
        sub t5, t5, t2
        lw t4, {notifications}(t3)
        slli t6, t5, 3
        add t4, t4, t6
        lw t6, 0(t4)
        beqz t6, .Lwait_quiet
        addi t6, t6, -1
        sw t6, 0(t4)
        mv a1, t5
        j .Lresume
        .Lwait_quiet:
        // There is no time limit if all bits of both words are 1.
        and t1, a1, a2
        addi t1, t1, 1
        bnez t1, .Lgive_up
        // If the wait may have to fail, these two bytes are not both 0: no caller waits for the call that the thread is
        // in, or that call may be late. Then the core decides.
        lhu t1, {may_fail}(a5)
        bnez t1, .Lgive_up
        // The thread waits.
        li t1, {waits_for_notifications}
        sb t1, {wait}(a5)
        sw a0, {wait_value}(a5)
        lbu t1, {id}(a5)
        li t6, 1
        sll t6, t6, t1
        lw t5, 4(t4)
        or t5, t5, t6
        sw t5, 4(t4)
        // The thread is the first of its priority. The next one becomes the first.
        lbu t2, {priority}(a5)
        sub t4, t3, t2 // its level, with the offset 31
        lbu t5, {last} + 31(t4)
        beq t5, t1, .Lwait_alone
        add t5, t3, t1
        lbu t5, {next}(t5)
        sb t5, {first} + 31(t4)
        j .Lswitch
        // The thread is the only one of its level. The next thread is the first of the most urgent level that is not
        // empty.
        .Lwait_alone:
        li t6, 1
        sll t6, t6, t2
        lw t5, {levels}(t3)
        xor t5, t5, t6
        sw t5, {levels}(t3)
        // All bits below the highest one become 1. Then only the highest one remains.
        srli t1, t5, 1
        or t5, t5, t1
        srli t1, t5, 2
        or t5, t5, t1
        srli t1, t5, 4
        or t5, t5, t1
        srli t1, t5, 8
        or t5, t5, t1
        srli t1, t5, 16
        or t5, t5, t1
        srli t1, t5, 1
        xor t5, t5, t1
        ",
            crate::fast_path::pieces::index_of!("t5", "t1"),
            "
        sub t4, t3, t5
        lbu t5, {first} + 31(t4)
        j .Lswitch
        "
        )
    };
}
pub(super) use wait;
