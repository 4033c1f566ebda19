//! What closes memory: page tables, or protection keys on CPUs that have them.
//!
//! By pages, a call takes four calls of Linux: the caller's region is closed and the callee's opened, and
//! back. With keys each process' region has a key of its own, and all of them are mapped for reading and
//! writing: a register of the CPU says which keys open (Intel SDM 3A, 4.6.2). To write it takes some ten
//! nanoseconds. If there are more processes than keys, the others' regions are closed by pages. Parts of
//! stacks are closed by pages all the same: there are too few keys for them.

use crate::domain::Domain;
use crate::host::{self, Key};
use crate::memory::Region;
use clap::ValueEnum;
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
    /// The regions that have a key. Others are closed by page tables.
    keyed: Vec<(Span, Key)>,
}

impl Protection {
    /// Gives every region what closes it.
    ///
    /// # Errors
    /// Keys were asked for, but there are none.
    pub fn choose(choice: Choice, regions: &[Region]) -> Result<Protection, String> {
        let mut keyed = Vec::new();
        let spans = regions.iter().map(|region| region.open).filter(|span| !span.is_empty());
        for span in spans.take_while(|_| choice != Choice::Pages) {
            match Key::new() {
                Ok(key) => {
                    host::protect_by_key(span, &key)?;
                    keyed.push((span, key));
                }
                Err(why) if choice == Choice::Keys && keyed.is_empty() => return Err(why),
                Err(_) => break,
            }
        }
        Ok(Protection { keyed })
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

    /// The rights of the keys in a domain, as the CPU's register wants them; `None` without keys.
    pub fn rights(&self, domain: Domain) -> Option<u32> {
        if self.keyed.is_empty() {
            return None;
        }
        Some(host::NO_RIGHTS & !self.key(domain.region).map_or(0, Key::bits))
    }

    /// The key of the region that this memory is in.
    fn key(&self, memory: Span) -> Option<&Key> {
        self.keyed.iter().find(|(region, _)| region.contains(memory)).map(|(_, key)| key)
    }

    /// Has memory of a closed region open for a while.
    pub fn with_open(&self, span: Span, domain: Domain, work: impl FnOnce()) {
        match (self.key(span), self.rights(domain)) {
            (Some(_), Some(rights)) => {
                host::set_rights(host::ALL_RIGHTS);
                work();
                host::set_rights(rights);
            }
            _ => {
                host::protect(span, true);
                work();
                host::protect(span, false);
            }
        }
    }
}
