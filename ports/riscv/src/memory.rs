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
    let mut image = memory.image + from;
    let mut word = start;
    while word < end {
        // SAFETY: the linker laid the memory out in whole words, and put the image into flash; the memory is not in use,
        // as the caller promises.
        unsafe {
            let value = if word < copied { (image as *const u32).read() } else { 0 };
            (word as *mut u32).write_volatile(value);
        }
        image += size_of::<u32>();
        word += size_of::<u32>();
    }
    (end < memory.kept_start).then_some(end - memory.start)
}
