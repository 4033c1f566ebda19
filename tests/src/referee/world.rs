// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of the firmware, which the kernel may change.
//!
//! Dead bytes are not compared: bytes that are written before they are read.
//! [`Kernel::dead`](board::port::kernel::Kernel::dead) lists the dead bytes of the kernel's own memory. The other dead
//! bytes are:
//!
//! | dead | because |
//! |---|---|
//! | the memory below the stack pointer of a thread, in its window | a thread that is interrupted loses it at any time
//! |
//! | the main stack below the place where exceptions start | it is empty between them |
//!
//! The module of the CPU lists the dead state of that CPU.

use super::cpu::dead;
use super::cpu::moment::Moment;
use super::cpu::words::copy;
use super::kernel::kernel;
use super::slots::{SLOT, slot};
use crate::arch::load;
use crate::report::{expect_that, fail, say};
use crossgate_abi::table::System;
use crossgate_protection::Span;

/// The number of pieces of memory that a firmware may have.
const PIECES: usize = 32;
/// The number of differences that are reported.
const TOLD: usize = 16;

/// The memory of the firmware.
#[derive(Clone, Copy)]
pub struct World {
    pieces: [Span; PIECES],
    count: usize,
    main_stack_bottom: usize,
    /// The stack pointer with which the kernel handles exceptions.
    main_stack: usize,
    system: &'static System,
}

unsafe extern "C" {
    static __sdata: u8;
    static __edata: u8;
    static __sbss: u8;
    static __ebss: u8;
    static _stack_start: u8;
    static __crossgate_kernel_stack_bottom: u8;
}

/// The length of the guard of the main stack.
const GUARD: usize = 32;

impl World {
    /// Returns the memory of this firmware, whose kernel handles exceptions with this stack pointer.
    pub fn of(system: &'static System, main_stack: usize) -> World {
        let address = |symbol: *const u8| symbol.addr();
        let own = [
            (address(&raw const __sdata), address(&raw const __edata)),
            (address(&raw const __sbss), address(&raw const __ebss)),
            (main_stack, address(&raw const _stack_start)),
        ];
        let processes = system.processes.iter().map(|it| (it.memory.start, it.memory.end));
        let stacks = system.threads.iter().map(|thread| {
            let stack = thread.stack_range();
            (stack.start, stack.end)
        });
        let mut world = World {
            pieces: [Span::EMPTY; PIECES],
            count: 0,
            main_stack_bottom: address(&raw const __crossgate_kernel_stack_bottom),
            main_stack,
            system,
        };
        let all = own.into_iter().chain(processes).chain(stacks).filter(|(start, end)| start < end);
        let mut size = 0;
        for (start, end) in all {
            expect_that("memory consists of whole words", (start | end) & 3 == 0);
            let Some(place) = world.pieces.get_mut(world.count) else {
                fail(format_args!("there are too many pieces of memory"));
            };
            *place = Span { start, end };
            world.count += 1;
            size += end - start;
        }
        expect_that("the memory fits in a slot", size <= SLOT);
        let it = core::ptr::from_ref(kernel()).addr();
        expect_that(
            "the memory contains the kernel",
            world.pieces().any(|piece| piece.contains(Span { start: it, end: it + 4 })),
        );
        say(format_args!("a state is {size} bytes"));
        world
    }

    fn pieces(&self) -> impl Iterator<Item = &Span> {
        self.pieces.iter().take(self.count)
    }

    /// Saves the memory in a slot.
    pub fn save(&self, index: usize) {
        let mut place = slot(index);
        for piece in self.pieces() {
            let words = piece.length() / 4;
            // SAFETY: the pieces fit the slot, which belongs to the referee; no other code runs.
            unsafe {
                copy(piece.start as *const u32, place, words);
                place = place.add(words);
            }
        }
    }

