// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a protection unit whose entries can be only aligned powers of two (NAPOT; The RISC-V Instruction
//! Set Manual, Volume II, 3.7), such as that of Hazard3.
//!
//! | entries | open |
//! |---|---|
//! | 0 | a lease; if there are two, one that may be written is here |
//! | 1 | a second lease; or the second region of device registers of the current process |
//! | 2 | the RAM of the current process |
//! | 3 | the first region of device registers of the current process |
//! | 4, 5 | the stack of the thread, less the part that its callers closed: 5 opens a block, 4 closes its upper part |
//! | 6 | flash, to all |
//! | 7 | nothing: it closes all other addresses |
//!
//! If several entries match an address, the one with the lowest number decides. Entry 4 may match more than the stack,
//! but it closes neither a lease of a caller's stack, nor memory of the process that lies above the stack, because the
//! entries for these have lower numbers. Entry 7 matches every address, so it hides all entries from 8 on. The port does
//! not use these, and need not know what they open: on an RP2350 they are wired, and open the boot ROM and all devices.
//!
//! Entry 1 serves two purposes, because no process needs it for both: [`check`](crate::check) refuses a process with two
//! regions of devices and a method that takes two leases.
//!
//! The kernel, in machine mode, sees all memory, because no entry is locked. So no entry guards the kernel's stack. The
//! linker computes the stack that the kernel needs and places it at the start of RAM, where some chips have no memory
//! below. Each value is of a [`napot::Entry`], which is off or an aligned power of two, so the port never sets an entry to
//! another mode.

use crate::last_words::halt;
use crate::probe::probe;
use core::arch::asm;
use crossgate_abi::table::{MmioRegion, ProcessRow};
use crossgate_abi::{LEASES_PER_CALL, MMIO_REGIONS, Word};
use crossgate_protection::napot::{self, Access, ENTRIES, Entry, ProcessEntries};
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
const _: () = assert!(ENTRIES == 8, "two configuration registers have all entries");

/// The bits of an address register that are ones in each entry that is a power of two of at least 32 bytes. Some cores
/// read them as zeros all the same (Hazard3, `hazard3_pmp.v`).
const OF_GRANULE: u32 = 0b11;

/// The entries of a process.
#[derive(Clone, Copy)]
pub struct ProcessRegions(ProcessEntries);

impl ProcessRegions {
    /// The values before `boot` computes them.
    pub const EMPTY: ProcessRegions = ProcessRegions(ProcessEntries::NONE);

    /// Opens the memory and the devices of a process.
    pub fn set(&mut self, process: &ProcessRow) {
        let ProcessEntries { memory, devices } = &mut self.0;
        let ram = Span { start: process.memory.start, end: process.memory.end };
        if !ram.is_empty() {
            *memory = Entry::covering(ram, Access::ReadWrite);
        }
        for (MmioRegion { start, size, .. }, entry) in process.mmio.iter().zip(devices) {
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

/// Opens a stack up to a window, and the memory and the devices of a process. No region of the last process stays open,
/// and no lease.
pub fn open(stack: Word, window: u16, process: &ProcessRegions) {
    // Whatever the address of flash is, the configuration of its entry is this one.
    const FLASH: Entry =
        Entry::covering(Span { start: 0, end: napot::SMALLEST }, Access::ReadExecute);
    let window = napot::window_entries(stack, window);
    let [lease, second, memory, device, closed, open, flash, rest] =
        process.0.with([Entry::OFF; 2], window, FLASH);
    // SAFETY: the unit belongs to the kernel, and the values are those of the thread that continues. The addresses of
    // flash and of the last entry never change.
    unsafe {
        asm!(
            "csrw pmpaddr1, {}",
            "csrw pmpaddr2, {}",
            "csrw pmpaddr3, {}",
            "csrw pmpaddr4, {}",
            "csrw pmpaddr5, {}",
            "csrw pmpcfg0, {}",
            // Only at this write does the emulator (QEMU up to 8.0) forget the pages that it has found open.
            "csrw pmpcfg1, {}",
            in(reg) second.address(),
            in(reg) memory.address(),
            in(reg) device.address(),
            in(reg) closed.address(),
            in(reg) open.address(),
            in(reg) configuration([lease, second, memory, device]),
            in(reg) configuration([closed, open, flash, rest]),
            options(nostack),
        );
    }
}

/// Opens leases. Since [`open`], none is open.
pub fn open_leases(leases: [Option<&Entry>; LEASES_PER_CALL]) {
    let [first, second] = leases;
    // SAFETY: as in `open`. An entry without a lease stays as it is: it is off, or the second region of devices.
    unsafe {
        if let Some(first) = first {
            asm!("csrw pmpaddr0, {}", in(reg) first.address(), options(nostack));
        }
        if let Some(second) = second {
            asm!("csrw pmpaddr1, {}", in(reg) second.address(), options(nostack));
        }
        let [first, second] = leases.map(|lease| *lease.unwrap_or(&Entry::OFF));
        asm!(
            "csrs pmpcfg0, {}",
            in(reg) configuration([first, second, Entry::OFF, Entry::OFF]),
            options(nostack),
        );
    }
}

/// Opens flash, and closes everything else. Stops the machine if the unit lacks entries, or does not keep the values
/// that are written to it.
pub fn enable(flash: Span) {
    /// A granule that is the second one in its block of two, so the entry keeps the lowest bit of its address too.
    const GRANULE: Entry =
        Entry::covering(Span { start: 0x5555_5560, end: 0x5555_5580 }, Access::ReadWrite);
    const ALL: u32 = configuration([GRANULE; 4]);
    let flash = Entry::covering(flash, Access::ReadExecute);
    let [first @ .., fifth, sixth, seventh, eighth] =
        ProcessEntries::NONE.with([Entry::OFF; 2], [Entry::OFF; 2], flash);
    // SAFETY: the unit belongs to the kernel, which has not started a thread yet.
    let lost = unsafe {
        // An address keeps its lowest bits only in an entry that is a power of two.
        let lost = probe!(ALL, "pmpcfg0" "pmpcfg1");
        let of_addresses = probe!(GRANULE.address(), "pmpaddr0" "pmpaddr1" "pmpaddr2" "pmpaddr3")
            | probe!(GRANULE.address(), "pmpaddr4" "pmpaddr5")
            | probe!(seventh.address(), "pmpaddr6")
            | probe!(eighth.address(), "pmpaddr7");
        lost | of_addresses & !OF_GRANULE
            | probe!(configuration(first), "pmpcfg0")
            | probe!(configuration([fifth, sixth, seventh, eighth]), "pmpcfg1")
    };
    if lost != 0 {
        halt(
            "this CPU has no physical memory protection with 8 entries and granules of 32 bytes",
            &[lost],
        );
    }
}
