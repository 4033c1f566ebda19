// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that an instruction of ARMv6-M accesses (ARM DDI 0419E, A5.2).

use crossgate_abi::Word;

/// The registers of a thread that an instruction can use to access memory.
pub struct Registers {
    /// r0 to r7.
    pub low: [Word; 8],
    pub stack_pointer: Word,
    pub program_counter: Word,
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
    /// Returns the access of an instruction, if it accesses memory. `first` is the first half of the instruction. (Longer
    /// instructions access no memory.)
    pub fn of(first: u16, registers: &Registers) -> Option<Access> {
        let field = |shift: u32| Word::from(first >> shift & 7);
        let low = |shift: u32| registers.low.get(field(shift)).copied().unwrap_or(0);
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
            0b01001 => one((registers.program_counter & !3).wrapping_add(4), 4 * byte, 4, false),
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
            0b10010 | 0b10011 => one(registers.stack_pointer, 4 * byte, 4, !is_load),
            // push and pop, with lr or pc
            0b10110 if first & 0x0600 == 0x0400 => {
                let count = count + Word::from(first >> 8 & 1);
                several(registers.stack_pointer.wrapping_sub(4 * count), count, true)
            }
            0b10111 if first & 0x0600 == 0x0400 => {
                several(registers.stack_pointer, count + Word::from(first >> 8 & 1), false)
            }
            // stm and ldm
            0b11000 | 0b11001 => several(low(8), count, !is_load),
            _ => None,
        }
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
