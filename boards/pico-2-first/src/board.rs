// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the first core that the port calls.

use crossgate_cortex_m::Board;

/// The board, as the port sees it on the first core, which prepares the chip and starts the second core.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = pico_2::CLOCK_HZ;
    const LINES: u16 = <pico_2::Hardware as Board>::LINES;
    type Counter = <pico_2::Hardware as Board>::Counter;

    fn prepare() {
        // A second kernel must not go on while the devices are reset.
        rp2350_board::stop_second_core();
        pico_2::Hardware::prepare();
        rp2350_board::start_second_core();
    }

    #[inline]
    fn tell(byte: u8) {
        pico_2::Hardware::tell(byte);
    }
}
