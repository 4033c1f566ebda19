//! The host's heap is the kernel's: processes have none, as on a microcontroller.
//!
//! A thread that the kernel puts aside in the middle of an allocation would leave the heap in pieces for
//! the next. So an allocation by a process is a panic of that process.

use crate::{gate, panic};
use std::alloc::{GlobalAlloc, Layout, System};

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: it is the system's allocator; what does not come back from it allocates nothing.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if gate::is_user() {
            panic::process_has_no_heap();
        }
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if gate::is_user() {
            panic::process_has_no_heap();
        }
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(pointer, layout) }
    }
}
