// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other system calls: the choice among them, and the code of the short ones (the thread's index, the time,
//! deadlines).
//!
//! In: r0 the stack pointer, r3 the number, r12 its complement; lr the kernel. Out: at the code of the system call; r3
//! the thread. The results go into the frame of the CPU, at r0.

macro_rules! dispatch {
    () => {
        concat!(
            "
        .Ldispatch:
        // Attacker: the number is arbitrary, but above 0 (`system_calls`, `gate_attacks`).
        cmp r3, #{signal}
        ldr r3, [lr] // the thread
        beq .Lsignal
        blt .Lyield
        cmn r12, #{wait_number} + 1
        beq .Lwait
        cmn r12, #{thread_id} + 1
        bne .Lnow

        // --- The thread asks for its index.
        ldrb r2, [r3, #{id}]
        movs r1, #0
        strd r1, r2, [r0]
        // The thread continues: nothing was saved, so nothing is loaded. r4 to r11 are unchanged.
        .Lresume:
        ",
            crate::floats::branch_if_saved!("lr", ".Lresume_floats"),
            "
        mvn lr, #2
        bx lr

        // --- The thread asks for the time. The clock is a function in Rust, and such a function preserves r4 to r11.
        .Lnow:
        push {{r0, r1}}
        cmn r12, #{now} + 1
        bne .Ldeadline
        add r0, lr, #{clock}
        bl {read_clock}
        pop {{r2, r3}}
        movs r3, #0
        strd r3, r0, [r2]
        str r1, [r2, #8]
        b .Lresume

        // --- The thread sets a deadline for its calls. The core does the work, as on the slow path. A deadline makes
        // no other thread run, so no context is saved or loaded.
        .Ldeadline:
        cmn r12, #{deadline} + 1
        bne .Ldeadline_slow
        ldr r2, [lr, #{deadlines}]
        cbz r2, .Ldeadline_slow
        ldr r2, [r2]
        mov r1, r0
        mov r0, lr
        blx r2
        pop {{r2, r3}}
        str r0, [r2]
        b .Lresume
        .Ldeadline_slow:
        pop {{r0, r1}}
        b {slow}
        "
        )
    };
}
pub(super) use dispatch;
