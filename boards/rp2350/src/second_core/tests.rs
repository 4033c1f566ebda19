// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the second core, with a model of the queues and of the boot ROM.

extern crate std;
use super::*;
use core::cell::{Cell, RefCell};
use core::mem::zeroed;
use std::collections::VecDeque;
use std::format;
use std::vec::Vec;

const IMAGE: Image = Image { vectors: 0x1020_0000, stack: 0x2004_1000, entry: 0x1020_0111 };

/// The second core in its boot ROM, as the source code of the boot ROM describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rom {
    /// Takes all words, and then sends a 0.
    Drains,
    /// Waits for the next word. It has these, from that after the 1 on.
    Waits { words: [u32; 3], count: usize, has_1: bool },
    /// Sends a word back, and then waits.
    Answers { answer: u32, words: [u32; 3], count: usize },
    /// Has jumped to the entry.
    Runs([u32; 3]),
    /// Does nothing.
    Dead,
}

struct Chip {
    to_second: RefCell<VecDeque<u32>>,
    to_first: RefCell<VecDeque<u32>>,
    rom: Cell<Rom>,
    /// An event has come since the last wait.
    is_woken: Cell<bool>,
    /// The state of the random numbers by which the second core advances.
    random: Cell<u32>,
    /// The number of steps before which the core is still in reset.
    sleeps: Cell<u32>,
}

impl Chip {
    fn new(seed: u32, rom: Rom, to_second: &[u32], to_first: &[u32]) -> Chip {
        Chip {
            to_second: RefCell::new(to_second.iter().copied().collect()),
            to_first: RefCell::new(to_first.iter().copied().collect()),
            rom: Cell::new(rom),
            is_woken: Cell::new(false),
            random: Cell::new(seed.wrapping_mul(2) | 1),
            sleeps: Cell::new(seed % 50),
        }
    }

    fn below(&self, limit: u32) -> u32 {
        let mut it = self.random.get();
        it ^= it << 13;
        it ^= it >> 17;
        it ^= it << 5;
        self.random.set(it);
        it % limit
    }

    /// Lets the second core take no step, or some.
    fn advance(&self) {
        for _ in 0..self.below(4) {
            if self.sleeps.get() > 0 {
                self.sleeps.set(self.sleeps.get() - 1);
            } else {
                self.rom.set(self.step());
            }
        }
    }

    fn answer(&self, word: u32) -> bool {
        let mut queue = self.to_first.borrow_mut();
        let has_room = queue.len() < ROOM;
        if has_room {
            queue.push_back(word);
        }
        has_room
    }

    fn step(&self) -> Rom {
        match self.rom.get() {
            Rom::Drains => {
                if self.to_second.borrow_mut().pop_front().is_some() || !self.answer(0) {
                    return Rom::Drains;
                }
                Rom::Waits { words: [0; 3], count: 0, has_1: false }
            }
            Rom::Waits { mut words, count, has_1 } => {
                // It sleeps until an event, and only then looks.
                if !self.is_woken.replace(false) {
                    return self.rom.get();
                }
                let Some(word) = self.to_second.borrow_mut().pop_front() else {
                    return self.rom.get();
                };
                match (word, has_1) {
                    (0, _) => Rom::Drains,
                    (1, false) => Rom::Answers { answer: 1, words, count },
                    (_, false) => Rom::Drains,
                    (_, true) => {
                        words[count] = word;
                        Rom::Answers { answer: word, words, count: count + 1 }
                    }
                }
            }
            Rom::Answers { answer, words, count } => match (self.answer(answer), count) {
                (false, _) => self.rom.get(),
                (true, 3) => Rom::Runs(words),
                (true, _) => Rom::Waits { words, count, has_1: true },
            },
            end => end,
        }
    }
}

impl Queues for Chip {
    fn take(&self) -> Option<u32> {
        self.advance();
        self.to_first.borrow_mut().pop_front()
    }

