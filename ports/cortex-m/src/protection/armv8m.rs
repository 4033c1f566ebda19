// SPDX-License-Identifier: MIT OR Apache-2.0
//! ARMv8-M (ARM DDI 0553; the protection unit: PMSAv8).
//!
//! | region | opens |
//! |---|---|
//! | 0 | flash, to all |
//! | 1 to 3 | leases: two that overlap, with different rights, need three |
//! | 4 | the current thread's stack, less the part that its callers closed |
//! | 5 | the RAM of the current process |
//! | 6, 7 | the device registers of the current process, in the regions that the wiring's tables give |
//!
//! Nothing else is open to threads; the kernel sees the default memory map. The register that selects a region always
//! holds 4, except while leases are opened. So the registers of regions 4 to 7 are eight words in a row.
//!
//! # No byte in two regions
//!
//! An access to a byte in two regions is a fault, even if the kernel makes it. No two regions of a thread overlap: a
//! window ends below the memory that the thread lends, the core makes no lease of the callee's own memory or of flash,
//! and leases that overlap are [cut](crossgate_protection::armv8m::apart).
//!
//! While the registers of a region change, the region is, for a moment, the memory from its new base to its old limit.
//! RAM and devices are above flash, so this memory contains no byte of flash, from which the kernel runs. And the
//! kernel uses no data between the first and the last of the stores. A region that is off has a base above every limit,
//! so it opens nothing in such a moment.
//!
//! # Limits of stacks
//!
//! The CPU faults if a stack pointer goes below a limit. The limit of the process stack is the start of the thread's
//! stack, and stays the same during all calls of the thread. The limit of the main stack replaces the region that
//! guards this stack on ARMv7-M.
//!
//! # The Secure state
//!
//! A CPU with the Security Extension starts in the Secure state, and everything here runs in that state: the kernel and
//! all threads. The other state is a danger, because a thread can enter it without any privilege (`bxns`). So
//! [`enable`] turns the attribution unit off, which makes all memory Secure: the first instruction in the Non-secure
//! state is then a fault of the thread (`security_states`). No interrupt and no fault is handled in that state.
//!
//! A CPU without the Security Extension, or with the extension switched off (as on an STM32U5 with TrustZone off), has
//! one state. There `bxns` is undefined, and the registers that [`enable`] writes for the other state ignore the
//! writes. (On such a CPU with ARMv8-M Baseline the kernel does not start, because it has no limits of stacks.)
#![cfg_attr(
    baseline,
    expect(unused_macros, unused_imports, reason = "there, Rust does what these pieces do")
)]

use crate::last_words::halt;
use crate::linker::{__crossgate_kernel_stack_bottom, symbol};
use core::ops::RangeInclusive;
use cortex_m::peripheral::{MPU, SCB};
use crossgate_abi::table::ProcessRow;
use crossgate_kernel::lease::Lease;
use crossgate_protection::Span;
#[cfg(not(baseline))]
use crossgate_protection::armv8m::apart;
use crossgate_protection::armv8m::{Access, MEMORY_TYPES, registers};

/// The arithmetic of the unit.
pub use crossgate_protection::armv8m::ArmV8M as ProtectionUnit;

const FLASH: u32 = 0;
#[cfg(baseline)]
pub(super) const LEASES: u32 = 1;
pub(super) const STACK: u32 = 4;
/// The number of regions that the unit must have.
pub(super) const REGIONS: u32 = 8;
/// The registers of a region that is off.
pub(super) const CLOSED: [u32; 2] = [0xffff_ffe0, 0];

const _: () = assert!(crossgate_abi::MMIO_REGIONS == 2, "there are two regions for devices");
const _: () = assert!(crossgate_abi::LEASES_PER_CALL == 2, "three regions are enough for leases");

/// The registers of regions 5 to 7, an address and a limit register each, ready to be loaded.
// The size is a power of two, because assembly multiplies by it with a shift.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub struct ProcessRegions(pub(super) [[u32; 2]; 3]);

impl ProcessRegions {
    /// The values before `boot` computes them.
    pub const EMPTY: ProcessRegions = ProcessRegions([CLOSED; 3]);

    /// Opens the memory and the devices of a process.
    #[inline]
    pub fn set(&mut self, process: &ProcessRow) {
        let ram = Span { start: process.memory.start, end: process.memory.end };
        let [memory, devices @ ..] = &mut self.0;
        if !ram.is_empty() {
            *memory = registers(ram, Access::ReadWrite);
        }
        for (own, device) in process.mmio.iter().zip(devices) {
            let span = Span { start: own.start, end: own.start.wrapping_add(own.size) };
            *device = registers(span, Access::Device);
        }
    }
}

