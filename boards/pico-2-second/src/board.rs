// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the second core that the port calls.

use crossgate_cortex_m::Board;
use pico_2::{UART1, Uart};

/// The board, as the port sees it on the second core. The first core has prepared the chip.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = pico_2::CLOCK_HZ;
    const LINES: u16 = <pico_2::Hardware as Board>::LINES;
    type Counter = <pico_2::Hardware as Board>::Counter;

    fn prepare() {
        pico_2::close_coprocessors();
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART1, 115_200);
        CHANNEL.tell(byte);
    }
}
