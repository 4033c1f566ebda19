// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory protection unit of ARMv8-M (ARM DDI 0553, PMSAv8).
//!
//! A region is a run of granules of 32 bytes, at any start and of any length. The unit and the architecture differ from
//! [`armv7m`](crate::armv7m) in these points:
//!
//! - Spans are rounded only to granules, and a callee's stack starts at most 31 bytes below the caller's stack pointer.
//! - The limit register holds the address of the last granule, which belongs to the region.
//! - A byte must not be in two regions: every access to such a byte faults, even an access by the kernel, whatever the
//!   regions allow. So memory that is open already is not opened again ([`overlap`]). When the registers are changed, a
//!   region is closed before another region opens some of its bytes.
//! - Memory that is read-only for threads is read-only for the kernel, too. No region can deny a read to the kernel. So
//!   there is no guard region below the kernel's stack: the stack limit registers guard it.
//! - The types of memory are in a table, [`MEMORY_TYPES`], and a region contains the number of an entry.
//! - The address register does not hold the number of the region, because another register selects the region.

use crate::{Granules, Span};

/// The memory protection unit of ARMv8-M.
#[derive(Clone, Copy, Debug)]
pub struct ArmV8M;

/// The size of a granule in bytes.
pub const GRANULE: usize = 32;
/// The bits of an address within its granule.
const REST: usize = GRANULE - 1;

const NEVER_EXECUTE: u32 = 1;
const ALL_READ_AND_WRITE: u32 = 0b01 << 1;
const ALL_READ: u32 = 0b11 << 1;
const OUTER_SHAREABLE: u32 = 0b10 << 3;

const ENABLE: u32 = 1;
const NORMAL: u32 = 0;
const DEVICE: u32 = 1;

/// The value of the register of memory attributes, `MPU_MAIR0`. Normal memory is cached, write-through, and allocated
/// on reads. Device memory may acknowledge a write early.
pub const MEMORY_TYPES: u32 = 0b1010_1010 << (8 * NORMAL) | 0b0000_0100 << (8 * DEVICE);

/// The access rights to a region, as the lower bits of the base address register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Access {
    /// Read and execute; normal memory, cached.
    Flash = ALL_READ,
    /// Read and write, never execute; normal memory, cached and shareable.
    ReadWrite = OUTER_SHAREABLE | ALL_READ_AND_WRITE | NEVER_EXECUTE,
    /// Read, never execute; normal memory, cached and shareable. (The kernel can't write either.)
    ReadOnly = OUTER_SHAREABLE | ALL_READ | NEVER_EXECUTE,
    /// Read and write, never execute; device memory, which is always shareable.
    Device = ALL_READ_AND_WRITE | NEVER_EXECUTE,
}

impl Access {
    /// Returns the access rights to memory that is lent.
    #[inline(always)]
    #[must_use]
    pub const fn of_memory(writable: bool) -> Access {
        if writable { Access::ReadWrite } else { Access::ReadOnly }
    }

    /// Returns the entry in [`MEMORY_TYPES`].
    #[inline(always)]
    const fn memory_type(self) -> u32 {
        if matches!(self, Access::Device) { DEVICE } else { NORMAL }
    }
}

/// Returns the base address and limit registers of the region that opens the granules of `span`. If `span` is empty,
/// the region is off.
#[inline(always)]
#[must_use]
pub const fn registers(span: Span, access: Access) -> [u32; 2] {
    let base = base_register(span.start, access);
    if span.is_empty() {
        return [base, 0];
    }
    let last_granule = granule(span.end.wrapping_sub(1)) as u32;
    [base, last_granule | access.memory_type() << 1 | ENABLE]
}

/// Returns the base address register of a region that opens memory at `start`.
#[inline(always)]
#[must_use]
pub const fn base_register(start: usize, access: Access) -> u32 {
    granule(start) as u32 | access as u32
}

/// Returns the address of the granule of a byte.
#[inline(always)]
const fn granule(address: usize) -> usize {
    address & !REST
}

/// Returns whether regions that open these spans, which must not be empty, would have a byte in common.
#[inline(always)]
#[must_use]
pub const fn overlap(one: Span, other: Span) -> bool {
    granule(one.start) < other.end && granule(other.start) < one.end
}

/// Returns the memory of two leases, each with the right to write, as spans without a common granule.
///
/// If the leases overlap and give the same right, one span opens both. Otherwise the writable lease remains whole, and
/// of the read-only lease the pieces before and after the writable one remain.
#[inline(always)]
#[must_use]
pub const fn apart([one, other]: [(Span, bool); 2]) -> [Option<(Span, bool)>; 3] {
    if !overlap(one.0, other.0) {
        return [Some(one), Some(other), None];
    }
    if one.1 == other.1 {
        let start = if one.0.start < other.0.start { one.0.start } else { other.0.start };
        let end = if one.0.end > other.0.end { one.0.end } else { other.0.end };
        return [Some((Span { start, end }, one.1)), None, None];
    }
    let (writable, readable) = if one.1 { (one.0, other.0) } else { (other.0, one.0) };
    let before = Span { start: readable.start, end: granule(writable.start) };
    let after =
        Span { start: (writable.end.wrapping_sub(1) | REST).wrapping_add(1), end: readable.end };
    [
        Some((writable, true)),
        if before.is_empty() { None } else { Some((before, false)) },
        if after.is_empty() { None } else { Some((after, false)) },
    ]
}

/// Returns whether a region can open `span`, which must not be empty, and nothing outside `limits`.
#[inline(always)]
#[must_use]
pub const fn coverable(span: Span, limits: Span) -> bool {
    limits.start <= granule(span.start) && (span.end.wrapping_sub(1) | REST) < limits.end
}

/// Returns the base address and limit registers that open a [window](crate::Unit::window) of the stack from `start`.
#[inline(always)]
#[must_use]
pub const fn window_registers(start: usize, window: u16) -> [u32; 2] {
    registers(Span { start, end: start + window as usize * GRANULE }, Access::ReadWrite)
}

impl Granules for ArmV8M {
    const GRANULE: usize = GRANULE;
    /// The limit register. The other register is the result of [`base_register`].
    type Lease = u32;
    const NO_LEASE: u32 = 0;

    fn lease(memory: Span, writable: bool) -> u32 {
        registers(memory, Access::of_memory(writable))[1]
    }

    fn can_lease(limits: Span, memory: Span) -> bool {
        coverable(memory, limits)
    }
}

#[cfg(test)]
pub(crate) mod tests;
