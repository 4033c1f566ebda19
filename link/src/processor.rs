// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU of a firmware, as far as rules of the linker depend on it.

use crate::layout::Span;
use crossgate_protection::Shape;
use object::{Architecture, File, Object};

/// The CPU of a firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processor {
    /// ARM Cortex-M.
    #[default]
    CortexM,
    /// RISC-V with 32 bits.
    RiscV,
}

impl Processor {
    /// Returns the CPU that an object file is for, if it is one of a microcontroller.
    pub fn of(object: &File) -> Option<Self> {
        match object.architecture() {
            Architecture::Arm => Some(Self::CortexM),
            Architecture::Riscv32 => Some(Self::RiscV),
            _ => None,
        }
    }

    /// Returns the crates that the kernel can't be linked without, and that it reaches by agreed names only. Every
    /// firmware has them, so a crate that takes such a name is found out.
    pub fn runtime(self) -> &'static [&'static str] {
        match self {
            Self::CortexM => {
                &["compiler_builtins", "cortex_m_rt", "crossgate", "crossgate_cortex_m"]
            }
            Self::RiscV => &["compiler_builtins", "crossgate", "crossgate_riscv"],
        }
    }

    /// Returns the addresses that no process may be given, with a protection unit of this shape. On ARMv6-M and ARMv7-M
    /// (ARM DDI 0403E, B3.1), the first two ranges are other addresses of RAM and of devices. ARMv8-M, whose unit has
    /// another shape, does not have them. On RISC-V the board says which devices are the kernel's, and `start!` checks
    /// it.
    pub fn reserved(self, shape: Shape) -> &'static [(&'static str, Span)] {
        const OF_ARM: [(&str, Span); 3] = [
            ("the bit-band alias of RAM", Span { start: 0x2200_0000, end: 0x2400_0000 }),
            ("the bit-band alias of devices", Span { start: 0x4200_0000, end: 0x4400_0000 }),
            ("the processor's own registers", Span { start: 0xe000_0000, end: 0x1_0000_0000 }),
        ];
        match (self, shape) {
            (Self::CortexM, Shape::Eighths) => &OF_ARM,
            (Self::CortexM, _) => &OF_ARM[2..],
            (Self::RiscV, _) => &[],
        }
    }
}
