// SPDX-License-Identifier: MIT OR Apache-2.0
//! A copy of words that takes few instructions.

use core::arch::asm;

/// Copies words: eight at a time, as long as possible.
///
/// # Safety
/// As for [`core::ptr::copy_nonoverlapping`].
pub unsafe fn copy(from: *const u32, to: *mut u32, words: usize) {
    let rest = words % 8;
    let blocks = words / 8;
    // SAFETY: as the caller promises; the loop copies all words but the rest.
    unsafe {
        if blocks > 0 {
            asm!(
                "2: ldmia {from}!, {{r3, r4, r5, r8, r9, r10, r11, r12}}",
                "stmia {to}!, {{r3, r4, r5, r8, r9, r10, r11, r12}}",
                "subs {blocks}, #1",
                "bne 2b",
                from = inout(reg) from => _,
                to = inout(reg) to => _,
                blocks = inout(reg) blocks => _,
                out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _,
                out("r11") _, out("r12") _,
                options(nostack),
            );
        }
        to.add(8 * blocks).copy_from_nonoverlapping(from.add(8 * blocks), rest);
    }
}
