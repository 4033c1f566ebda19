// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract of a family of chips.

use crate::serial::SerialLine;
use core::fmt::Debug;
use crossgate_cortex_m::sleep::{Depth, Slept};
use tock_registers::registers::ReadWrite;

/// The clock of the CPU is that with which the chip starts: after a deep sleep, the faster one did not come back.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// Its frequency, in Hz.
    pub hz: u32,
}

/// A bus of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// The first bus of peripherals.
    Apb1,
    /// The second bus of peripherals.
    Apb2,
    /// The GPIO ports.
    Ports,
}

/// A family of chips with the same clock tree.
pub trait Family: Debug + Send + 'static {
    /// The frequency of the CPU, in Hz.
    const CPU_HZ: u32;
    /// The frequency of the clock of the timers of 32 bits, in Hz.
    const TIMERS_HZ: u32;
    /// The frequency of the first bus of peripherals, in Hz.
    const APB1_HZ: u32;
    /// The frequency of the second bus of peripherals, in Hz.
    const APB2_HZ: u32;
    /// The address of the first GPIO port.
    const PORT_A: usize;
    /// The number of GPIO ports.
    const PORTS: usize;

    /// The sources of the clock that a board with such a chip can have.
    type Source: Copy;
    /// The registers of a serial line.
    #[doc(hidden)]
    type Usart: SerialLine;
    /// The counter of time.
    type Counter: Halting;

    /// Sets clocks, power and caches up. Returns the frequency that the timers then have, in Hz: it depends on the
    /// clocks that were found.
    ///
    /// Only the kernel may call this, before it uses the time.
    #[doc(hidden)]
    fn prepare(source: Self::Source) -> u32;

    /// Sleeps, as [`Board::sleep`](crossgate_cortex_m::Board::sleep), if the clocks are afterwards as before.
    #[doc(hidden)]
    fn sleep(source: Self::Source, depth: Depth, left: u64) -> Result<Slept, Slow>;

    /// Completes the last write to the RAM, so that it survives a reset.
    #[doc(hidden)]
    #[inline(always)]
    fn complete_writes() {}

    /// Returns the register with a bit for each device of a bus, which switches the clock of the device on.
    #[doc(hidden)]
    fn enables(bus: Bus) -> &'static ReadWrite<u32>;

    /// Returns why the kernel must not run on a chip with these settings, if there is a reason.
    #[doc(hidden)]
    fn obstacle() -> Option<&'static str> {
        None
    }
}

/// The source of a board's clock: a crystal, or a clock from another chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crystal {
    /// Its frequency in MHz, 4 to 26. For an STM32G4 it is a multiple of 4, for an STM32H7 a multiple of 2.
    pub mhz: u32,
    /// It is a clock from another chip.
    pub is_clock: bool,
}

/// The source of the clock of a board without a crystal: the chip's own oscillator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Internal;

/// A counter that can stand still while its clock does.
#[doc(hidden)]
pub trait Halting: crossgate_cortex_m::Counter {
    /// Lets it stand still.
    fn stand_still();
    /// Lets it count on from where it stands.
    fn go_on();
}

/// The counter of time of all families: the timers of 32 bits are for processes, so SysTick gives the time.
#[cfg(target_os = "none")]
pub(crate) type Time<const HZ: u32> = crossgate_cortex_m::SysTick<HZ>;

#[cfg(target_os = "none")]
impl<const HZ: u32> Halting for Time<HZ> {
    fn stand_still() {
        Time::<HZ>::stand_still();
    }
    fn go_on() {
        Time::<HZ>::go_on();
    }
}

/// A host has no SysTick. There the board only has to compile, for its unit tests.
#[cfg(not(target_os = "none"))]
#[derive(Debug)]
pub struct Time<const HZ: u32>;

#[cfg(not(target_os = "none"))]
impl<const HZ: u32> crossgate_cortex_m::Counter for Time<HZ> {
    const HZ: u32 = HZ;
    fn start() {}
    fn count() -> u32 {
        0
    }
}

#[cfg(not(target_os = "none"))]
impl<const HZ: u32> Halting for Time<HZ> {
    fn stand_still() {
        #[cfg(test)]
        crate::model::count(false);
    }
    fn go_on() {
        #[cfg(test)]
        crate::model::count(true);
    }
}
