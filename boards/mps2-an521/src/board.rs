// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of this board that the port calls.

use crate::{CLOCK_HZ, LAMPS, TIMER0, TIMER1, UART0, UART1, UART2, Uart};
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use crossgate_abi::table::Mmio;
use crossgate_cortex_m::Board;
use mps2_an385::drivers::{DualTimer, DualTimerPlace, Places, open_gates};

/// The places of the devices.
#[derive(Debug)]
pub struct An521;

impl Places for An521 {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
}

impl DualTimerPlace for An521 {
    const DUAL_TIMER: usize = 0x5000_2000;
    const DUAL_TIMER_LINE: u16 = 5;
}

/// The counter of both cores. Both start it in the same way, and a second start does not change its count.
pub type Counter = DualTimer<An521>;

/// The board, as the port sees it on the first core.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const LINES: u16 = crate::LINES;
    type Counter = Counter;

    #[inline]
    fn prepare() {
        open_gates();
        start_second_core();
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// Lets the second core run, if there is an image for it.
#[inline]
fn start_second_core() {
    /// Where the image begins, with its vector table: `FLASH` in the `memory.x` of `mps2-an521-second`.
    const IMAGE: usize = 0x1004_0000;
    /// The length of the image's part of the flash.
    const LENGTH: usize = 0x4_0000;
    /// System control registers of the SSE-200 (ARM 101104): the vector table of the second core, and the cores that
    /// wait after a reset, a bit each.
    const INITSVTOR1: usize = 0x5002_1114;
    const CPUWAIT: usize = 0x5002_1118;
    let reset = with_exposed_provenance::<u32>(IMAGE + 4);
    // SAFETY: the flash of the second core is there, and any value may be read from it.
    let reset = unsafe { reset.read_volatile() } as usize;
    // Without an image the word is 0, or all ones in a flash that was erased. Then the second core keeps waiting.
    if !(IMAGE..IMAGE + LENGTH).contains(&reset) {
        return;
    }
    // SAFETY: these are device registers of the boot code, which no process owns.
    unsafe {
        with_exposed_provenance_mut::<u32>(INITSVTOR1).write_volatile(IMAGE as u32);
        with_exposed_provenance_mut::<u32>(CPUWAIT).write_volatile(0);
    }
}
