// SPDX-License-Identifier: MIT OR Apache-2.0
//! The protection unit's registers (ARM DDI 0403E, B3.5).
//!
//! | region | opens |
//! |---|---|
//! | 0 | flash, to all |
//! | 1 | the current thread's stack, less the part that its callers closed |
//! | 2 | the RAM of the current process |
//! | 3, 4 | the device registers of the current process, in the regions that the wiring's tables give |
//! | 5, 6 | leases |
//! | 7 | nothing: it guards the lowest 32 bytes of the kernel's stack |
//!
//! Nothing else is open to threads; the kernel sees the default memory map.

use crate::last_words::halt;
use crate::linker::{__crossgate_kernel_stack_bottom, symbol};
use cortex_m::peripheral::MPU;
use crossgate_abi::table::ProcessRow;
use crossgate_protection::armv7m::{Access, Block};
use crossgate_protection::{Region, Span};

const FLASH: u32 = 0;
const STACK: u32 = 1;
const RAM: u32 = 2;
const WINDOWS: u32 = 3;
const LEASES: u32 = 5;
const GUARD: u32 = 7;
/// The number of regions that the unit must have.
const REGIONS: u32 = 8;

const _: () = assert!(crossgate_abi::MMIO_REGIONS == 2, "there are two regions for devices");
const _: () = assert!(crossgate_abi::LEASES_PER_CALL == 2, "there are two regions for leases");

/// The registers of regions 2 to 4, an address and an attribute register each, ready to be loaded.
// The size is a power of two, because assembly multiplies by it with a shift.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub struct ProcessRegions([[u32; 2]; 3]);

impl ProcessRegions {
    /// The values before `boot` computes them.
    pub const EMPTY: ProcessRegions = ProcessRegions([[0; 2]; 3]);

    /// Opens the memory and the devices of a process.
    #[inline]
    pub fn set(&mut self, process: &ProcessRow) {
        let ram = Span { start: process.memory.start, end: process.memory.end };
        self.0 = [[1 << 4 | RAM, 0], [1 << 4 | WINDOWS, 0], [1 << 4 | (WINDOWS + 1), 0]];
        let [memory, devices @ ..] = &mut self.0;
        if !ram.is_empty() {
            *memory = region(RAM, ram, Access::ReadWrite);
        }
        for (own, [address, attributes]) in process.mmio.iter().zip(devices) {
            let span = Span { start: own.start, end: own.start.wrapping_add(own.size) };
            let block = Block::of(Region { span, closed: own.closed });
            *address = block.address_register(*address);
            *attributes = block.attribute_register(Access::Device);
        }
    }
}

/// Returns the registers that open `span`, or the slightly larger block that a region has to be.
#[inline(always)]
fn region(number: u32, span: Span, access: Access) -> [u32; 2] {
    let block = Block::covering(span);
    [block.address_register(number), block.attribute_register(access)]
}

/// The bits of the address register of a stack's region besides the address.
pub const STACK_REGION: u32 = 1 << 4 | STACK;
/// The upper half of the attribute register of a stack's region; the lower half is the window.
pub const STACK_ACCESS: u32 = Access::ReadWrite as u32 >> 16;
/// The bits of the address register of the first lease's region besides the address; the value of the second region is
/// one more.
pub const LEASE_REGION: u32 = 1 << 4 | LEASES;
/// The address of the first of the four pairs of registers that can be written in a row.
pub const REGION_REGISTERS: u32 = 0xe000_ed9c;

/// Opens flash, guards the kernel's stack and turns the protection on. Stops the machine if the unit does not exist,
/// lacks regions, or does not keep the values that are written to it.
#[inline(always)]
pub fn enable(flash: Span) {
    const VALID: u32 = 1 << 4;
    const ENABLE: u32 = 1;
    const DEFAULT_MAP_FOR_KERNEL: u32 = 1 << 2;
    let [address, attributes] = region(FLASH, flash, Access::Flash);
    let guard =
        symbol((&raw const __crossgate_kernel_stack_bottom).wrapping_add((VALID | GUARD) as usize));
    // SAFETY: the unit belongs to the kernel, which has not started a thread yet. While the unit is off, the default
    // memory map is in force; when it is on again, privileged code keeps that map.
    let (regions, differing) = unsafe {
        let mpu = &*MPU::PTR;
        mpu.ctrl.write(0);
        let regions = mpu._type.read() >> 8 & 0xff;
        let mut differing = 0;
        // Every region is tested with the values for flash. Region 0 comes last, because it keeps these values.
        for number in (FLASH..regions).rev() {
            // The address register also selects the region that is read.
            mpu.rbar.write(address | number);
            mpu.rasr.write(attributes);
            differing |= mpu.rbar.read() ^ (address | number);
            differing |= mpu.rasr.read() ^ attributes;
            if number != FLASH {
                mpu.rasr.write(0);
            }
        }
        // The smallest region is 32 bytes: log2 is 5, without subregions.
        mpu.rbar.write(guard as u32);
        mpu.rasr.write(Access::Guard as u32 | 4 << 1 | 1);
        mpu.ctrl.write(ENABLE | DEFAULT_MAP_FOR_KERNEL);
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
        (regions, differing | mpu.ctrl.read() ^ (ENABLE | DEFAULT_MAP_FOR_KERNEL))
    };
    // The unit has kept all values if only `VALID` differs, because `VALID` is always read as 0.
    if regions < REGIONS || differing != VALID {
        halt("this CPU has no MPU with 8 regions", &[]);
    }
}
