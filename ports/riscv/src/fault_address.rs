// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address of a load or store that has faulted, from the instruction and the registers of the thread (The RISC-V
//! Instruction Set Manual, Volume I). Some cores do not say it in `mtval`: there it is always 0 on Hazard3.

use crossgate_abi::Word;

/// The number of the stack pointer.
const SP: u32 = 2;

/// Returns the address that an instruction accesses; `None` if it is no load or store that a core with RV32IMAC and Zcb
/// has. `register` returns the value of one of x1 to x31. Of an instruction of 16 bits, only the lower half counts.
pub fn of_access(instruction: u32, register: impl FnOnce(usize) -> Word) -> Option<Word> {
    let (base, offset) =
        if instruction & 3 == 3 { of_32_bits(instruction)? } else { of_16_bits(instruction)? };
    let base = if base == 0 { 0 } else { register(base as usize) };
    Some(base.wrapping_add_signed(offset as isize))
}

/// Returns the number of the base register, and the offset.
fn of_32_bits(instruction: u32) -> Option<(u32, i32)> {
    const LOAD: u32 = 0b000_0011;
    const STORE: u32 = 0b010_0011;
    const ATOMIC: u32 = 0b010_1111;
    let upper = instruction.cast_signed() >> 20;
    let offset = match instruction & 0x7f {
        LOAD => upper,
        STORE => upper & !0x1f | (instruction >> 7 & 0x1f).cast_signed(),
        ATOMIC => 0,
        _ => return None,
    };
    Some((instruction >> 15 & 0x1f, offset))
}

/// The same for a compressed instruction.
fn of_16_bits(instruction: u32) -> Option<(u32, i32)> {
    /// Returns `count` bits of the instruction from bit `first` on, moved to bit `place` of the offset.
    macro_rules! bits {
        ($first:literal, $count:literal, $place:literal) => {
            (instruction >> $first & ((1 << $count) - 1)) << $place
        };
    }
    // One of x8 to x15.
    let base = 8 + (instruction >> 7 & 7);
    let (base, offset) = match (instruction & 3, instruction >> 13 & 7) {
        // c.lw, c.sw
        (0, 0b010 | 0b110) => (base, bits!(10, 3, 3) | bits!(6, 1, 2) | bits!(5, 1, 6)),
        // Zcb: bytes, then halves of a word
        (0, 0b100) => match instruction >> 10 & 7 {
            0b000 | 0b010 => (base, bits!(6, 1, 0) | bits!(5, 1, 1)),
            0b001 | 0b011 => (base, bits!(5, 1, 1)),
            _ => return None,
        },
        // c.lwsp
        (2, 0b010) => (SP, bits!(12, 1, 5) | bits!(4, 3, 2) | bits!(2, 2, 6)),
        // c.swsp
        (2, 0b110) => (SP, bits!(9, 4, 2) | bits!(7, 2, 6)),
        _ => return None,
    };
    Some((base, offset.cast_signed()))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// Register n holds n * 0x1000.
    fn address(instruction: u32) -> Option<Word> {
        of_access(instruction, |number| {
            assert!((1..32).contains(&number), "x{number} of {instruction:#x}");
            number * 0x1000
        })
    }

    /// The encodings are those of the LLVM assembler.
    #[test]
    fn loads_and_stores_of_32_bits() {
        for (instruction, expected) in [
            (0xffc5_2503, 0xa000 - 4),                        // lw a0, -4(a0)
            (0x7ff1_0083, 0x2000 + 2047),                     // lb ra, 2047(sp)
            (0x8000_4003, 0x1_0000_0000_u64 as usize - 2048), // lbu zero, -2048(zero)
            (0x0069_5f83, 0x12000 + 6),                       // lhu t6, 6(s2)
            (0xfe0f_ae23, 0x1f000 - 4),                       // sw zero, -4(t6)
            (0x7ea1_1f23, 0x2000 + 2046),                     // sh a0, 2046(sp)
            (0x80a1_0023, 0x2000 - 2048),                     // sb a0, -2048(sp)
            (0x00b6_252f, 0xc000),                            // amoadd.w a0, a1, (a2)
            (0x1007_a72f, 0xf000),                            // lr.w a4, (a5)
            (0x18c5_a52f, 0xb000),                            // sc.w a0, a2, (a1)
        ] {
            let found = address(instruction).map(|found| found & 0xffff_ffff);
            assert_eq!(found, Some(expected & 0xffff_ffff), "{instruction:#x}");
        }
    }

    #[test]
    fn loads_and_stores_of_16_bits() {
        // The upper half is of the next instruction.
        for (instruction, expected) in [
            (0xffff_4108, 0xa000),       // c.lw a0, 0(a0)
            (0x0000_5d7c, 0xa000 + 124), // c.lw a5, 124(a0)
            (0x0003_41dc, 0xb000 + 4),   // c.lw a5, 4(a1)
            (0xc0a8, 0x9000 + 64),       // c.sw a0, 64(s1)
            (0x0000_c01c, 0x8000),       // c.sw a5, 0(s0)
            (0x50fe, 0x2000 + 252),      // c.lwsp ra, 252(sp)
            (0x4502, 0x2000),            // c.lwsp a0, 0(sp)
            (0xdffe, 0x2000 + 252),      // c.swsp t6, 252(sp)
            (0xc02a, 0x2000),            // c.swsp a0, 0(sp)
            (0x8188, 0xb000),            // c.lbu a0, 0(a1)
            (0x81e8, 0xb000 + 3),        // c.lbu a0, 3(a1)
            (0x85a8, 0xb000 + 2),        // c.lhu a0, 2(a1)
            (0x85e8, 0xb000 + 2),        // c.lh a0, 2(a1)
            (0x89c8, 0xb000 + 1),        // c.sb a0, 1(a1)
            (0x8da8, 0xb000 + 2),        // c.sh a0, 2(a1)
        ] {
            assert_eq!(address(instruction), Some(expected), "{instruction:#x}");
        }
    }

    #[test]
    fn other_instructions_have_no_address() {
        // nop, c.nop, ecall, jalr, c.addi4spn, c.fld, c.fldsp, c.mv, cm.push, auipc, flw, a custom one
        let others =
            [0x13, 0x1, 0x73, 0x8067, 0x8, 0x2000, 0x2002, 0x852e, 0xb852, 0x17, 0x2007, 0xb];
        let found: Vec<_> = others.into_iter().filter_map(address).collect();
        assert_eq!(found, []);
    }
}
