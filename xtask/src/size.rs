//! How much flash and RAM the kernel takes in a firmware.

use anyhow::{Context, Result};
use crossgate_link::map::MemoryMap;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use std::fs;
use std::path::Path;

/// The kernel must not take more flash, in bytes.
pub const FLASH_LIMIT: u64 = 10 * 1024;
/// The kernel must not take more RAM: this much, and more for each thread, in bytes.
const RAM_LIMIT: (u64, u64) = (1024, 96);

/// The crates that are the kernel: its core, the port and what they share with user code.
const CRATES: [&str; 3] = ["crossgate_kernel", "crossgate_cortex_m", "crossgate_abi"];
/// The statics that `start!` makes for the kernel have this in their names.
const STATICS: &str = "__crossgate_kernel";

/// Sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Code and constants.
    pub flash: u64,
    /// State, without stacks.
    pub ram: u64,
    /// What the state may be, for as many threads as the firmware has.
    pub ram_limit: u64,
}

impl Size {
    /// The kernel's share of an ELF file, by the names of its symbols. Symbols at one address
    /// (functions that were found to be equal) count once.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn of_kernel(file: &Path) -> Result<Size> {
        let threads = MemoryMap::from_elf(file)?.stacks.len() as u64;
        let ram_limit = RAM_LIMIT.0 + RAM_LIMIT.1 * threads;
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let file = object::File::parse(&*bytes).context("not an ELF file")?;
        let mut size = Size { flash: 0, ram: 0, ram_limit };
        let mut seen = Vec::new();
        for symbol in file.symbols() {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            let is_kernel = CRATES.iter().any(|name_of| name.contains(name_of));
            let counts = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
            if !counts || !(is_kernel || name.contains(STATICS)) || seen.contains(&symbol.address())
            {
                continue;
            }
            seen.push(symbol.address());
            let Some(section) = symbol.section_index() else { continue };
            match file.section_by_index(section)?.kind() {
                SectionKind::Text | SectionKind::ReadOnlyData => size.flash += symbol.size(),
                _ => size.ram += symbol.size(),
            }
        }
        Ok(size)
    }
}
