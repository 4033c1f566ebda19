// SPDX-License-Identifier: MIT OR Apache-2.0
//! A call that lends memory of the caller's own stack: see `Kernel::take_leases`.
//!
//! In: as in `call` after its checks; r12 is the caller's calls, r5 a word of the gate. Out: at `.Lcall_reload`, with
//! the carry clear and the region of the lease open. Memory that no region can open exactly takes the slow path.

macro_rules! lend {
    () => {
        concat!(
            "
        .Lcall_lend:
        // Only a thread in no call takes this path. For a thread in a call, this code would have to know the memory
        // that the callers have closed.
        cmp r12, #0
        bne .Lcall_slow
        push {{r2, r4-r7}}
        // Attacker: the first two words, address and length, are arbitrary (`forged_leases`, `gate_attacks`).
        ldrd r1, r2, [r0, #{saved}]
        // The memory has a length, and does not run over the end of the address space.
        cmp r2, #1
        blt .Lcall_lend_slow
        adds r2, r1, r2 // its end
        bcs .Lcall_lend_slow
        // The memory is above the registers that were saved just now: these are never lent.
        add r4, r0, #{context}
        ",
            crate::floats::branch_if_saved!("r6", ".Llend_floats"),
            "
        .Llend_above:
        cmp r1, r4
        blo .Lcall_lend_slow
        // The memory ends in the stack.
        ldr r4, [r3, #{stack} + 4]
        cmp r2, r4
        bhi .Lcall_lend_slow
        // The last checks. If they pass, this also stores the memory in the core's lease.
        ",
            crate::protection::lend_registers!(".Lcall_lend_slow"),
            "
        // The rest of the core's lease: the register that opens it, its access and its source.
        orr r6, r5, #{of_stack} << 8
        strd r2, r6, [r3, #{leases} + 8]
        ",
            crate::protection::lend_region!(),
            "
        movs r1, #{first_lease} >> 8
        strb r1, [lr, #{leases_open}]
        // The lease opens more of the stack than the callee's window, with closed memory in between. So the bounds of
        // the saved registers become the window (`wild_contexts`). The bounds are above the five registers that were
        // pushed: their range is at sp + 24.
        ldr r1, [sp, #12] // the window
        subs r1, #{context}
        str r1, [sp, #24] // the bounds
        pop {{r2, r4-r7}}
        cmp r12, #1
        b .Lcall_reload
        .Lcall_lend_slow:
        pop {{r2, r4-r7}}
        b .Lcall_slow
        "
        )
    };
}
pub(super) use lend;
