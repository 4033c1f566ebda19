// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that an instruction of ARMv6-M or ARMv8-M Baseline accesses (ARM DDI 0419E, A5.2; ARM DDI 0553, C2.3).

use crossgate_abi::Word;

/// The registers of a thread: r0 to r12, the stack pointer, lr, and the program counter.
pub type Registers = [Word; 16];

/// The indices of two of them.
const STACK_POINTER: usize = 13;
pub const PROGRAM_COUNTER: usize = 15;

/// The lowest value of the first half of an instruction with two halves.
const LONG: u16 = 0xe800;

/// Returns whether an instruction can move the stack pointer down.
pub fn moves_stack_pointer(first: u16) -> bool {
    // push; sub sp, #; mov sp, rX and add sp, rX
    first & 0xfe00 == 0xb400 || first & 0xff80 == 0xb080 || first & 0xfd87 == 0x4485
}

/// An access to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The address of the first byte.
    pub address: Word,
    /// The number of units.
    pub count: Word,
    /// The size of a unit in bytes. The address has to be a multiple of it.
    pub unit: Word,
    pub is_write: bool,
}

impl Access {
    /// Returns the access of an instruction, if it accesses memory. The first half is the instruction, unless the
    /// instruction has two.
    pub fn of([first, second]: [u16; 2], registers: &Registers) -> Option<Access> {
        if first >= LONG {
            return Self::of_long([first, second], registers);
        }
        let low = |shift: u32| registers[Word::from(first >> shift & 7)];
        let (byte, five) = (Word::from(first & 0xff), Word::from(first >> 6 & 31));
        let is_load = first & 1 << 11 != 0;
        let one = |base: Word, offset: Word, unit: Word, is_write: bool| {
            Some(Access { address: base.wrapping_add(offset), count: 1, unit, is_write })
        };
        let several = |address: Word, count: Word, is_write: bool| {
            Some(Access { address, count, unit: 4, is_write })
        };
        let count = byte.count_ones() as Word;
        match first >> 11 {
            // ldr rX, [pc, #]
            0b01001 => one((registers[PROGRAM_COUNTER] & !3).wrapping_add(4), 4 * byte, 4, false),
            // str, strh, strb, ldrsb; ldr, ldrh, ldrb, ldrsh with rX, [rY, rZ]
            0b01010 | 0b01011 => {
                let kind = first >> 9 & 7;
                let unit = match kind {
                    0 | 4 => 4,
                    1 | 5 | 7 => 2,
                    _ => 1,
                };
                one(low(3), low(6), unit, kind < 3)
            }
            // str and ldr, strb and ldrb, strh and ldrh with rX, [rY, #]
            0b01100 | 0b01101 => one(low(3), 4 * five, 4, !is_load),
            0b01110 | 0b01111 => one(low(3), five, 1, !is_load),
            0b10000 | 0b10001 => one(low(3), 2 * five, 2, !is_load),
            // str and ldr with rX, [sp, #]
            0b10010 | 0b10011 => one(registers[STACK_POINTER], 4 * byte, 4, !is_load),
            // push and pop, with lr or pc
            0b10110 if first & 0x0600 == 0x0400 => {
                let count = count + Word::from(first >> 8 & 1);
                several(registers[STACK_POINTER].wrapping_sub(4 * count), count, true)
            }
            0b10111 if first & 0x0600 == 0x0400 => {
                several(registers[STACK_POINTER], count + Word::from(first >> 8 & 1), false)
            }
            // stm and ldm
            0b11000 | 0b11001 => several(low(8), count, !is_load),
            _ => None,
        }
    }

    /// The same for an instruction with two halves. On ARMv6-M, none of these accesses memory. On ARMv8-M Baseline, those
    /// do that other CPUs observe as one: exclusive ones, and those with an order.
    fn of_long([first, second]: [u16; 2], registers: &Registers) -> Option<Access> {
        let base = registers[Word::from(first & 15)];
        let (offset, unit) = match (first & 0xffe0, second >> 4 & 15) {
            // strex and ldrex
            (0xe840, _) => (4 * Word::from(second & 0xff), 4),
            // stlb and ldab, strexb and ldrexb, stlexb and ldaexb, and the same for halves and words
            (0xe8c0, 0b0100 | 0b1000 | 0b1100) => (0, 1),
            (0xe8c0, 0b0101 | 0b1001 | 0b1101) => (0, 2),
            (0xe8c0, 0b1010 | 0b1110) => (0, 4),
            _ => return None,
        };
        // (`tt` has the code of a `strex` to pc, and reads no memory.)
        let is_test = first & 0xfff0 == 0xe840 && second & 0xf000 == 0xf000;
        let is_write = first & 1 << 4 == 0;
        let access = Access { address: base.wrapping_add(offset), count: 1, unit, is_write };
        (cfg!(armv8m) && !is_test).then_some(access)
    }

    /// Returns whether the CPU traps it because its address is not aligned.
    pub fn is_unaligned(self) -> bool {
        self.address & (self.unit - 1) != 0
    }

    /// Returns the address of the first unit with a byte to which `is_open` does not apply.
    pub fn first_closed(self, is_open: impl Fn(Word) -> bool) -> Option<Word> {
        (0..self.count)
            .map(|unit| self.address.wrapping_add(unit * self.unit))
            .find(|&unit| !(is_open(unit) && is_open(unit.wrapping_add(self.unit - 1))))
    }
}
