// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices of the hosted port: what their drivers and the port agree on.
//!
//! A device has registers, which are read and written by the system calls
//! [`DEVICE_READ`](crate::number::hosted::DEVICE_READ) and
//! [`DEVICE_WRITE`](crate::number::hosted::DEVICE_WRITE). Its range in the wiring gives the right to do
//! so; at its address there is nothing that could be reached otherwise. Times and rates are in
//! µs and bits a second; an interrupt stays raised until its cause has gone.

use crate::table::Mmio;

const fn mmio(index: usize) -> Mmio {
    Mmio { start: 0x1000 + index * 0x100, size: 0x100 }
}

/// The number of interrupt lines: each is that of one device.
pub const LINES: u16 = 5;

/// A serial line.
pub mod serial {
    use super::{Mmio, mmio};
    use crate::Word;

    /// One for each serial line.
    pub const MMIO: [Mmio; 3] = [mmio(0), mmio(1), mmio(2)];
    /// The interrupts: a byte has been received.
    pub const INTERRUPTS: [u16; 3] = [0, 1, 2];
    /// Register. Reading takes the byte that was received, writing sends one.
    pub const DATA: Word = 0;
    /// Register. 1 if a byte has been received, else 0.
    pub const RECEIVED: Word = 1;
    /// Register. Bits per second; 0 until it is set, and then nothing is received.
    pub const RATE: Word = 2;
    /// Register. 1: a byte that was received raises the interrupt.
    pub const INTERRUPT: Word = 3;
}

/// A timer, which counts µs up from 0.
pub mod timer {
    use super::{Mmio, mmio};
    use crate::Word;

    /// One for each timer.
    pub const MMIO: [Mmio; 2] = [mmio(4), mmio(5)];
    /// The interrupts: the timer has come to the time that it was to stop at.
    pub const INTERRUPTS: [u16; 2] = [3, 4];
    /// Register. The time since it was started in µs. Writing, whatever it is, starts the timer anew.
    pub const ELAPSED: Word = 0;
    /// Register. Raises the interrupt so many µs after the start; 0 for never, which takes the interrupt
    /// back.
    pub const INTERRUPT_AFTER: Word = 1;
}

/// Lamps.
pub mod lamps {
    use super::{Mmio, mmio};
    use crate::Word;

    /// The only one.
    pub const MMIO: Mmio = mmio(6);
    /// The number of lamps.
    pub const COUNT: usize = 8;
    /// Register. Bit n: lamp n is on.
    pub const ON: Word = 0;
}
