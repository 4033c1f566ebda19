// SPDX-License-Identifier: MIT OR Apache-2.0
//! Heaps of processes. A process with a heap can use the crate `alloc`.
//!
//! ```toml
//! [dependencies]
//! crossgate-alloc = "0.1" # of the firmware; the crate of a process needs only `extern crate alloc;`
//! ```
//!
//! ```text
//! process sensor {
//!     heap = 4096;
//!     thread main (priority = 1, stack = 1024) = sensor::main();
//! }
//! ```
//!
//! The memory is a part of the process' own: closed to all others, and reset with the process. All code that runs in
//! the process uses the heap, in visitors as well. An allocation takes the same short time however full the heap is:
//! the algorithm is TLSF, from the crate `rlsf`, behind a lock of the process with priority inheritance. No interrupt
//! is masked.
//!
//! Each allocation takes 8 bytes more than its size, rounded up to a multiple of 16. (On a host it takes 16 bytes more,
//! rounded up to a multiple of 32.) The heap as a whole takes 16 bytes more, at its end. The state of the heap takes
//! another [`STATE_SIZE`] bytes.
#![cfg_attr(not(test), no_std)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{self, NonNull};
use crossgate::sync::Mutex;
use rlsf::Tlsf;

/// The number of classes of free blocks, each for the sizes from one power of two to the next: from 16 bytes to 1 MiB
/// (on a host from 32 bytes to 2 MiB). No allocation is larger.
const POWERS: usize = 16;
/// The number of lists of free blocks for each power of two.
const LISTS: usize = 4;

/// The lists of free blocks.
type Lists = Tlsf<'static, u16, u8, POWERS, LISTS>;

/// The alignment of the memory of a heap.
const ALIGN: usize = 32;
/// The number of bytes that the state of a heap takes, its lock included.
pub const STATE_SIZE: usize = (size_of::<Lists>() + 2 * WORD).next_multiple_of(ALIGN);
const WORD: usize = size_of::<usize>();

/// The heap of a process. The wiring makes one for each `heap = ...;`.
///
/// All of it is zero at first, so that it takes up no flash.
#[repr(C, align(32))]
#[derive(Debug)]
pub struct Arena<const N: usize> {
    memory: UnsafeCell<[u8; N]>,
    state: Mutex<State>,
}

// No byte is padding, because the compiler might give padding another value than zero.
const _: () = assert!(size_of::<Arena<ALIGN>>() == ALIGN + STATE_SIZE);

// SAFETY: the lists, which only one thread at a time can use, give each part of the memory to one user.
unsafe impl<const N: usize> Sync for Arena<N> {}

#[derive(Debug)]
#[repr(C)]
struct State {
    /// 0 until the lists exist and have been given all memory.
    has_begun: usize,
    lists: Storage,
}

#[repr(C)]
union Storage {
    zero: [usize; STATE_SIZE / WORD - 2],
    lists: ManuallyDrop<MaybeUninit<Lists>>,
}

impl core::fmt::Debug for Storage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Storage")
    }
}

impl State {
    /// Returns the lists. The first call gives them the memory.
    #[inline(always)]
    fn lists(&mut self, memory: NonNull<[u8]>) -> &mut Lists {
        if self.has_begun == 0 {
            self.begin(memory);
        }
        // SAFETY: `begin` has made the lists.
        unsafe { self.begun() }
    }

    /// # Safety
    /// `begin` has made the lists.
    #[inline(always)]
    unsafe fn begun(&mut self) -> &mut Lists {
        // SAFETY: as the caller promises.
        unsafe { (*self.lists.lists).assume_init_mut() }
    }

    #[cold]
    fn begin(&mut self, memory: NonNull<[u8]>) {
        let mut lists = Lists::new();
        // SAFETY: the memory is that of a static, and no other code uses it.
        unsafe { lists.insert_free_block_ptr(memory) };
        self.lists.lists = ManuallyDrop::new(MaybeUninit::new(lists));
        self.has_begun = 1;
    }
}

