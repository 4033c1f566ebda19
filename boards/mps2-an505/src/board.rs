// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of this board that the port calls.

use crate::{CLOCK_HZ, LAMPS, TIMER0, TIMER1, UART0, UART1, UART2, Uart};
use crossgate_abi::table::Mmio;
use crossgate_cortex_m::Board;
use crossgate_cortex_m::sleep::{Depth, Slept};
use mps2_an385::drivers::{DualTimer, DualTimerPlace, Places, open_gates, sleep};

/// The places of the devices.
#[derive(Debug)]
pub struct An505;

impl Places for An505 {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
}

impl DualTimerPlace for An505 {
    const DUAL_TIMER: usize = 0x5000_2000;
    const DUAL_TIMER_LINE: u16 = 5;
}

/// The board, as the port sees it.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const LINES: u16 = 124;
    type Counter = DualTimer<An505>;

    #[inline]
    fn prepare() {
        open_gates();
    }

    fn sleep(depth: Depth, left: u64) -> Slept {
        sleep::<An505>(depth, left)
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}
