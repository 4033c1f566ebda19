// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{Registers, WATCHDOG};
use core::time::Duration;
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::watchdog::{FEED, TIME};

/// Driver of the watchdog, for the process that owns [`WATCHDOG`]. If it is not fed in time, the program ends with status
/// 75, as it does wherever a board would be reset.
#[derive(Debug)]
pub struct Watchdog {
    registers: Registers,
}

impl Watchdog {
    /// The driver of the watchdog in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's watchdog. In a constant or in the wiring, that is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Watchdog {
        const OTHERWISE: &str = "there is no watchdog at these registers";
        Watchdog { registers: Registers::of(mmio, &[WATCHDOG], OTHERWISE) }
    }

    /// Makes the watchdog end the program when it has not been fed for this time. Nothing stops it.
    pub fn start(&mut self, time: Duration) {
        self.registers.write(TIME, Word::try_from(time.as_micros()).unwrap_or(Word::MAX));
    }

    /// Feeds the watchdog: its time counts again.
    pub fn feed(&mut self) {
        self.registers.write(FEED, 0);
    }
}
