// SPDX-License-Identifier: MIT OR Apache-2.0
//! The allocator of a firmware: memory comes from the heap of the process that the thread is in.
//!
//! For each process that allocates, `crossgate-link` makes a copy of the functions in this file and of all functions
//! that call them, as it does with the statics of a library. In each copy the name `__crossgate_heap` means the heap of
//! that process. A firmware in which a process without a heap could allocate does not link.

use crate::arch::system_call;
use core::alloc::{GlobalAlloc, Layout};
use crossgate_abi::number;
use crossgate_abi::table::Heap;

unsafe extern "Rust" {
    /// The heap of the process in which this code runs.
    safe static __crossgate_heap: Heap;
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

struct Allocator;

// SAFETY: the heap is an allocator, and in one process this code always uses the same heap.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises of the section Safety.
        unsafe { __crossgate_heap.allocator.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of the section Safety.
        unsafe { __crossgate_heap.allocator.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the promises of the section Safety.
        unsafe { __crossgate_heap.allocator.realloc(pointer, layout, new_size) }
    }
}

/// Crashes the process, because its heap is exhausted. The linker makes `handle_alloc_error` of the Rust library call
/// this function.
#[unsafe(no_mangle)]
extern "Rust" fn __crossgate_heap_exhausted(size: usize, _align: usize) -> ! {
    let text = __crossgate_heap.exhausted;
    loop {
        system_call(number::PANIC, [text.as_ptr().addr(), text.len(), size, 0]);
    }
}
