// SPDX-License-Identifier: MIT OR Apache-2.0
//! STEP 5: the functions that the port calls. They run with the kernel's rights, so keep them short, and without
//! panics.

use crate::{CLOCK_HZ, UART0, Uart};
use crossgate_cortex_m::Board;

/// The board, for the port.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    /// The number of interrupt lines of the chip: a wiring with a line beyond it does not compile.
    const LINES: u16 = 5;
    /// If the chip has a free-running timer of 32 bits that no process needs, use this timer, because it is more exact:
    /// see `Watchdog` in boards/lm3s6965evb.
    #[cfg(target_os = "none")]
    type Counter = crossgate_cortex_m::SysTick<CLOCK_HZ>;
    #[cfg(not(target_os = "none"))]
    type Counter = Nothing;

    fn prepare() {
        // Set the clock to CLOCK_HZ. Each wait must have a limit. Then switch on the power of the devices, and set the
        // functions of the pins. No process can do this later, because all devices share these registers.
    }

    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// A host has no SysTick. There the board only has to compile, for its unit tests.
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
