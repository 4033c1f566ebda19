// SPDX-License-Identifier: MIT OR Apache-2.0
//! A library that allocates, and keeps its allocations in a static. Each process that uses it has its own static, and
//! its own heap.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::hint::black_box;
use crossgate::sync::Mutex;

static BOOKS: Mutex<BTreeMap<u32, String>> = Mutex::new(BTreeMap::new());

/// Puts a book with this number of pages on the shelf. Returns the number of books.
pub fn put(number: u32, pages: usize) -> usize {
    let mut text = String::new();
    for page in 0..pages {
        text += &format!("{number}.{page} ");
    }
    let mut books = BOOKS.lock();
    books.insert(number, text);
    books.len()
}

/// Takes a book from the shelf. Returns the number of its pages if it has the right text.
pub fn take(number: u32) -> Option<usize> {
    let text = BOOKS.lock().remove(&number)?;
    let pages: Vec<String> = text.split_whitespace().map(String::from).collect();
    let is_right = pages.iter().enumerate().all(|(page, text)| *text == format!("{number}.{page}"));
    is_right.then_some(pages.len())
}

/// Returns the address of the text of a book.
pub fn address(number: u32) -> Option<usize> {
    BOOKS.lock().get(&number).map(|text| text.as_ptr().addr())
}

/// A block of 32 bytes, with the block before it.
struct Block {
    before: Vec<Block>,
    _rest: [u8; 32 - size_of::<Vec<u8>>()],
}

/// Returns the number of bytes that can be allocated in blocks of 32 bytes. All blocks are free again afterwards.
pub fn room() -> usize {
    let (mut room, mut last) = (0, Vec::new());
    loop {
        let mut block = Vec::new();
        if block.try_reserve_exact(1).is_err() {
            break;
        }
        block.push(Block { before: last, _rest: [0; 32 - size_of::<Vec<u8>>()] });
        last = block;
        room += size_of::<Block>();
    }
    while let Some(block) = last.pop() {
        last = block.before;
    }
    room
}

/// Allocates until there is no memory: the process crashes.
pub fn exhaust() {
    loop {
        core::mem::forget(black_box(Vec::<u8>::with_capacity(100)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;

    /// In unit tests a process allocates from the heap of this machine.
    #[test]
    fn processes_allocate_in_unit_tests() {
        let wiring = Wiring::new();
        let home = wiring.test();
        let threads = [1, 2, 3].map(|number| home.thread(2, move || put(number, 50)));
        wiring.run(|| threads.map(|thread| thread.join()));
        assert_eq!([1, 2, 3, 4].map(take), [Some(50), Some(50), Some(50), None]);
    }
}
