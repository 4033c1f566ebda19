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
//! | [`pmp`] | RISC-V physical memory protection | runs of 4 bytes |
//! | [`napot`] | the same, on cores that have powers of two only (Hazard3) | aligned blocks of a power of two |
//! | [`pages`] | the memory management unit of a host | runs of pages |
//!
//! Each implements [`Unit`]; those whose regions are runs do so through [`Granules`]. A [`Shape`] is the geometry of a unit: the
//! sizes and places of memory that its regions can open. [`Regions`] opens several ranges, such as the devices of a
//! process, with as few regions as possible. [`Native`] is the unit for which this crate is compiled. This crate only
//! computes, and writes no register. The tests check its promises for each unit in the same way, against the unit's
//! manual, byte by byte.
//!
//! ```
//! use crossgate_protection::{Shape, Span};
//!
//! // 300 bytes get five eighths of a block of 512.
//! let fit = Shape::Eighths.process(300);
//! assert_eq!((fit.size, fit.step), (320, 64));
//! // One region opens these eighths only if they are in one block.
//! assert!(Shape::Eighths.opens(Span { start: 0x2000_0040, end: 0x2000_0180 }));
//! assert!(!Shape::Eighths.opens(Span { start: 0x2000_0140, end: 0x2000_0280 }));
//! ```
#![no_std]
#![forbid(unsafe_code)]

pub mod armv7m;
pub mod armv8m;
mod granules;
pub mod napot;
pub mod pages;
pub mod pmp;
mod region;
mod regions;
mod shape;
mod span;
mod unit;

pub use granules::Granules;
pub use region::Region;
pub use regions::{MOST_RANGES, Regions};
pub use shape::{Fit, Shape};
pub use span::Span;
pub use unit::{Unit, Window};

/// The unit of the CPU for which this crate is compiled. The wiring of a firmware has the sizes that this unit needs. A
/// port uses the same unit, or it does not compile.
///
/// On a host, it is the unit of ARMv7-M, which needs the coarsest sizes.
pub type Native = native::Native;

mod native {
    #[cfg(not(any(target_arch = "riscv32", armv8m)))]
    pub use crate::armv7m::ArmV7M as Native;
    #[cfg(armv8m)]
    pub use crate::armv8m::ArmV8M as Native;
    #[cfg(all(target_arch = "riscv32", feature = "napot"))]
    pub use crate::napot::Napot as Native;
    #[cfg(all(target_arch = "riscv32", not(feature = "napot")))]
    pub use crate::pmp::Pmp as Native;
}

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;
