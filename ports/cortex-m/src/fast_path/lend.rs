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
        // A region can open exactly this memory (see `armv7m::lease_within`) if start and end are multiples of an
        // eighth of the smallest block that contains both.
        subs r6, r2, #1
        eor r4, r1, r6
        orr r4, r4, #128
        clz r4, r4
        rsb r4, r4, #29 // log2 of an eighth
        movs r7, #1
        lsls r7, r4
        subs r7, #1
        tst r1, r7
        bne .Lcall_lend_slow
        tst r2, r7
        bne .Lcall_lend_slow
        // All checks have passed. The lease, as the core keeps it: start and end,
        strd r1, r2, [r3, #{leases}]
        ubfx r5, r5, #16, #1 // 1 if it is for writing
        // the region's address register, with its number,
        lsrs r7, r1, r4
        lsrs r6, r4
        bic r1, r7, #7
        lsls r1, r4
        adds r1, #{lease_region}
        // and its attribute register: the eighths below the first and above the last are closed.
        and r7, r7, #7
        and r6, r6, #7
        movs r2, #0xff
        lsls r2, r7
        movs r7, #0xfe
        lsls r7, r6
        orn r2, r7, r2
        uxtb r2, r2 // the eighths that stay closed
        lsls r4, #1
        adds r4, #5
        orr r2, r4, r2, lsl #8
        movt r2, #{read_only}
        orr r2, r2, r5, lsl #24
        orr r6, r5, #{of_stack} << 8
        strd r2, r6, [r3, #{leases} + 8]
        // The region of the lease. The other one is closed.
        movs r4, #{lease_region} + 1
        movs r5, #0
        ldr r7, [lr, #{regions} + 4]
        stmia r7!, {{r1, r2, r4, r5}}
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
