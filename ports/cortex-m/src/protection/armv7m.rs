// SPDX-License-Identifier: MIT OR Apache-2.0
//! ARMv7-M (ARM DDI 0403E; the protection unit: B3.5), and ARMv6-M, whose unit is a part of that (ARM DDI 0419E, B3.5).
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
#![cfg_attr(
    armv6m,
    expect(unused_macros, unused_imports, reason = "there, Rust does what these pieces do")
)]

#[cfg(not(armv6m))]
use crate::floats;
use crate::last_words::halt;
use crate::linker::{__crossgate_kernel_stack_bottom, symbol};
use core::ops::RangeInclusive;
use cortex_m::peripheral::MPU;
use crossgate_abi::table::ProcessRow;
use crossgate_kernel::lease::Lease;
use crossgate_protection::armv7m::{Access, Block};
use crossgate_protection::{Region, Span};

/// The arithmetic of the unit.
pub use crossgate_protection::armv7m::ArmV7M as ProtectionUnit;

const FLASH: u32 = 0;
const STACK: u32 = 1;
const RAM: u32 = 2;
const WINDOWS: u32 = 3;
pub(super) const LEASES: u32 = 5;
const GUARD: u32 = 7;
/// The number of regions that the unit must have.
pub(super) const REGIONS: u32 = 8;

const _: () = assert!(crossgate_abi::MMIO_REGIONS == 2, "there are two regions for devices");
const _: () = assert!(crossgate_abi::LEASES_PER_CALL == 2, "there are two regions for leases");

/// The registers of regions 2 to 4, an address and an attribute register each, ready to be loaded.
// The size is a power of two, because assembly multiplies by it with a shift.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub struct ProcessRegions(pub(super) [[u32; 2]; 3]);

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

/// Returns the registers of the smallest region that opens all of `span`. (It may open a little more.)
#[inline(always)]
fn region(number: u32, span: Span, access: Access) -> [u32; 2] {
    let block = Block::covering(span);
    [block.address_register(number), block.attribute_register(access)]
}

/// The bits of the address register of a stack's region besides the address.
pub const STACK_REGION: u32 = 1 << 4 | STACK;
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
    let [guard, guard_attributes] = guard();
    // SAFETY: the unit belongs to the kernel, which has not started a thread yet. While the unit is off, the default
    // memory map is in force; when it is on again, privileged code keeps that map.
    let (regions, differing) = unsafe {
        let mpu = &*MPU::PTR;
        mpu.ctrl.write(0);
        let regions = mpu._type.read() >> 8 & 0xff;
        // Many an ARMv6-M lacks the unit. It must not be enabled before this is known (`no_unit`).
        #[cfg(armv6m)]
        if regions < REGIONS {
            refuse();
        }
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
        mpu.rbar.write(guard);
        mpu.rasr.write(guard_attributes);
        mpu.ctrl.write(ENABLE | DEFAULT_MAP_FOR_KERNEL);
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
        (regions, differing | mpu.ctrl.read() ^ (ENABLE | DEFAULT_MAP_FOR_KERNEL))
    };
    // The unit has kept all values if only `VALID` differs, because `VALID` is always read as 0.
    if regions < REGIONS || differing != VALID {
        refuse();
    }
}

/// Stops the machine.
#[inline(always)]
fn refuse() -> ! {
    halt("this CPU has no MPU with 8 regions", &[])
}

/// Returns the registers of the guard.
#[cfg(not(armv6m))]
#[inline(always)]
fn guard() -> [u32; 2] {
    const VALID: u32 = 1 << 4;
    let address =
        symbol((&raw const __crossgate_kernel_stack_bottom).wrapping_add((VALID | GUARD) as usize));
    // A smallest region, of 32 bytes: the field of the size contains log2 of the size, less 1.
    [address as u32, Access::Guard as u32 | 4 << 1 | 1]
}

/// Returns the registers of the guard: an eighth of a smallest region, which has 256 bytes on this architecture.
#[cfg(armv6m)]
fn guard() -> [u32; 2] {
    let start = symbol(&raw const __crossgate_kernel_stack_bottom);
    region(GUARD, Span { start, end: start + 32 }, Access::Guard)
}