    /// Restores the memory from a slot.
    pub fn restore(&self, index: usize) {
        let mut place = slot(index).cast_const();
        for piece in self.pieces() {
            let words = piece.length() / 4;
            // SAFETY: the memory is that of the firmware, of which nothing runs, in an earlier state.
            unsafe {
                copy(place, piece.start as *mut u32, words);
                place = place.add(words);
            }
        }
    }

    /// Returns the dead memory below the stack pointer of the current thread. There is none if the stack pointer is out
    /// of bounds.
    pub fn below_stack_pointer(&self, moment: &Moment) -> Span {
        let (window, pointer) = (moment.window(), moment.registers.thread_stack());
        let end = pointer.saturating_add(dead::FRAME);
        let is_inside = window.start <= pointer && end <= window.end;
        if is_inside { Span { start: window.start, end: pointer } } else { Span::EMPTY }
    }

    /// Passes all dead memory to `tell`.
    fn dead(&self, moment: &Moment, mut tell: impl FnMut(Span)) {
        let below = self.below_stack_pointer(moment);
        kernel().dead(if below.is_empty() { usize::MAX } else { below.end }, &mut tell);
        dead::tell(moment, self.system, &mut tell);
    }

    /// Writes the same byte into all dead memory.
    pub fn fill_dead(&self, moment: &Moment, byte: u8) {
        let fill = |dead: Span| {
            let place = core::ptr::with_exposed_provenance_mut::<u8>(dead.start);
            // SAFETY: the memory is dead.
            unsafe { place.write_bytes(byte, dead.length()) };
        };
        self.dead(moment, fill);
        // The main stack is empty.
        fill(Span { start: self.main_stack_bottom + GUARD, end: self.main_stack });
    }

    /// Reports the words of the memory that differ from the state in a slot, except for those in `dead`. Returns the
    /// number of differences.
    pub fn differences(&self, index: usize, dead: Span) -> usize {
        let mut count = 0;
        let mut place = slot(index).cast_const();
        for piece in self.pieces() {
            for address in (piece.start..piece.end).step_by(4) {
                // SAFETY: the slot has as many words as the pieces.
                let (one, other) = unsafe { (place.read(), (address as *const u32).read()) };
                place = place.wrapping_add(1);
                if one != other && !dead.contains(Span { start: address, end: address + 4 }) {
                    count += 1;
                    if count <= TOLD {
                        self.tell(address, one, other);
                    }
                }
            }
        }
        count
    }

    /// Reports a difference.
    fn tell(&self, address: usize, one: u32, other: u32) {
        let word = Span { start: address, end: address + 4 };
        say(format_args!("{address:#x}: {one:#010x} {other:#010x}"));
        let overlaps = |it: Span| it.start < word.end && word.start < it.end;
        kernel().parts(&mut |name, index, part| {
            if overlaps(part) {
                say(format_args!("  {name} of number {index}, which is at {:#x}", part.start));
            }
        });
        for (index, thread) in self.system.threads.iter().enumerate() {
            let stack = Span::from(thread.stack_range());
            if overlaps(stack) {
                say(format_args!("  the stack of thread {index}, from {:#x}", stack.start));
            }
        }
        for process in self.system.processes {
            if overlaps(Span { start: process.memory.start, end: process.memory.end }) {
                say(format_args!("  the memory of process {}", process.name));
            }
        }
        if address >= self.main_stack && address < (&raw const _stack_start).addr() {
            say(format_args!("  the bounds of the current stack"));
        }
    }

    /// Returns a hash of the memory. It is equal for equal memory if the dead memory has been filled.
    pub fn hash(&self, moment: &Moment, ignored: &[Span]) -> u64 {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut add = |word: u32| {
            hash = (hash ^ u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            hash ^= hash >> 29;
        };
        for piece in self.pieces() {
            for address in (piece.start..piece.end).step_by(4) {
                if !ignored.iter().any(|it| it.start <= address && address < it.end) {
                    add(load(address));
                }
            }
        }
        moment.registers.tell(&mut add);
        add(moment.interrupts);
        hash
    }
}
