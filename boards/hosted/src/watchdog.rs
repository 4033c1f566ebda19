// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{Registers, WATCHDOG};
use core::time::Duration;
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::watchdog::{FEED, TIME};

/// Driver of the watchdog, for the process that owns [`WATCHDOG`]. If the watchdog is not fed in time, the program ends
/// with status 75. (The program uses this status in all cases in which a real board would be reset.)
#[derive(Debug)]
pub struct Watchdog {
    registers: Registers,
}

impl Watchdog {
    /// Creates the driver of the watchdog in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's watchdog. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Watchdog {
        const OTHERWISE: &str = "there is no watchdog at these registers";
        Watchdog { registers: Registers::of(mmio, &[WATCHDOG], OTHERWISE) }
    }

    /// Starts the watchdog: it ends the program when it has not been fed for this time. It can't be stopped.
    pub fn start(&mut self, time: Duration) {
        self.registers.write(TIME, Word::try_from(time.as_micros()).unwrap_or(Word::MAX));
    }

    /// Feeds the watchdog: its time starts again.
    pub fn feed(&mut self) {
        self.registers.write(FEED, 0);
    }
}
