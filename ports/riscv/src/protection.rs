// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the protection unit (The RISC-V Instruction Set Manual, Volume II, 3.7).
//!
//! Two entries make a region: the second entry opens all memory from the address of the first entry up to its own
//! address (*top of range*).
//!
//! | entries | open |
//! |---|---|
//! | 0, 1 | the current thread's stack, less the part that its callers closed |
//! | 2, 3 | the RAM of the current process |
//! | 4, 5 and 6, 7 | the device registers of the current process, in the regions that the wiring's tables give |
//! | 8, 9 and 10, 11 | leases |
//! | 12, 13 | flash, to all |
//! | 14 | nothing, even to the kernel: it guards the lowest bytes of the kernel's stack |
//! | 15 | constants, to all, if code reads them at other addresses; then flash can only be executed |
//!
//! Nothing else is open to threads. The kernel, in machine mode, sees all memory but the guard, because only that entry
//! is locked. The configuration of the entries never changes, except for that of leases: a region that is closed is
//! empty. (It does not have the addresses 0 and 0, because some emulators take 0 for the end of the address space.)

use crate::last_words::halt;
use crate::linker::{constants, kernel_stack_bottom};
use crate::probe::probe;
use core::arch::asm;
use crossgate_abi::table::{MmioRegion, ProcessRow};
use crossgate_abi::{LEASES_PER_CALL, MMIO_REGIONS, Word};
use crossgate_protection::pmp::{self, Range};
use crossgate_protection::{Native, Span, Unit};

// By the value of this symbol, `crossgate-link` knows the memory that the unit can open.
core::arch::global_asm!(
    ".global __crossgate_protection_unit",
    ".set __crossgate_protection_unit, {}",
    const Native::SHAPE.code(),
);

pub use pmp::STACK_GRANULE;

const _: () = assert!(MMIO_REGIONS == 2, "there are two regions for devices");
const _: () = assert!(LEASES_PER_CALL == 2, "there are two regions for leases");

/// The bits of the configuration of an entry.
mod entry {
    pub const READ: u32 = 1 << 0;
    pub const WRITE: u32 = 1 << 1;
    pub const EXECUTE: u32 = 1 << 2;
    pub const TOP_OF_RANGE: u32 = 1 << 3;
    pub const POWER_OF_TWO: u32 = 3 << 3;
    pub const LOCKED: u32 = 1 << 7;
}

/// The configuration of two regions for data, one after the other.
pub const DATA: u32 = {
    let region = (entry::TOP_OF_RANGE | entry::READ | entry::WRITE) << 8;
    region << 16 | region
};
/// The configuration of flash and of the guard.
const FLASH_AND_GUARD: u32 = {
    let flash = (entry::TOP_OF_RANGE | entry::READ | entry::EXECUTE) << 8;
    (entry::LOCKED | entry::POWER_OF_TWO) << 16 | flash
};
/// The same, with constants at other addresses than code.
const CODE_GUARD_AND_CONSTANTS: u32 =
    (entry::POWER_OF_TWO | entry::READ) << 24 | FLASH_AND_GUARD & !(entry::READ << 8);

/// The addresses of an empty region.
const CLOSED: [u32; 2] = [1, 1];

/// The size of the guard in bytes, a power of two.
const GUARD: Word = 32;

/// The address registers of entries 2 to 7, ready to be loaded.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ProcessRegions([[u32; 2]; 3]);

impl ProcessRegions {
    /// The values before `boot` computes them.
    pub const EMPTY: ProcessRegions = ProcessRegions([CLOSED; 3]);

    /// Opens the memory and the devices of a process.
    pub fn set(&mut self, process: &ProcessRow) {
        let [memory, devices @ ..] = &mut self.0;
        let ram = Span { start: process.memory.start, end: process.memory.end };
        if !ram.is_empty() {
            *memory = Range::covering(ram, true).addresses;
        }
        for (MmioRegion { start, size, .. }, addresses) in process.mmio.iter().zip(devices) {
            // The end may be the end of the address space.
            *addresses = [start, size].map(|bytes| (bytes / 4) as u32);
            addresses[1] += addresses[0];
        }
    }
}

