// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's share of flash and RAM in a firmware.

use anyhow::{Context, Result};
use crossgate_link::Span;
use crossgate_link::map::MemoryMap;
use object::{Object, ObjectSymbol, SymbolKind};
use std::fs;
use std::path::Path;

/// The limit of the kernel's flash, in bytes.
pub const FLASH_LIMIT: u64 = 11 * 1024;
/// The limit of the kernel's RAM in bytes, without threads and objects.
const RAM_LIMIT: u64 = 1024 + 128;
/// The number of bytes that each thread adds to this limit.
const RAM_LIMIT_OF_A_THREAD: u64 = 96;
/// The number of bytes that each object of the wiring adds to this limit. (An array of objects counts as one object.)
const RAM_LIMIT_OF_AN_OBJECT: u64 = 16;

/// The crates of the kernel: its core, the port and the code that they share with user code.
const CRATES: [&str; 5] = [
    "crossgate_kernel",
    "crossgate_cortex_m",
    "crossgate_riscv",
    "crossgate_protection",
    "crossgate_abi",
];
/// A part of the names of the statics that `start!` makes for the kernel.
const STATICS: &str = "__crossgate_kernel";
/// The module in which `system!` makes the objects: `__processes::<process>::<object>`.
const OBJECTS: &str = "__processes";
/// The start of the names of functions into which the compiler puts common code of several functions. It is not known
/// if they belong to the kernel, so all of them count.
pub const COMMON: &str = "OUTLINED_FUNCTION_";
/// The port's functions with the names that the CPU's vector table requires.
const HANDLERS: [&str; 9] = [
    "SVCall",
    "NonMaskableInt",
    "HardFault",
    "MemoryManagement",
    "BusFault",
    "UsageFault",
    "DefaultHandler",
    "__crossgate_idle",
    "__crossgate_sleeper",
];

/// Sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Code and constants.
    pub flash: u64,
    /// State, without stacks.
    pub ram: u64,
    /// The limit of the state, for as many threads and objects as the firmware has.
    pub ram_limit: u64,
}

impl Size {
    /// Returns the kernel's share of an ELF file, by the names of its symbols. Several symbols at the same address
    /// count once. (The linker has merged equal functions.)
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn of_kernel(file: &Path) -> Result<Size> {
        let map = MemoryMap::from_elf(file)?;
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let file = object::File::parse(&*bytes).context("not an ELF file")?;
        let threads = map.stacks.len() as u64;
        let ram_limit = RAM_LIMIT + RAM_LIMIT_OF_A_THREAD * threads;
        let mut size = Size { flash: 0, ram: 0, ram_limit };
        let mut seen = Vec::new();
        for symbol in file.symbols() {
            let is_memory = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
            if is_memory && is_object(symbol.name()?) {
                size.ram_limit += RAM_LIMIT_OF_AN_OBJECT;
            }
            let address = symbol.address();
            if !is_memory || !is_kernel(symbol.name()?) || seen.contains(&address) {
                continue;
            }
            seen.push(address);
            if map.flash.contains(Span { start: address, end: address + symbol.size() }) {
                size.flash += symbol.size();
            } else {
                size.ram += symbol.size();
            }
        }
        Ok(size)
    }
}

/// Returns `true` if a symbol belongs to the kernel.
pub fn is_kernel(symbol: &str) -> bool {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    CRATES.iter().any(|name_of| name.contains(name_of))
        || name.contains(STATICS)
        || HANDLERS.contains(&symbol)
        || symbol.starts_with(COMMON)
}

/// Returns `true` if a symbol is an object of the wiring.
fn is_object(symbol: &str) -> bool {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    let path: Vec<_> = name.split("::").collect();
    matches!(path[..], [.., OBJECTS, _process, _object])
}

#[cfg(test)]
mod tests {
    use super::{is_kernel, is_object};

    #[test]
    fn the_kernel_is_known_by_names() {
        for symbol in [
            "_ZN16crossgate_kernel8schedule5Ready6remove17h0123456789abcdefE",
            "_ZN10thermostat1_24__crossgate_kernel_slots17h0123456789abcdefE",
            "SVCall",
            "OUTLINED_FUNCTION_7",
        ] {
            assert!(is_kernel(symbol), "{symbol}");
        }
        for symbol in ["Reset", "_ZN7control4main17h0123456789abcdefE", "__ebss"] {
            assert!(!is_kernel(symbol), "{symbol}");
        }
    }

    #[test]
    fn objects_are_known_by_their_place() {
        assert!(is_object("_ZN10thermostat11__processes3fan5motor17h0123456789abcdefE"));
        for symbol in [
            "_ZN10thermostat11__processes7control7threads4main5entry17h0123456789abcdefE",
            "_ZN10thermostat8__stacks7control4main17h0123456789abcdefE",
            "SVCall",
            "OUTLINED_FUNCTION_7",
        ] {
            assert!(!is_object(symbol), "{symbol}");
        }
    }
}
