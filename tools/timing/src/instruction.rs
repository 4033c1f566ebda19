// SPDX-License-Identifier: MIT OR Apache-2.0
//! The properties of an instruction that matter for its time.

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv7::{
    InstDecoder, Instruction as Decoded, Opcode, Operand, Reg, RegShiftStyle,
};

/// The number of the program counter among the registers.
const PROGRAM_COUNTER: u8 = 15;

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    pub(crate) address: u32,
    /// The address of the next instruction in memory.
    pub(crate) next: u32,
    pub(crate) class: Class,
    /// The registers from which the address of its access is computed. Each register is one bit.
    pub(crate) address_registers: u16,
    /// The register that the instruction writes, if its class is [`Class::Data`] or [`Class::Load`].
    pub(crate) result: u16,
}

/// Instructions that have one line in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// All instructions that take one cycle. Branches are among them, because the cost of a branch depends on its
    /// target.
    Data,
    /// `MLA` and `MLS`.
    MultiplyAccumulate,
    /// `UMULL` and `SMULL`.
    MultiplyLong,
    /// `UMLAL` and `SMLAL`.
    MultiplyLongAccumulate,
    Divide,
    /// A load of one register.
    Load {
        /// `true` if its address is the program counter and an offset.
        is_literal: bool,
        /// `true` if the instruction also changes the base register.
        updates_base: bool,
    },
    /// A load of the program counter alone.
    LoadProgramCounter,
    /// A store of one register. The address is a register plus a constant.
    Store,
    /// A store of one register. The address is the sum of two registers.
    StoreByRegister,
    /// Loads or stores this number of registers.
    Multiple(u8),
    TableBranch,
    /// `MRS`, `MSR` and `CPS`.
    Special,
    /// `DSB` and `DMB`.
    Barrier,
    /// `ISB`.
    InstructionBarrier,
    /// `IT` for this number of instructions.
    IfThen(u8),
    /// Computes with floating point numbers. The number is the cycles that it takes.
    FloatingPoint(u8),
}

impl Instruction {
    /// Decodes the Thumb instruction with these bytes.
    ///
    /// # Errors
    /// If there is no such instruction.
    pub fn new(address: u32, bytes: &[u8]) -> Result<Instruction, String> {
        if let Some((class, address_registers)) = floating_point(bytes) {
            return Ok(Instruction {
                address,
                next: address + 4,
                class,
                address_registers,
                result: 0,
            });
        }
        let decoded = InstDecoder::armv7_thumb()
            // Bits that should be 0 for the A and R profiles name a special register for the M profile.
            .allow_nonconforming(true)
            .decode(&mut U8Reader::new(bytes))
            .map_err(|why| {
                format!("the instruction {bytes:02x?} at {address:#x} is unknown: {why:?}")
            })?;
        let class = class(&decoded);
        let result = match (class, decoded.operands[0]) {
            (Class::Data, _) if is_comparison(decoded.opcode) => 0,
            (Class::Data | Class::Load { .. }, Operand::Reg(register)) => bit(register),
            _ => 0,
        };
        Ok(Instruction {
            address,
            next: address + bytes.len() as u32,
            class,
            address_registers: decoded
                .operands
                .iter()
                .map(address_registers)
                .fold(0, |all, one| all | one),
            result,
        })
    }

    /// Returns `true` if it has 16 bits.
    pub(crate) fn is_short(&self) -> bool {
        self.next == self.address + 2
    }
}

/// Returns the class of an instruction of the floating point unit (coprocessors 10 and 11), which the decoder does not
/// know, and the registers of its address (ARM DDI 0403E, A6.4 to A6.7; the cycles are in ARM DDI 0439B, "FPU
/// instruction set table").
fn floating_point(bytes: &[u8]) -> Option<(Class, u16)> {
    let &[first_low, first_high, low, high] = bytes else { return None };
    let first = u16::from_le_bytes([first_low, first_high]);
    if first & 0xec00 != 0xec00 || high & 0b1110 != 0b1010 {
        return None;
    }
    let is_double = high & 1 == 1;
    Some(match first {
        // VMOV of two registers of the core.
        0xec40..=0xec5f => (Class::FloatingPoint(2), 0),
        // VLDR and VSTR: the offset is added, and the base is kept.
        0xed00..=0xedff if first & 0x20 == 0 => {
            (Class::Multiple(1 + u8::from(is_double)), 1 << (first & 15))
        }
        // VLDM, VSTM, VPUSH and VPOP of `low` words.
        0xec00..=0xedff => (Class::Multiple(low), 1 << (first & 15)),
        // Operations on numbers, other than the moves of a register of the core.
        0xee00..=0xeeff if low & 0x10 == 0 => {
            let is_root = first & 0xbf == 0xb1 && low & 0xc0 == 0xc0;
            let cycles = match first & 0xb0 {
                0x80 => 14,
                _ if is_root => 14,
                0x00 | 0x10 | 0x90 | 0xa0 => 3,
                _ => 1,
            };
            (Class::FloatingPoint(cycles), 0)
        }
        _ => (Class::FloatingPoint(1), 0),
    })
}

