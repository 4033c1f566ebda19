// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices: what a board has around its CPU.
//!
//! Their registers are read and written by system calls, so a driver is code of a process as on any
//! board, and the wiring says which process may. Everything here happens inside the kernel: it knows the
//! time, and when the next thing is going to happen.

pub mod lamps;
pub mod serial;
pub mod timer;

use crossgate_abi::Word;

/// A device. Times are in µs since start.
pub trait Device {
    /// Reads a register; one that is not there is 0.
    fn read(&mut self, register: Word, now: u64) -> Word;
    /// Writes a register, if it is there.
    fn write(&mut self, register: Word, value: Word, now: u64);
    /// Does what is due.
    fn advance(&mut self, now: u64);
    /// When something is going to be due, as far as it is known.
    fn next(&self) -> u64;
    /// Returns whether its interrupt is raised.
    fn is_raised(&self) -> bool;
    /// Hands over to the host what it still keeps.
    fn flush(&mut self) {}
    /// Returns whether all that the standard input had has been received.
    fn input_has_ended(&self) -> bool {
        false
    }
}