/// The numbers of the exceptions that are faults: hard fault, memory management, bus and usage fault. (An ARMv6-M has
/// only the first one.)
pub const ACTIVE_FAULTS: RangeInclusive<u32> = if cfg!(armv6m) { 3..=3 } else { 3..=6 };
/// The bits that enable separate handlers for the faults.
pub const ENABLE_FAULTS: u32 = 0b111 << 16;
/// The pending bits of the usage fault, the memory management fault, the bus fault, and the system call (B3.2.13).
pub const PENDED_FAULTS: u32 = 0b1111 << 12;
/// The lowest bit of the priority of each fault.
pub const FAULT_PRIORITIES: u32 = 0x01_01_01;

/// Returns whether the fault status says that a stack pointer went below its limit. This CPU keeps no limit.
#[inline(always)]
pub const fn is_below_limit(_: u32) -> bool {
    false
}

/// The least distance of a frame from the start of the stack, in bytes.
pub const LOWEST_FRAME: usize = 0;

/// Makes the CPU report bus errors at the store that caused them, so that the right process is blamed (Cortex-M3 and
/// M4: ACTLR.DISDEFWBUF). A Cortex-M7 does not have this bit.
#[cfg(not(armv6m))]
#[inline(always)]
pub fn set_write_buffer() {
    const DISABLE_WRITE_BUFFER: u32 = 1 << 1;
    const CORTEX_M7: u32 = 0xc27;
    // SAFETY: these registers belong to the kernel, and the bit only makes the CPU wait for each store.
    unsafe {
        let cpu = &*cortex_m::peripheral::CPUID::PTR;
        let is_m7 = floats::EXIST && cpu.base.read() >> 4 & 0xfff == CORTEX_M7;
        if !is_m7 {
            let control = &*cortex_m::peripheral::ICB::PTR;
            control.actlr.modify(|value| value | DISABLE_WRITE_BUFFER);
        }
    }
}

const _: () = assert!(
    Access::ReadWrite as u32 == 0x1306 << 16
        && Access::ReadOnly as u32 == 0x1206 << 16
        && STACK_REGION == 1 << 4 | STACK
        && 1 << 4 | LEASES == 0x15,
    "the assembly below contains these numbers"
);
const _: () = assert!(
    Lease::<u32>::START == 0 && Lease::<u32>::REGISTERS == 8 && size_of::<Lease<u32>>() == 16,
    "the assembly below contains these offsets"
);

/// Makes the attribute register of the region of a stack. The address register, in the second register of the
/// macro, is not used here.
///
/// In: the rights of the thread in the third register. Out: the first register. It changes the flags.
macro_rules! stack_registers {
    ($attributes:literal, $address:literal, $rights:literal) => {
        concat!("lsrs ", $attributes, ", ", $rights, ", #16\nmovt ", $attributes, ", #0x1306\n")
    };
}
pub(crate) use stack_registers;

/// The CPU keeps no limit.
macro_rules! set_stack_limit {
    ($address:literal, $scratch:literal) => {
        ""
    };
}
pub(crate) use set_stack_limit;

/// Makes the size of a window: the size of the region, less the disabled eighths at the top.
///
/// In: r2 the rights of the thread. Out: r3 the size in bytes. It changes r7 and the flags.
macro_rules! window_size {
    () => {
        "ubfx r7, r2, #17, #5
        subs r7, #2
        lsrs r3, r2, #24
        orr r3, #0x100
        rbit r3, r3
        clz r3, r3
        lsls r3, r7
        "
    };
}
pub(crate) use window_size;

