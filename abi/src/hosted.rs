// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices of the hosted port: the constants that their drivers and the port share.
//!
//! A device has registers, which are read and written by the system calls
//! [`DEVICE_READ`](crate::number::hosted::DEVICE_READ) and [`DEVICE_WRITE`](crate::number::hosted::DEVICE_WRITE). The
//! range of a device in the wiring gives the right to make them; no memory lies at the address of that range. Times are
//! in µs, and rates in bits per second. An interrupt stays raised until its cause has gone.

use crate::table::Mmio;

const fn mmio(index: usize) -> Mmio {
    Mmio { start: 0x1000 + index * 0x100, size: 0x100 }
}

/// The number of interrupt lines. Each line belongs to one device.
pub const LINES: u16 = 5;

/// Serial lines.
pub mod serial {
    use super::{Mmio, mmio};
    use crate::Word;

    /// The ranges of the serial lines.
    pub const MMIO: [Mmio; 3] = [mmio(0), mmio(1), mmio(2)];
    /// The interrupts of the serial lines: a byte has been received.
    pub const INTERRUPTS: [u16; 3] = [0, 1, 2];
    /// Register. A read takes the received byte; a write sends one.
    pub const DATA: Word = 0;
    /// Register. 1 if a byte has been received, else 0.
    pub const RECEIVED: Word = 1;
    /// Register. Bits per second; 0 until a driver sets it, and nothing is received while it is 0.
    pub const RATE: Word = 2;
    /// Register. 1: a received byte raises the interrupt.
    pub const INTERRUPT: Word = 3;
}

/// Timers, which count µs up from 0.
pub mod timer {
    use super::{Mmio, mmio};
    use crate::Word;

    /// The ranges of the timers.
    pub const MMIO: [Mmio; 2] = [mmio(4), mmio(5)];
    /// The interrupts of the timers: the time in [`INTERRUPT_AFTER`] has passed.
    pub const INTERRUPTS: [u16; 2] = [3, 4];
    /// Register. The time since the start of the timer in µs. Writing any value restarts the timer.
    pub const ELAPSED: Word = 0;
    /// Register. The time from the start of the timer to its interrupt in µs; 0 for no interrupt, which also withdraws
    /// a raised one.
    pub const INTERRUPT_AFTER: Word = 1;
}

/// Lamps.
pub mod lamps {
    use super::{Mmio, mmio};
    use crate::Word;

    /// The range of the lamps.
    pub const MMIO: Mmio = mmio(6);
    /// The number of lamps.
    pub const COUNT: usize = 8;
    /// Register. Bit n: lamp n is on.
    pub const ON: Word = 0;
}

/// A controller of an I2C bus. It sends and receives bytes; what the next one is, the driver decides.
///
/// | to ... | the driver writes |
/// |---|---|
/// | begin a transfer, or begin another one within it | [`START`](i2c::START) |
/// | send a byte | [`SEND`](i2c::SEND) |
/// | receive a byte | [`RECEIVE`](i2c::RECEIVE), and reads it from [`DATA`](i2c::DATA) |
/// | end the transfer | [`STOP`](i2c::STOP) |
///
/// Each takes its time at the rate of the bus. What is written meanwhile has no effect.
pub mod i2c {
    use super::{Mmio, mmio};
    use crate::Word;

    /// The range of the controller.
    pub const MMIO: Mmio = mmio(7);
    /// Register. Bits per second; 0 until a driver sets it, and the controller does nothing while it is 0. Writing it ends
    /// any transfer.
    pub const RATE: Word = 0;
    /// Register. A write makes the condition START and sends the byte: the address in its upper seven bits, and 1 in the
    /// lowest to read.
    pub const START: Word = 1;
    /// Register. A write sends the byte.
    pub const SEND: Word = 2;
    /// Register. A write receives a byte: 1 acknowledges it, 0 does not, which is for the last one of a transfer.
    pub const RECEIVE: Word = 3;
    /// Register. The byte that was received.
    pub const DATA: Word = 4;
    /// Register. A write makes the condition STOP.
    pub const STOP: Word = 5;
    /// Register. [`BUSY`] and [`ACKNOWLEDGED`].
    pub const STATUS: Word = 6;
    /// Bit of [`STATUS`]. The controller is not done yet.
    pub const BUSY: Word = 1;
    /// Bit of [`STATUS`]. A chip acknowledged the last byte that was sent.
    pub const ACKNOWLEDGED: Word = 2;
}
