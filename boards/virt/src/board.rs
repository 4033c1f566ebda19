// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of this board that the port calls.

use crate::{CLOCK_HZ, UART0, Uart};
use crossgate_riscv::{Board, Clint, Plic};

/// The board, as the port sees it.
#[derive(Debug)]
pub struct Hardware;

/// The register by which a firmware ends the machine, or resets it.
const FINISHER: usize = 0x0010_0000;
/// The value that resets.
const RESET: u32 = 0x7777;

impl Board for Hardware {
    const TIMER_HZ: u32 = CLOCK_HZ;
    type Timer = Clint<0x0200_0000>;
    type Controller = Plic<0x0c00_0000, 96>;

    fn reset() -> ! {
        let finisher = core::ptr::with_exposed_provenance_mut::<u32>(FINISHER);
        loop {
            // SAFETY: the write resets the machine. It is the kernel that calls this, which may.
            unsafe { finisher.write_volatile(RESET) };
        }
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}
