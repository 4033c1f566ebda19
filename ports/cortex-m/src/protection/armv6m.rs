// SPDX-License-Identifier: MIT OR Apache-2.0
//! ARMv6-M: the protection unit of ARMv7-M without the registers that can be written in a row (ARM DDI 0419E, B3.5).
//!
//! The smallest region has 256 bytes, and eight subregions. The regions of [`armv7m`](super::armv7m) are never smaller.

use super::armv7m::{LEASES, ProcessRegions, STACK_REGION};
use crate::exception::SYSTEM_REGISTERS;
use cortex_m::peripheral::MPU;
use crossgate_abi::{LEASES_PER_CALL, Word};
use crossgate_kernel::lease::Lease;
use crossgate_protection::armv7m::Access;

/// The bits of an attribute register.
mod attribute {
    pub const ENABLED: u32 = 1;
    /// log2 of the size, less 1.
    pub const SIZE: u32 = 1;
    /// The subregions that are closed.
    pub const CLOSED: u32 = 8;
    /// The rights.
    pub const RIGHTS: u32 = 24;
}

/// The bits of an address register that name the region.
const NUMBER: u32 = 0b1111;

/// Returns the size in bytes of a window with these registers: the size of the region, less the closed eighths at the
/// top.
pub fn window_size(window: u16) -> Word {
    let registers = u32::from(window);
    let eighths = (registers >> attribute::CLOSED | 1 << 8).trailing_zeros();
    eighths.wrapping_shl(log2_size(registers).wrapping_sub(3)) as Word
}

/// Opens the window of a stack, the memory and the devices of a process, and leases. No other region stays open, except
/// for flash. Only the kernel runs before all of this is done (`switches`).
pub fn open(
    stack_start: Word,
    window: u16,
    process: &ProcessRegions,
    leases: [Option<&Lease<u32>>; LEASES_PER_CALL],
) {
    let stack = [stack_start as u32 | STACK_REGION, Access::ReadWrite as u32 | u32::from(window)];
    write(stack);
    // (By reference: the compiler copies arrays that are iterated by value.)
    process.0.iter().for_each(|&registers| write(registers));
    for (number, lease) in (LEASES..).zip(&leases) {
        write(lease.map_or([1 << 4 | number, 0], |lease| {
            let attributes = lease.registers;
            let block = log2_size(attributes);
            let base = (lease.memory.start as u32).wrapping_shr(block).wrapping_shl(block);
            [base | 1 << 4 | number, attributes]
        }));
    }
    cortex_m::asm::dsb();
}

/// Writes the address register and the attribute register of a region. The region is closed meanwhile: with its new
/// address and its old size, it could cover the kernel's own code and forbid its execution.
fn write([address, attributes]: [u32; 2]) {
    // SAFETY: the unit belongs to the kernel. The values are those of the thread that continues.
    unsafe {
        (*MPU::PTR).rnr.write(address & NUMBER);
        (*MPU::PTR).rasr.write(0);
        (*MPU::PTR).rbar.write(address);
        (*MPU::PTR).rasr.write(attributes);
    }
}

/// Returns log2 of the size of a region with these attributes, in bytes. It is less than 32: no region of the kernel
/// covers all addresses.
fn log2_size(attributes: u32) -> u32 {
    (attributes >> attribute::SIZE & 31) + 1
}

/// Returns whether the unit lets a thread access the byte at `address` now. (It says nothing of the CPU's own
/// registers, to which threads have no access.)
pub fn opens(address: Word, is_write: bool) -> bool {
    if SYSTEM_REGISTERS.contains(&address) {
        return true;
    }
    // Where two regions overlap, the one with the greater number decides.
    let mut attributes = (0..super::armv7m::REGIONS).rev().filter_map(|number| {
        // SAFETY: the unit belongs to the kernel, and this only selects a region and reads its registers.
        let (base, attributes) = unsafe {
            (*MPU::PTR).rnr.write(number);
            ((*MPU::PTR).rbar.read(), (*MPU::PTR).rasr.read())
        };
        let size = log2_size(attributes);
        let is_inside = (address as u32 ^ base).wrapping_shr(size) == 0;
        let eighth = (address as u32).wrapping_shr(size.wrapping_sub(3)) & 7;
        let is_open = attributes >> attribute::CLOSED >> eighth & 1 == 0;
        (attributes & attribute::ENABLED != 0 && is_inside && is_open).then_some(attributes)
    });
    const NONE: u32 = 0b000;
    const ONE_SIDED: u32 = 0b001;
    const ALL: u32 = 0b011;
    attributes.next().is_some_and(|attributes| match attributes >> attribute::RIGHTS & 7 {
        NONE | ONE_SIDED => false,
        rights => !is_write || rights == ALL,
    })
}