impl<const N: usize> Arena<N> {
    /// Creates a heap.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        let lists = Storage { zero: [0; STATE_SIZE / WORD - 2] };
        let state = Mutex::new(State { has_begun: 0, lists });
        Arena { memory: UnsafeCell::new([0; N]), state }
    }

    #[inline(always)]
    fn memory(&self) -> NonNull<[u8]> {
        let start = self.memory.get().cast::<u8>();
        // SAFETY: it is the address of a field.
        unsafe { NonNull::new_unchecked(ptr::slice_from_raw_parts_mut(start, N)) }
    }
}

// SAFETY: the lists are those of an allocator, and only one thread at a time can use them.
unsafe impl<const N: usize> GlobalAlloc for Arena<N> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocate(&self.state, self.memory(), layout)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { deallocate(&self.state, pointer, layout.align()) };
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { reallocate(&self.state, pointer, layout.align(), new_size) }
    }
}

// These functions are the same for heaps of all sizes.

fn allocate(state: &Mutex<State>, memory: NonNull<[u8]>, layout: Layout) -> *mut u8 {
    let allocated = state.lock().lists(memory).allocate(layout);
    allocated.map_or(ptr::null_mut(), NonNull::as_ptr)
}

/// # Safety
/// The pointer comes from an allocation of this heap with this alignment.
unsafe fn deallocate(state: &Mutex<State>, pointer: *mut u8, align: usize) {
    // SAFETY: as the caller promises; so the pointer is not null, and `begin` has made the lists.
    unsafe {
        let pointer = NonNull::new_unchecked(pointer);
        state.lock().begun().deallocate(pointer, align);
    }
}

/// # Safety
/// The pointer is of an allocation of this heap, with this alignment; the size is more than 0.
unsafe fn reallocate(state: &Mutex<State>, pointer: *mut u8, align: usize, size: usize) -> *mut u8 {
    // SAFETY: as above. A size and an alignment that are no layout are refused.
    unsafe {
        let pointer = NonNull::new_unchecked(pointer);
        let Ok(layout) = Layout::from_size_align(size, align) else { return ptr::null_mut() };
        let moved = state.lock().begun().reallocate(pointer, layout);
        moved.map_or(ptr::null_mut(), NonNull::as_ptr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// Returns the number of blocks of this layout that fit in the heap. All blocks are free again afterwards.
    fn room(heap: &impl GlobalAlloc, layout: Layout) -> usize {
        // SAFETY: the size is not 0, and each block is freed once.
        unsafe {
            let blocks: Vec<_> = core::iter::repeat_with(|| heap.alloc(layout))
                .take_while(|block| !block.is_null())
                .collect();
            blocks.iter().for_each(|block| heap.dealloc(*block, layout));
            blocks.len()
        }
    }

    #[test]
    fn memory_that_is_freed_is_there_again() {
        static HEAP: Arena<4096> = Arena::new();
        let blocks = room(&HEAP, layout(100, 4));
        assert!((4096 / 130..=4096 / 100).contains(&blocks), "{blocks}");
        for align in [1, 8, 64, 512] {
            // SAFETY: the size is not 0, and the block is freed once.
            unsafe {
                let block = HEAP.alloc(layout(200, align));
                assert!(!block.is_null() && block.addr().is_multiple_of(align));
                block.write_bytes(0xa5, 200);
                HEAP.dealloc(block, layout(200, align));
            }
            assert_eq!(room(&HEAP, layout(100, 4)), blocks);
        }
    }

    #[test]
    fn a_block_grows_with_its_contents() {
        static HEAP: Arena<2048> = Arena::new();
        // SAFETY: the block has these sizes one after the other, and is freed once.
        unsafe {
            let small = HEAP.alloc(layout(3, 1));
            small.copy_from_nonoverlapping(b"abc".as_ptr(), 3);
            let wall = HEAP.alloc(layout(32, 1));
            let large = HEAP.realloc(small, layout(3, 1), 700);
            assert_eq!(core::slice::from_raw_parts(large, 3), b"abc");
            let whole = HEAP.realloc(large, layout(700, 1), 5000);
            assert!(whole.is_null(), "the heap is smaller");
            assert_eq!(core::slice::from_raw_parts(large, 3), b"abc", "the old block is kept");
            HEAP.dealloc(wall, layout(32, 1));
            HEAP.dealloc(large, layout(700, 1));
        }
    }
}
