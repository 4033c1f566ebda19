// SPDX-License-Identifier: MIT OR Apache-2.0
//! Yield, by which a thread lets the next thread of its priority run; and the switch from one thread to another, which a
//! signal and a wait use, too.
//!
//! In: as in `dispatch`. Out: the next thread continues.
//!
//! The ready threads of a priority are a list: its level has the first and the last, and each thread has the next.

macro_rules! switch {
    () => {
        concat!(
            "
        // --- The thread lets the next of its priority run. (The idle thread, of priority 0, takes the slow path.)
        .Lyield:
        lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw a5, 0(t3)
        lbu t2, {priority}(a5)
        beqz t2, .Lgive_up
        sub t4, t3, t2 // its level, with the offset 31
        lbu t1, {id}(a5)
        lbu t6, {last} + 31(t4)
        beq t6, t1, .Lresume
        // The thread becomes the last, and the next one the first.
        add t5, t3, t1
        lbu t5, {next}(t5)
        add t6, t3, t6
        sb t1, {next}(t6)
        sb t1, {last} + 31(t4)
        sb t5, {first} + 31(t4)
        li a0, 0

        // --- The thread with the index t5 runs next. The thread a5 stops: its words, of which the first may be its
        // status by now, are in a0 to a4.
        .Lswitch:
        andi t2, t0, -16
        addi t2, t2, -{context}
        ",
            crate::fast_path::pieces::end_reservation!(),
            "
        csrr t1, mepc
        addi t1, t1, 4 + 1
        sw t1, 0(t2)
        sw a0, 40(t2)
        sw a1, 44(t2)
        sw a2, 48(t2)
        // A wait that is made again needs these two.
        sw a3, 52(t2)
        sw a4, 56(t2)
        ",
            crate::fast_path::pieces::save!(),
            "
        sw t2, {stack_pointer}(a5)
        // The current thread is in no slot. Its address is the first word of the kernel.
        lw t2, 4(t3)
        lbu t1, {id}(a5)
        slli t1, t1, 2
        add t1, t1, t2
        slli t5, t5, 2
        add t5, t5, t2
        sw a5, 0(t1)
        lw a5, 0(t5)
        sw zero, 0(t5)
        sw a5, 0(t3)
        // The same as in `load`, if there are no leases and the core does not count the time.
        lw t4, {rights}(a5)
        lw t1, {calls}(a5)
        srli t1, t1, 31
        lbu t2, {leases_open}(t3)
        or t1, t1, t2
        lw t2, {budgets}(t3)
        or t1, t1, t2
        bnez t1, .Lswitch_slow
        lw a0, {stack_pointer}(a5)
        lbu t1, {pending}(a5)
        bnez t1, .Lswitch_pending
        // Closes the memory of one process and opens that of the other, by the same stores (`switches`).
        .Lswitch_load:
        lw t2, 0(a5) // its stack
        addi t1, t2, {context}
        sw t1, {lowest}(sp)
        srli t1, t4, 16
        slli t1, t1, 4
        add t1, t1, t2
        sw t1, {highest}(sp)
        srli t2, t2, 2
        csrw pmpaddr0, t2
        andi t4, t4, 0xff
        ",
            crate::fast_path::pieces::open!(),
            "
        j {load}
        // Everything that was done so far is in memory, where the core finds it.
        .Lswitch_slow:
        call {core_switch}
        j {way_out}
        // A reply for which the thread waited: status, word, 0.
        .Lswitch_pending:
        addi t1, t1, -{reply}
        bnez t1, .Lswitch_slow
        sb zero, {pending}(a5)
        lbu t1, {pending} + 1(a5)
        lw t2, {pending} + 4(a5)
        sw t1, 40(a0)
        sw t2, 44(a0)
        sw zero, 48(a0)
        j .Lswitch_load
        "
        )
    };
}
pub(super) use switch;
