// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Thumb instructions that change the flow of execution (ARM DDI 0403E, A5).

use crate::Flow;

impl Flow {
    pub(crate) fn of_short_thumb(address: u32, code: u16) -> Flow {
        const LINK_REGISTER: u16 = 14 << 3;
        let register = code & 0x78;
        match code {
            _ if code & 0xf800 == 0xe000 => {
                let offset = i32::from(code as i16) << 21 >> 20;
                Flow::Branch(address.wrapping_add(4).wrapping_add_signed(offset))
            }
            _ if code & 0xfe00 == 0xd000 => Flow::If(code & 0x100 == 0), // BEQ, BNE
            _ if code & 0xf500 == 0xb100 => Flow::If(code & 0x800 == 0), // CBZ, CBNZ
            _ if code & 0xffe0 == 0xbf00 && code & 0xf != 0 => Flow::of_block(code), // ITEQ, ITNE
            _ if code & 0xff87 == 0x4780 => Flow::Call,                  // BLX
            _ if code & 0xff87 == 0x4700 && register == LINK_REGISTER => Flow::Return,
            _ if code & 0xff00 == 0xbd00 => Flow::Return, // POP with pc
            _ if code & 0xff87 == 0x4700 => Flow::Jump,   // BX
            _ if code & 0xff87 == 0x4687 && register == LINK_REGISTER => Flow::Return,
            _ if code & 0xff87 == 0x4687 => Flow::Jump, // MOV pc
            _ => Flow::On,
        }
    }

    /// Decodes an IT instruction for EQ or NE. If some instructions of the block have the opposite condition, the block
    /// is ignored.
    fn of_block(code: u16) -> Flow {
        let (not_zero, mask) = (code & 0x10 != 0, code & 0xf);
        let count = 4 - mask.trailing_zeros();
        let others = mask & 0xe << mask.trailing_zeros();
        let expected = if not_zero { 0xe << mask.trailing_zeros() & 0xf } else { 0 };
        if others == expected { Flow::Block(!not_zero, count as u8) } else { Flow::On }
    }

    pub(crate) fn of_long_thumb(address: u32, [first, second]: [u16; 2]) -> Flow {
        let loads_pc = second & 0x8000 != 0;
        match first {
            _ if first & 0xf800 == 0xf000 && second & 0xd000 == 0xd000 => Flow::Call, // BL
            _ if first & 0xf800 == 0xf000 && second & 0xd000 == 0x9000 => {
                Flow::Branch(address.wrapping_add(4).wrapping_add_signed(offset(first, second)))
            }
            _ if first & 0xfb80 == 0xf000 && second & 0xd000 == 0x8000 => {
                Flow::If(first & 0x40 == 0) // BEQ, BNE
            }
            0xf85d if second == 0xfb04 => Flow::Return, // POP of pc alone
            _ if first & 0xffd0 == 0xe890 && loads_pc => Flow::Return, // LDMIA, so also POP
            _ if first & 0xffd0 == 0xe910 && loads_pc => Flow::Return, // LDMDB
            _ if first & 0xff70 == 0xf850 && second & 0xf000 == 0xf000 => Flow::Jump, // LDR pc
            _ => Flow::On,
        }
    }
}

/// Returns the distance of the target of an unconditional `B` (T4) from its address and 4 (A7.7.12).
fn offset(first: u16, second: u16) -> i32 {
    let (one, two) = (u32::from(first), u32::from(second));
    let sign = one >> 10 & 1;
    let bit = |place: u32| !(two >> place ^ sign) & 1;
    let bits =
        sign << 24 | bit(13) << 23 | bit(11) << 22 | (one & 0x3ff) << 12 | (two & 0x7ff) << 1;
    (bits << 7) as i32 >> 7
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Functions, Instruction, InstructionSet};

    #[test]
    fn instructions_that_change_the_flow_are_known() {
        let functions = Functions::new(Vec::new(), Vec::new(), Vec::new());
        let flows = [
            ("svc 0", &[0x00, 0xdf][..], Flow::On),
            ("bl", &[0x01, 0xf0, 0x14, 0xfe], Flow::Call),
            ("blx r3", &[0x98, 0x47], Flow::Call),
            ("bx lr", &[0x70, 0x47], Flow::Return),
            ("mov pc, lr", &[0xf7, 0x46], Flow::Return),
            ("pop {r4, pc}", &[0x10, 0xbd], Flow::Return),
            ("pop.w {r4-r8, pc}", &[0xbd, 0xe8, 0xf0, 0x81], Flow::Return),
            ("ldr pc, [sp], #4", &[0x5d, 0xf8, 0x04, 0xfb], Flow::Return),
            ("bx r0", &[0x00, 0x47], Flow::Jump),
            ("mov pc, r3", &[0x9f, 0x46], Flow::Jump),
            ("ldr pc, [r0]", &[0xd0, 0xf8, 0x00, 0xf0], Flow::Jump),
            ("b.n", &[0xd6, 0xe7], Flow::Branch(0xb0)),
            ("b.w", &[0xff, 0xf7, 0xd6, 0xbf], Flow::Branch(0xb0)),
            ("pop {r4}", &[0x10, 0xbc], Flow::On),
            ("pop.w {r4-r8, lr}", &[0xbd, 0xe8, 0xf0, 0x41], Flow::On),
            ("tbb [pc, r1]", &[0xdf, 0xe8, 0x01, 0xf0], Flow::On),
            ("ldr.w r0, [r0]", &[0xd0, 0xf8, 0x00, 0x00], Flow::On),
            ("mov r0, r3", &[0x18, 0x46], Flow::On),
            ("dsb", &[0xbf, 0xf3, 0x4f, 0x8f], Flow::On),
            ("beq.n", &[0x02, 0xd0], Flow::If(true)),
            ("bne.n", &[0xfa, 0xd1], Flow::If(false)),
            ("bhi.n", &[0x02, 0xd8], Flow::On),
            ("cbz r0", &[0x08, 0xb1], Flow::If(true)),
            ("cbnz r3", &[0x0b, 0xbb], Flow::If(false)),
            ("beq.w", &[0x00, 0xf0, 0x02, 0x80], Flow::If(true)),
            ("bne.w", &[0x7f, 0xf4, 0xfe, 0xaf], Flow::If(false)),
            ("bhi.w", &[0x00, 0xf2, 0x02, 0x80], Flow::On),
            ("it eq", &[0x08, 0xbf], Flow::Block(true, 1)),
            ("it ne", &[0x18, 0xbf], Flow::Block(false, 1)),
            ("itttt ne", &[0x1f, 0xbf], Flow::Block(false, 4)),
            ("ittt eq", &[0x02, 0xbf], Flow::Block(true, 3)),
            ("ite ne", &[0x14, 0xbf], Flow::On),
            ("it hi", &[0x88, 0xbf], Flow::On),
            ("nop", &[0x00, 0xbf], Flow::On),
        ];
        for (text, bytes, flow) in flows {
            let instruction = Instruction::new(InstructionSet::Thumb, 0x100, bytes, &functions);
            assert_eq!(instruction.flow, flow, "{text}");
            assert_eq!(instruction.next, 0x100 + bytes.len() as u32, "{text}");
        }
    }
}