/// Opens a stack up to a window, and the memory and the devices of a process. No region of the last process stays open.
#[inline(always)]
pub fn open(stack: Word, window: u16, process: &ProcessRegions) {
    let [bottom, top] = pmp::window_range(stack, window).addresses;
    let [[ram_start, ram_end], [first_start, first_end], [second_start, second_end]] = process.0;
    // SAFETY: the unit belongs to the kernel, and the values are those of the thread that continues.
    unsafe {
        asm!(
            "csrw pmpaddr0, {}",
            "csrw pmpaddr1, {}",
            "csrw pmpaddr2, {}",
            "csrw pmpaddr3, {}",
            "csrw pmpaddr4, {}",
            "csrw pmpaddr5, {}",
            "csrw pmpaddr6, {}",
            "csrw pmpaddr7, {}",
            // Only at this write does the emulator (QEMU up to 8.0) forget the pages that it has found open.
            "csrw pmpcfg0, {}",
            in(reg) bottom,
            in(reg) top,
            in(reg) ram_start,
            in(reg) ram_end,
            in(reg) first_start,
            in(reg) first_end,
            in(reg) second_start,
            in(reg) second_end,
            in(reg) DATA,
            options(nostack),
        );
    }
}

/// Opens leases, and closes those that were open before.
pub fn open_leases(leases: [Option<&Range>; LEASES_PER_CALL]) {
    let [first, second] = leases.map(|lease| lease.unwrap_or(&Range::NONE));
    let configuration = u32::from(first.configuration) << 8 | u32::from(second.configuration) << 24;
    let [first, second] = [first.addresses, second.addresses];
    // SAFETY: as in `open`.
    unsafe {
        asm!(
            "csrw pmpaddr8, {}",
            "csrw pmpaddr9, {}",
            "csrw pmpaddr10, {}",
            "csrw pmpaddr11, {}",
            "csrw pmpcfg2, {}",
            in(reg) first[0],
            in(reg) first[1],
            in(reg) second[0],
            in(reg) second[1],
            in(reg) configuration,
            options(nostack),
        );
    }
}

/// Opens flash, guards the kernel's stack, and closes everything else. Stops the machine if the unit lacks entries, or
/// does not keep the values that are written to it.
pub fn enable(flash: Span) {
    /// The address of a granule that is the second one in its block of two, so the entry keeps the lowest bit too.
    const GRANULE: u32 = (0x5555_5550 | pmp::GRANULE as u32) >> 2;
    let [start, end] = Range::covering(flash, false).addresses;
    let power_of_two = |start: Word, size: Word| (start as u32 | (size as u32 / 2 - 1)) >> 2;
    let guard = power_of_two(kernel_stack_bottom(), GUARD);
    let constants = constants();
    let of_constants = power_of_two(constants.start, constants.end - constants.start);
    let fixed =
        if constants.start == flash.start { FLASH_AND_GUARD } else { CODE_GUARD_AND_CONSTANTS };
    // SAFETY: the unit belongs to the kernel, which has not started a thread yet.
    let lost = unsafe {
        probe!(DATA, "pmpcfg0" "pmpcfg1" "pmpcfg2")
            | probe!(GRANULE, "pmpaddr0" "pmpaddr1" "pmpaddr2" "pmpaddr3" "pmpaddr4" "pmpaddr5")
            | probe!(GRANULE, "pmpaddr6" "pmpaddr7" "pmpaddr8" "pmpaddr9" "pmpaddr10" "pmpaddr11")
            | probe!(start, "pmpaddr12")
            | probe!(end, "pmpaddr13")
            | probe!(guard, "pmpaddr14")
            | probe!(of_constants, "pmpaddr15")
            | probe!(fixed, "pmpcfg3")
    };
    open_leases([None; LEASES_PER_CALL]);
    if lost != 0 {
        halt(
            "this CPU has no physical memory protection with 16 entries and granules of 4 bytes",
            &[lost],
        );
    }
}
