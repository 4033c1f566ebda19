// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that break the rules of a heap: they free blocks twice, free blocks of other processes, write past the end
//! of a block, and overwrite all of their own heap. None of them reaches the heap of another process.
#![cfg_attr(target_os = "none", no_std, no_main)]

extern crate alloc;

use alloc::alloc::{Layout, alloc, dealloc};
use core::hint::black_box;
use crossgate::{Concurrent, Handle, Notification, interface};
use crossgate_abi::Cause;
use system_tests::report::{broken, expect, pass};
use system_tests::watch::Watch;

/// The number of pages of the book that the victim keeps.
const PAGES: usize = 12;

/// Keeps a book in its heap.
#[interface]
trait Keeper {
    fn keep(&self) -> Option<usize>;
    /// Returns whether the book has not changed, and the heap works.
    fn is_intact(&self) -> bool;
}

struct Keeps;

impl Keeper for Keeps {
    fn keep(&self) -> Option<usize> {
        shelf::put(1, PAGES);
        shelf::address(1)
    }
    fn is_intact(&self) -> bool {
        let is_right = shelf::take(1) == Some(PAGES);
        is_right && shelf::put(1, PAGES) == 1 && shelf::room() > 0
    }
}

crossgate::system! {
    static SYSTEM;
    process victim {
        heap = 2048;
        object keeps (stack = 1024): Concurrent<Keeps> = Keeps => [KEEPER: dyn Keeper];
    }
    process frees_twice {
        on_fault = stop;
        heap = 1024;
        thread main (priority = 5, stack = 2048) = free_twice();
    }
    process frees_others {
        on_fault = stop;
        heap = 1024;
        thread main (priority = 4, stack = 3072) = free_of_others(KEEPER);
    }
    process overruns {
        on_fault = stop;
        heap = 1024;
        thread main (priority = 3, stack = 2048) = overrun();
    }
    process overwrites {
        on_fault = stop;
        heap = 1024;
        thread main (priority = 2, stack = 2048) = overwrite_all();
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 4096) = witness(FAULTED, KEEPER);
    }
}
board::start!(SYSTEM);

const BLOCK: Layout = Layout::new::<[u64; 4]>();

/// Returns a block of the own heap.
fn block() -> *mut u8 {
    // SAFETY: the size is not 0.
    black_box(unsafe { alloc(BLOCK) })
}

/// Uses the blocks that the heap gives, many times.
fn use_the_heap() {
    for round in 0..200_u32 {
        let block = block();
        if block.is_null() {
            continue;
        }
        // SAFETY: this is an attack: the heap is broken, so the block may be anything.
        unsafe {
            block.write_bytes(round as u8, BLOCK.size());
            if round % 3 != 0 {
                dealloc(block, BLOCK);
            }
        }
    }
}

fn free_twice() -> ! {
    let blocks = [block(), block(), block()];
    for number in [0, 2, 0, 1, 1, 2, 0] {
        // SAFETY: this is an attack: most of these blocks are free already.
        unsafe { dealloc(blocks[number], BLOCK) };
    }
    use_the_heap();
    // The attacker may get here, because damage to its own heap harms only itself.
    panic!("the end of the attack")
}

fn free_of_others(keeper: Handle<dyn Keeper>) -> ! {
    let Ok(Some(address)) = keeper.keep() else { broken("may not call the victim") };
    // The attacker's own heap is initialised.
    let _ = block();
    // SAFETY: this is an attack: the block is the victim's.
    unsafe { dealloc(core::ptr::with_exposed_provenance_mut(address), BLOCK) };
    broken("has freed a block of another process")
}

fn overrun() -> ! {
    let (first, second) = (block(), block());
    // SAFETY: this is an attack: it writes past the end of the block.
    unsafe {
        first.write_bytes(0xff, 3 * BLOCK.size());
        dealloc(second, BLOCK);
        dealloc(first, BLOCK);
    }
    use_the_heap();
    panic!("the end of the attack")
}

fn overwrite_all() -> ! {
    let mut next = block();
    loop {
        // SAFETY: this is an attack: it overwrites all of the attacker's own memory, until it writes past the end of
        // that.
        unsafe { next.write_volatile(0x7f) };
        next = next.wrapping_add(1);
    }
}

fn witness(faulted: Notification, keeper: Handle<dyn Keeper>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    expect("the book is there", keeper.keep().map(|it| it.is_some()), Ok(true));
    watch.expect_any("frees_twice");
    expect("the victim goes on", keeper.is_intact(), Ok(true));
    watch.expect("frees_others", Cause::Access);
    expect("the victim goes on", keeper.is_intact(), Ok(true));
    watch.expect_any("overruns");
    expect("the victim goes on", keeper.is_intact(), Ok(true));
    watch.expect("overwrites", Cause::Access);
    expect("the victim goes on", keeper.is_intact(), Ok(true));
    watch.expect_no_more();
    pass()
}
