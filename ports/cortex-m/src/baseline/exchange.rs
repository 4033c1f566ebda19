// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compare and exchange for CPUs without atomic instructions: a sequence that the kernel restarts.
//!
//! The code runs without privileges. If an interrupt comes before the last instruction of the sequence has been
//! executed, the thread later continues at the first one. So no other code runs between the load and the store, and the
//! kernel need not access the word. The code has no more rights than the thread that jumps to it. A thread that jumps to
//! another instruction than the first one only writes where it may write anyway (`restarted_exchange`).

use crossgate_abi::Word;

/// The length of the sequence in bytes: four instructions.
const LENGTH: Word = 8;

/// If the word at `word` is `expected`, changes it to `new`. Returns the word as it was before. No other thread runs in
/// between. (The crate `crossgate` calls this function by its name.)
///
/// In: `word` in r0, `expected` in r1, `new` in r2. The sequence changes none of them, so it can start again.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn __crossgate_compare_exchange(word: *mut u32, expected: u32, new: u32) -> u32 {
    core::arch::naked_asm!(
        "ldr r3, [r0]",
        "cmp r3, r1",
        "bne 1f",
        "str r2, [r0]",
        // Here the exchange is done. To start again would be wrong.
        "1: movs r0, r3",
        "bx lr",
    )
}

/// Returns where a thread continues that was interrupted at this address: at the start of the sequence, if the address
/// is inside.
///
/// Attacker: the address is any address, and a thread that is in the sequence may have come there by any way. Only the
/// address changes, to one that the thread could jump to itself.
pub fn restarted(program_counter: Word) -> Word {
    let start = __crossgate_compare_exchange as *const () as Word & !1;
    if program_counter.wrapping_sub(start) < LENGTH { start } else { program_counter }
}
