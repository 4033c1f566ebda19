// SPDX-License-Identifier: MIT OR Apache-2.0
//! A call that lends memory of the caller's own stack: see `Kernel::take_leases`.
//!
//! In: as in `call` after its checks. Out: the thread is in the method, and the region of the lease is open.

macro_rules! lend {
    () => {
        concat!(
            "
        .Lcall_lend:
        // Only a thread in no call takes this path. For a thread in a call, this code would have to know the memory
        // that the callers have closed.
        bnez a7, .Lgive_up
        // Attacker: the first two words, address and length, are arbitrary (`forged_leases`, `gate_attacks`). The
        // memory has a length, and does not run over the end of the address space.
        blez a1, .Lgive_up
        add t5, a0, a1 // its end
        bltu t5, a0, .Lgive_up
        // It is above the registers that are saved now, which are never lent, and ends in the stack.
        addi t1, t2, {context}
        bltu a0, t1, .Lgive_up
        lw t1, {stack} + 4(a5)
        bltu t1, t5, .Lgive_up
        // Only whole granules of 4 bytes can be opened exactly.
        or t1, a0, t5
        andi t1, t1, 3
        bnez t1, .Lgive_up

        // --- All checks have passed. The lease is the thread's first one: its memory, the registers that open it, its
        // access and its source.
        sw a0, {leases}(a5)
        sw t5, {leases} + 4(a5)
        srli t1, a0, 2
        srli t5, t5, 2
        sw t1, {leases} + {registers}(a5)
        sw t5, {leases} + {registers} + 4(a5)
        csrw pmpaddr8, t1
        csrw pmpaddr9, t5
        // Bit 0 of the code says if the memory may be written.
        srli t1, t6, 16
        andi t1, t1, 1
        li t5, {of_stack} << 8
        or t5, t5, t1
        sh t5, {leases} + {access}(a5)
        slli t1, t1, 1
        addi t1, t1, {to_read}
        sb t1, {leases} + {registers} + 8(a5)
        slli t1, t1, 8
        csrw pmpcfg2, t1
        li t1, 1
        sb t1, {leases_open}(t3)
        ",
            crate::fast_path::call::commit!("li a7, {lending}", "ori t1, t1, {first_lease}"),
            "
        j .Lcall_open
        "
        )
    };
}
pub(super) use lend;
