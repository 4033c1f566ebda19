// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of a Raspberry Pi Pico 2 that are the same on both kinds of cores of its chip, an RP2350: two Cortex-M33 or
//! two RISC-V cores (Hazard3). These are the clocks, the pins, and the drivers. The crates of the boards
//! ([`pico-2`](https://docs.rs/crossgate-pico-2), [`pico-2-riscv`](https://docs.rs/crossgate-pico-2-riscv)) use them.
//!
//! | file | contents | in the data sheet of the RP2350 |
//! |---|---|---|
//! | `registers` | the registers of the devices | 2.2, address map |
//! | `resets` | the resets of devices, and of the chip | 7.5, resets; 12.9, watchdog |
//! | `devices` | the addresses and interrupt lines of the devices | 2.2, address map; 3.2, interrupts |
//! | `clock` | the clock tree | 8.1, clocks; 8.2, crystal oscillator; 8.6, PLL |
//! | `chip` | pins, and rights that the boot ROM leaves | 9, GPIO; 10.6, access control |
//! | `timer` | a timer | 12.8, system timers |
//! | `lamp` | an output pin as a lamp | 3.1, SIO |
//! | `second_core` | the start of the second core | 5.3, launching code on processor core 1; 7.4, PSM |
//! | `line` | the line between the two Cortex-M33 | 3.1.6, doorbells |
//!
//! Unless the board starts it, the second core stays in the boot ROM, where it waits for a word in the queue between
//! the cores (the data sheet's mailbox). No device of this crate contains the queues.
#![no_std]

mod chip;
mod clock;
mod devices;
mod lamp;
mod line;
mod registers;
mod resets;
mod second_core;
mod timer;

pub use chip::{open_to_user_mode, prepare};
pub use devices::{
    BELLS, CPU_HZ, LAMPS, LINE, LINES, Lines, PLATFORM_TIMER, TIMER0, TIMER1, UART0, UART1, UART2,
    interrupt, platform_timer_count, start_platform_timer,
};
pub use lamp::Lamp;
pub use line::Line;
pub use resets::reset_chip;
pub use second_core::{start_second_core, stop_second_core};
pub use timer::Timer;

/// Driver of a serial line, for the process that owns its registers.
pub type Uart = pl011_driver::Uart<Lines>;
