// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::registers::{PLATFORM_TIMER, PlatformTimer, PlatformTimerControl, registers};
use crate::{CLOCK_HZ, UART0, Uart, chip};
use crossgate_cortex_m::{Board, Counter};
use tock_registers::interfaces::{Readable, Writeable};

/// The board, for the port.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    /// The last six lines are spare (data sheet, 3.2).
    const LINES: u16 = 52;
    type Counter = MachineTimer;

    fn prepare() {
        chip::prepare();
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// The timer that RISC-V prescribes. Here it counts the CPU's clock. Its registers are in the same block as those of
/// the pins' outputs, so no device of this crate contains them.
#[derive(Debug)]
pub struct MachineTimer;

impl Counter for MachineTimer {
    const HZ: u32 = CLOCK_HZ;

    #[inline]
    fn start() {
        registers::<PlatformTimer>(PLATFORM_TIMER).control.write(
            PlatformTimerControl::ENABLE::SET
                + PlatformTimerControl::FULL_SPEED::SET
                + PlatformTimerControl::PAUSE_WITH_CORE_0::SET,
        );
    }

    #[inline]
    fn count() -> u32 {
        registers::<PlatformTimer>(PLATFORM_TIMER).count.get()
    }
}
