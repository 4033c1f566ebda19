// SPDX-License-Identifier: MIT OR Apache-2.0
//! A board to copy. It compiles and keeps the [contract](board_contract), but its devices exist on no chip. Follow the
//! comments with `STEP`, in this order.
//!
//! STEP 1: name the crate, and depend on the port for your CPU (`Cargo.toml`). STEP 2: `memory.x`.
#![no_std]

mod board;
mod lamp;
mod timer;
mod uart;

// While an item is missing, this does not compile, and the error names the item.
board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use lamp::Lamp;
pub use timer::Timer;
pub use uart::Uart;

use crossgate_abi::table::Mmio;

#[doc(hidden)]
pub use crossgate_cortex_m as port;

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`].
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

// STEP 3: addresses and lines, from the memory map and the vector table in the manual of the chip. The size of a range
// is a power of two, and its start is a multiple of the size. It must not include registers of another device, because
// a process gets the whole range.

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 16_000_000;

/// The registers of the first serial line.
pub const UART0: Mmio = Mmio { start: 0x4000_0000, size: 0x400 };
/// The registers of the second serial line.
pub const UART1: Mmio = Mmio { start: 0x4000_0400, size: 0x400 };
/// The registers of the third serial line.
pub const UART2: Mmio = Mmio { start: 0x4000_0800, size: 0x400 };
/// The registers of the first timer.
pub const TIMER0: Mmio = Mmio { start: 0x4000_1000, size: 0x400 };
/// The registers of the second timer.
pub const TIMER1: Mmio = Mmio { start: 0x4000_1400, size: 0x400 };
/// The registers of the GPIO port of the lamps.
pub const LAMPS: Mmio = Mmio { start: 0x4000_2000, size: 0x400 };

/// The lines of the interrupt controller.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 0;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 1;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 2;
    /// [`TIMER0`](super::TIMER0) has come to 0.
    pub const TIMER0: u16 = 3;
    /// [`TIMER1`](super::TIMER1) has come to 0.
    pub const TIMER1: u16 = 4;
}

/// Returns the registers of type `T` at the start of a range.
fn registers<T>(mmio: Mmio) -> &'static T {
    let pointer = core::ptr::with_exposed_provenance::<T>(mmio.start);
    // SAFETY: the drivers ask only for the registers that their device has: they are aligned, no Rust object lies
    // there, and any value may be read from them and written to them. The MPU stops a process that does not own them
    // at the access, without an effect on memory.
    unsafe { &*pointer }
}
