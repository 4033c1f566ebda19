// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract between the port and a board.

use crate::interrupts::{Controller, Timer};
use core::num::NonZeroU32;
use crossgate_abi::Word;
use crossgate_abi::message::{Number, fail};
use crossgate_abi::table::{Mmio, System};

/// A board: everything that [`start!`](crate::start) needs to know of the hardware around the CPU.
///
/// The functions of a board run as a part of the kernel, with its rights. They have to be short, must not panic, and
/// must not use a device that the wiring gives to a process. (Only [`tell`](Board::tell) may use such a device.)
///
/// ```
/// use crossgate_riscv::{Board, Clint, Plic};
///
/// struct Mine;
///
/// impl Board for Mine {
///     const TIMER_HZ: u32 = 10_000_000;
///     type Timer = Clint<0x0200_0000>;
///     type Controller = Plic<0x0c00_0000, 54>;
///     fn reset() -> ! { loop { /* write the register that resets the chip */ } }
///     fn tell(byte: u8) { /* send it, without an interrupt */ }
/// }
/// ```
pub trait Board {
    /// The frequency of the timer in Hz, a whole number of MHz.
    const TIMER_HZ: u32;

    /// The machine timer: that of a [`Clint`](crate::Clint), or another one.
    type Timer: Timer;

    /// The interrupt controller: a [`Plic`](crate::Plic), or another one.
    type Controller: Controller;

    /// Prepares the chip: clocks, pins, memory controllers. Called once, before everything else.
    #[inline(always)]
    fn prepare() {}

    /// Resets the chip.
    fn reset() -> !;

    /// Sends a byte to a place where a developer sees it: a serial line, or nowhere. The kernel sends its last words
    /// there, when it can't go on or refuses to start.
    ///
    /// The function can assume nothing about the devices, because they are in the state in which the board or a process
    /// has left them. So it sets up the devices that it needs each time, and gives up rather than wait for ever.
    fn tell(byte: u8);
}

/// Returns the frequency of a board's timer in MHz. `start!` calls this function at compile time.
///
/// # Panics
/// If the kernel can't measure time with this frequency.
#[doc(hidden)]
#[must_use]
#[track_caller]
pub const fn megahertz<B: Board>() -> NonZeroU32 {
    match NonZeroU32::new(B::TIMER_HZ / 1_000_000) {
        Some(megahertz) if B::TIMER_HZ.is_multiple_of(1_000_000) && megahertz.get() <= 1000 => {
            megahertz
        }
        _ => fail(&[
            "TIMER_HZ of the board is ",
            Number::decimal(B::TIMER_HZ as usize).text(),
            ", and has to be a whole number of MHz, 1 to 1000: the kernel counts microseconds with it",
        ]),
    }
}

/// Refuses a wiring that gives the kernel's devices to a process or uses a line that does not exist. `start!` calls this
/// function at compile time.
///
/// # Panics
/// If the wiring is refused. If a process owns the kernel's devices, the message names the process.
#[doc(hidden)]
#[track_caller]
pub const fn check<B: Board>(system: &System) {
    system.check_lines(B::Controller::LINES);
    let mut index = 0;
    while index < system.interrupts.len() {
        assert!(
            system.interrupts[index].line >= B::Controller::FIRST_LINE,
            "the interrupt controller of this board has no line 0"
        );
        index += 1;
    }
    let mut process = 0;
    while process < system.processes.len() {
        let row = &system.processes[process];
        let mut own = 0;
        while own < row.mmio.len() {
            let (start, size) = (row.mmio[own].start, row.mmio[own].size);
            let of_controller = match B::Controller::REGISTERS {
                Some(registers) => overlap(start, size, registers),
                None => false,
            };
            if of_controller || overlap(start, size, B::Timer::REGISTERS) {
                fail(&[
                    "process `",
                    row.name,
                    "` owns registers of the timer or the interrupt controller, which belong to the kernel",
                ]);
            }
            own += 1;
        }
        process += 1;
    }
}

/// Returns whether two ranges have an address in common. Neither range is empty. The first one may end at the end of
/// the address space.
const fn overlap(start: Word, size: Word, of_kernel: Mmio) -> bool {
    start <= of_kernel.start + (of_kernel.size - 1) && of_kernel.start <= start + (size - 1)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::{Clint, Plic};

    struct Mine<const HZ: u32>;
    impl<const HZ: u32> Board for Mine<HZ> {
        const TIMER_HZ: u32 = HZ;
        type Timer = Clint<0x0200_0000>;
        type Controller = Plic<0x0c00_0000, 54>;
        fn reset() -> ! {
            unreachable!("nothing is reset here")
        }
        fn tell(_: u8) {}
    }

    #[test]
    fn frequencies_at_their_limits() {
        assert_eq!(megahertz::<Mine<1_000_000>>().get(), 1);
        assert_eq!(megahertz::<Mine<1_000_000_000>>().get(), 1000);
    }

    #[test]
    #[should_panic(expected = "TIMER_HZ of the board is 32768,")]
    fn a_fraction_of_a_megahertz_is_refused() {
        let _ = megahertz::<Mine<32_768>>();
    }

    #[test]
    fn ranges_overlap_if_they_share_a_byte() {
        assert!(overlap(0x1000, 0x1000, Mmio { start: 0x1fff, size: 1 }));
        assert!(overlap(0x1000, 0x1000, Mmio { start: 0x0fff, size: 2 }));
        assert!(!overlap(0x1000, 0x1000, Mmio { start: 0x2000, size: 1 }));
        assert!(!overlap(0x1000, 0x1000, Mmio { start: 0x0fff, size: 1 }));
    }
}
