// SPDX-License-Identifier: MIT OR Apache-2.0
//! The physical memory protection of RISC-V on cores whose entries are aligned powers of two only (*NAPOT*; The RISC-V
//! Instruction Set Manual, Volume II, 3.7), such as Hazard3. Such a core takes an entry that matches the *top of range*
//! for one that is off, so this module never makes one.
//!
//! A region is an entry: a block of 2^n bytes, n >= 5, aligned to its size. (The manual allows blocks of 8 bytes, but
//! these cores have granules of 32 bytes.)
//!
//! If several entries match an access, the entry with the lowest number decides. So two entries open a stack up to a
//! [window](crate::Unit::window): the first one closes the upper part of the block that the second one opens. A window
//! has 2^n - 2^m granules, or 2^n. At most a third of what is left of a stack is lost.

use crate::region::ends;
use crate::{Shape, Span, Unit, Window};

/// The size of the smallest block in bytes. Windows of a stack are multiples of it.
pub const SMALLEST: usize = 32;

/// In the configuration of an entry: it matches an aligned power of two.
const POWER_OF_TWO: u8 = 3 << 3;

/// Physical memory protection by aligned powers of two.
#[derive(Clone, Copy, Debug)]
pub struct Napot;

/// True if the bits to read and to execute have each other's place. (On a host, where the boards are compiled together, no
/// unit does so.)
const TRANSPOSED: bool = cfg!(all(target_arch = "riscv32", feature = "transposed"));

/// The rights that an entry gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// None: the entry closes memory that an entry with a higher number opens.
    Nothing,
    /// To read.
    Read,
    /// To read and to write.
    ReadWrite,
    /// To read and to execute.
    ReadExecute,
}

impl Access {
    /// Returns the rights as bits of the configuration of an entry. In the RP2350, the bits to read and to execute have
    /// each other's place (`transposed`; its data sheet, erratum RP2350-E6).
    const fn bits(self, transposed: bool) -> u8 {
        const WRITE: u8 = 1 << 1;
        let (read, execute) = if transposed { (1 << 2, 1) } else { (1, 1 << 2) };
        match self {
            Access::Nothing => 0,
            Access::Read => read,
            Access::ReadWrite => read | WRITE,
            Access::ReadExecute => read | execute,
        }
    }
}

/// An entry: it is off, or a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    address: u32,
    configuration: u8,
}

impl Entry {
    /// An entry that is off.
    pub const OFF: Entry = Entry { address: 0, configuration: 0 };

    /// An entry that closes the whole address space of 4 GiB. It hides all entries with higher numbers.
    pub const CLOSED: Entry = Entry { address: u32::MAX >> 3, configuration: POWER_OF_TWO };

    /// Returns the entry for the smallest block that holds `span`, which must not be empty.
    #[must_use]
    pub const fn covering(span: Span, access: Access) -> Entry {
        let (first, rest) = block(span);
        Entry {
            // The number of ones at the end says how large the block is.
            address: (first | rest >> 1) >> 2,
            configuration: POWER_OF_TWO | access.bits(TRANSPOSED),
        }
    }

    /// Returns the address register.
    #[must_use]
    pub const fn address(self) -> u32 {
        self.address
    }

    /// Returns the configuration of the entry: a byte of a configuration register.
    #[must_use]
    pub const fn configuration(self) -> u8 {
        self.configuration
    }
}

/// The number of entries of a core that has as few as this module can do with.
pub const ENTRIES: usize = 8;

/// The entries of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessEntries {
    /// Opens the RAM.
    pub memory: Entry,
    /// Open the registers of devices. A process whose methods take two leases in one call has one of them: the second is
    /// off.
    pub devices: [Entry; 2],
}

impl ProcessEntries {
    /// The entries of a process that has nothing.
    pub const NONE: ProcessEntries =
        ProcessEntries { memory: Entry::OFF, devices: [Entry::OFF; 2] };

    /// Returns all entries while a thread runs in this process, with these leases, those of a
    /// [window](window_entries), and that of the flash.
    ///
    /// A lease has the entry of the second device if there are two leases. The last entry closes everything that no other
    /// entry opens. If a core has more entries, they never decide, whatever they open: in some chips they are wired, and
    /// open devices.
    #[inline(always)]
    #[must_use]
    pub const fn with(
        self,
        leases: [Entry; 2],
        window: [Entry; 2],
        flash: Entry,
    ) -> [Entry; ENTRIES] {
        let ProcessEntries { memory, devices: [device, second_device] } = self;
        let [lease, second_lease] = leases;
        let second = if second_lease.configuration == 0 { second_device } else { second_lease };
        let [closed, open] = window;
        [lease, second, memory, device, closed, open, flash, Entry::CLOSED]
    }
}

/// Returns the first address of the smallest block that holds a span, and the bits of an address within the block.
const fn block(span: Span) -> (u32, u32) {
    let (first, last) = ends(span);
    let differing = first ^ last;
    let rest = SMALLEST as u32 - 1;
    let rest = if differing <= rest { rest } else { u32::MAX >> differing.leading_zeros() };
    (first & !rest, rest)
}

/// Returns the entries that open a [window](crate::Unit::window) of the stack from `start`, in this order.
#[must_use]
pub const fn window_entries(start: usize, granules: u16) -> [Entry; 2] {
    let granules = granules as usize;
    if granules == 0 {
        return [Entry::OFF; 2];
    }
    let whole = Span { start, end: start + granules.next_power_of_two() * SMALLEST };
    let closed = Span { start: start + granules * SMALLEST, end: whole.end };
    let closed =
        if closed.is_empty() { Entry::OFF } else { Entry::covering(closed, Access::Nothing) };
    [closed, Entry::covering(whole, Access::ReadWrite)]
}

impl Unit for Napot {
    type Lease = Entry;
    const NO_LEASE: Entry = Entry::OFF;
    const SHAPE: Shape = Shape::PowersOfTwo { smallest: SMALLEST };

    /// The window is given as a number of granules, in 16 bits. So only the lowest 65,535 granules of a stack are ever
    /// open, even if the stack has more.
    fn window(stack: Span, stack_pointer: usize) -> Window {
        let left = stack_pointer.saturating_sub(stack.start) / SMALLEST;
        let left = left.min(usize::from(u16::MAX));
        let whole = left.next_power_of_two();
        // A power of two that is closed is at least as large as what may not be open.
        let granules = if left == 0 || left == whole {
            left
        } else {
            whole - (whole - left).next_power_of_two()
        };
        Window { top: stack.start + granules * SMALLEST, registers: granules as u16 }
    }

    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<Entry> {
        let (first, rest) = block(memory);
        if limits.start > first as usize || (first | rest) as usize >= limits.end {
            return None;
        }
        Some(Entry::covering(memory, if writable { Access::ReadWrite } else { Access::Read }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_the_manual_and_of_the_rp2350() {
        let bits = |transposed| {
            [Access::Nothing, Access::Read, Access::ReadWrite, Access::ReadExecute]
                .map(|access| access.bits(transposed))
        };
        assert_eq!(bits(false), [0b000, 0b001, 0b011, 0b101]);
        assert_eq!(bits(true), [0b000, 0b100, 0b110, 0b101]);
    }
}
