// SPDX-License-Identifier: MIT OR Apache-2.0
//! The effect of an instruction on the flow of execution.

use crate::{Functions, Role};

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// Thumb, of a Cortex-M.
    Thumb,
    /// RV32IMAC, of a RISC-V core.
    Riscv,
}

/// The properties of an instruction that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Its address.
    pub address: u32,
    /// The address of the next instruction in memory.
    pub next: u32,
    /// The effect of the instruction.
    pub flow: Flow,
    /// The index of the function with this instruction.
    pub function: usize,
    /// The executor of that function.
    pub role: Role,
    /// `true` if this function starts with the instruction.
    pub is_start: bool,
    /// If the instruction is a look for an interrupt, the index of the look.
    pub look: Option<usize>,
    /// `true` if the handler begins to serve the interrupt that is pending, if there is one: see [`Functions::new`].
    pub serves: bool,
    /// The registers that tell if it tests the value of a look.
    pub registers: Registers,
}

/// The registers of an instruction of RISC-V, as far as they matter here. (A Cortex-M tests flags, so there the next
/// test after a look counts.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// The number of the register that gets a value. If this value tells whether the old value was 0, it is `None`.
    pub set: Option<u8>,
    /// The number of the register that is compared with 0.
    pub tested: Option<u8>,
}

/// The place at which execution continues after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// At the next instruction, or somewhere in the same function.
    On,
    /// At the next instruction, or somewhere in the same function, depending on a value: `true` if the instruction
    /// branches when the value is 0.
    If(bool),
    /// At the next instruction. It begins a block of this number of instructions, which are executed only if a value is
    /// 0 (`true`) or is not 0 (`false`).
    Block(bool, u8),
    /// At this address: in the same function, or in another function that returns in place of this function.
    Branch(u32),
    /// In a function that returns to the next instruction.
    Call,
    /// At the address in the link register, or in a word on the stack: a return of a function, or of an exception.
    Return,
    /// At the address in another register: a return of an exception, or another function that returns in place of this
    /// function.
    Jump,
    /// At the address in a register: a return of a function, or other code that continues in place of this function;
    /// never a return of an exception.
    Register,
    /// At the return of the exception.
    ExceptionReturn,
}

impl Instruction {
    /// Decodes the instruction with these bytes.
    #[must_use]
    pub fn new(
        set: InstructionSet,
        address: u32,
        bytes: &[u8],
        functions: &Functions,
    ) -> Instruction {
        let half =
            |at| bytes.get(at..at + 2).map_or(0, |half| u16::from_le_bytes([half[0], half[1]]));
        let halves = [half(0), half(2)];
        let (flow, registers) = match (set, bytes.len()) {
            (InstructionSet::Thumb, 4) => (Flow::of_long_thumb(address, halves), None),
            (InstructionSet::Thumb, _) => (Flow::of_short_thumb(address, halves[0]), None),
            (InstructionSet::Riscv, 4) => {
                (Flow::of_long_riscv(address, halves), Some(Registers::of_long_riscv(halves)))
            }
            (InstructionSet::Riscv, _) => {
                let code = halves[0];
                (Flow::of_short_riscv(address, code), Some(Registers::of_short_riscv(code)))
            }
        };
        let registers = registers.unwrap_or_default();
        let size = bytes.len() as u32;
        Instruction { registers, ..Instruction::with_flow(address, size, flow, functions) }
    }

    pub(crate) fn with_flow(
        address: u32,
        size: u32,
        flow: Flow,
        functions: &Functions,
    ) -> Instruction {
        let index = functions.index_of(address);
        let function = functions.get(index);
        Instruction {
            address,
            next: address + size,
            flow,
            function: index,
            role: function.map_or(Role::Any, |function| function.role),
            is_start: function.is_some_and(|function| function.address == address),
            look: functions.look_at(address),
            serves: functions.serves_at(address),
            registers: Registers::default(),
        }
    }

    /// Returns `true` if the instruction leads to this address by itself, without an exception.
    #[must_use]
    pub fn goes_on_at(&self, address: u32) -> bool {
        self.next == address || self.flow == Flow::Branch(address)
    }
}
