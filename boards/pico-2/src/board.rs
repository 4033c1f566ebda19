// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::{CLOCK_HZ, UART0, Uart};
use crossgate_cortex_m::{Board, Counter};

/// The board, for the port.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const LINES: u16 = rp2350_board::LINES;
    type Counter = PlatformTimer;

    fn prepare() {
        close_coprocessors();
        rp2350_board::prepare();
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// Takes the coprocessors of this core from threads (ARM DDI 0553, `CPACR`). The boot ROM checks its own steps with a
/// coprocessor, which it leaves open to all code, and a failed check stops the chip (data sheet, 3.6). Another
/// coprocessor sets pins.
pub fn close_coprocessors() {
    const ACCESS: *mut u32 = core::ptr::without_provenance_mut(0xe000_ed88);
    // SAFETY: the reset handler runs alone; this register belongs to the kernel.
    unsafe { ACCESS.write_volatile(0) };
}

/// The timer that RISC-V prescribes. Here it counts the CPU's clock. Both cores start it in the same way, and a second
/// start does not change its count.
#[derive(Debug)]
pub struct PlatformTimer;

impl Counter for PlatformTimer {
    const HZ: u32 = CLOCK_HZ;

    #[inline]
    fn start() {
        rp2350_board::start_platform_timer();
    }

    #[inline]
    fn count() -> u32 {
        rp2350_board::platform_timer_count()
    }
}