/// The bits of the address register of a stack's region besides the address.
pub const STACK_REGION: u32 = Access::ReadWrite as u32;
/// The address of the first of the four pairs of registers that can be written in a row.
pub const REGION_REGISTERS: u32 = 0xe000_ed9c;

/// Opens flash, sets the limit of the kernel's stack, leaves the Non-secure state no memory, and turns the protection
/// on. Stops the machine if the unit does not exist, lacks regions, or does not keep the values that are written to it.
#[inline(always)]
pub fn enable(flash: Span) {
    const ENABLE: u32 = 1;
    const DEFAULT_MAP_FOR_KERNEL: u32 = 1 << 2;
    let stack_bottom = symbol(&raw const __crossgate_kernel_stack_bottom);
    if !is_secure(flash.start) {
        halt("this CPU is not in the Secure state", &[]);
    }
    close_nonsecure_state();
    if stack_bottom < flash.end {
        halt("the RAM has to be above the flash", &[]);
    }
    let [address, limit] = registers(flash, Access::Flash);
    // SAFETY: the unit belongs to the kernel, which has not started a thread yet. While the unit is off, the default
    // memory map is in force; when it is on again, privileged code keeps that map. The main stack ends at the bottom.
    let (regions, differing) = unsafe {
        let mpu = &*MPU::PTR;
        mpu.ctrl.write(0);
        mpu.mair[0].write(MEMORY_TYPES);
        let regions = mpu._type.read() >> 8 & 0xff;
        let mut differing = mpu.mair[0].read() ^ MEMORY_TYPES;
        // Every region is tested with the values for flash. Region 0 comes last, because it keeps these values.
        for number in (FLASH..regions).rev() {
            mpu.rnr.write(number);
            mpu.rbar.write(address);
            mpu.rlar.write(limit);
            differing |= mpu.rbar.read() ^ address;
            differing |= mpu.rlar.read() ^ limit;
            if number != FLASH {
                mpu.rlar.write(CLOSED[1]);
                mpu.rbar.write(CLOSED[0]);
            }
        }
        mpu.rnr.write(STACK);
        core::arch::asm!("msr msplim, {}", in(reg) stack_bottom, options(nomem, nostack, preserves_flags));
        mpu.ctrl.write(ENABLE | DEFAULT_MAP_FOR_KERNEL);
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
        (regions, differing | mpu.ctrl.read() ^ (ENABLE | DEFAULT_MAP_FOR_KERNEL))
    };
    if regions < REGIONS || differing != 0 {
        halt("this CPU has no MPU with 8 regions", &[]);
    }
}

/// Returns whether the CPU is in the Secure state, or has only one state and all that the port needs. In the Secure
/// state, `tt` finds that the memory of the kernel's code is Secure.
#[inline(always)]
fn is_secure(code: usize) -> bool {
    const SECURE: u32 = 1 << 22;
    /// The field that says whether the CPU has the Security Extension (ARM DDI 0553, `ID_PFR1`).
    const STATES: u32 = 0b1111 << 4;
    const FEATURES: *const u32 = core::ptr::without_provenance(0xe000_ed44);
    let mut target = code as u32;
    // SAFETY: this only asks for the features of the CPU, and for the attributes of an address.
    unsafe {
        if FEATURES.read_volatile() & STATES == 0 {
            // (Without the extension, ARMv8-M Baseline has no limits of stacks.)
            return !cfg!(baseline);
        }
        core::arch::asm!("tt {0}, {0}", inout(reg) target, options(nomem, nostack, preserves_flags));
    }
    target & SECURE != 0
}

/// Gives the Non-secure state no memory, no interrupt and no fault.
#[inline(always)]
fn close_nonsecure_state() {
    /// With 0, all memory is Secure.
    const ATTRIBUTION_CONTROL: *mut u32 = core::ptr::without_provenance_mut(0xe000_edd0);
    /// The registers that give interrupt lines to that state, one bit each.
    const TARGETS: *mut u32 = core::ptr::without_provenance_mut(0xe000_e380);
    const TARGET_REGISTERS: usize = 16;
    const KEY: u32 = 0x05fa << 16;
    const FAULTS_ARE_NONSECURE: u32 = 1 << 13;
    // SAFETY: the reset handler runs alone; these registers belong to the kernel.
    unsafe {
        ATTRIBUTION_CONTROL.write_volatile(0);
        for register in 0..TARGET_REGISTERS {
            TARGETS.add(register).write_volatile(0);
        }
        (*SCB::PTR).aircr.modify(|value| KEY | value & 0xffff & !FAULTS_ARE_NONSECURE);
    }
}

