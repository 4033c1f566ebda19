// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a protection unit whose entries can be only aligned powers of two (NAPOT; The RISC-V Instruction
//! Set Manual, Volume II, 3.7), such as that of Hazard3.
//!
//! | entries | open |
//! |---|---|
//! | 0, 1 | leases; one that may be written is the first |
//! | 2 | the RAM of the current process |
//! | 3, 4 | the device registers of the current process, in the regions that the wiring's tables give |
//! | 5, 6 | the stack of the thread, less the part that its callers closed: 6 opens a block, 5 closes its upper part |
//! | 7 | flash, to all |
//! | 8 | nothing, even to the kernel: it guards the lowest bytes of the kernel's stack |
//!
//! If several entries match an address, the one with the lowest number decides. Entry 5 may match more than the stack,
//! but it closes neither a lease of a caller's stack, nor memory of the process that lies above the stack, because the
//! entries for these have lower numbers.
//!
//! Nothing else is open to threads. The kernel, in machine mode, sees all memory but the guard, because only that entry
//! is locked. (Without the guard, a core with eight entries would do. The linker computes the stack that the kernel
//! needs, so the guard is only a second barrier.) Each value is of a [`napot::Entry`], which is off or an aligned power
//! of two, so the port never sets an entry to another mode.

use crate::last_words::halt;
use crate::linker::kernel_stack_bottom;
use crate::probe::probe;
use core::arch::asm;
use crossgate_abi::table::{MmioRegion, ProcessRow};
use crossgate_abi::{LEASES_PER_CALL, MMIO_REGIONS, Word};
use crossgate_protection::napot::{self, Access, Entry};
use crossgate_protection::{Native, Span, Unit};

// By the value of this symbol, `crossgate-link` knows the memory that the unit can open.
core::arch::global_asm!(
    ".global __crossgate_protection_unit",
    ".set __crossgate_protection_unit, {}",
    const Native::SHAPE.code(),
);

pub use napot::SMALLEST as STACK_GRANULE;

const _: () = assert!(MMIO_REGIONS == 2, "there are two entries for devices");
const _: () = assert!(LEASES_PER_CALL == 2, "there are two entries for leases");

/// The size of the guard in bytes, a power of two.
const GUARD: Word = 32;

/// The part of `pmpcfg0` that belongs to the leases, which are in its lower half.
const OF_LEASES: u32 = 0xffff;

/// The entries 2 to 4.
#[derive(Clone, Copy)]
pub struct ProcessRegions {
    memory: Entry,
    devices: [Entry; MMIO_REGIONS],
}

impl ProcessRegions {
    /// The values before `boot` computes them.
    pub const EMPTY: ProcessRegions =
        ProcessRegions { memory: Entry::OFF, devices: [Entry::OFF; MMIO_REGIONS] };

    /// Opens the memory and the devices of a process.
    pub fn set(&mut self, process: &ProcessRow) {
        let ram = Span { start: process.memory.start, end: process.memory.end };
        if !ram.is_empty() {
            self.memory = Entry::covering(ram, Access::ReadWrite);
        }
        for (MmioRegion { start, size, .. }, entry) in process.mmio.iter().zip(&mut self.devices) {
            if *size != 0 {
                // The end may be the end of the address space.
                let registers = Span { start: *start, end: start.wrapping_add(*size) };
                *entry = Entry::covering(registers, Access::ReadWrite);
            }
        }
    }
}

/// Returns the value of a configuration register, for four entries in order.
const fn configuration([first, second, third, fourth]: [Entry; 4]) -> u32 {
    u32::from_le_bytes([
        first.configuration(),
        second.configuration(),
        third.configuration(),
        fourth.configuration(),
    ])
}

