// SPDX-License-Identifier: MIT OR Apache-2.0
//! ARM's tables.

use crate::instruction::{Class, Instruction};
use std::ops::AddAssign;

/// A number of cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cycles {
    /// The smallest number.
    pub least: u64,
    /// The largest number.
    pub most: u64,
}

impl Cycles {
    pub(crate) const fn new(least: u64, most: u64) -> Cycles {
        Cycles { least, most }
    }

    const fn exactly(cycles: u64) -> Cycles {
        Cycles::new(cycles, cycles)
    }
}

impl AddAssign for Cycles {
    fn add_assign(&mut self, other: Cycles) {
        self.least += other.least;
        self.most += other.most;
    }
}

/// A processor with tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processor {
    M3,
    M4,
}

/// The cycles from the exception to the first instruction of its handler, including the store of eight registers
/// (article 103489845).
pub(crate) const ENTRY: Cycles = Cycles::exactly(12);
/// The cycles from the instruction that returns to the first instruction after it (the same article; the number 12 in
/// the manual of the M3 is a misprint).
pub(crate) const RETURN: Cycles = Cycles::exactly(10);
/// The cycles from one handler to the next, with no other instruction between them (DDI 0337I, "Exception handling").
pub(crate) const TAIL_CHAIN: Cycles = Cycles::exactly(6);
/// The cycles to refill the pipeline: P in the tables.
const REFILL: Cycles = Cycles::new(1, 3);

/// Returns the cycles that a taken branch adds to its instruction.
pub(crate) fn refill(branch: &Instruction) -> Cycles {
    match branch.class {
        // "Load/store timings" says three for these.
        Class::LoadProgramCounter | Class::TableBranch => Cycles::exactly(3),
        _ => REFILL,
    }
}

/// Returns the cost of an instruction that is executed; `last` is the instruction just before it, if there is one.
pub(crate) fn cycles(
    instruction: &Instruction,
    last: Option<&Instruction>,
    processor: Processor,
) -> Cycles {
    let is_m4 = processor == Processor::M4;
    let mut cycles = match instruction.class {
        Class::Data => Cycles::exactly(1),
        Class::MultiplyAccumulate | Class::MultiplyLong | Class::MultiplyLongAccumulate
            if is_m4 =>
        {
            Cycles::exactly(1)
        }
        Class::MultiplyAccumulate => Cycles::exactly(2),
        Class::MultiplyLong => Cycles::new(3, 5),
        Class::MultiplyLongAccumulate => Cycles::new(4, 7),
        Class::Divide => Cycles::new(2, 12),
        // A literal may have to wait for the fetch of instructions.
        Class::Load { is_literal, .. } => Cycles::new(2, 2 + u64::from(is_literal)),
        Class::LoadProgramCounter => Cycles::exactly(2),
        // The CPU completes the store while it executes the next instruction.
        Class::Store => Cycles::exactly(1),
        Class::StoreByRegister => Cycles::exactly(2),
        Class::Multiple(registers) => Cycles::exactly(1 + u64::from(registers)),
        // Two cycles are for the load, and one is for the addition of the offset.
        Class::TableBranch => Cycles::exactly(3),
        Class::Special => Cycles::new(1, 2),
        // A store that is not complete yet has to complete first.
        Class::Barrier => Cycles::new(1, 2),
        Class::InstructionBarrier => Cycles::new(1 + REFILL.least, 1 + REFILL.most),
        Class::FloatingPoint(cycles) => Cycles::exactly(cycles.into()),
        // The instruction may be executed together with a short instruction before it.
        Class::IfThen(_) => Cycles::new(u64::from(!last.is_some_and(Instruction::is_short)), 1),
    };
    if last.is_some_and(|last| waits_for(instruction, last)) {
        cycles += Cycles::exactly(1);
    }
    if last.is_some_and(|last| is_pipelined(instruction, last)) {
        cycles = Cycles::new(cycles.least - 1, cycles.most - 1);
    }
    cycles
}

/// Returns `true` if the address of this load or store is computed from the result of the last instruction.
fn waits_for(instruction: &Instruction, last: &Instruction) -> bool {
    last.class == Class::Data && last.result & instruction.address_registers != 0
}

/// Returns `true` if this load or store starts while the last load ends.
fn is_pipelined(instruction: &Instruction, last: &Instruction) -> bool {
    let may_be = match instruction.class {
        Class::Load { updates_base, .. } => !updates_base,
        Class::StoreByRegister => true,
        _ => false,
    };
    let is_load = matches!(last.class, Class::Load { updates_base: false, .. });
    may_be && is_load && last.result & instruction.address_registers == 0
}
