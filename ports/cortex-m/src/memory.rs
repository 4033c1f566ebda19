// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of a process: its initial values, copied piece by piece.

use crossgate_abi::Word;
use crossgate_abi::table::ProcessMemory;

/// The number of bytes that are reset at a time. Interrupts can be served between two pieces.
const PIECE: Word = 256;

/// Resets a piece of a process' memory. The piece begins `from` bytes after the start of that memory. Returns the value
/// of `from` for the next piece, if there is one.
///
/// # Safety
/// No thread is in the process, and none has been lent any of its memory.
#[inline(always)]
pub unsafe fn reset(memory: &ProcessMemory, from: Word) -> Option<Word> {
    let start = memory.start + from;
    let end = memory.kept_start.min(start + PIECE);
    // `clamp` is not used, because it can panic.
    let copied = memory.data_end.max(start).min(end);
    // SAFETY: the linker laid the memory out in whole words, and put the image into flash; the memory is not in use, as
    // the caller promises.
    unsafe {
        fill(start as *mut u32, copied, memory.image + from);
        fill(copied as *mut u32, end, 0);
    }
    (end < memory.kept_start).then_some(end - memory.start)
}

/// Fills memory up to `end`, word by word: with copies of the words at `from`, or with 0 if `from` is 0.
///
/// | register | in | out |
/// |---|---|---|
/// | r0 | the first word to fill | `end` |
/// | r1 | `end` | kept |
/// | r2 | the address to copy from, or 0 | the address after the words that were copied, or 0 |
/// | r3, r12 | | anything |
///
/// # Safety
/// The words to fill are not in use, and the words to copy may be read.
// Four words are filled at a time. The compiler's `memcpy` and `memset` are much slower.
#[cfg(not(baseline))]
#[unsafe(naked)]
unsafe extern "C" fn fill(to: *mut u32, end: Word, from: Word) {
    core::arch::naked_asm!(
        // The words to store are in r3 to r6: zeroes, unless words are loaded there.
        "push {{r4, r5, r6, lr}}",
        "movs r3, #0",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        // Four words at a time, as long as at least four are left.
        "1: subs r12, r1, r0",
        "beq 5f",
        "cmp r12, #16",
        "blo 3f",
        "cbz r2, 2f",
        "ldmia r2!, {{r3, r4, r5, r6}}",
        "2: stmia r0!, {{r3, r4, r5, r6}}",
        "b 1b",
        // One word.
        "3: cbz r2, 4f",
        "ldmia r2!, {{r3}}",
        "4: stmia r0!, {{r3}}",
        "b 1b",
        "5: pop {{r4, r5, r6, pc}}",
    )
}

/// Fills memory up to `end`, word by word: with copies of the words at `from`, or with 0 if `from` is 0.
///
/// # Safety
/// As above.
#[cfg(baseline)]
unsafe fn fill(to: *mut u32, end: Word, from: Word) {
    for place in (to.addr()..end).step_by(size_of::<u32>()) {
        let copied = from + (place - to.addr());
        // SAFETY: as the caller promises. (Volatile, because the compiler would make calls of `memcpy` of this.)
        unsafe {
            let word = if from == 0 { 0 } else { (copied as *const u32).read_volatile() };
            (place as *mut u32).write_volatile(word);
        }
    }
}
