// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts that boards with an STM32F4 at 168 MHz have in common: the clock tree, the functions of the pins, and
//! drivers for serial lines, timers and lamps. The crate of a board says where they are: it implements [`Places`].
//!
//! | file | contents | in the reference manual |
//! |---|---|---|
//! | `bus` | the buses, and the devices on them | 2.3, memory map |
//! | `registers` | the registers of the devices | |
//! | `clock` | the clock tree | 7, reset and clock control; 3.5, wait states of the flash |
//! | `rtc` | the clock that runs on in a deep sleep | 26, real-time clock |
//! | `sleep` | the sleep of the CPU | 5.3, low-power modes |
//! | `pins` | the functions of pins | 8, general-purpose I/Os |
//! | `places` | the devices and pins of a board | |
//! | `uart` | a serial line | 30, USART |
//! | `timer` | a timer of 32 bits | 18, general-purpose timers |
//! | `lamp` | an output pin as a lamp | 8 |
//! | `hardware` | the functions that the port calls | |
//!
//! The reference manual is ST's RM0090, for the STM32F405 and others. The STM32F446 (RM0390) has the same registers,
//! with the same meaning, wherever this crate uses them.
#![no_std]

mod bus;
mod clock;
mod hardware;
mod lamp;
mod pins;
mod places;
mod registers;
mod rtc;
mod sleep;
mod timer;
mod uart;

pub use bus::device;
pub use clock::{CPU_HZ, Crystal, TIMERS_HZ};
pub use hardware::Hardware;
pub use lamp::Lamp;
pub use pins::{Pin, port};
pub use places::Places;
pub use timer::Timer;
pub use uart::Uart;

#[doc(hidden)]
pub use crossgate_cortex_m as cortex_m;