/// Opens a stack up to a window, and the memory and the devices of a process. No region of the last process stays open.
pub fn open(stack: Word, window: u16, process: &ProcessRegions) {
    let [closed, open] = napot::window_entries(stack, window);
    let ProcessRegions { memory, devices: [first, second] } = *process;
    // SAFETY: the unit belongs to the kernel, and the values are those of the thread that continues. The last byte of
    // `pmpcfg1` is that of flash.
    unsafe {
        asm!(
            "csrw pmpaddr2, {}",
            "csrw pmpaddr3, {}",
            "csrw pmpaddr4, {}",
            "csrw pmpaddr5, {}",
            "csrw pmpaddr6, {}",
            "csrr {lower}, pmpcfg0",
            "and {lower}, {lower}, {of_leases}",
            "or {lower}, {lower}, {of_process}",
            "csrw pmpcfg0, {lower}",
            "csrr {upper}, pmpcfg1",
            "srli {upper}, {upper}, 24",
            "slli {upper}, {upper}, 24",
            "or {upper}, {upper}, {of_stack}",
            // Only at this write does the emulator (QEMU up to 8.0) forget the pages that it has found open.
            "csrw pmpcfg1, {upper}",
            in(reg) memory.address(),
            in(reg) first.address(),
            in(reg) second.address(),
            in(reg) closed.address(),
            in(reg) open.address(),
            lower = out(reg) _,
            upper = out(reg) _,
            of_leases = in(reg) OF_LEASES,
            of_process = in(reg) configuration([Entry::OFF, Entry::OFF, memory, first]),
            of_stack = in(reg) configuration([second, closed, open, Entry::OFF]),
            options(nostack),
        );
    }
}

/// Opens leases, and closes those that were open before.
pub fn open_leases(leases: [Option<&Entry>; LEASES_PER_CALL]) {
    let [first, second] = leases.map(|lease| *lease.unwrap_or(&Entry::OFF));
    // SAFETY: as in `open`.
    unsafe {
        asm!(
            "csrw pmpaddr0, {}",
            "csrw pmpaddr1, {}",
            "csrr {all}, pmpcfg0",
            "srli {all}, {all}, 16",
            "slli {all}, {all}, 16",
            "or {all}, {all}, {of_leases}",
            "csrw pmpcfg0, {all}",
            in(reg) first.address(),
            in(reg) second.address(),
            all = out(reg) _,
            of_leases = in(reg) configuration([first, second, Entry::OFF, Entry::OFF]),
            options(nostack),
        );
    }
}

/// Opens flash, guards the kernel's stack, and closes everything else. Stops the machine if the unit lacks entries, or
/// does not keep the values that are written to it.
pub fn enable(flash: Span) {
    /// A granule that is the second one in its block of two, so the entry keeps the lowest bit of its address too.
    const GRANULE: Entry =
        Entry::covering(Span { start: 0x5555_5560, end: 0x5555_5580 }, Access::ReadWrite);
    const ALL: u32 = configuration([GRANULE; 4]);
    let flash = Entry::covering(flash, Access::ReadExecute);
    let bottom = kernel_stack_bottom();
    let guard = Entry::guarding(Span { start: bottom, end: bottom + GUARD });
    let off = configuration([Entry::OFF; 4]);
    let only_flash = configuration([Entry::OFF, Entry::OFF, Entry::OFF, flash]);
    // SAFETY: the unit belongs to the kernel, which has not started a thread yet.
    let lost = unsafe {
        // An address keeps its lowest bits only in an entry that is a power of two. Once the guard is locked, its
        // address can't be changed.
        probe!(ALL, "pmpcfg0" "pmpcfg1")
            | probe!(configuration([GRANULE, Entry::OFF, Entry::OFF, Entry::OFF]), "pmpcfg2")
            | probe!(GRANULE.address(), "pmpaddr0" "pmpaddr1" "pmpaddr2" "pmpaddr3")
            | probe!(GRANULE.address(), "pmpaddr4" "pmpaddr5" "pmpaddr6")
            | probe!(flash.address(), "pmpaddr7")
            | probe!(guard.address(), "pmpaddr8")
            | probe!(off, "pmpcfg0")
            | probe!(only_flash, "pmpcfg1")
            | probe!(configuration([guard, Entry::OFF, Entry::OFF, Entry::OFF]), "pmpcfg2")
            | probe!(off, "pmpcfg3")
    };
    if lost != 0 {
        halt(
            "this CPU has no physical memory protection with 9 entries and granules of 32 bytes",
            &[lost],
        );
    }
}
