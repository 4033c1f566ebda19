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
/// In the configuration of an entry: it can't be changed, and holds for the kernel too.
const LOCKED: u8 = 1 << 7;

/// Physical memory protection by aligned powers of two.
#[derive(Clone, Copy, Debug)]
pub struct Napot;

/// The rights that an entry gives, as bits of its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Access {
    /// None: the entry closes memory that an entry with a higher number opens.
    Nothing = 0,
    /// To read.
    Read = 1,
    /// To read and to write.
    ReadWrite = 1 | 1 << 1,
    /// To read and to execute.
    ReadExecute = 1 | 1 << 2,
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

    /// Returns the entry for the smallest block that holds `span`, which must not be empty.
    #[must_use]
    pub const fn covering(span: Span, access: Access) -> Entry {
        let (first, rest) = block(span);
        Entry {
            // The number of ones at the end says how large the block is.
            address: (first | rest >> 1) >> 2,
            configuration: POWER_OF_TWO | access as u8,
        }
    }

    /// Returns an entry that closes the smallest block that holds `span`, which must not be empty, even to the kernel.
    #[must_use]
    pub const fn guarding(span: Span) -> Entry {
        let Entry { address, configuration } = Entry::covering(span, Access::Nothing);
        Entry { address, configuration: configuration | LOCKED }
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
