// SPDX-License-Identifier: MIT OR Apache-2.0
//! ARMv8-M Baseline: the protection unit of ARMv8-M without the registers that can be written in a row (ARM DDI 0553,
//! PMSAv8).
//!
//! A CPU with the Security Extension, which [`enable`](super::enable) asks for, has the limits of both stack pointers.

use super::armv8m::{CLOSED, LEASES, ProcessRegions, REGIONS, STACK, STACK_REGION};
use crate::exception::SYSTEM_REGISTERS;
use core::arch::asm;
use cortex_m::peripheral::MPU;
use crossgate_abi::{LEASES_PER_CALL, Word};
use crossgate_kernel::lease::Lease;
use crossgate_protection::Span;
use crossgate_protection::armv8m::{Access, GRANULE, apart, registers};

/// Returns the size in bytes of a window with this number of granules.
pub fn window_size(window: u16) -> Word {
    Word::from(window) * GRANULE
}

/// Opens the window of a stack, the memory and the devices of a process, and leases, and sets the limit of the stack. No
/// other region stays open, except for flash. Only the kernel runs before all of this is done (`switches`).
///
/// Meanwhile, a byte may be in a region of the last thread and in one of the next. That does no harm, because the kernel
/// only uses flash and its own memory, and no region of a thread opens a byte of these.
pub fn open(
    stack_start: Word,
    window: u16,
    process: &ProcessRegions,
    leases: [Option<&Lease<u32>>; LEASES_PER_CALL],
) {
    let limit = (stack_start + window_size(window) - GRANULE) as u32 | 1;
    write(STACK, [stack_start as u32 | STACK_REGION, limit]);
    // (By reference: the compiler copies arrays that are iterated by value.)
    for (number, &registers) in (STACK + 1..).zip(&process.0) {
        write(number, registers);
    }
    (LEASES..STACK).for_each(|number| write(number, CLOSED));
    match leases {
        [None, _] => {}
        [Some(lease), None] => write(LEASES, lease_registers(lease.memory, lease.writable)),
        [Some(one), Some(other)] => {
            let pieces = apart([one, other].map(|lease| (lease.memory, lease.writable)));
            for (number, (memory, writable)) in (LEASES..).zip(pieces.into_iter().flatten()) {
                write(number, lease_registers(memory, writable));
            }
        }
    }
    // SAFETY: the register belongs to the kernel. The thread that continues has this stack.
    unsafe {
        asm!("msr psplim, {}", in(reg) stack_start, options(nomem, nostack, preserves_flags))
    };
    cortex_m::asm::dsb();
}

/// Returns the registers that open lent memory.
fn lease_registers(memory: Span, writable: bool) -> [u32; 2] {
    registers(memory, Access::of_memory(writable))
}

/// Writes the address register and the limit register of a region. The region is closed meanwhile.
fn write(number: u32, [address, limit]: [u32; 2]) {
    // SAFETY: the unit belongs to the kernel. The values are those of the thread that continues.
    unsafe {
        (*MPU::PTR).rnr.write(number);
        (*MPU::PTR).rlar.write(CLOSED[1]);
        (*MPU::PTR).rbar.write(address);
        (*MPU::PTR).rlar.write(limit);
    }
}

/// Returns whether the unit lets a thread access the byte at `address` now. (It says nothing of the CPU's own
/// registers, to which threads have no access.)
///
/// The instruction that asks the unit for rights (`ttt`) is of no use here: during a hard fault, the unit is off.
pub fn opens(address: Word, is_write: bool) -> bool {
    const ENABLED: u32 = 1;
    /// The bits of an address register that say whether a thread may read, and whether nobody may write.
    const READABLE: u32 = 0b01 << 1;
    const READ_ONLY: u32 = 0b10 << 1;
    if SYSTEM_REGISTERS.contains(&address) {
        return true;
    }
    let granule = (address & !(GRANULE - 1)) as u32;
    let regions = (0..REGIONS).map(|number| {
        // SAFETY: the unit belongs to the kernel, and this only selects a region and reads its registers.
        unsafe {
            (*MPU::PTR).rnr.write(number);
            ((*MPU::PTR).rbar.read(), (*MPU::PTR).rlar.read())
        }
    });
    let in_region = |&(base, limit): &(u32, u32)| {
        let rest = GRANULE as u32 - 1;
        limit & ENABLED != 0 && base & !rest <= granule && granule <= limit & !rest
    };
    // No byte is in two regions.
    let found = { regions }.find(in_region);
    found.is_some_and(|(base, _)| base & READABLE != 0 && !(is_write && base & READ_ONLY != 0))
}
