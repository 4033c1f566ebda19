//! What closes memory: page tables, or protection keys on CPUs that have them.
//!
//! By pages, a call takes four calls of Linux: the caller's region is closed and the callee's opened, and
//! back. With keys each process' region has a key of its own, and all of them are mapped for reading and
//! writing: a register of the CPU says which keys open (Intel SDM 3A, 4.6.2). To write it takes some ten
//! nanoseconds. Parts of stacks are closed by pages all the same: there are too few keys for them.

use crate::domain::Domain;
use crate::host::{self, Key};
use crate::memory::Region;
use clap::ValueEnum;
use crossgate_kernel::memory::Span;

/// What to close memory by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// Keys if the CPU has enough of them, else pages.
    #[default]
    Auto,
    /// Page tables.
    Pages,
    /// Protection keys.
    Keys,
}

/// What memory is closed by.
pub enum Protection {
    /// Page tables.
    Pages,
    /// Protection keys: the region that each of them opens.
    Keys(Vec<(Span, Key)>),
}

impl Protection {
    /// Gives every region what closes it.
    ///
    /// # Errors
    /// Keys were asked for, but there are too few.
    pub fn choose(choice: Choice, regions: &[Region]) -> Result<Protection, String> {
        if choice == Choice::Pages {
            return Ok(Protection::Pages);
        }
        let spans = regions.iter().map(|region| region.open).filter(|span| !span.is_empty());
        let keyed: Result<Vec<_>, _> = spans.map(|span| Ok((span, Key::new()?))).collect();
        match keyed {
            Ok(keyed) => {
                for (span, key) in &keyed {
                    host::protect_by_key(*span, key)?;
                }
                Ok(Protection::Keys(keyed))
            }
            Err(_) if choice == Choice::Auto => Ok(Protection::Pages),
            Err(error) => Err(error),
        }
    }

    /// What has to be closed, and then what has to be opened (`true`), by page tables, to come from one
    /// domain to another.
    pub fn changes(&self, from: Domain, to: Domain) -> impl Iterator<Item = (Span, bool)> {
        let by_pages = |domain: Domain| match self {
            Protection::Pages => domain,
            Protection::Keys(_) => Domain { region: Span::EMPTY, ..domain },
        };
        by_pages(from).changes(by_pages(to))
    }

    /// The rights of the keys in a domain, as the CPU's register wants them; `None` without keys.
    pub fn rights(&self, domain: Domain) -> Option<u32> {
        let Protection::Keys(keyed) = self else { return None };
        let open = keyed.iter().find(|(span, _)| *span == domain.region).map(|(_, key)| key.bits());
        Some(host::NO_RIGHTS & !open.unwrap_or(0))
    }

    /// Has memory of a closed region open for a while.
    pub fn with_open(&self, span: Span, domain: Domain, work: impl FnOnce()) {
        match self.rights(domain) {
            None => {
                host::protect(span, true);
                work();
                host::protect(span, false);
            }
            Some(rights) => {
                host::set_rights(host::ALL_RIGHTS);
                work();
                host::set_rights(rights);
            }
        }
    }
}
