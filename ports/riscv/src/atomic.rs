// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compare and exchange for CPUs without atomic instructions: a sequence that the kernel restarts.
//!
//! The code runs in user mode. If an interrupt comes before the last instruction of the sequence has been executed, the
//! thread later continues at the first one. So no other code runs between the load and the store, and the kernel need
//! not access the word. The code has no more rights than the thread that jumps to it. A thread that jumps to another
//! instruction than the first one only writes where it may write anyway (`restarted_exchange`).

/// The length of the sequence in bytes: three instructions.
pub const LENGTH: usize = 12;

/// If the word at `word` is `expected`, changes it to `new`. Returns the word as it was before. No other thread runs in
/// between. (The crate `crossgate` calls this function by its name.)
///
/// In: `word` in a0, `expected` in a1, `new` in a2. The sequence changes none of them, so it can start again.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __crossgate_compare_exchange(
    word: *mut u32,
    expected: u32,
    new: u32,
) -> u32 {
    core::arch::naked_asm!(
        // Instructions of 4 bytes, so that the length of the sequence is certain.
        ".option push",
        ".option norvc",
        ".balign 4",
        "lw a3, 0(a0)",
        "bne a3, a1, 1f",
        "sw a2, 0(a0)",
        // Here the exchange is done. To start again would be wrong.
        "1: mv a0, a3",
        "ret",
        ".option pop",
    )
}

/// If an address is inside the sequence, changes it to the start of the sequence.
///
/// In: t1 is the address at which a thread was interrupted. Out: t1 is where the thread continues; t2 and t3 are
/// changed. Attacker: the address is any address, and a thread that is in the sequence may have come there by any way.
/// Only the address is compared, and only the address changes, to one that the thread could jump to itself.
macro_rules! restart {
    () => {
        "lui t2, %hi({compare_exchange})
         addi t2, t2, %lo({compare_exchange})
         sub t2, t1, t2
         li t3, {sequence}
         bgeu t2, t3, 8f
         sub t1, t1, t2
         8:"
    };
}
pub(crate) use restart;
