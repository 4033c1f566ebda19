//! What closes memory: page tables, or protection keys on CPUs that have them.
//!
//! By pages, a call takes four calls of Linux: the caller's region is closed and the callee's opened, and
//! back. With keys each process' region has a key of its own, and each stack, and all of them are mapped for
//! reading and writing: a register of the CPU says which keys open. To write it takes some ten nanoseconds.
//! The keys that are left go to parts of stacks, as they are closed for the first time: a call from within a
//! call closes the frames of the caller. Regions come first, then stacks in the order of the wiring; where
//! there is no key left, pages close.
//!
//! With keys, the kernel's memory is closed, too: what it allocates and its stacks; and all else that can be written,
//! statics of the port and of the libraries, can't be written by processes. (By pages that would take four more calls
//! of Linux.)

use crate::domain::{self, Domain};
use crate::gate::KERNEL_KEEPS;
use crate::host;
use crate::keys::{self, Key};
use crate::memory::Region;
use clap::ValueEnum;
use core::sync::atomic::Ordering;
use crossgate_kernel::memory::Span;

/// How many changes of page tables there are at most from one domain to another.
pub const CHANGES: usize = domain::CHANGES + 2;

/// What to close memory by.
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

/// What memory is closed by.
pub struct Protection {
    /// Those of the kernel's memory, if there are keys.
    kernel: Option<KernelKeys>,
    /// Memory that has a key: regions, and parts of stacks. A stack has keys for all of it or for none. What
    /// has none is closed by page tables.
    keyed: Vec<(Span, Key)>,
    /// Keys that nothing has yet.
    spare: Vec<Key>,
}

/// Memory that is the kernel's.
pub struct KernelMemory {
    /// What it allocates, and its stacks: nobody else has to do with it.
    pub closed: [Span; 3],
    /// The stack of signals. Linux writes there with the rights of the thread that it interrupts.
    pub open: Span,
}

/// The keys of the kernel's memory.
struct KernelKeys {
    /// What only it can read and write.
    closed: Key,
    /// What others can read.
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
    /// Gives the kernel's memory, every region, and every stack, what closes it.
    ///
    /// # Errors
    /// Keys were asked for, but there are none.
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
        // There will never be more: nothing is allocated when one is given later.
        let mut keyed = Vec::with_capacity(spare.len());
        let spans = regions.iter().map(|region| region.open).chain(stacks);
        for span in spans.filter(|span| !span.is_empty()) {
            let Some(key) = spare.pop() else { break };
            key.protect(span)?;
            keyed.push((span, key));
        }
        Ok(Protection { kernel: Some(kernel), keyed, spare })
    }

    /// Makes a domain one that keys open, if there are enough: what it closes of a stack gets a key of its own.
    pub fn prepare(&mut self, domain: Domain) {
        let Some(part) = self.cut(domain) else { return };
        let Some(key) = self.spare.pop() else { return };
        let closed = Span { start: domain.stack.end, end: self.keyed[part].0.end };
        if let Err(why) = key.protect(closed) {
            host::fatal(format_args!("{why}"));
        }
        self.keyed[part].0.end = closed.start;
        self.keyed.push((closed, key));
    }

    /// What has to be closed, and then what has to be opened (`true`), by page tables, to come from one
    /// domain to another.
    pub fn changes(&self, from: Domain, to: Domain) -> impl Iterator<Item = (Span, bool)> {
        let (before, next) = (self.cut_off(from), self.cut_off(to));
        let cut_off = [(without(next, before), false), (without(before, next), true)];
        let cut_off = cut_off.into_iter().filter(|(span, _)| !span.is_empty());
        self.by_pages(from).changes(self.by_pages(to)).chain(cut_off)
    }

    /// What of a domain page tables open.
    fn by_pages(&self, domain: Domain) -> Domain {
        let unless_keyed = |span: Span| {
            let is_keyed = self.keyed.iter().any(|(keyed, _)| keyed.start == span.start);
            if is_keyed { Span::EMPTY } else { span }
        };
        Domain { region: unless_keyed(domain.region), stack: unless_keyed(domain.stack) }
    }

    /// The memory with a key of which a domain has a part of a stack, but not all.
    fn cut(&self, domain: Domain) -> Option<usize> {
        let end = domain.stack.end;
        self.keyed.iter().position(|(part, _)| part.start < end && end < part.end)
    }

    /// What page tables close of what keys open in a domain.
    fn cut_off(&self, domain: Domain) -> Span {
        self.cut(domain).map_or(Span::EMPTY, |part| Span {
            start: domain.stack.end,
            end: self.keyed[part].0.end,
        })
    }

    /// Whether it is closed by keys.
    pub fn has_keys(&self) -> bool {
        self.kernel.is_some()
    }

    /// The rights of the keys in a domain, as the CPU's register wants them; `None` without keys.
    pub fn rights(&self, domain: Domain) -> Option<u32> {
        let kernel = self.kernel.as_ref()?;
        let open = self.keyed.iter().filter(|(span, _)| domain.has(span.start));
        let open = open.fold(kernel.readable.reading(), |open, (_, key)| open | key.bits());
        Some(keys::NO_RIGHTS & !open)
    }

    /// The same, and the kernel's own.
    pub fn kernel_rights(&self, domain: Domain) -> Option<u32> {
        self.rights(domain).map(|rights| rights & KERNEL_KEEPS.load(Ordering::Relaxed))
    }

    /// Has memory of a closed region open for a while.
    pub fn with_open(&self, span: Span, domain: Domain, work: impl FnOnce()) {
        let is_keyed = self.keyed.iter().any(|(region, _)| region.contains(span));
        match self.kernel_rights(domain).filter(|_| is_keyed) {
            Some(rights) => {
                keys::set_rights(keys::ALL_RIGHTS);
                work();
                keys::set_rights(rights);
            }
            None => {
                host::protect(span, true);
                work();
                host::protect(span, false);
            }
        }
    }

    /// Has memory open: the program ends.
    pub fn open_for_ever(&self, span: Span) {
        if self.has_keys() {
            keys::set_rights(keys::ALL_RIGHTS);
        }
        host::protect(span, true);
    }
}

/// What of a span is not in another one, which ends where it ends or has nothing of it.
fn without(span: Span, other: Span) -> Span {
    let end = if span.end == other.end { other.start.max(span.start) } else { span.end };
    Span { start: span.start, end }
}