fn class(decoded: &Decoded) -> Class {
    let operands = &decoded.operands;
    match decoded.opcode {
        Opcode::MLA | Opcode::MLS => Class::MultiplyAccumulate,
        Opcode::UMULL | Opcode::SMULL => Class::MultiplyLong,
        Opcode::UMLAL | Opcode::SMLAL => Class::MultiplyLongAccumulate,
        Opcode::UDIV | Opcode::SDIV => Class::Divide,
        Opcode::LDR if is_program_counter(&operands[0]) => Class::LoadProgramCounter,
        Opcode::LDR
        | Opcode::LDRB
        | Opcode::LDRH
        | Opcode::LDRSB
        | Opcode::LDRSH
        | Opcode::LDRT
        | Opcode::LDRBT
        | Opcode::LDRHT
        | Opcode::LDRSBT
        | Opcode::LDRSHT
        | Opcode::LDREX
        | Opcode::LDREXB
        | Opcode::LDREXH
        | Opcode::STREX
        | Opcode::STREXB
        | Opcode::STREXH => Class::Load {
            is_literal: operands.iter().any(|it| address_registers(it) & 1 << PROGRAM_COUNTER != 0),
            updates_base: operands.iter().any(updates_base),
        },
        Opcode::STR
        | Opcode::STRB
        | Opcode::STRH
        | Opcode::STRT
        | Opcode::STRBT
        | Opcode::STRHT => {
            let is_by_register = operands.iter().any(|it| address_registers(it).count_ones() > 1);
            if is_by_register { Class::StoreByRegister } else { Class::Store }
        }
        Opcode::LDRD | Opcode::STRD => Class::Multiple(2),
        Opcode::POP | Opcode::PUSH | Opcode::LDM(..) | Opcode::STM(..) => {
            let registers = operands.iter().find_map(|operand| match operand {
                Operand::RegList(list) => Some(list.count_ones() as u8),
                _ => None,
            });
            Class::Multiple(registers.unwrap_or(1))
        }
        Opcode::TBB | Opcode::TBH => Class::TableBranch,
        Opcode::MRS | Opcode::MSR | Opcode::CPS(_) => Class::Special,
        Opcode::DSB | Opcode::DMB => Class::Barrier,
        Opcode::ISB => Class::InstructionBarrier,
        Opcode::IT => match operands[1] {
            // The lowest bit that is set ends the mask.
            Operand::Imm32(mask) => Class::IfThen(4u8.saturating_sub(mask.trailing_zeros() as u8)),
            _ => Class::Data,
        },
        _ => Class::Data,
    }
}

fn is_comparison(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::CMP | Opcode::CMN | Opcode::TST | Opcode::TEQ | Opcode::CBZ | Opcode::CBNZ
    )
}

fn is_program_counter(operand: &Operand) -> bool {
    matches!(operand, Operand::Reg(register) if register.number() == PROGRAM_COUNTER)
}

fn bit(register: Reg) -> u16 {
    1 << register.number()
}

/// Returns the registers from which this operand computes an address.
fn address_registers(operand: &Operand) -> u16 {
    match operand {
        Operand::RegDeref(base)
        | Operand::RegWBack(base, _)
        | Operand::RegDerefPostindexOffset(base, ..)
        | Operand::RegDerefPreindexOffset(base, ..) => bit(*base),
        Operand::RegDerefPostindexReg(base, index, ..)
        | Operand::RegDerefPreindexReg(base, index, ..) => bit(*base) | bit(*index),
        Operand::RegDerefPostindexRegShift(base, index, ..)
        | Operand::RegDerefPreindexRegShift(base, index, ..) => {
            let index = match index.into_shift() {
                RegShiftStyle::RegImm(shift) => shift.shiftee(),
                RegShiftStyle::RegReg(shift) => shift.shiftee(),
            };
            bit(*base) | bit(index)
        }
        _ => 0,
    }
}

