// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pieces of assembly that several others contain.

/// The number of the bit that is the only one of a word, by the upper five bits of the word times [`SEQUENCE`].
pub static INDICES: [u8; 32] = {
    let mut indices = [0; 32];
    let mut bit = 0;
    while bit < 32 {
        indices[(SEQUENCE << bit >> 27) as usize] = bit as u8;
        bit += 1;
    }
    indices
};
/// A number in which any five bits that follow each other are different from any others (of a de Bruijn sequence).
pub const SEQUENCE: u32 = 0x077c_b531;

/// Replaces a word with a single bit, in the first of these registers, by the number of that bit. Changes the second one.
/// (The CPU has no instruction that counts zeros.)
macro_rules! index_of {
    ($word:literal, $free:literal) => {
        concat!(
            "
        li ",
            $free,
            ", {sequence}
        mul ",
            $word,
            ", ",
            $word,
            ", ",
            $free,
            "
        srli ",
            $word,
            ", ",
            $word,
            ", 27
        lui ",
            $free,
            ", %hi({indices})
        add ",
            $word,
            ", ",
            $word,
            ", ",
            $free,
            "
        lbu ",
            $word,
            ", %lo({indices})(",
            $word,
            ")
        "
        )
    };
}
pub(super) use index_of;

/// Opens the memory and the devices of the process in t4 (an index), from the kernel in t3, and the stack up to the
/// address in t1. It changes t1, t4, t5 and t6.
macro_rules! open {
    () => {
        "srli t1, t1, 2
        csrw pmpaddr1, t1
        lw t5, {regions}(t3)
        slli t6, t4, 3
        add t5, t5, t6
        slli t4, t4, 4
        add t5, t5, t4
        lw t1, 0(t5)
        lw t4, 4(t5)
        csrw pmpaddr2, t1
        csrw pmpaddr3, t4
        lw t1, 8(t5)
        lw t4, 12(t5)
        csrw pmpaddr4, t1
        csrw pmpaddr5, t4
        lw t1, 16(t5)
        lw t4, 20(t5)
        csrw pmpaddr6, t1
        csrw pmpaddr7, t4
        li t1, {data}
        csrw pmpcfg0, t1
        "
    };
}
pub(super) use open;

/// Saves sp, which is in t0, gp, tp, and s0 to s11 in the context at t2.
macro_rules! save {
    () => {
        "sw t0, 8(t2)
        sw gp, 12(t2)
        sw tp, 16(t2)
        sw s0, 32(t2)
        sw s1, 36(t2)
        sw s2, 72(t2)
        sw s3, 76(t2)
        sw s4, 80(t2)
        sw s5, 84(t2)
        sw s6, 88(t2)
        sw s7, 92(t2)
        sw s8, 96(t2)
        sw s9, 100(t2)
        sw s10, 104(t2)
        sw s11, 108(t2)
        "
    };
}
pub(super) use save;

/// Ends the reservation of the thread's `lr`, if it has one: see the slow path. The word at t2 is written
/// later.
#[cfg(target_has_atomic = "32")]
macro_rules! end_reservation {
    () => {
        "sc.w zero, zero, (t2)"
    };
}
#[cfg(not(target_has_atomic = "32"))]
macro_rules! end_reservation {
    () => {
        ""
    };
}
pub(super) use end_reservation;
