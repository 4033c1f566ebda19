// SPDX-License-Identifier: MIT OR Apache-2.0
//! The means to close memory: page tables, or protection keys on CPUs that have them.
//!
//! With page tables, a call of a method takes four calls of Linux: they close the caller's region and open the callee's
//! region, and do the reverse at the return. With keys, each region of a process and each stack has its own key. All of
//! this memory is mapped for reading and writing, and a register of the CPU says which keys are open. A write to this
//! register takes about ten nanoseconds. A nested call closes the frames of its caller. For this, the remaining keys
//! are given to parts of stacks when these parts are closed for the first time. Regions get keys first, and then stacks
//! in the order of the wiring. Memory without a key is closed by page tables.
//!
//! With keys, the kernel's allocations and stacks are also closed. Processes can read, but not write, all other
//! writable memory: the statics of the port and of the libraries. (With page tables, this protection would take four
//! more calls of Linux in each call.)

use crate::domain::{self, Domain};
use crate::keys::{self, Key};
use crate::linux::memory::protect;
use crate::linux::program;
use crate::memory::Region;
use crate::words::KERNEL_KEEPS;
use clap::ValueEnum;
use core::sync::atomic::Ordering;
use crossgate_protection::Span;

/// The largest number of changes of page tables from one domain to another.
pub const CHANGES: usize = domain::CHANGES + 2;

/// The means by which to close memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// Keys if the CPU has them, else pages.
    #[default]
    Auto,
    /// Page tables.
    Pages,
    /// Protection keys.
    Keys,
}

/// The means by which memory is closed.
pub struct Protection {
    /// The keys of the kernel's memory, if there are keys.
    kernel: Option<KernelKeys>,
    /// Memory that has a key: regions, and parts of stacks. A stack has keys for all of it or for none. Memory without
    /// a key is closed by page tables.
    keyed: Vec<(Span, Key)>,
    /// Keys that are not in use yet.
    spare: Vec<Key>,
}

/// Memory that belongs to the kernel.
pub struct KernelMemory {
    /// Its allocations and its stacks, which no other code uses.
    pub closed: [Span; 3],
    /// The stack of signals. Linux writes there with the rights of the thread that it interrupts.
    pub open: Span,
}

/// The means by which a domain is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub domain: Domain,
    /// The part of it that page tables open.
    pages: Domain,
    /// The rest of a part of a stack: its key is open, but page tables close it.
    cut_off: Span,
    /// The bits of the open keys.
    keys: u32,
}

impl Opening {
    /// The opening of an empty domain.
    pub const NOTHING: Opening =
        Opening { domain: Domain::EMPTY, pages: Domain::EMPTY, cut_off: Span::EMPTY, keys: 0 };

    /// Returns the spans that page tables have to close, and to open (`true`), to change from this opening to `next`.
    pub fn changes(&self, next: &Opening) -> impl Iterator<Item = (Span, bool)> {
        let cut_off = [
            (without(next.cut_off, self.cut_off), false),
            (without(self.cut_off, next.cut_off), true),
        ];
        let cut_off = cut_off.into_iter().filter(|(span, _)| !span.is_empty());
        self.pages.changes(next.pages).chain(cut_off)
    }
}

/// The keys of the kernel's memory.
struct KernelKeys {
    /// The key of memory that only the kernel can read and write.
    closed: Key,
    /// The key of memory that processes can read, but not write.
    readable: Key,
}

impl KernelKeys {
    fn new() -> Result<KernelKeys, String> {
        Ok(KernelKeys { closed: Key::new()?, readable: Key::new()? })
    }

    fn protect(&self, memory: &KernelMemory) -> Result<(), String> {
        keys::stop_restartable_sequences();
        for span in keys::writable_memory()? {
            self.readable.protect(span)?;
        }
        for span in memory.closed {
            self.closed.protect(span)?;
        }
        keys::give_up(memory.open)?;
        KERNEL_KEEPS.store(!(self.closed.bits() | self.readable.bits()), Ordering::Relaxed);
        Ok(())
    }
}

