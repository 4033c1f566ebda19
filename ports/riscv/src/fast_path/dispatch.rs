// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other system calls: the choice among them, and the code of the short ones (the thread's index, the time,
//! deadlines).
//!
//! In: t0 is the thread's stack pointer, which is in bounds; a0 to a3 the words; a4 the selector, the complement of a
//! number; the `Bounds` at sp. Out: at the code of the system call; t3 is the kernel, a5 the thread.

macro_rules! dispatch {
    () => {
        "
        // Attacker: the number is arbitrary (`system_calls`, `gate_attacks`). The complement of n is -n - 1. Until it
        // is known that the system call has a fast path, this code changes only t1, which `entry` has kept.
        .Ldispatch:
        addi t1, a4, 1 + {signal}
        beqz t1, .Lsignal
        addi t1, a4, 1 + {wait_number}
        beqz t1, .Lwait
        addi t1, a4, 1 + {yield_number}
        beqz t1, .Lyield
        addi t1, a4, 1 + {now}
        beqz t1, .Lnow
        addi t1, a4, 1 + {thread_id}
        beqz t1, .Lthread_id
        addi t1, a4, 1 + {deadline}
        beqz t1, .Ldeadline
        .Lslow:
        j {slow}

        // --- The core makes the system call. Secret: no register that is saved keeps a value of this code.
        .Lgive_up:
        li ra, 0
        li t2, 0
        li t3, 0
        li t4, 0
        li t5, 0
        li t6, 0
        li a5, 0
        li a6, 0
        li a7, 0
        j {slow}

        // --- The thread asks for its index.
        .Lthread_id:
        lui t3, %hi({kernel})
        lw t3, %lo({kernel})(t3)
        lbu a1, {id}(t3)
        j .Lresume

        // --- The thread asks for the time. The clock is a function in Rust.
        .Lnow:
        addi sp, sp, -16
        sw t0, 0(sp)
        sw a3, 4(sp)
        sw a4, 8(sp)
        lui a0, %hi({kernel} + {clock})
        addi a0, a0, %lo({kernel} + {clock})
        call {read_clock}
        mv a2, a1
        mv a1, a0
        lw t0, 0(sp)
        lw a3, 4(sp)
        lw a4, 8(sp)
        addi sp, sp, 16
        j .Lresume

        // --- The thread sets a deadline for its calls. The core does the work, as on the slow path. A deadline makes
        // no other thread run, so no context is saved or loaded.
        .Ldeadline:
        lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw t1, {deadlines}(t3)
        beqz t1, .Lgive_up
        addi sp, sp, -32
        sw a0, 0(sp)
        sw a1, 4(sp)
        sw a2, 8(sp)
        sw a3, 12(sp)
        sw a4, 16(sp)
        sw t0, 20(sp)
        mv a0, t3
        mv a1, sp
        lw t1, 0(t1)
        jalr t1
        lw a1, 4(sp)
        lw a2, 8(sp)
        lw a3, 12(sp)
        lw a4, 16(sp)
        lw t0, 20(sp)
        addi sp, sp, 32
        j .Lresume_with
        "
    };
}
pub(super) use dispatch;
