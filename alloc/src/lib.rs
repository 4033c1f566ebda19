// SPDX-License-Identifier: MIT OR Apache-2.0
//! Heaps of processes: with one, a process has the crate `alloc`.
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
//! The memory is a part of the process' own: closed to all others, and reset with the process. Whatever runs in the
//! process uses it, visitors as well. An allocation takes the same short time however full the heap is: the algorithm
//! is TLSF, of the crate `rlsf`, behind a lock of the process with priority inheritance. No interrupt is masked.
//!
//! Each allocation takes 8 bytes more than its size, rounded up to a multiple of 16 (on a host 16 and 32), and the heap
//! as a whole 16 bytes more at its end. Its state takes [`STATE_SIZE`] bytes besides.
#![cfg_attr(not(test), no_std)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{self, NonNull};
use crossgate::sync::Mutex;
use rlsf::Tlsf;

/// The number of powers of two in which the sizes of free blocks are: from 16 bytes to 1 MiB (on a host from 32 to 2
/// MiB). No allocation is larger.
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

// No byte is padding, because the compiler might see that as something else than zero.
const _: () = assert!(size_of::<Arena<ALIGN>>() == ALIGN + STATE_SIZE);

// SAFETY: the memory is used by the lists, which one thread at a time has, and by those to whom a part of it was given.
unsafe impl<const N: usize> Sync for Arena<N> {}

#[derive(Debug)]
#[repr(C)]
struct State {
    /// 0 at first. Then the lists are there, and all memory has been given to them.
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
    /// Returns the lists. The first time, the memory is given to them.
    #[inline(always)]
    fn lists(&mut self, memory: NonNull<[u8]>) -> &mut Lists {
        if self.has_begun == 0 {
            self.begin(memory);
        }
        // SAFETY: the lists are there.
        unsafe { self.begun() }
    }

    /// # Safety
    /// The lists are there.
    #[inline(always)]
    unsafe fn begun(&mut self) -> &mut Lists {
        // SAFETY: as the caller promises.
        unsafe { (*self.lists.lists).assume_init_mut() }
    }

    #[cold]
    fn begin(&mut self, memory: NonNull<[u8]>) {
        let mut lists = Lists::new();
        // SAFETY: the memory is that of a static, and nothing else has been given it.
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

// SAFETY: the lists are an allocator's, and one thread at a time has them.
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
/// The pointer is of an allocation of this heap, with this alignment.
unsafe fn deallocate(state: &Mutex<State>, pointer: *mut u8, align: usize) {
    // SAFETY: as the caller promises; so it is not null, and the lists are there.
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

    /// Returns the number of blocks of this layout that the heap has. All are free again after that.
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
            assert!(whole.is_null(), "more than there is");
            assert_eq!(core::slice::from_raw_parts(large, 3), b"abc", "it is there still");
            HEAP.dealloc(wall, layout(32, 1));
            HEAP.dealloc(large, layout(700, 1));
        }
    }
}
