// SPDX-License-Identifier: MIT OR Apache-2.0
//! The RISC-V instructions that change the flow of execution, of RV32I with the extension C (The RISC-V Instruction Set
//! Manual, Volume I, chapters "RV32I" and "C"), and `mret` (Volume II).

use crate::{Flow, Registers};

/// The code of `mret`.
const MRET: u32 = 0x3020_0073;

impl Flow {
    /// Decodes an instruction of four bytes.
    pub(crate) fn of_long_riscv(address: u32, [first, second]: [u16; 2]) -> Flow {
        let word = u32::from(second) << 16 | u32::from(first);
        let [destination, one, other] = [7, 15, 20].map(|place| word >> place & 31);
        // (A register that is compared with register 0 is compared with the value 0.)
        let is_with_zero = one == 0 || other == 0;
        match (word & 0x7f, word >> 12 & 7) {
            (0x6f, _) if destination == 0 => {
                Flow::Branch(address.wrapping_add_signed(jump_offset(word)))
            }
            (0x6f, _) => Flow::Call,                         // JAL
            (0x67, 0) if destination == 0 => Flow::Register, // JR
            (0x67, 0) => Flow::Call,                         // JALR
            (0x63, 0) if is_with_zero => Flow::If(true),     // BEQZ
            (0x63, 1) if is_with_zero => Flow::If(false),    // BNEZ
            _ if word == MRET => Flow::ExceptionReturn,
            _ => Flow::On,
        }
    }

    /// Decodes an instruction of two bytes.
    pub(crate) fn of_short_riscv(address: u32, code: u16) -> Flow {
        let [one, other] = [7, 2].map(|place| code >> place & 31);
        match (code & 3, code >> 13) {
            (1, 0b001) => Flow::Call, // C.JAL
            (1, 0b101) => Flow::Branch(address.wrapping_add_signed(short_jump_offset(code))),
            (1, 0b110) => Flow::If(true),  // C.BEQZ
            (1, 0b111) => Flow::If(false), // C.BNEZ
            // (With another register these are C.MV and C.ADD; with register 0, C.EBREAK.)
            (2, 0b100) if other == 0 && one != 0 => {
                if code & 0x1000 == 0 { Flow::Register } else { Flow::Call } // C.JR, C.JALR
            }
            _ => Flow::On,
        }
    }
}

impl Registers {
    /// Decodes an instruction of four bytes.
    pub(crate) fn of_long_riscv([first, second]: [u16; 2]) -> Registers {
        let word = u32::from(second) << 16 | u32::from(first);
        let [destination, one, other] = [7, 15, 20].map(|place| (word >> place & 31) as u8);
        let kind = word >> 25 << 3 | word >> 12 & 7;
        match word & 0x7f {
            // Branches: one of the two is register 0 if the other one is tested.
            0x63 => {
                let tested = (one == 0 || other == 0).then_some(one | other);
                Registers { set: None, tested }
            }
            0x23 => Registers::default(), // stores
            // AND with the register itself (the port masks what it has read), and SNEZ of it.
            0x33 if kind == 7 && (one == destination || other == destination) => {
                Registers::default()
            }
            0x33 if kind == 3 && one == 0 && other == destination => Registers::default(),
            _ => Registers::setting(destination),
        }
    }

    /// Decodes an instruction of two bytes.
    pub(crate) fn of_short_riscv(code: u16) -> Registers {
        let whole = (code >> 7 & 31) as u8;
        // Some instructions name only the registers 8 to 15.
        let [low, high] = [2, 7].map(|place| 8 + (code >> place & 7) as u8);
        match (code & 3, code >> 13) {
            (0, 0b000 | 0b010) => Registers::setting(low), // C.ADDI4SPN, C.LW
            (1, 0b001) => Registers::setting(1),           // C.JAL
            (1, 0b000 | 0b010 | 0b011) => Registers::setting(whole), // C.ADDI, C.LI, C.LUI
            (1, 0b100) if code & 0x1c60 == 0x0c60 => Registers::default(), // C.AND
            (1, 0b100) => Registers::setting(high),        // other arithmetic
            (1, 0b110 | 0b111) => Registers { set: None, tested: Some(high) },
            (2, 0b000 | 0b010) => Registers::setting(whole), // C.SLLI, C.LWSP
            (2, 0b100) if code >> 2 & 31 != 0 => Registers::setting(whole), // C.MV, C.ADD
            (2, 0b100) if code & 0x1000 != 0 => Registers::setting(1), // C.JALR
            _ => Registers::default(),
        }
    }

    fn setting(register: u8) -> Registers {
        Registers { set: (register != 0).then_some(register), tested: None }
    }
}

