// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts that boards with an STM32 have in common: the clock trees, the functions of the pins, and drivers for
//! serial lines, timers and lamps. The crate of a board says which [`Family`] its chip belongs to, and where the
//! devices are: it implements [`Places`].
//!
//! | file | contents |
//! |---|---|
//! | `registers` | the registers of devices that are the same in several families |
//! | `family` | the contract of a family of chips |
//! | `bus` | the buses, and the devices on them |
//! | `wait` | bounded waits |
//! | `f4`, `g4`, `h7`, `u5` | the families: registers and setup of clocks, power and caches |
//! | `f4/flash` | the flash of an STM32F4 as a memory for data |
//! | `rtc` | the clock that runs on in a deep sleep |
//! | `sleep` | the sleep of the CPU; the Stop modes of the families are in a file `sleep` of each |
//! | `places` | the devices and pins of a board |
//! | `pins` | the functions of pins |
//! | `serial` | the two kinds of registers of a serial line |
//! | `uart` | a serial line |
//! | `timer` | a timer of 32 bits |
//! | `lamp` | an output pin as a lamp |
//! | `hardware` | the functions that the port calls |
//!
//! The families differ in clocks, power and caches, and the STM32F4 in its serial lines. GPIO ports and timers of 32
//! bits have the same registers everywhere, with the same meaning wherever this crate uses them.
//!
//! | family | CPU | reference manual of ST |
//! |---|---|---|
//! | [`Stm32F4`] | Cortex-M4F, 168 MHz | RM0090 (STM32F405 and others), RM0390 (STM32F446) |
//! | [`Stm32G4`] | Cortex-M4F, 170 MHz | RM0440 |
//! | [`Stm32H7`] | Cortex-M7, 400 MHz | RM0433 (STM32H743 and others) |
//! | [`Stm32U5`] | Cortex-M33, 160 MHz | RM0456 |
#![no_std]

mod bus;
mod f4;
mod family;
mod g4;
mod h7;
mod hardware;
mod lamp;
#[cfg(test)]
mod model;
mod pins;
mod places;
mod registers;
mod rtc;
mod serial;
mod sleep;
mod timer;
mod u5;
mod uart;
mod wait;

pub use bus::device;
pub use f4::{STM32F4_FLASH_CONTROLLER, Stm32F4, Stm32F4Flash, Stm32F4FlashError};
pub use family::{Crystal, Family, Internal};
pub use g4::Stm32G4;
pub use h7::Stm32H7;
pub use hardware::Hardware;
pub use lamp::Lamp;
pub use pins::{Pin, port};
pub use places::Places;
pub use timer::Timer;
pub use u5::Stm32U5;
pub use uart::Uart;

#[doc(hidden)]
pub use crossgate_cortex_m as cortex_m;
