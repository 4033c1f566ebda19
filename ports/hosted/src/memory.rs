// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places of the processes' memory, and its mapping.
//!
//! The linker puts the statics of each process on their own pages. Below the statics is room for the stack of the
//! process' first thread. So one call of `mprotect` opens (or closes) both the statics and the top of this stack. At
//! the start of the program the contents of the pages are copied, because they are the initial values. Then the pages
//! are mapped again in such a way that Linux does not merge or split its records of them when their protection changes.
//! (This would double the time of a call.)

use crate::linux::memory;
use crate::pages::{GUARD, STACK, STEP};
use crossgate_abi::table::{ProcessMemory, System};
use crossgate_protection::Span;

/// The smallest ratio of a stack's real size to its declared size. Code of a host needs more stack than code of a
/// microcontroller.
const TIMES: usize = 4;
/// The number of steps at the end of a stack that are separate mappings. Nested calls up to this depth split no
/// mapping. A larger number would make switches of threads slower.
const SINGLE_STEPS: usize = 2;

unsafe extern "C" {
    /// The table of the linker wrapper: see `crossgate_link::hosted`.
    static __crossgate_memory: [u64; 2];
}

/// The linker's record of a process. All fields are addresses.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    pub start: usize,
    pub shared_start: usize,
    pub shared_end: usize,
    pub data_end: usize,
    pub kept_start: usize,
    pub end: usize,
    /// The address of the record of the heap; 0 if there is no heap.
    pub heap: usize,
}

/// Returns the place of the memory of the process with this name.
fn placed(name: &str) -> Option<Placed> {
    let table = &raw const __crossgate_memory;
    let base = table.addr();
    let word = |index: usize| {
        // SAFETY: the linker wrapper wrote as many words as the table says.
        unsafe { table.cast::<u64>().add(index).read() as usize }
    };
    let mut row = 2;
    for _ in 0..word(0) {
        let length = word(row);
        // SAFETY: this number of bytes of the name follows the eight words of the row.
        let bytes = unsafe {
            core::slice::from_raw_parts(table.cast::<u64>().add(row + 8).cast::<u8>(), length)
        };
        if bytes == name.as_bytes() {
            let address = |column: usize| base.wrapping_add(word(row + column));
            let [start, shared_start, shared_end, data_end, kept_start, end] =
                [1, 2, 3, 4, 5, 6].map(address);
            let heap = if word(row + 7) == 0 { 0 } else { address(7) };
            return Some(Placed {
                start,
                shared_start,
                shared_end,
                data_end,
                kept_start,
                end,
                heap,
            });
        }
        row += 8 + length.div_ceil(8);
    }
    None
}

/// The mapped memory of a process.
pub struct Region {
    /// The part that is open to the process: its statics, and below them the end of its first thread's stack.
    pub open: Span,
    /// The record for the kernel core.
    pub memory: &'static ProcessMemory,
    /// The stack that ends where the statics start, if there is one.
    pub stack: Option<Span>,
    /// The address of the record of its heap; 0 if it has no heap.
    pub heap: usize,
}

/// Maps the memory of every process of the wiring.
///
/// # Errors
/// If there is not enough memory, or if a process is not in the linker's table. The text says which.
pub fn map(system: &System) -> Result<Vec<Region>, String> {
    system.processes.iter().map(|process| region(process.name)).collect()
}

fn region(name: &str) -> Result<Region, String> {
    let Some(placed) = placed(name) else {
        // The process has no statics, objects or threads.
        let memory = &ProcessMemory::NONE;
        return Ok(Region { open: Span::EMPTY, memory, stack: None, heap: 0 });
    };
    let Placed { start, shared_start, shared_end, data_end, kept_start, end, heap } = placed;
    // SAFETY: the statics belong to the process, and there is no reference to them yet.
    let image = unsafe { core::slice::from_raw_parts(start as *const u8, end - start) };
    let image = Box::leak(Box::<[u8]>::from(image));
    let stack = Span { start: start - STACK, end: start };
    let guard = Span { start: stack.start - GUARD, end: stack.start };
    memory::close_for_ever(guard)?;
    map_stack(stack, end)?;
    let memory = ProcessMemory {
        start,
        end,
        shared_start,
        shared_end,
        image: image.as_ptr().addr(),
        data_end,
        kept_start,
    };
    let open = Span { start: start - STEP, end };
    Ok(Region { open, memory: Box::leak(Box::new(memory)), stack: Some(stack), heap })
}

/// Maps a stack, which is completely closed. Its last step is one mapping with the memory after it up to `end`.
fn map_stack(stack: Span, end: usize) -> Result<(), String> {
    let file = memory::memory_file(2 * (end - stack.start))?;
    let mut top = end;
    for step in 1..=SINGLE_STEPS {
        let from = stack.end - step * STEP;
        file.map(Span { start: from, end: top }, 2 * (from - stack.start))?;
        top = from;
    }
    file.map(Span { start: stack.start, end: top }, 0)
}

/// Returns the real size of a stack in bytes, from its declared size.
pub fn stack_size(declared: usize) -> usize {
    (TIMES * declared).max(STACK).next_multiple_of(STEP)
}

/// Maps a stack of this size at any address, with a guard below it. The size must be a multiple of [`STEP`].
///
/// # Errors
/// If there is no memory.
pub fn stack(size: usize) -> Result<Span, String> {
    let start = memory::reserve(GUARD + size)? + GUARD;
    let stack = Span { start, end: start + size };
    map_stack(stack, stack.end)?;
    Ok(stack)
}

/// Returns the part of a stack that is not in the region of a process.
pub fn private(stack: Span, regions: &[Region]) -> Span {
    let is_of = |region: &Region| region.stack.is_some_and(|other| other == stack);
    let end = if regions.iter().any(is_of) { stack.end - STEP } else { stack.end };
    Span { end, ..stack }
}

/// Maps a stack of the kernel.
///
/// # Errors
/// If there is no memory.
pub fn kernel_stack() -> Result<Span, String> {
    let stack = stack(STACK)?;
    memory::protect(stack, true);
    Ok(stack)
}
