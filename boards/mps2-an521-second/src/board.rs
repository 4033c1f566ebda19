// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the second core that the port calls.

use crossgate_cortex_m::Board;
use mps2_an521::{UART1, Uart};

/// The board, as the port sees it on the second core. The first core has prepared the devices.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = mps2_an521::CLOCK_HZ;
    const LINES: u16 = mps2_an521::LINES;
    type Counter = mps2_an521::Counter;

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART1, 115_200);
        CHANNEL.tell(byte);
    }
}
