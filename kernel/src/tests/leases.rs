// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::lease::Lease;
use crossgate_abi::WHOLE_BLOCK;

/// Returns a system in which process 0 reads lent memory, and process 2 writes it; they may call each other, and each
/// of their services takes two leases.
fn lending() -> Driver {
    let two = |shape: Shape| shape.then(shape);
    Wiring::default()
        .service(0, 0b111, two(Shape::READ))
        .service(2, 0b011, two(Shape::WRITE))
        .thread(1, 1)
        .boot()
}

const READER: usize = 0;
const WRITER: usize = 1;

fn lent(driver: &Driver) -> Vec<(Word, Word, bool)> {
    let describe = |lease: &Lease<u32>| (lease.memory.start, lease.memory.end, lease.writable);
    driver.thread(1).leases().map(describe).collect()
}

#[test]
fn shared_memory_is_lent_for_the_call_only() {
    let mut driver = lending();
    driver.call(WRITER, [memory(1) + 5, 10, memory(1) + 40, 1]).unwrap();
    let start = memory(1);
    assert_eq!(lent(&driver), [(start + 5, start + 15, true), (start + 40, start + 41, true)]);
    driver.leave().unwrap();
    assert_eq!(lent(&driver), []);
}

#[test]
fn a_nested_call_sees_only_what_it_is_lent_itself() {
    let mut driver = lending();
    driver.call(READER, [memory(1), 64, memory(1) + 128, 32]).unwrap();
    driver.call(WRITER, [0; 4]).unwrap();
    assert_eq!(lent(&driver), []);
    driver.leave().unwrap();
    assert_eq!(lent(&driver).len(), 2);
}

#[test]
fn private_memory_and_that_of_others_is_refused() {
    let mut driver = lending();
    let top = stack(1) + STACK_SIZE;
    for (address, length) in [
        (memory(1) + 0x100, 1), // private memory
        (memory(1) + 0xff, 2),  // one byte too many
        (memory(0), 32),        // another process' shared part
        (memory(1) - 1, 2),     // starts before the process' own memory
        (stack(2), 32),         // another thread's stack
        (top - 32, 64),         // past the end of the thread's stack
        (top - 128 - 32, 32),   // below the thread's stack pointer
        (top - 128, 32),        // the registers that the kernel saved
        (memory(1), Word::MAX), // wraps around the end of the address space
        (Word::MAX, 1),         // the last byte of the address space
        (Word::MAX - 1, 2),
        (0xe000_e000, 4), // the kernel's devices
        (0, 4),
    ] {
        for service in [READER, WRITER] {
            let answer = driver.call(service, [address, length, 0, 0]);
            assert_eq!(answer, Err(error(CallError::BadLease)), "{address:#x} + {length:#x}");
        }
    }
    assert_eq!(driver.path(1), [1]);
}

#[test]
fn flash_is_lent_for_reading_only() {
    let mut driver = lending();
    driver.call(READER, [FLASH.start, 100, FLASH.end - 1, 1]).unwrap();
    assert_eq!(lent(&driver), [], "flash is readable without a lease");
    driver.leave().unwrap();
    let answer = driver.call(WRITER, [FLASH.start, 100, 0, 0]);
    assert_eq!(answer, Err(error(CallError::BadLease)));
    let answer = driver.call(READER, [FLASH.end - 1, 2, 0, 0]);
    assert_eq!(answer, Err(error(CallError::BadLease)));
}

#[test]
fn a_stack_buffer_is_exact_or_refused() {
    let mut driver = lending();
    let buffer = stack(1) + STACK_SIZE - 64;
    driver.call(WRITER, [buffer, 64, 0, 0]).unwrap();
    driver.leave().unwrap();
    for (address, length) in [(buffer + 1, 63), (buffer, 63), (buffer + 8, 24)] {
        let answer = driver.call(WRITER, [address, length, 0, 0]);
        assert_eq!(answer, Err(error(CallError::BadLease)));
    }
}

