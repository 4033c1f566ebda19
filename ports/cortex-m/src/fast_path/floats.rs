// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of system calls that only a thread with floats needs, all off the straight path.
//!
//! Another piece jumps to each label here, and this code then jumps back to that piece. The registers are those that
//! the piece describes. The macro is empty for a CPU without a floating point unit.

#[cfg(target_abi = "eabihf")]
macro_rules! floats {
    () => {
        concat!(
            "
        // --- The entry of a system call.
        .Lfloats:
        mvns r3, r12
        beq .Lfloats_of_callee
        mrs r0, psp
        ",
            crate::floats::save!(".Lfloats_wild", ".Lfloats_zeros"),
            "
        ldr lr, .Lkernel
        b .Lentered
        // A return keeps no register of the callee.
        // Secret: the values that the callee had in registers (`floats`).
        .Lfloats_of_callee:
        ",
            crate::floats::clear!("r3", ".Lfloats_zeros"),
            "
        b .Lreturn
        // The stack pointer is out of bounds, so the process of the thread goes down.
        // Secret: the same values (`float_attacks`).
        .Lfloats_wild:
        ",
            crate::floats::clear!("r3", ".Lfloats_zeros"),
            "
        bl {out_of_bounds}
        b {go_on}

        // --- The frame of a call gets the stack pointer that stands for the caller's context. (The carry is kept.)
        .Lcall_floats:
        add lr, r3, r12
        sub r0, r0, #63
        strd r0, r8, [lr, #{frames}]
        add r0, r0, #63
        b .Lcall_framed

        // --- A call that lends: s0 to s15 are above the context, and are never lent.
        .Llend_floats:
        add r4, r4, #72
        b .Llend_above

        // --- The caller, whose stack pointer is r6, continues.
        .Lreturn_floats:
        subs r6, #1
        vldmia r6!, {{s16-s31}}
        mvn lr, #18
        b .Lreturn_context

        // --- The thread stops running; its stack pointer is kept.
        .Lswitch_floats:
        subs r0, #63
        b .Lswitch_kept

        // --- The thread continues. The kernel has saved none of its other registers.
        .Lresume_floats:
        mrs r0, psp
        subs r0, #96
        vldmia r0, {{s16-s31}}
        mvn lr, #18
        bx lr

        .balign 4
        .Lfloats_zeros: .word {zeros}
        "
        )
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! floats {
    () => {
        ""
    };
}
pub(super) use floats;