    fn send(&self, word: u32) -> bool {
        self.advance();
        let mut queue = self.to_second.borrow_mut();
        let has_room = queue.len() < ROOM;
        if has_room {
            queue.push_back(word);
            self.is_woken.set(true);
        }
        has_room
    }
}

#[test]
fn the_boot_rom_starts_the_image() {
    let Image { vectors, stack, entry } = IMAGE;
    for seed in 0..2000 {
        // Words of an earlier life are in the queues.
        let old: Vec<u32> = (0..seed % 9).map(|it| [0, 1, vectors, 7][it as usize % 4]).collect();
        let chip = Chip::new(seed, Rom::Drains, &old, &old);
        assert!(launch(&chip, IMAGE), "{seed}");
        assert_eq!(chip.rom.get(), Rom::Runs([vectors, stack, entry]), "{seed}");
        assert_eq!(chip.to_second.borrow().len(), 0, "{seed}: all words are used");
    }
}

#[test]
fn a_core_amid_an_earlier_start_begins_again() {
    let Image { vectors, stack, entry } = IMAGE;
    for seed in 0..500 {
        let count = seed as usize % 3;
        let rom = Rom::Waits { words: [5; 3], count, has_1: true };
        let chip = Chip::new(seed, rom, &[], &[]);
        assert!(launch(&chip, IMAGE), "{seed}");
        assert_eq!(chip.rom.get(), Rom::Runs([vectors, stack, entry]), "{seed}");
    }
}

#[test]
fn a_dead_core_is_not_waited_for_for_ever() {
    let Image { vectors, stack, entry } = IMAGE;
    // The answers of an earlier start are none.
    for old in [&[][..], &[0; ROOM], &[0, 0, 1, vectors, stack, entry]] {
        let chip = Chip::new(1, Rom::Dead, &[], old);
        assert!(!launch(&chip, IMAGE));
    }
}

#[test]
fn an_image_has_a_stack_and_code_in_the_parts_of_the_second_core() {
    let found = |stack, entry| {
        find_image(|address| match address {
            0x1020_0000 => stack,
            0x1020_0004 => entry,
            _ => panic!("{address:#x} is read"),
        })
    };
    let Image { vectors, stack, entry } = IMAGE;
    assert_eq!(found(stack, entry), Some(IMAGE));
    for stack in [0x2004_0008, 0x2008_0000] {
        assert_eq!(found(stack, entry), Some(Image { vectors, stack, entry }));
    }
    for entry in [0x1020_0001, 0x103f_ffff] {
        assert_eq!(found(stack, entry), Some(Image { vectors, stack, entry }));
    }
    for stack in [0, u32::MAX, 0x2004_0000, 0x2008_0008, 0x2004_1004, 0x2000_1000] {
        assert_eq!(found(stack, entry), None, "{stack:#x}");
    }
    for entry in [0, u32::MAX, 0x1020_0110, 0x101f_ffff, 0x1040_0001] {
        assert_eq!(found(stack, entry), None, "{entry:#x}");
    }
}

#[test]
fn the_parts_are_those_of_the_memory_script() {
    let script = include_str!("../../../pico-2-second/memory.x");
    for (name, Range { start, end }) in [("FLASH", FLASH), ("RAM  ", RAM)] {
        let part = format!("{name} : ORIGIN = {start:#x}, LENGTH = {}K\n", (end - start) / 1024);
        assert!(script.contains(&part), "{part}");
    }
}

#[test]
fn only_the_second_core_is_reset() {
    // SAFETY: registers are words, and zero is one of their values.
    let power: PowerSequence = unsafe { zeroed() };
    power.forced_off.set(1 << 3);
    stop(&power);
    assert_eq!(power.forced_off.get(), 1 << 24 | 1 << 3);
    release(&power);
    assert_eq!(power.forced_off.get(), 1 << 3);
}
