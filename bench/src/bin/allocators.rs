// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of the heap of a process, compared with other well-kept allocators, each behind a lock of the process: the
//! heap of `crossgate-alloc` (TLSF of `rlsf`), `talc`, and `linked_list_allocator` (the `LlffHeap` of
//! `embedded-alloc`). The figures are in the book.
//!
//! ```sh
//! cargo build --release -p bench --target thumbv7m-none-eabi --bin allocators
//! boards/emulate -icount shift=0,sleep=off -nographic -semihosting-config enable=on,target=native,userspace=on \
//!     -kernel target/thumbv7m-none-eabi/release/allocators
//! ```
//!
//! The first line is the cost of a `Box` of 32 bytes in a process. Then there are three lines for each allocator, in
//! instructions: an allocation of 32 bytes and its release, in an empty heap; the same for 64 bytes behind 60 holes
//! that are too small; and the same for 16 bytes that fill the last hole of a full heap.
#![cfg_attr(target_os = "none", no_std, no_main)]

extern crate alloc;

use alloc::boxed::Box;
use bench::report::{Bench, check};
use board::{TIMER0, Timer, UART0, Uart};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::hint::black_box;
use core::ptr::{self, NonNull};
use crossgate::Concurrent;
use crossgate::sync::Mutex;
use crossgate_alloc::Arena;
use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::Manual;

/// The length of each heap in bytes.
const SIZE: usize = 8192;

/// The memory of an allocator.
#[repr(align(16))]
struct Memory(UnsafeCell<[u8; SIZE]>);

impl Memory {
    const fn new() -> Memory {
        Memory(UnsafeCell::new([0; SIZE]))
    }

    fn start(&self) -> *mut u8 {
        self.0.get().cast()
    }
}

struct OfTalc(Mutex<Talc<Manual, DefaultBinning>>, Memory);
struct OfList(Mutex<linked_list_allocator::Heap>, Memory);

// SAFETY: the allocator, which only one thread at a time can use, gives each part of the memory to one user.
unsafe impl Sync for OfTalc {}
// SAFETY: as above.
unsafe impl Sync for OfList {}

// SAFETY: it is an allocator.
unsafe impl GlobalAlloc for OfTalc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let allocated = unsafe { self.0.lock().allocate(layout) };
        allocated.map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { self.0.lock().deallocate(pointer, layout) };
    }
}

// SAFETY: it is an allocator.
unsafe impl GlobalAlloc for OfList {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.lock().allocate_first_fit(layout).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { self.0.lock().deallocate(NonNull::new_unchecked(pointer), layout) };
    }
}

/// The heaps.
struct Heaps {
    tlsf: Arena<SIZE>,
    talc: OfTalc,
    list: OfList,
}

impl Heaps {
    const fn new() -> Heaps {
        Heaps {
            tlsf: Arena::new(),
            talc: OfTalc(Mutex::new(Talc::new(Manual)), Memory::new()),
            list: OfList(Mutex::new(linked_list_allocator::Heap::empty()), Memory::new()),
        }
    }
}

crossgate::system! {
    static SYSTEM;
    process alone {
        mmio UART0;
        mmio TIMER0;
        heap = 1024;
        object heaps: Concurrent<Heaps> = Heaps::new() => [];
        thread main (priority = 2, stack = 4096) = run(&heaps);
    }
}
board::start!(SYSTEM);

fn run(heaps: &Heaps) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    // SAFETY: the memory is given once.
    unsafe {
        check(heaps.talc.0.lock().claim(heaps.talc.1.start(), SIZE).is_some());
        heaps.list.0.lock().init(heaps.list.1.start(), SIZE);
    }
    bench.measure("alloc_free", || drop(black_box(Box::new([0_u32; 8]))));
    measure(&mut bench, &heaps.tlsf, ["tlsf_empty", "tlsf_holes", "tlsf_full"]);
    measure(&mut bench, &heaps.talc, ["talc_empty", "talc_holes", "talc_full"]);
    measure(&mut bench, &heaps.list, ["list_empty", "list_holes", "list_full"]);
    bench.end()
}

/// Allocates a block of this size.
fn allocate(heap: &dyn GlobalAlloc, size: usize) -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { heap.alloc(layout(size)) }
}

fn layout(size: usize) -> Layout {
    Layout::array::<u64>(size / 8).unwrap_or(Layout::new::<u64>())
}

/// Frees a block of this size.
fn free(heap: &dyn GlobalAlloc, pointer: *mut u8, size: usize) {
    // SAFETY: each block is freed once.
    unsafe { heap.dealloc(pointer, layout(size)) };
}

fn measure(bench: &mut Bench, heap: &dyn GlobalAlloc, [empty, holes, full]: [&str; 3]) {
    let mut once = |name: &str, size: usize| {
        bench.measure(name, || {
            let block = allocate(heap, black_box(size));
            check(!block.is_null());
            free(heap, block, size);
        });
    };
    once(empty, 32);
    let mut blocks = [ptr::null_mut(); 120];
    for block in &mut blocks {
        *block = allocate(heap, 24);
        check(!block.is_null());
    }
    for block in blocks.iter().step_by(2) {
        free(heap, *block, 24);
    }
    once(holes, 64);
    // Fills the rest of the heap, and then frees one small block.
    let last = core::iter::repeat_with(|| allocate(heap, 16)).take_while(|it| !it.is_null()).last();
    let Some(last) = last else { return check(false) };
    free(heap, last, 16);
    once(full, 16);
}
