// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::{CLOCK_HZ, UART0, Uart};
use crossgate_abi::table::Mmio;
use crossgate_riscv::{Board, MachineTimer, Timer, Xh3irq};
use rp2350_board::PLATFORM_TIMER;

/// The board, for the port.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const TIMER_HZ: u32 = CLOCK_HZ;
    type Timer = PlatformTimer;
    type Controller = Xh3irq<{ rp2350_board::LINES }>;

    fn prepare() {
        exempt_kernel();
        rp2350_board::open_to_user_mode();
        rp2350_board::prepare();
    }

    fn reset() -> ! {
        rp2350_board::reset_chip()
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// Lets no entry of the protection unit hold for machine mode. (With a register of its own, `pmpcfgm0`, Hazard3 can apply
/// an entry to machine mode that is not locked. The boot ROM has a macro for it; data sheet, 3.8.)
fn exempt_kernel() {
    #[cfg(target_arch = "riscv32")]
    // SAFETY: this register belongs to the kernel, and no thread has started.
    unsafe {
        core::arch::asm!("csrw 0xbd0, zero", options(nomem, nostack));
    }
}

/// The platform timer of the chip, which counts the clock of the CPU.
#[derive(Debug)]
pub struct PlatformTimer;

/// The addresses of its count, and of the compare register of this core.
type Registers = MachineTimer<{ PLATFORM_TIMER.start + 0xc }, { PLATFORM_TIMER.start + 0x14 }>;

impl Timer for PlatformTimer {
    const REGISTERS: Mmio = PLATFORM_TIMER;

    #[inline]
    fn start() {
        rp2350_board::start_platform_timer();
    }

    #[inline]
    fn count() -> u64 {
        Registers::count()
    }

    #[inline]
    fn compare(count: u64) {
        Registers::compare(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data sheet, 3.1.11: MTIME_CTRL, MTIME, MTIMECMP.
    #[test]
    fn the_registers_of_the_timer_are_those_of_the_data_sheet() {
        assert_eq!(PLATFORM_TIMER.start, 0xd000_01a4);
        assert_eq!((Registers::REGISTERS.start, Registers::REGISTERS.size), (0xd000_01b0, 0x10));
        assert_eq!(PLATFORM_TIMER.start + PLATFORM_TIMER.size, 0xd000_01c0);
    }
}