fn updates_base(operand: &Operand) -> bool {
    match *operand {
        Operand::RegDerefPostindexOffset(..)
        | Operand::RegDerefPostindexReg(..)
        | Operand::RegDerefPostindexRegShift(..) => true,
        Operand::RegDerefPreindexOffset(_, _, _, updates)
        | Operand::RegDerefPreindexReg(_, _, _, updates)
        | Operand::RegDerefPreindexRegShift(_, _, _, updates) => updates,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_of_their_classes() {
        let load = Class::Load { is_literal: false, updates_base: false };
        let instructions = [
            ("movs r0, #1", &[0x01, 0x20][..], Class::Data),
            ("muls r0, r1", &[0x48, 0x43], Class::Data),
            ("bx lr", &[0x70, 0x47], Class::Data),
            ("b.n", &[0xfe, 0xe7], Class::Data),
            ("bl", &[0x01, 0xf0, 0x14, 0xfe], Class::Data),
            ("svc 0", &[0x00, 0xdf], Class::Data),
            ("ubfx r0, r1, #2, #3", &[0xc1, 0xf3, 0x82, 0x00], Class::Data),
            ("clz r0, r1", &[0xb1, 0xfa, 0x81, 0xf0], Class::Data),
            ("mla r0, r1, r2, r3", &[0x01, 0xfb, 0x02, 0x30], Class::MultiplyAccumulate),
            ("umull r0, r1, r2, r3", &[0xa2, 0xfb, 0x03, 0x01], Class::MultiplyLong),
            ("umlal r0, r1, r2, r3", &[0xe2, 0xfb, 0x03, 0x01], Class::MultiplyLongAccumulate),
            ("udiv r0, r1, r2", &[0xb1, 0xfb, 0xf2, 0xf0], Class::Divide),
            ("ldr r0, [r1]", &[0x08, 0x68], load),
            ("ldrb r0, [r1, r2]", &[0x88, 0x5c], load),
            ("ldr.w r0, [r1, r2, lsl #2]", &[0x51, 0xf8, 0x22, 0x00], load),
            ("ldrex r0, [r1]", &[0x51, 0xe8, 0x00, 0x0f], load),
            ("strex r2, r0, [r1]", &[0x41, 0xe8, 0x00, 0x02], load),
            (
                "ldr r0, [r1], #4",
                &[0x51, 0xf8, 0x04, 0x0b],
                Class::Load { is_literal: false, updates_base: true },
            ),
            (
                "ldr r0, [pc, #4]",
                &[0x01, 0x48],
                Class::Load { is_literal: true, updates_base: false },
            ),
            (
                "ldr.w r0, [pc, #4]",
                &[0xdf, 0xf8, 0x04, 0x00],
                Class::Load { is_literal: true, updates_base: false },
            ),
            ("ldr pc, [r0]", &[0xd0, 0xf8, 0x00, 0xf0], Class::LoadProgramCounter),
            ("str r0, [r3, #20]", &[0x58, 0x61], Class::Store),
            ("str r0, [sp, #4]", &[0x01, 0x90], Class::Store),
            ("str r1, [r3, r2]", &[0x99, 0x50], Class::StoreByRegister),
            ("strb.w r0, [r1, r2, lsl #2]", &[0x01, 0xf8, 0x22, 0x00], Class::StoreByRegister),
            ("ldrd r0, r1, [r2]", &[0xd2, 0xe9, 0x00, 0x01], Class::Multiple(2)),
            ("strd r0, r1, [r2]", &[0xc2, 0xe9, 0x00, 0x01], Class::Multiple(2)),
            ("push {r4, lr}", &[0x10, 0xb5], Class::Multiple(2)),
            ("pop {r4, pc}", &[0x10, 0xbd], Class::Multiple(2)),
            ("pop.w {r4-r8, pc}", &[0xbd, 0xe8, 0xf0, 0x81], Class::Multiple(6)),
            ("ldm r0!, {r1, r2, r3}", &[0x0e, 0xc8], Class::Multiple(3)),
            ("stm.w r0, {r4-r11}", &[0x80, 0xe8, 0xf0, 0x0f], Class::Multiple(8)),
            ("stmdb r0!, {r4-r11}", &[0x20, 0xe9, 0xf0, 0x0f], Class::Multiple(8)),
            ("tbb [pc, r1]", &[0xdf, 0xe8, 0x01, 0xf0], Class::TableBranch),
            ("msr control, r0", &[0x80, 0xf3, 0x14, 0x88], Class::Special),
            ("mrs r0, psp", &[0xef, 0xf3, 0x09, 0x80], Class::Special),
            ("msr psp, r0", &[0x80, 0xf3, 0x09, 0x88], Class::Special),
            ("mrs r0, basepri", &[0xef, 0xf3, 0x11, 0x80], Class::Special),
            ("cpsid i", &[0x72, 0xb6], Class::Special),
            ("dsb", &[0xbf, 0xf3, 0x4f, 0x8f], Class::Barrier),
            ("isb", &[0xbf, 0xf3, 0x6f, 0x8f], Class::InstructionBarrier),
            ("it eq", &[0x08, 0xbf], Class::IfThen(1)),
            ("itte eq", &[0x06, 0xbf], Class::IfThen(3)),
            ("itttt eq", &[0x01, 0xbf], Class::IfThen(4)),
        ];
        for (text, bytes, class) in instructions {
            let instruction = Instruction::new(0x100, bytes).expect(text);
            assert_eq!(instruction.class, class, "{text}");
            assert_eq!(instruction.is_short(), bytes.len() == 2, "{text}");
        }
    }

    /// The instructions were checked with `llvm-mc`.
    #[test]
    fn instructions_of_the_floating_point_unit_are_known() {
        let instructions = [
            ("vldmia r0, {d0-d15}", [0x90, 0xec, 0x20, 0x0b], Class::Multiple(32), 1),
            ("vstmia r1, {s16-s31}", [0x81, 0xec, 0x10, 0x8a], Class::Multiple(16), 1 << 1),
            ("vpush {d8, d9}", [0x2d, 0xed, 0x04, 0x8b], Class::Multiple(4), 1 << 13),
            ("vldr s0, [r1, #4]", [0x91, 0xed, 0x01, 0x0a], Class::Multiple(1), 1 << 1),
            ("vstr d0, [r1, #8]", [0x81, 0xed, 0x02, 0x0b], Class::Multiple(2), 1 << 1),
            ("vadd.f32 s0, s1, s2", [0x30, 0xee, 0x81, 0x0a], Class::FloatingPoint(1), 0),
            ("vmul.f32 s0, s1, s2", [0x20, 0xee, 0x81, 0x0a], Class::FloatingPoint(1), 0),
            ("vmla.f32 s0, s1, s2", [0x00, 0xee, 0x81, 0x0a], Class::FloatingPoint(3), 0),
            ("vfma.f32 s0, s1, s2", [0xa0, 0xee, 0x81, 0x0a], Class::FloatingPoint(3), 0),
            ("vdiv.f32 s0, s1, s2", [0x80, 0xee, 0x81, 0x0a], Class::FloatingPoint(14), 0),
            ("vsqrt.f32 s0, s1", [0xb1, 0xee, 0xe0, 0x0a], Class::FloatingPoint(14), 0),
            ("vneg.f32 s0, s1", [0xb1, 0xee, 0x60, 0x0a], Class::FloatingPoint(1), 0),
            ("vmov s0, r1", [0x00, 0xee, 0x10, 0x1a], Class::FloatingPoint(1), 0),
            ("vmov r0, r1, d0", [0x51, 0xec, 0x10, 0x0b], Class::FloatingPoint(2), 0),
            ("vmrs r0, fpscr", [0xf1, 0xee, 0x10, 0x0a], Class::FloatingPoint(1), 0),
        ];
        for (text, bytes, class, registers) in instructions {
            let instruction = Instruction::new(0x100, &bytes).expect(text);
            assert_eq!(instruction.class, class, "{text}");
            assert_eq!(instruction.address_registers, registers, "{text}");
            assert!(!instruction.is_short());
        }
    }

    #[test]
    fn the_registers_of_an_address_are_known() {
        let registers = |bytes: &[u8]| {
            let instruction = Instruction::new(0x100, bytes).unwrap();
            (instruction.address_registers, instruction.result)
        };
        assert_eq!(registers(&[0x08, 0x68]), (1 << 1, 1 << 0), "ldr r0, [r1]");
        assert_eq!(registers(&[0x99, 0x50]), (1 << 3 | 1 << 2, 0), "str r1, [r3, r2]");
        assert_eq!(registers(&[0x01, 0x90]), (1 << 13, 0), "str r0, [sp, #4]");
        assert_eq!(
            registers(&[0x51, 0xf8, 0x22, 0x00]),
            (1 << 1 | 1 << 2, 1),
            "ldr.w r0, [r1, r2, lsl #2]"
        );
        assert_eq!(registers(&[0x80, 0xe8, 0xf0, 0x0f]), (1 << 0, 0), "stm.w r0, {{r4-r11}}");
        assert_eq!(registers(&[0x01, 0x20]), (0, 1 << 0), "movs r0, #1");
        assert_eq!(registers(&[0x01, 0x28]), (0, 0), "cmp r0, #1");
    }

    #[test]
    fn what_is_no_instruction_is_an_error() {
        let error = Instruction::new(0x100, &[0xff, 0xff, 0xff, 0xff]).unwrap_err();
        assert!(error.contains("0x100"), "{error}");
    }
}
