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
/// | a0 | the first word to fill | anything |
/// | a1 | `end` | kept |
/// | a2 | the address to copy from, or 0 | anything |
/// | a4 to a7 | | anything |
///
/// # Safety
/// The words to fill are not in use, and the words to copy may be read.
// Four words are filled at a time. The compiler's `memcpy` and `memset` are much slower.
#[unsafe(naked)]
unsafe extern "C" fn fill(to: *mut u32, end: Word, from: Word) {
    core::arch::naked_asm!(
        // The words to store are in a4 to a7: zeroes, unless words are loaded there.
        "li a4, 0",
        "li a5, 0",
        "li a6, 0",
        "li a7, 0",
        // Four words at a time, as long as at least four are left.
        "1: addi a0, a0, 16",
        "bltu a1, a0, 3f",
        "beqz a2, 2f",
        "lw a4, 0(a2)",
        "lw a5, 4(a2)",
        "lw a6, 8(a2)",
        "lw a7, 12(a2)",
        "addi a2, a2, 16",
        "2: sw a4, -16(a0)",
        "sw a5, -12(a0)",
        "sw a6, -8(a0)",
        "sw a7, -4(a0)",
        "j 1b",
        // One word.
        "3: addi a0, a0, -16",
        "4: bgeu a0, a1, 6f",
        "beqz a2, 5f",
        "lw a4, 0(a2)",
        "addi a2, a2, 4",
        "5: sw a4, 0(a0)",
        "addi a0, a0, 4",
        "j 4b",
        "6: ret",
    )
}
