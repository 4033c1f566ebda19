//! What closes memory: page tables, or protection keys on CPUs that have them.
//!
//! By pages, a call takes four calls of Linux: the caller's region is closed and the callee's opened, and
//! back. With keys each process' region has a key of its own, and all of them are mapped for reading and
//! writing: a register of the CPU says which keys open. To write it takes some ten nanoseconds. If there are
//! more processes than keys, the others' regions are closed by pages. Parts of stacks are closed by pages all
//! the same: there are too few keys for them.
//!
//! With keys, the kernel's memory is closed, too: what it allocates and its stacks; and all else that can be written,
//! statics of the port and of the libraries, can't be written by processes. (By pages that would take four more calls
//! of Linux.)

use crate::domain::Domain;
use crate::gate::KERNEL_KEEPS;
use crate::host;
use crate::keys::{self, Key};
use crate::memory::Region;
use clap::ValueEnum;
use core::sync::atomic::Ordering;
use crossgate_kernel::memory::Span;

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
    /// The regions that have a key. Others are closed by page tables.
    keyed: Vec<(Span, Key)>,
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
    /// Gives every region, and the kernel's memory, what closes it.
    ///
    /// # Errors
    /// Keys were asked for, but there are none.
    pub fn choose(
        choice: Choice,
        memory: &KernelMemory,
        regions: &[Region],
    ) -> Result<Protection, String> {
        let by_pages = Protection { kernel: None, keyed: Vec::new() };
        if choice == Choice::Pages {
            return Ok(by_pages);
        }
        let kernel = match KernelKeys::new() {
            Err(_) if choice == Choice::Auto => return Ok(by_pages),
            kernel => kernel?,
        };
        kernel.protect(memory)?;
        let mut keyed = Vec::new();
        for span in regions.iter().map(|region| region.open).filter(|span| !span.is_empty()) {
            let Ok(key) = Key::new() else { break };
            key.protect(span)?;
            keyed.push((span, key));
        }
        Ok(Protection { kernel: Some(kernel), keyed })
    }

    /// What has to be closed, and then what has to be opened (`true`), by page tables, to come from one
    /// domain to another.
    pub fn changes(&self, from: Domain, to: Domain) -> impl Iterator<Item = (Span, bool)> {
        let by_pages = |domain: Domain| match self.key(domain.region) {
            None => domain,
            Some(_) => Domain { region: Span::EMPTY, ..domain },
        };
        by_pages(from).changes(by_pages(to))
    }

    /// Whether it is closed by keys.
    pub fn has_keys(&self) -> bool {
        self.kernel.is_some()
    }

    /// The rights of the keys in a domain, as the CPU's register wants them; `None` without keys.
    pub fn rights(&self, domain: Domain) -> Option<u32> {
        let kernel = self.kernel.as_ref()?;
        let region = self.key(domain.region).map_or(0, Key::bits);
        Some(keys::NO_RIGHTS & !kernel.readable.reading() & !region)
    }

    /// The same, and the kernel's own.
    pub fn kernel_rights(&self, domain: Domain) -> Option<u32> {
        self.rights(domain).map(|rights| rights & KERNEL_KEEPS.load(Ordering::Relaxed))
    }

    /// The key of the region that this memory is in.
    fn key(&self, memory: Span) -> Option<&Key> {
        self.keyed.iter().find(|(region, _)| region.contains(memory)).map(|(_, key)| key)
    }

    /// Has memory of a closed region open for a while.
    pub fn with_open(&self, span: Span, domain: Domain, work: impl FnOnce()) {
        match (self.key(span), self.kernel_rights(domain)) {
            (Some(_), Some(rights)) => {
                keys::set_rights(keys::ALL_RIGHTS);
                work();
                keys::set_rights(rights);
            }
            _ => {
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
