//! The boards that firmware runs on.

use clap::ValueEnum;

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Board {
    /// This machine: the firmware is a Linux program
    Hosted,
    /// The emulated microcontroller, a Cortex-M3
    #[value(name = "mps2-an385")]
    Mps2An385,
}
