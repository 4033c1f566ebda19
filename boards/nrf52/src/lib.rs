// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts that boards with an nRF52833 or an nRF52840 have in common: the clock, the functions of the pins, the time,
//! and drivers for a serial line, timers and lamps. The crate of a board says where they are: it implements [`Places`].
//!
//! | file | contents | chapter of the product specification |
//! |---|---|---|
//! | `registers` | the registers of the devices | 4.2.4, instantiation |
//! | `pins` | the functions of pins | GPIO |
//! | `places` | the devices and pins of a board | |
//! | `uart` | a serial line | UART |
//! | `timer` | a timer of 32 bits | TIMER |
//! | `time` | the timer of the kernel | TIMER; CPU and support module, sleep |
//! | `sleep` | the sleep of the CPU | CLOCK; RTC; power management, System ON |
//! | `wait` | bounded waits | |
//! | `lamp` | an output pin as a lamp | GPIO |
//! | `hardware` | the functions that the port calls | CLOCK; debug and trace, access port protection |
//!
//! The product specifications are Nordic's, of the nRF52833 (4452_021) and the nRF52840 (4413_417). Both chips have the
//! same registers wherever this crate uses them.
//!
//! # The owner of the serial line is trusted with all memory
//!
//! The only serial line of these chips without DMA (UART0) shares its range of registers with a second one (UARTE0),
//! which reads and writes memory itself (`EasyDMA`; product specification, UARTE). The protection unit opens either
//! both or none of them, and does not check what the device does. So a process with `mmio UART0` can reach all RAM,
//! like the owner of any [DMA controller](https://docs.rs/crossgate-dma). It should be a process that only drives the
//! line for others, such as `crossgate-console`.
#![no_std]

mod devices;
mod hardware;
mod lamp;
#[cfg(test)]
mod model;
mod pins;
mod places;
mod registers;
mod sleep;
mod time;
mod timer;
mod uart;
mod wait;

pub use devices::{LAMPS, TIMER0, TIMER1, TIMERS_HZ, UART0, UART1, UART2, interrupt};
pub use hardware::Hardware;
pub use lamp::Lamp;
pub use pins::Pin;
pub use places::Places;
pub use timer::Timer;
pub use uart::Uart;

#[doc(hidden)]
pub use crossgate_cortex_m as cortex_m;
