// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second core of the ARM MPS2 board with the AN521 image, a Cortex-M33 at 20 MHz.
//!
//! The devices and drivers are those of [`mps2_an521`](https://docs.rs/crossgate-mps2-an521), except for the end of a
//! [`Line`]. The image has a part of the flash and of the RAM for itself (`memory.x`), and is loaded beside the image
//! of the first core, which starts this core.
#![no_std]
#![forbid(unsafe_code)]

mod board;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use mps2_an521::*;

/// Driver of the end of a line at this core, for the process that owns the [`LINE`] and the [`BELLS`].
pub type Line = mps2_an521::SecondLine;

/// The lines of the interrupt controller.
pub mod interrupt {
    pub use mps2_an521::interrupt::*;

    /// The first core has rung the [bell](super::BELLS) of this core.
    pub const BELL: u16 = 55;
}

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`](mps2_an521::port::start).
///
/// The dual timer gives the time to both cores, so the firmware must not use it. The kernel's last words go to
/// [`UART1`], whichever process owns it.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}
