// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices of the chip, which are the same for both kinds of cores.

use crate::registers::{PLATFORM_TIMER as TIMER, PlatformTimer, PlatformTimerControl, registers};
use crossgate_abi::table::Mmio;
use tock_registers::interfaces::{Readable, Writeable};

/// The frequency of the CPU, of the timers and of the serial lines' clock, in Hz.
pub const CPU_HZ: u32 = 150_000_000;

/// The number of interrupt lines. The last six lines are spare (data sheet, 3.2).
pub const LINES: u16 = 52;

/// The registers of the timer that RISC-V prescribes. The kernel uses it on both kinds of cores. Its registers are in the
/// same block as those of the pins' outputs, so no device of this crate contains them.
pub const PLATFORM_TIMER: Mmio = Mmio { start: TIMER, size: 0x1c };

/// Lets the platform timer count the clock of the CPU, from wherever it stands. Only the kernel may call this.
#[inline]
pub fn start_platform_timer() {
    registers::<PlatformTimer>(TIMER).control.write(
        PlatformTimerControl::ENABLE::SET
            + PlatformTimerControl::FULL_SPEED::SET
            + PlatformTimerControl::PAUSE_WITH_CORE_0::SET,
    );
}

/// Returns the lower half of the count of the platform timer. Only the kernel may call this.
#[inline]
#[must_use]
pub fn platform_timer_count() -> u32 {
    registers::<PlatformTimer>(TIMER).count.get()
}

/// The places of the serial lines.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lines;

impl pl011_driver::Places for Lines {
    const CLOCK_HZ: u32 = CPU_HZ;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
}

/// The registers of the first serial line. It sends on GP0 (pin 1), and receives on GP1 (pin 2).
pub const UART0: Mmio = Mmio { start: 0x4007_0000, size: 0x1000 };
/// The registers of the second serial line. It sends on GP4 (pin 6), and receives on GP5 (pin 7).
pub const UART1: Mmio = Mmio { start: 0x4007_8000, size: 0x1000 };
/// The place of a third serial line, which the chip does not have.
pub const UART2: Mmio = Mmio { start: 0x4016_8000, size: 0x1000 };

/// The registers of the first timer.
pub const TIMER0: Mmio = Mmio { start: 0x400b_0000, size: 0x1000 };
/// The registers of the second timer.
pub const TIMER1: Mmio = Mmio { start: 0x400b_8000, size: 0x1000 };

/// The registers of the lamps: the outputs of all pins whose function is that of software. These are the pins of the
/// lamps. The range ends before the mailbox that starts the second core (0x50).
pub const LAMPS: Mmio = Mmio { start: 0xd000_0000, size: 0x40 };

/// The memory of the line between the cores: one of the two banks of 4 KiB, which no `memory.x` has.
pub const LINE: Mmio = Mmio { start: 0x2008_0000, size: 0x400 };
/// The doorbells of the core that accesses them: it rings the other one, and silences itself. (The last register in the
/// range moves interpolators and a video encoder, which no code of this crate uses, to the other security state.)
pub const BELLS: Mmio = Mmio { start: 0xd000_0180, size: 0x20 };

/// The lines of the interrupt controller (data sheet, 3.2). A serial line has one interrupt line for both directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 33;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 34;
    /// A spare line, which no device raises, for [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 46;
    /// The alarm of [`TIMER0`](super::TIMER0).
    pub const TIMER0: u16 = 0;
    /// The alarm of [`TIMER1`](super::TIMER1).
    pub const TIMER1: u16 = 4;
}
