//! The protection unit's registers (ARM DDI 0403E, B3.5).
//!
//! | region | opens |
//! |---|---|
//! | 0 | flash, to all |
//! | 1 | the current thread's stack, less what its callers closed |
//! | 2 | the RAM of the current process |
//! | 3, 4 | its device registers |
//! | 5, 6 | leases |
//! | 7 | nothing: it guards the end of the kernel's stack |
//!
//! Nothing else is open to threads; the kernel sees the default memory map.

use crate::armv7m::{Access, Block};
use cortex_m::peripheral::MPU;
use crossgate_abi::table::Process;
use crossgate_kernel::memory::Span;

const FLASH: u32 = 0;
const STACK: u32 = 1;
const RAM: u32 = 2;
const WINDOWS: u32 = 3;
const LEASES: u32 = 5;
const GUARD: u32 = 7;
/// How many regions there have to be.
const REGIONS: u32 = 8;

const _: () = assert!(crossgate_abi::LEASES_PER_CALL == 2, "there are two regions for leases");

/// The registers of regions 2 to 4, an address and an attribute register each, ready to be loaded.
// Of a size that the CPU multiplies by when it loads.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub struct ProcessRegions([[u32; 2]; 3]);

impl ProcessRegions {
    /// Memory for a process' registers; `boot` fills it.
    pub const EMPTY: ProcessRegions = ProcessRegions([[0; 2]; 3]);

    /// Opens the memory and the devices of a process.
    pub fn set(&mut self, process: &Process) {
        let ram = Span { start: process.memory.start, end: process.memory.end };
        self.0 = [[1 << 4 | RAM, 0], [1 << 4 | WINDOWS, 0], [1 << 4 | (WINDOWS + 1), 0]];
        let [memory, devices @ ..] = &mut self.0;
        if !ram.is_empty() {
            *memory = region(RAM, ram, Access::ReadWrite);
        }
        for (window, registers) in process.windows.iter().zip(devices) {
            // Its size is a power of two, so it is all of a region, however small.
            let log2_size = 31 - (window.size as u32).leading_zeros();
            registers[0] |= window.start as u32;
            registers[1] = Access::Device as u32 | log2_size.wrapping_sub(1) << 1 | 1;
        }
    }
}

/// The registers that open `span`, or the little more that a region must be.
#[inline(always)]
fn region(number: u32, span: Span, access: Access) -> [u32; 2] {
    let block = Block::covering(span);
    [block.address_register(number), block.attribute_register(access)]
}

/// What the address register of a stack's region holds besides the address.
pub const STACK_REGION: u32 = 1 << 4 | STACK;
/// The upper half of its attribute register; the lower is the window.
pub const STACK_ACCESS: u32 = Access::ReadWrite as u32 >> 16;
/// What the address register of the first lease's region holds besides the address; that of the second is
/// one more.
pub const LEASE_REGION: u32 = 1 << 4 | LEASES;
/// The address of the first of the four pairs of registers that can be written in a row.
pub const REGION_REGISTERS: u32 = 0xe000_ed9c;

/// Writes a region's registers; the address register names the region.
#[inline(always)]
fn write(address: u32, attributes: u32) {
    // SAFETY: the core is in an exception or has not started a thread yet: nothing else uses the
    // unit, and what is written changes only what unprivileged code may reach.
    unsafe {
        let mpu = &*MPU::PTR;
        mpu.rbar.write(address);
        mpu.rasr.write(attributes);
    }
}

/// Opens flash, guards the kernel's stack and turns the protection on. Tells whether it is: whether the
/// unit exists, has the regions, and holds what is written to it.
pub fn enable(flash: Span, kernel_stack_bottom: usize) -> bool {
    let [address, attributes] = region(FLASH, flash, Access::Flash);
    // SAFETY: the unit is the kernel's. While it is off the default memory map holds.
    let regions = unsafe {
        (*MPU::PTR).ctrl.write(0);
        (*MPU::PTR)._type.read() >> 8 & 0xff
    };
    let mut lost = 0;
    // The others are for something else, or not used. They are tried with flash, the highest number first.
    for number in (FLASH..regions).rev() {
        lost |= write_and_compare(number, address | number, attributes);
        if number != FLASH {
            write(1 << 4 | number, 0);
        }
    }
    // The smallest region is 32 bytes: log2 is 5, without subregions.
    write(kernel_stack_bottom as u32 | 1 << 4 | GUARD, Access::Guard as u32 | 4 << 1 | 1);
    const ENABLE: u32 = 1;
    const DEFAULT_MAP_FOR_KERNEL: u32 = 1 << 2;
    // SAFETY: the regions are set up, and privileged code keeps the default memory map.
    unsafe { (*MPU::PTR).ctrl.write(ENABLE | DEFAULT_MAP_FOR_KERNEL) };
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
    // SAFETY: reading changes nothing.
    let control = unsafe { (*MPU::PTR).ctrl.read() };
    regions >= REGIONS && lost | control ^ (ENABLE | DEFAULT_MAP_FOR_KERNEL) == 0
}

/// Writes a region's registers. Tells which bits of one of them are not what was written.
#[inline(always)]
fn write_and_compare(number: u32, address: u32, attributes: u32) -> u32 {
    const VALID: u32 = 1 << 4;
    write(address, attributes);
    // SAFETY: choosing the region that is read, and reading it, changes nothing.
    let (held_address, held_attributes) = unsafe {
        (*MPU::PTR).rnr.write(number);
        ((*MPU::PTR).rbar.read(), (*MPU::PTR).rasr.read())
    };
    (held_address ^ (address & !VALID)) | (held_attributes ^ attributes)
}
