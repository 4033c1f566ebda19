// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the CPU while it handles an exception.

/// The value of `lr` in an exception that has interrupted a thread without floats, ...
pub const TO_THREAD: usize = 0xffff_fffd;
/// ... and a thread that uses floats.
pub const TO_THREAD_WITH_FLOATS: usize = 0xffff_ffed;

/// Registers while an exception is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// r4 to r11.
    pub saved: [u32; 8],
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
    /// Returns whether the interrupted thread uses floats.
    pub fn uses_floats(&self) -> bool {
        self.link == TO_THREAD_WITH_FLOATS
    }
}