/// The numbers of the exceptions that are faults: hard fault, memory management, bus, usage and secure fault. (Without
/// the Main Extension, there is only the first one.)
pub const ACTIVE_FAULTS: RangeInclusive<u32> = if cfg!(baseline) { 3..=3 } else { 3..=7 };
/// The bits that enable separate handlers for the faults.
pub const ENABLE_FAULTS: u32 = 0b1111 << 16;
/// The pending bits of the usage fault, the memory management fault, the bus fault, the system call, and the secure
/// fault.
pub const PENDED_FAULTS: u32 = 0b1_0000_1111 << 12;
/// The lowest bit of the priority of each fault.
pub const FAULT_PRIORITIES: u32 = 0x01_01_01_01;

/// Returns whether the fault status says that a stack pointer went below its limit.
#[cfg(not(baseline))]
#[inline(always)]
pub const fn is_below_limit(status: u32) -> bool {
    status & 1 << 20 != 0
}

/// The least distance of a frame from the start of the stack, in bytes. If a frame would go below the limit, the CPU
/// saves none, and sets the stack pointer to the limit, so a frame at the limit can't be told from a missing frame.
pub const LOWEST_FRAME: usize = 8;

/// Does nothing, because no known CPU of this architecture has a setting for its write buffer.
#[cfg(not(baseline))]
#[inline(always)]
pub fn set_write_buffer() {}

/// Opens two leases, which may overlap. The regions for leases are closed, and their registers follow those of flash.
///
/// # Safety
/// The leases are in force for the thread that continues.
#[cfg(not(baseline))]
#[unsafe(no_mangle)]
unsafe extern "C" fn __crossgate_open_two_leases([one, other]: &[Lease<u32>; 2]) {
    let pieces = apart([(one.memory, one.writable), (other.memory, other.writable)]);
    // SAFETY: the registers belong to the kernel. Each region was closed, so it is not open from its new base to an old
    // limit.
    unsafe {
        let mpu = &*MPU::PTR;
        let mut regions = [
            (&mpu.rbar_a1, &mpu.rlar_a1),
            (&mpu.rbar_a2, &mpu.rlar_a2),
            (&mpu.rbar_a3, &mpu.rlar_a3),
        ]
        .into_iter();
        for (memory, writable) in pieces.into_iter().flatten() {
            let Some((base, limit)) = regions.next() else { break };
            let values = registers(memory, Access::of_memory(writable));
            base.write(values[0]);
            limit.write(values[1]);
        }
    }
}

const _: () = assert!(
    Access::ReadWrite as u32 == 0x13 && Access::ReadOnly as u32 == 0x17,
    "the assembly below contains these numbers"
);
const _: () = assert!(
    Lease::<u32>::START == 0 && Lease::<u32>::REGISTERS == 8 && size_of::<Lease<u32>>() == 16,
    "the assembly below contains these offsets"
);

/// Makes the limit register of the region of a stack: the last granule of the window.
///
/// In: the address register, in the second register; the rights of the thread in the third. Out: the first register.
/// It changes the flags.
macro_rules! stack_registers {
    ($limit:literal, $address:literal, $rights:literal) => {
        concat!(
            "lsrs ",
            $limit,
            ", ",
            $rights,
            ", #16\n", // how many granules
            "add ",
            $limit,
            ", ",
            $address,
            ", ",
            $limit,
            ", lsl #5\n",
            "subs ",
            $limit,
            ", #50\n", // less 0x13 (from the address register) and 32 (a granule); 1 is left, which turns the region on
        )
    };
}
pub(crate) use stack_registers;

/// Sets the limit of the process stack.
///
/// In: the address register of the region of the stack, in the first register. It changes the second one.
macro_rules! set_stack_limit {
    ($address:literal, $scratch:literal) => {
        concat!("bic ", $scratch, ", ", $address, ", #31\nmsr psplim, ", $scratch, "\n")
    };
}
pub(crate) use set_stack_limit;

