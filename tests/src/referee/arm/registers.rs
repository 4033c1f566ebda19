// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the CPU while it handles an exception.

/// The value of `lr` in an exception that has interrupted a thread without floats, ...
pub const TO_THREAD: usize = 0xffff_fffd;
/// ... and a thread that uses floats.
pub const TO_THREAD_WITH_FLOATS: usize = 0xffff_ffed;

/// The number of registers that a system call preserves: r4 to r11.
pub const SAVED: usize = 8;
/// The size of the registers that are saved of a thread without floats, in bytes.
pub const CONTEXT_SIZE: usize = 64;

/// Registers while an exception is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// r4 to r11.
    pub saved: [u32; SAVED],
    pub process_stack: usize,
    pub main_stack: usize,
    pub link: usize,
    /// r0 to r3, and r12.
    pub scratch: [u32; 5],
    /// The address to start at.
    pub target: usize,
    /// s0 to s31, if the CPU has them. Registers that the CPU has pushed are 0.
    pub floats: [u32; 32],
}

impl Registers {
    /// Returns the address below which the stack of the thread is dead. The registers that the CPU has pushed are above.
    pub fn thread_stack(&self) -> usize {
        self.process_stack
    }

    /// Passes to `tell` all values of a thread that are not in memory.
    pub fn tell(&self, tell: &mut impl FnMut(u32)) {
        self.saved.iter().for_each(|&word| tell(word));
        tell(self.process_stack as u32);
    }

    /// Returns whether the interrupted thread uses floats.
    pub fn uses_floats(&self) -> bool {
        self.link == TO_THREAD_WITH_FLOATS
    }
}
