// SPDX-License-Identifier: MIT OR Apache-2.0
//! Heaps. Each process has the heap that the wiring gives it, as on a microcontroller. The kernel uses the heap of the
//! host.
//!
//! If the kernel preempted a thread in the middle of an allocation from the host's heap, the heap would be inconsistent
//! for the next thread. So an allocation by a process without a heap is a panic of that process.
//!
//! When a firmware runs, the kernel allocates from its own pages. The first allocations are never changed later. After
//! them, their pages are [sealed](seal), so that no process can change them.

use crate::gate::system_call;
use crate::linux::memory;
use crate::pages::PAGE;
use crate::panic;
use crate::words::is_user;
use core::cell::UnsafeCell;
use core::ptr::NonNull;
use crossgate_abi::number::hosted;
use crossgate_abi::table;
use crossgate_protection::Span;
use std::alloc::{GlobalAlloc, Layout, System};

/// The size of the kernel's heap, in bytes of the address space.
const SIZE: usize = 64 << 20;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Pages {
    all: Span::EMPTY,
    bottom: 0,
    is_sealed: false,
    rest: linked_list_allocator::Heap::empty(),
}));

struct Heap(UnsafeCell<Pages>);

/// The kernel's pages. There are none before [`begin`].
struct Pages {
    all: Span,
    /// The end of the memory that is allocated from the bottom and never freed.
    bottom: usize,
    is_sealed: bool,
    /// The heap in the pages that are left when the bottom is sealed.
    rest: linked_list_allocator::Heap,
}

// SAFETY: the pages are used by the kernel only, which is one thread; before there are pages, the code only checks for
// them.
unsafe impl Sync for Heap {}

impl Heap {
    /// Calls `work` with the kernel's pages, if there are pages.
    fn with<R>(&self, work: impl FnOnce(&mut Pages) -> R) -> Option<R> {
        // SAFETY: only the kernel calls this function. It can't call it twice at the same time, because no code in this
        // file allocates.
        let pages = unsafe { &mut *self.0.get() };
        (!pages.all.is_empty()).then(|| work(pages))
    }
}

impl Pages {
    fn allocate(&mut self, layout: Layout) -> *mut u8 {
        if self.is_sealed {
            return self
                .rest
                .allocate_first_fit(layout)
                .map_or(core::ptr::null_mut(), NonNull::as_ptr);
        }
        let start = self.bottom.next_multiple_of(layout.align());
        if layout.size() > self.all.end - start {
            return core::ptr::null_mut();
        }
        self.bottom = start + layout.size();
        core::ptr::with_exposed_provenance_mut(start)
    }

    /// Frees memory that was allocated here, unless it is below `bottom`. Returns false if the memory was allocated
    /// elsewhere.
    ///
    /// # Safety
    /// Memory from here was allocated with this layout.
    unsafe fn take_back(&mut self, pointer: *mut u8, layout: Layout) -> bool {
        let address = pointer.addr();
        if let Some(memory) = NonNull::new(pointer).filter(|_| address >= self.bottom)
            && address < self.all.end
        {
            // SAFETY: the caller keeps the promises of the trait.
            unsafe { self.rest.deallocate(memory, layout) };
        }
        (self.all.start..self.all.end).contains(&address)
    }
}

// SAFETY: the kernel gets an unused part of its pages, or memory from the system's allocator. A process always uses the
// same allocator. If there is no heap, the function does not return, so it allocates nothing.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_user() {
            // SAFETY: the caller keeps the promises of the trait.
            return unsafe { of_process().allocator.alloc(layout) };
        }
        // SAFETY: the caller keeps the promises of the trait.
        self.with(|pages| pages.allocate(layout)).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if is_user() {
            // SAFETY: the caller keeps the promises of the trait.
            return unsafe { of_process().allocator.dealloc(pointer, layout) };
        }
        let is_pages = self.with(|pages| {
            // SAFETY: memory from the pages was allocated with this layout, as the caller promises.
            unsafe { pages.take_back(pointer, layout) }
        });
        if is_pages != Some(true) {
            // SAFETY: the caller keeps the promises of the trait.
            unsafe { System.dealloc(pointer, layout) };
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if is_user() {
            // SAFETY: the caller keeps the promises of the trait.
            return unsafe { of_process().allocator.realloc(pointer, layout, new_size) };
        }
        // SAFETY: the caller keeps the promises of the trait.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(pointer, layout.size().min(new_size));
                self.dealloc(pointer, layout);
            }
            new
        }
    }
}

/// Returns the heap of the process that the thread is in.
fn of_process() -> &'static table::Heap {
    let [_, address] = system_call(hosted::HEAP, [0; 3]);
    let record = core::ptr::with_exposed_provenance::<table::Heap>(address);
    // SAFETY: the kernel returns the address of a constant of the wiring, or 0.
    unsafe { record.as_ref() }.unwrap_or_else(|| panic::process_has_no_heap())
}

unsafe extern "Rust" {
    /// The function of the Rust library that is called if there is no memory for an allocation.
    safe fn __crossgate_host_heap_exhausted(size: usize, align: usize) -> !;
}

/// Crashes the process whose heap is exhausted. The linker wrapper makes `handle_alloc_error` call this function
/// (`crossgate_link::hosted`).
#[unsafe(no_mangle)]
extern "Rust" fn __crossgate_heap_exhausted(size: usize, align: usize) -> ! {
    if !is_user() {
        __crossgate_host_heap_exhausted(size, align);
    }
    panic::tell(of_process().exhausted, size)
}

/// From now on, all memory comes from pages of the kernel. (Programs that run no firmware have no such pages.)
///
/// # Errors
/// If there is no room in the address space.
pub fn begin() -> Result<(), String> {
    let start = memory::reserve(SIZE)?;
    let all = Span { start, end: start + SIZE };
    memory::protect(all, true);
    // SAFETY: the program has only this thread.
    let pages = unsafe { &mut *HEAP.0.get() };
    (pages.all, pages.bottom) = (all, start);
    Ok(())
}

/// Makes all memory that was allocated so far read-only. Returns the other pages.
pub fn seal() -> Span {
    // SAFETY: as above.
    let pages = unsafe { &mut *HEAP.0.get() };
    let rest = Span { start: pages.bottom.next_multiple_of(PAGE), end: pages.all.end };
    (pages.bottom, pages.is_sealed) = (rest.start, true);
    memory::make_constant(Span { start: pages.all.start, end: rest.start });
    // SAFETY: this memory is not in use.
    unsafe {
        let start = core::ptr::with_exposed_provenance_mut(rest.start);
        pages.rest.init(start, rest.length());
    }
    rest
}