#[test]
fn the_stack_of_the_callers_caller_is_not_lendable() {
    let mut driver = lending();
    driver.call(READER, [0; 4]).unwrap();
    let outer = stack(1) + STACK_SIZE - 64;
    assert_eq!(driver.call(WRITER, [outer, 64, 0, 0]), Err(error(CallError::BadLease)));
    let own = stack(1) + STACK_SIZE - 128 - 64;
    driver.call(WRITER, [own, 64, 0, 0]).unwrap();
}

#[test]
fn a_lease_is_lent_on_with_no_more_rights() {
    let mut driver = lending();
    driver.call(READER, [memory(1) + 32, 64, 0, 0]).unwrap();
    let answer = driver.call(WRITER, [memory(1) + 32, 32, 0, 0]);
    assert_eq!(answer, Err(error(CallError::BadLease)), "the memory was lent for reading");
    let mut driver = lending();
    driver.call(WRITER, [memory(1) + 32, 64, 0, 0]).unwrap();
    for beyond in [[memory(1) + 31, 2, 0, 0], [memory(1) + 95, 2, 0, 0]] {
        assert_eq!(driver.call(READER, beyond), Err(error(CallError::BadLease)));
    }
    driver.call(READER, [memory(1) + 40, 50, 0, 0]).unwrap();
    assert_eq!(lent(&driver), [(memory(1) + 40, memory(1) + 90, false)]);
}

#[test]
fn empty_memory_is_lent_from_anywhere() {
    let mut driver = lending();
    driver.call(WRITER, [memory(0) + 0x200, 0, Word::MAX, 0]).unwrap();
    assert_eq!(lent(&driver), []);
}

#[test]
fn more_leases_than_the_kernel_keeps_are_an_error() {
    let mut driver = lending();
    let pair = [memory(1), 64, memory(1) + 64, 64];
    driver.call(READER, pair).unwrap();
    driver.call(READER, pair).unwrap();
    assert_eq!(driver.call(READER, pair), Err(error(CallError::TooDeep)));
    driver.leave().unwrap();
    driver.leave().unwrap();
    assert_eq!(lent(&driver), []);
    driver.call(WRITER, pair).unwrap();
}

#[test]
fn a_refused_call_leaves_no_lease_behind() {
    let mut driver = lending();
    let half_bad = [memory(1), 32, memory(0), 32];
    assert_eq!(driver.call(WRITER, half_bad), Err(error(CallError::BadLease)));
    assert_eq!(driver.thread(1).rights.leases.count(), 0);
}

#[test]
fn a_whole_block_is_lent_with_what_it_holds() {
    let mut driver = lending();
    let block = stack(1) + STACK_SIZE - 64;
    let whole = |length: Word| length | WHOLE_BLOCK;
    // The kernel refuses memory that the protection unit can't express, unless the rest of its block is offered, too.
    let answer = driver.call(READER, [block, 9, 0, 0]);
    assert_eq!(answer, Err(error(CallError::BadLease)));
    for (length, size) in [(1, 32), (9, 32), (32, 32), (33, 64), (64, 64)] {
        driver.call(WRITER, [block, whole(length), 0, 0]).unwrap();
        assert_eq!(lent(&driver), [(block, block + size, true)], "{length}");
        driver.leave().unwrap();
    }
    for (address, length) in [
        (block, 65),                      // its block ends past the stack
        (block, 0),                       // an empty block
        (block, WHOLE_BLOCK - 1),         // the largest block
        (block + 16, 9),                  // not the start of a block
        (memory(1) + 0xe0, 33),           // its block ends in private memory
        (Word::MAX - 31, 9),              // its block wraps around the end of the address space
        (stack(1) + STACK_SIZE - 128, 9), // the registers that the kernel saved
    ] {
        let answer = driver.call(READER, [address, whole(length), 0, 0]);
        assert_eq!(answer, Err(error(CallError::BadLease)), "{address:#x} + {length:#x}");
    }
}