/// Returns the distance of the target of a `jal` with this code from its address.
#[must_use]
pub fn jump_offset(word: u32) -> i32 {
    let bits = (word >> 31) << 20
        | (word >> 12 & 0xff) << 12
        | (word >> 20 & 1) << 11
        | (word >> 21 & 0x3ff) << 1;
    (bits << 11) as i32 >> 11
}

/// Returns the distance of the target of a `c.j` or `c.jal` with this code from its address.
#[must_use]
pub fn short_jump_offset(code: u16) -> i32 {
    let bit = |from: u32, to: u32| (u32::from(code) >> from & 1) << to;
    let bits = bit(12, 11)
        | bit(11, 4)
        | bit(10, 9)
        | bit(9, 8)
        | bit(8, 10)
        | bit(7, 6)
        | bit(6, 7)
        | bit(5, 3)
        | bit(4, 2)
        | bit(3, 1)
        | bit(2, 5);
    (bits << 20) as i32 >> 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Functions, Instruction, InstructionSet};

    /// The instructions are as `llvm-mc --triple=riscv32 --mattr=+c --show-encoding` writes them.
    #[test]
    fn instructions_that_change_the_flow_are_known() {
        let functions = Functions::new(Vec::new(), Vec::new(), Vec::new());
        let flows = [
            ("jal ra, 16", &[0xef, 0x00, 0x00, 0x01][..], Flow::Call),
            ("jal t0, 16", &[0xef, 0x02, 0x00, 0x01], Flow::Call),
            ("j -16", &[0x6f, 0xf0, 0x1f, 0xff], Flow::Branch(0xff0)),
            ("j 16", &[0x6f, 0x00, 0x00, 0x01], Flow::Branch(0x1010)),
            ("j 0x7fffe", &[0x6f, 0xf0, 0xf7, 0x7f], Flow::Branch(0x8_0ffe)),
            ("jalr a0", &[0xe7, 0x00, 0x05, 0x00], Flow::Call),
            ("jalr ra, 8(ra)", &[0xe7, 0x80, 0x80, 0x00], Flow::Call),
            ("jr t1", &[0x67, 0x00, 0x03, 0x00], Flow::Register),
            ("jr 8(a0)", &[0x67, 0x00, 0x85, 0x00], Flow::Register),
            ("ret", &[0x67, 0x80, 0x00, 0x00], Flow::Register),
            ("beqz a0, 16", &[0x63, 0x08, 0x05, 0x00], Flow::If(true)),
            ("beq zero, a0, 16", &[0x63, 0x08, 0xa0, 0x00], Flow::If(true)),
            ("bnez a0, 16", &[0x63, 0x18, 0x05, 0x00], Flow::If(false)),
            ("beq a0, a1, 16", &[0x63, 0x08, 0xb5, 0x00], Flow::On),
            ("bne a0, a1, 16", &[0x63, 0x18, 0xb5, 0x00], Flow::On),
            ("bltz a0, 16", &[0x63, 0x48, 0x05, 0x00], Flow::On),
            ("bgeu a0, a1, 16", &[0x63, 0x78, 0xb5, 0x00], Flow::On),
            ("mret", &[0x73, 0x00, 0x20, 0x30], Flow::ExceptionReturn),
            ("wfi", &[0x73, 0x00, 0x50, 0x10], Flow::On),
            ("ecall", &[0x73, 0x00, 0x00, 0x00], Flow::On),
            ("fence", &[0x0f, 0x00, 0xf0, 0x0f], Flow::On),
            ("csrr a0, mip", &[0x73, 0x25, 0x40, 0x34], Flow::On),
            ("lw a0, 4(a1)", &[0x03, 0xa5, 0x45, 0x00], Flow::On),
            ("amoadd.w a0, a1, (a2)", &[0x2f, 0x25, 0xb6, 0x00], Flow::On),
            ("c.jal 16", &[0x01, 0x28], Flow::Call),
            ("c.j 16", &[0x01, 0xa8], Flow::Branch(0x1010)),
            ("c.j -16", &[0xc5, 0xbf], Flow::Branch(0xff0)),
            ("c.j -2048", &[0x01, 0xb0], Flow::Branch(0x800)),
            ("c.jr ra", &[0x82, 0x80], Flow::Register),
            ("c.jr a5", &[0x82, 0x87], Flow::Register),
            ("c.jalr a5", &[0x82, 0x97], Flow::Call),
            ("c.beqz a0, 16", &[0x01, 0xc9], Flow::If(true)),
            ("c.bnez a0, 16", &[0x01, 0xe9], Flow::If(false)),
            ("c.mv a0, a1", &[0x2e, 0x85], Flow::On),
            ("c.add a0, a1", &[0x2e, 0x95], Flow::On),
            ("c.ebreak", &[0x02, 0x90], Flow::On),
            ("c.lui a1, 1", &[0x85, 0x65], Flow::On),
            ("c.lwsp ra, 12(sp)", &[0xb2, 0x40], Flow::On),
            ("c.andi a0, 1", &[0x05, 0x89], Flow::On),
            ("c.slli a0, 4", &[0x12, 0x05], Flow::On),
        ];
        for (text, bytes, flow) in flows {
            let instruction = Instruction::new(InstructionSet::Riscv, 0x1000, bytes, &functions);
            assert_eq!(instruction.flow, flow, "{text}");
            assert_eq!(instruction.next, 0x1000 + bytes.len() as u32, "{text}");
        }
    }
    #[test]
    fn registers_that_are_set_or_tested_are_known() {
        let functions = Functions::new(Vec::new(), Vec::new(), Vec::new());
        let instructions = [
            ("csrr a1, mip", &[0xf3, 0x25, 0x40, 0x34][..], Some(11), None),
            ("lw a1, 4(a0)", &[0x83, 0x25, 0x45, 0x00], Some(11), None),
            ("sw a1, 4(a0)", &[0x23, 0x22, 0xb5, 0x00], None, None),
            ("jal ra, 16", &[0xef, 0x00, 0x00, 0x01], Some(1), None),
            ("j 16", &[0x6f, 0x00, 0x00, 0x01], None, None),
            ("and a1, a1, a2", &[0xb3, 0xf5, 0xc5, 0x00], None, None),
            ("and a1, a2, a1", &[0xb3, 0x75, 0xb6, 0x00], None, None),
            ("and a1, a2, a3", &[0xb3, 0x75, 0xd6, 0x00], Some(11), None),
            ("or a1, a1, a2", &[0xb3, 0xe5, 0xc5, 0x00], Some(11), None),
            ("mul a1, a1, a2", &[0xb3, 0x85, 0xc5, 0x02], Some(11), None),
            ("remu a1, a1, a1", &[0xb3, 0xf5, 0xb5, 0x02], Some(11), None),
            ("snez a1, a1", &[0xb3, 0x35, 0xb0, 0x00], None, None),
            ("snez a1, a2", &[0xb3, 0x35, 0xc0, 0x00], Some(11), None),
            ("sltu a1, a2, a1", &[0xb3, 0x35, 0xb6, 0x00], Some(11), None),
            ("beqz a1, 16", &[0x63, 0x88, 0x05, 0x00], None, Some(11)),
            ("bne zero, a1, 16", &[0x63, 0x18, 0xb0, 0x00], None, Some(11)),
            ("bltz a1, 16", &[0x63, 0xc8, 0x05, 0x00], None, Some(11)),
            ("beq a0, a1, 16", &[0x63, 0x08, 0xb5, 0x00], None, None),
            ("c.addi4spn a1, sp, 16", &[0x0c, 0x08], Some(11), None),
            ("c.lw a1, 4(a0)", &[0x4c, 0x41], Some(11), None),
            ("c.sw a1, 4(a0)", &[0x4c, 0xc1], None, None),
            ("c.jal 16", &[0x01, 0x28], Some(1), None),
            ("c.j 16", &[0x01, 0xa8], None, None),
            ("c.addi a1, 1", &[0x85, 0x05], Some(11), None),
            ("c.nop", &[0x01, 0x00], None, None),
            ("c.li s11, 1", &[0x85, 0x4d], Some(27), None),
            ("c.lui a1, 1", &[0x85, 0x65], Some(11), None),
            ("c.and a1, a2", &[0xf1, 0x8d], None, None),
            ("c.or a1, a2", &[0xd1, 0x8d], Some(11), None),
            ("c.sub a1, a2", &[0x91, 0x8d], Some(11), None),
            ("c.andi a1, 1", &[0x85, 0x89], Some(11), None),
            ("c.srli a1, 4", &[0x91, 0x81], Some(11), None),
            ("c.srai a1, 4", &[0x91, 0x85], Some(11), None),
            ("c.beqz a1, 16", &[0x81, 0xc9], None, Some(11)),
            ("c.bnez a5, 16", &[0x81, 0xeb], None, Some(15)),
            ("c.slli a1, 4", &[0x92, 0x05], Some(11), None),
            ("c.lwsp a1, 12(sp)", &[0xb2, 0x45], Some(11), None),
            ("c.swsp a1, 12(sp)", &[0x2e, 0xc6], None, None),
            ("c.mv a1, a2", &[0xb2, 0x85], Some(11), None),
            ("c.add a1, a2", &[0xb2, 0x95], Some(11), None),
            ("c.jr a1", &[0x82, 0x85], None, None),
            ("c.jalr a1", &[0x82, 0x95], Some(1), None),
        ];
        for (text, bytes, set, tested) in instructions {
            let instruction = Instruction::new(InstructionSet::Riscv, 0x1000, bytes, &functions);
            assert_eq!(instruction.registers, Registers { set, tested }, "{text}");
        }
    }
}
