// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts that boards with a RISC-V chip of the ESP32 family have in common: the setup of the chip, the timer and
//! the interrupt controller of the kernel, and drivers for serial lines, timers and lamps. The crate of a board says
//! where they are: it implements [`Places`].
//!
//! | file | contents | chapters of the technical reference manual |
//! |---|---|---|
//! | `bus` | the access to registers | |
//! | `chip` | the facts in which chips and boards differ | |
//! | `c3` | the ESP32-C3 | system and memory; reset and clock; low-power management; system registers |
//! | `c6` | the ESP32-C6 | the same; access permission management |
//! | `pins` | the functions of pins | IO MUX and GPIO matrix |
//! | `watchdogs` | the watchdogs of the timer groups | watchdog timers |
//! | `time` | the timer of the kernel | system timer |
//! | `matrix` | the interrupt controller of the kernel | interrupt matrix; the CPU, interrupt controller |
//! | `uart` | a serial line | UART controller |
//! | `timer` | a timer | timer group |
//! | `lamp` | an output pin as a lamp | IO MUX and GPIO matrix |
//! | `hardware` | the functions that the port calls | |
//! | `model` | a model of the registers, for unit tests | |
//!
//! The manuals are Espressif's. None of this code has run on a chip. Its unit tests run it against a model of the
//! registers.
#![no_std]

mod bus;
mod c3;
mod c6;
mod chip;
mod hardware;
mod lamp;
mod matrix;
#[cfg(test)]
mod model;
mod pins;
mod time;
mod timer;
mod uart;
mod watchdogs;

pub use bus::Bus;
pub use c3::C3;
pub use c6::C6;
pub use chip::{Chip, Matrix, Places, Serial};
pub use hardware::Hardware;
pub use lamp::Lamp;
pub use timer::{TIMERS_HZ, Timer};
pub use uart::Uart;

#[doc(hidden)]
pub use crossgate_riscv as riscv;

/// Adds the two words at the start of the flash by which the boot ROM maps the flash, and jumps to the third word of it
/// ("direct boot"). Otherwise the ROM looks for an image of another form, which a second boot loader would load.
#[doc(hidden)]
#[macro_export]
macro_rules! direct_boot {
    () => {
        const _: () = {
            #[used]
            #[unsafe(link_section = ".header")]
            static DIRECT_BOOT: [u32; 2] = [0xaedb041d, 0xaedb041d];
        };
    };
}