/// Makes the size of a window.
///
/// In: r2 the rights of the thread. Out: r3 the size in bytes. It changes the flags.
macro_rules! window_size {
    () => {
        "lsrs r3, r2, #16
        lsls r3, r3, #5
        "
    };
}
pub(crate) use window_size;

/// Opens leases, and closes the other regions for leases.
///
/// In: r4 the first lease, r6 their number, r5 the kernel. Out: nothing. It changes r0, r1, r3, r7, r12, and the flags.
macro_rules! open_leases {
    () => {
        "ldr r7, [r5, #{regions} + 4]
        movs r3, #0
        str r3, [r7, #-4] // the regions that follow that of flash
        str r3, [r7, #12]
        str r3, [r7, #20]
        str r3, [r7, #28]
        cbz r6, .Lload_opened
        cmp r6, #1
        bne .Lload_two
        // The core has computed the limit register. The base register is the start, less the bits within a granule; its
        // lower bits depend on the right to write.
        ldr r0, [r4]
        ldrd r1, r3, [r4, #8]
        bic r0, r0, #31
        adds r0, #0x17
        uxtb r3, r3 // 1 if it is for writing
        sub r0, r0, r3, lsl #2
        strd r0, r1, [r7, #8]
        .Lload_opened:
        movs r3, #4
        str r3, [r7, #-4]
        "
    };
}
pub(crate) use open_leases;

/// The part of [`open_leases`] that is off the straight path.
macro_rules! open_leases_rest {
    () => {
        "
        .Lload_two:
        push {{r2, lr}}
        mov r0, r4
        bl __crossgate_open_two_leases
        pop {{r2, lr}}
        b .Lload_opened
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
        str r0, [r12, #-4] // the regions that follow that of flash
        str r0, [r12, #12]
        str r0, [r12, #20]
        str r0, [r12, #28]
        movs r7, #4
        str r7, [r12, #-4]
        "
    };
}
pub(crate) use close_leases;

/// Makes the window of a callee, as `Granules::window` computes it.
///
/// In: r2 the length of the stack below the caller's registers. Out: r6 the size in bytes. It changes r2 and the flags.
macro_rules! call_window {
    () => {
        "usat r2, #16, r2, asr #5 // how many granules, at most 65535
        lsls r6, r2, #5
        "
    };
}
pub(crate) use call_window;

/// Makes the limit register of the callee's stack.
///
/// In: r1 the address register, r6 the size of the window. Out: r2. It changes no flag.
macro_rules! call_stack {
    () => {
        "add r2, r1, r6
        sub r2, r2, #50 // as in `stack_registers`
        "
    };
}
pub(crate) use call_stack;

/// Makes the callee's rights.
///
/// In: r4 the process, r6 the size of the window. Out: r8.
macro_rules! call_rights {
    () => {
        "orr r8, r4, r6, lsl #11\n"
    };
}
pub(crate) use call_rights;

/// No word is loaded.
macro_rules! call_constants {
    () => {
        ""
    };
}
pub(crate) use call_constants;

/// Makes the registers that open exactly the lent memory. That is possible if start and end are multiples of a granule.
/// Otherwise this code continues at the label.
///
/// In: r1 the start and r2 the end of the memory, r3 the thread, r5 a word of the gate. Out: r1 and r2 are the
/// registers, r5 is 1 if the memory is for writing; the memory is in the thread's first lease. It changes r4 and the
/// flags.
macro_rules! lend_registers {
    ($slow:literal) => {
        concat!(
            "orr r4, r1, r2
        lsls r4, r4, #27
        bne ",
            $slow,
            "
        strd r1, r2, [r3, #{leases}]
        ubfx r5, r5, #16, #1
        subs r2, #31 // the last granule, and the bit that turns the region on
        adds r1, #0x17
        sub r1, r1, r5, lsl #2
        "
        )
    };
}
pub(crate) use lend_registers;

/// Opens the region of a lease, and closes the others.
///
/// In: r1 and r2 are the registers; lr the kernel; r12 is 0. Out: nothing. It changes r4, r7, and the flags.
macro_rules! lend_region {
    () => {
        "ldr r7, [lr, #{regions} + 4]
        str r12, [r7, #-4] // the regions that follow that of flash
        str r12, [r7, #12]
        str r12, [r7, #20]
        str r12, [r7, #28]
        strd r1, r2, [r7, #8]
        movs r4, #4
        str r4, [r7, #-4]
        "
    };
}
pub(crate) use lend_region;