/// Opens leases, and closes the other regions for leases.
///
/// In: r4 the first lease, r6 their number, r5 the kernel. Out: nothing. It changes r0, r1, r3 to r7, and the flags.
macro_rules! open_leases {
    () => {
        "ldr r7, [r5, #{regions} + 4]
        movs r3, #0x15
        // Each lease takes one region. r3 is the number of the region, and the core has computed one of its two
        // registers. The other one gets the address, aligned to the size of the region.
        .Lload_next:
        cbz r6, .Lload_close
        ldr r0, [r4]
        ldr r1, [r4, #8]
        ubfx r5, r1, #1, #5
        adds r5, #1 // log2 of the region's size, to which its address is aligned
        lsrs r0, r5
        lsls r0, r5
        orrs r0, r3
        strd r0, r1, [r7]
        adds r4, #16
        subs r6, #1
        .Lload_more:
        adds r3, #1
        cmp r3, #0x16
        bls .Lload_next
        "
    };
}
pub(crate) use open_leases;

/// The part of [`open_leases`] that is off the straight path.
macro_rules! open_leases_rest {
    () => {
        "
        // No lease is left for this region, so it is closed (`lease_reach`).
        .Lload_close:
        strd r3, r6, [r7]
        b .Lload_more
        "
    };
}
pub(crate) use open_leases_rest;

/// Closes all leases.
///
/// In: r0 is 0, r3 the kernel. Out: nothing. It changes r7, r12, and the flags.
macro_rules! close_leases {
    () => {
        "ldr r12, [r3, #{regions} + 4]
        movs r7, #0x15
        strd r7, r0, [r12]
        adds r7, #1
        strd r7, r0, [r12, #8]
        "
    };
}
pub(crate) use close_leases;

/// Makes the window of a callee, as `armv7m::window` computes it. (The two differ only for windows that are too small
/// for any gate.)
///
/// In: r2 the length of the stack below the caller's registers. Out: r6 the size in bytes; r2 and r4 are for
/// [`call_stack`]. It changes the flags.
macro_rules! call_window {
    () => {
        "subs r4, r2, #1
        clz r4, r4
        rsb r6, r4, #29
        lsrs r2, r6 // how many eighths,
        lsl r6, r2, r6 // and bytes
        "
    };
}
pub(crate) use call_window;

/// Makes the attribute register of the callee's stack: `.Lclosed_stack`, less the difference in size and the open
/// eighths.
///
/// In: r2 and r4 from [`call_window`]. Out: r2. It changes lr, and no flag.
macro_rules! call_stack {
    () => {
        "mov lr, #0x100
        lsl r2, lr, r2
        ldr lr, .Lclosed_stack
        sub lr, lr, r4, lsl #1
        sub r2, lr, r2
        "
    };
}
pub(crate) use call_stack;

/// Makes the callee's rights.
///
/// In: r2 from [`call_stack`], r4 the process, r6 the size of the window. Out: r8.
macro_rules! call_rights {
    () => {
        "orr r8, r4, r2, lsl #16\n"
    };
}
pub(crate) use call_rights;

/// The word for [`call_stack`]: the attribute register of a stack of 2^31 bytes with nothing open.
macro_rules! call_constants {
    () => {
        ".Lclosed_stack: .word 0x13060000 + 0x10000 + 63\n"
    };
}
pub(crate) use call_constants;

/// Makes the registers that open exactly the lent memory: see `armv7m::lease_within`. That is possible if start and end
/// are multiples of an eighth of the smallest block that contains both. Otherwise this code continues at the label.
///
/// In: r1 the start and r2 the end of the memory, r3 the thread, r5 a word of the gate. Out: r1 and r2 are the
/// registers, r5 is 1 if the memory is for writing; the memory is in the thread's first lease. It changes r4, r6, r7,
/// and the flags.
macro_rules! lend_registers {
    ($slow:literal) => {
        concat!(
            "subs r6, r2, #1
        eor r4, r1, r6
        orr r4, r4, #128
        clz r4, r4
        rsb r4, r4, #29 // log2 of an eighth
        movs r7, #1
        lsls r7, r4
        subs r7, #1
        tst r1, r7
        bne ",
            $slow,
            "
        tst r2, r7
        bne ",
            $slow,
            "
        strd r1, r2, [r3, #{leases}]
        ubfx r5, r5, #16, #1
        // The region's address register, with its number,
        lsrs r7, r1, r4
        lsrs r6, r4
        bic r1, r7, #7
        lsls r1, r4
        adds r1, #0x15
        // and its attribute register: the eighths below the first and above the last are closed.
        and r7, r7, #7
        and r6, r6, #7
        movs r2, #0xff
        lsls r2, r7
        movs r7, #0xfe
        lsls r7, r6
        orn r2, r7, r2
        uxtb r2, r2 // the eighths that stay closed
        lsls r4, #1
        adds r4, #5
        orr r2, r4, r2, lsl #8
        movt r2, #0x1206
        orr r2, r2, r5, lsl #24
        "
        )
    };
}
pub(crate) use lend_registers;

/// Opens the region of a lease, and closes the other one.
///
/// In: r1 and r2 are the registers; lr the kernel; r12 is 0. Out: nothing. It changes r4, r5, r7, and the flags.
macro_rules! lend_region {
    () => {
        "movs r4, #0x16
        movs r5, #0
        ldr r7, [lr, #{regions} + 4]
        stmia r7!, {{r1, r2, r4, r5}}
        "
    };
}
pub(crate) use lend_region;
