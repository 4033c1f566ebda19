// SPDX-License-Identifier: MIT OR Apache-2.0
//! The regions that memory protection units can express.
//!
//! A protection unit opens *regions*, and no unit can open every run of bytes as a region. All code that gives out
//! memory has to know the regions of the unit: the linker when it gives each process a place, `crossgate::system!` when
//! it makes stacks, and a port when it opens a part of a stack or memory that is lent. They all use this crate.
//!
//! | module | unit | regions |
//! |---|---|---|
//! | [`armv7m`] | ARMv7-M (Cortex-M3, M4, M7) | runs of eighths of a block of a power of two |
//! | [`armv8m`] | ARMv8-M (Cortex-M23, M33, M55) | runs of 32 bytes, which must not overlap |
//! | [`pmp`] | RISC-V physical memory protection | runs of 16 bytes |
//! | [`pages`] | the memory management unit of a host | runs of pages |
//!
//! Each implements [`Unit`]; all but the first do so through [`Granules`]. [`Regions`] opens several ranges, such as
//! the devices of a process, with as few regions as possible. This crate is arithmetic only: it writes no register. The
//! tests check its promises for each unit in the same way, against the unit's manual, byte by byte.
//!
//! ```
//! use crossgate_protection::{Span, Unit, armv7m::ArmV7M};
//!
//! // 300 bytes get five eighths of a block of 512.
//! let fit = ArmV7M::process(300);
//! assert_eq!((fit.size, fit.step), (320, 64));
//! // One region opens these eighths only if they are in one block.
//! assert!(ArmV7M::opens(Span { start: 0x2000_0040, end: 0x2000_0180 }));
//! assert!(!ArmV7M::opens(Span { start: 0x2000_0140, end: 0x2000_0280 }));
//! ```
#![no_std]
#![forbid(unsafe_code)]

pub mod armv7m;
pub mod armv8m;
mod granules;
pub mod pages;
pub mod pmp;
mod region;
mod regions;
mod span;
mod unit;

pub use granules::Granules;
pub use region::{Region, Shape};
pub use regions::{MOST_RANGES, Regions};
pub use span::Span;
pub use unit::{Fit, Unit, Window};

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;
