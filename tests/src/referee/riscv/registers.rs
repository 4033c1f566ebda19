// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the CPU when a trap is entered, and when a thread continues.

/// The number of registers that a system call preserves: s0 to s11, gp and tp.
pub const SAVED: usize = PRESERVED.len();
/// The size of the registers that are saved of a thread, in bytes.
pub const CONTEXT_SIZE: usize = 128;

/// The indices of registers.
pub const PROGRAM_COUNTER: usize = 0;
pub const RA: usize = 1;
pub const SP: usize = 2;
pub const T0: usize = 5;
pub const T1: usize = 6;
pub const A0: usize = 10;
pub const A4: usize = 14;
/// gp, tp, and s0 to s11.
pub const PRESERVED: [usize; 14] = [3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27];
/// ra, t2, a5 to a7, and t3 to t6. A system call changes them, and needs them for nothing.
pub const FREE: [usize; 9] = [1, 7, 15, 16, 17, 28, 29, 30, 31];

/// The registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// The program counter (`mepc`), then x1 to x31.
    pub words: [u32; 32],
    /// `mcause`.
    pub cause: u32,
    /// `mscratch`.
    pub scratch: u32,
    /// `mstatus`.
    pub status: u32,
}

impl Registers {
    /// Returns the address below which the stack of the thread is dead: the kernel aligns the stack pointer down before
    /// it saves registers, and does not touch the bytes in between.
    pub fn thread_stack(&self) -> usize {
        self.words[SP] as usize & !15
    }

    /// Passes to `tell` all values of a thread that are not in memory.
    pub fn tell(&self, tell: &mut impl FnMut(u32)) {
        self.words.iter().for_each(|&word| tell(word));
    }
}
