// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places of devices, and their clock. Images for the MPS2 have the same devices at different places.

use crate::{CLOCK_HZ, LAMPS, TIMER0, TIMER1, UART0, UART1, UART2};
use core::fmt::Debug;
use crossgate_abi::table::Mmio;

/// The places of the devices that the drivers here are for, in an image for the MPS2.
pub trait Places: Debug + Send + 'static {
    /// The frequency of the devices in Hz.
    const CLOCK_HZ: u32;
    /// The registers of the serial lines.
    const UARTS: [Mmio; 3];
    /// The registers of the timers.
    const TIMERS: [Mmio; 2];
    /// The registers of the lamps.
    const LAMPS: Mmio;
}

/// The place of the dual timer, which belongs to the kernel, in an image that has one.
pub trait DualTimerPlace: Places {
    /// Its address.
    const DUAL_TIMER: usize;
    /// The interrupt line of the dual timer.
    const DUAL_TIMER_LINE: u16;
}

/// The places of this board.
#[derive(Debug)]
pub struct An385;

impl Places for An385 {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
}

impl DualTimerPlace for An385 {
    const DUAL_TIMER: usize = 0x4000_2000;
    const DUAL_TIMER_LINE: u16 = 10;
}