impl Protection {
    /// Chooses the means to close the kernel's memory, every region, and every stack.
    ///
    /// # Errors
    /// If keys were asked for, but there are none.
    pub fn choose(
        choice: Choice,
        memory: &KernelMemory,
        regions: &[Region],
        stacks: impl Iterator<Item = Span>,
    ) -> Result<Protection, String> {
        let by_pages = Protection { kernel: None, keyed: Vec::new(), spare: Vec::new() };
        if choice == Choice::Pages {
            return Ok(by_pages);
        }
        let kernel = match KernelKeys::new() {
            Err(_) if choice == Choice::Auto => return Ok(by_pages),
            kernel => kernel?,
        };
        kernel.protect(memory)?;
        let mut spare: Vec<Key> = core::iter::from_fn(|| Key::new().ok()).collect();
        // The capacity is enough for all keys, so nothing is allocated when a key is given later.
        let mut keyed = Vec::with_capacity(spare.len());
        let spans = regions.iter().map(|region| region.open).chain(stacks);
        for span in spans.filter(|span| !span.is_empty()) {
            let Some(key) = spare.pop() else { break };
            key.protect(span)?;
            keyed.push((span, key));
        }
        Ok(Protection { kernel: Some(kernel), keyed, spare })
    }

    /// Returns the opening of a domain. If it closes a part of a stack for the first time, the part gets a key of its
    /// own.
    pub fn opening(&mut self, domain: Domain) -> Opening {
        let opening = self.find(domain);
        if opening.cut_off.is_empty() {
            return opening;
        }
        let Some(key) = self.spare.pop() else { return opening };
        let part = opening.cut_off;
        if let Err(why) = key.protect(part) {
            program::fatal(format_args!("{why}"));
        }
        for (span, _) in self.keyed.iter_mut().filter(|(span, _)| span.contains(part)) {
            span.end = part.start;
        }
        self.keyed.push((part, key));
        self.find(domain)
    }

    /// Returns the opening of a domain with the keys that have been given.
    fn find(&self, domain: Domain) -> Opening {
        let mut opening = Opening { pages: domain, ..Opening::NOTHING };
        for (span, key) in self.keyed.iter().filter(|(span, _)| domain.has(span.start)) {
            opening.keys |= key.bits();
            if span.start == domain.region.start {
                opening.pages.region = Span::EMPTY;
                continue;
            }
            opening.pages.stack = Span::EMPTY;
            if domain.stack.end < span.end {
                opening.cut_off = Span { start: domain.stack.end, end: span.end };
            }
        }
        opening.domain = domain;
        opening
    }

    /// Returns whether memory is closed by keys.
    pub fn has_keys(&self) -> bool {
        self.kernel.is_some()
    }

    /// Returns the rights of the keys while user code runs, as a value of the CPU's register; `None` without keys.
    pub fn rights(&self, opening: &Opening) -> Option<u32> {
        let kernel = self.kernel.as_ref()?;
        Some(keys::NO_RIGHTS & !kernel.readable.reading() & !opening.keys)
    }

    /// Returns these rights together with the kernel's own rights.
    pub fn kernel_rights(&self, opening: &Opening) -> Option<u32> {
        self.rights(opening).map(|rights| rights & KERNEL_KEEPS.load(Ordering::Relaxed))
    }

    /// Opens memory of a closed region while `work` runs.
    pub fn with_open(&self, span: Span, opening: &Opening, work: impl FnOnce()) {
        let is_keyed = self.keyed.iter().any(|(region, _)| region.contains(span));
        match self.kernel_rights(opening).filter(|_| is_keyed) {
            Some(rights) => {
                keys::set_rights(keys::ALL_RIGHTS);
                work();
                keys::set_rights(rights);
            }
            None => {
                protect(span, true);
                work();
                protect(span, false);
            }
        }
    }

    /// Opens memory for ever, because the program ends.
    pub fn open_for_ever(&self, span: Span) {
        if self.has_keys() {
            keys::set_rights(keys::ALL_RIGHTS);
        }
        protect(span, true);
    }
}

/// Returns the part of a span that is not in another span. The other span ends at the same address, or is disjoint.
fn without(span: Span, other: Span) -> Span {
    let end = if span.end == other.end { other.start.max(span.start) } else { span.end };
    Span { start: span.start, end }
}
