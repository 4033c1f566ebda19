// SPDX-License-Identifier: MIT OR Apache-2.0
//! STEP 5: what the port asks of the board. This runs with the kernel's rights: short, and without panics.

use crate::{CLOCK_HZ, UART0, Uart};
use crossgate_cortex_m::Board;

/// The board, as the port sees it.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    /// As many as the chip has: a wiring with others does not compile.
    const LINES: u16 = 5;
    /// A timer of 32 bits that counts by itself is more exact, if the chip has one to spare: see `Watchdog` in
    /// boards/lm3s6965evb.
    #[cfg(target_os = "none")]
    type Counter = crossgate_cortex_m::SysTick<CLOCK_HZ>;
    #[cfg(not(target_os = "none"))]
    type Counter = Nothing;

    fn prepare() {
        // Clock: away from what the chip starts with, to CLOCK_HZ, each wait with an end. Then power for the devices,
        // and the functions of the pins: no process can do that, as these registers are shared by all.
    }

    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// Where there is no SysTick the board only compiles, for its unit tests.
#[cfg(not(target_os = "none"))]
#[derive(Debug)]
pub struct Nothing;

#[cfg(not(target_os = "none"))]
impl crossgate_cortex_m::Counter for Nothing {
    const HZ: u32 = CLOCK_HZ;
    fn start() {}
    fn count() -> u32 {
        0
    }
}
