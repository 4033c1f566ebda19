// SPDX-License-Identifier: MIT OR Apache-2.0
//! The linker scripts that come before and after the user's own scripts.

use std::collections::BTreeSet;
use std::fmt::Write;

/// The script after the user's: it records the addresses of the memories, and keeps the tables that the memory map
/// reads, and the symbol by which the port describes the protection unit. If the script of the port has a symbol
/// `_constants`, code reads the contents of FLASH from that address on.
pub const AFTER: &str = "\
__crossgate_flash_start = ORIGIN(FLASH);
__crossgate_flash_end = ORIGIN(FLASH) + LENGTH(FLASH);
__crossgate_constants_start = DEFINED(_constants) ? _constants : ORIGIN(FLASH);
__crossgate_constants_end = __crossgate_constants_start + LENGTH(FLASH);
__crossgate_ram_start = ORIGIN(RAM);
__crossgate_ram_end = ORIGIN(RAM) + LENGTH(RAM);
EXTERN(__crossgate_services __crossgate_processes __crossgate_protection_unit)
EXTERN(__crossgate_context_size __crossgate_floats_size __crossgate_entry_size __crossgate_entry_reserve)
";

/// The section with the description of services. It is not loaded with a program.
pub const INTERFACES: &str = ".crossgate.interfaces";

/// Returns the part of a script for data that only debuggers and other tools read. The data has no address and is in no
/// segment.
pub fn description() -> String {
    format!("SECTIONS\n{{\n  {INTERFACES} 0 (INFO) : {{ KEEP(*({INTERFACES})) }}\n}}\n")
}

/// The section with the stacks that threads and services need. It is not loaded with a program, either.
pub const STACK_NEEDS: &str = ".crossgate.stack_needs";

/// The section with the use of flash. It is not loaded with a program, either.
pub const FLASH_USE: &str = ".crossgate.flash_use";

/// Returns the part of a script that puts a text into a section which is in no segment.
pub fn note(section: &str, text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("BYTE({byte})")).collect();
    format!("SECTIONS\n{{\n  {section} 0 (INFO) : {{ {bytes} }}\n}}\n")
}

/// Prefix of the symbols with the addresses of a memory of the user's scripts; `start_` or `end_` and its name follow.
pub const REGION: &str = "__crossgate_region_";

/// Returns the script that comes after the user's scripts. `memories` are the memories that the user's scripts declare.
pub fn after(memories: &BTreeSet<String>) -> String {
    let mut text = format!("{AFTER}{}", description());
    for name in memories {
        line(&mut text, format_args!("{REGION}start_{name} = ORIGIN({name});"));
        line(&mut text, format_args!("{REGION}end_{name} = ORIGIN({name}) + LENGTH({name});"));
    }
    text
}

/// Returns the part of a script that defines symbols, each as an alias of another symbol.
pub fn aliases(symbols: &[(String, String)]) -> String {
    let mut text = String::new();
    for (symbol, other) in symbols {
        line(&mut text, format_args!("\"{symbol}\" = \"{other}\";"));
    }
    text
}

/// A section of the firmware that is collected from input sections.
#[derive(Clone, Debug)]
pub struct OutputSection {
    /// Its name.
    pub name: String,
    /// True if it takes no room in the file.
    pub zeroed: bool,
    /// The file and the name of each input section.
    pub inputs: Vec<(String, String)>,
    /// The address, and the address in flash of its initial contents. Without a place the section is only collected, so
    /// that it can be measured.
    pub place: Option<(u64, u64)>,
}

/// A table of words in flash.
#[derive(Clone, Debug)]
pub struct Table {
    /// The symbol that gets its address.
    pub symbol: String,
    /// The words.
    pub words: [u64; 7],
}

/// The name of the section that holds the [`Table`]s.
pub const TABLES: &str = ".crossgate.memory";

/// The section that makes the link fail if another linker is used.
const LINKED: &str = ".crossgate.linked";

/// The memory for sections without a place. It is outside of the memories of a microcontroller. (The linker requires
/// that every section is in a memory.)
const MEMORIES: &str = "\
MEMORY
{
  CROSSGATE_ASIDE : ORIGIN = 0xc0000000, LENGTH = 0x3f000000
  CROSSGATE_PLACED : ORIGIN = 0, LENGTH = 0xffffffff
}
SECTIONS
{";

/// The places of sections without input sections.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The address of the tables, and their address in flash.
    pub tables: (u64, u64),
    /// The address in RAM of the statics that the user's scripts place: those of the kernel.
    pub kernel_statics: u64,
}

/// Returns the script that comes before the user's scripts. It places everything that belongs to processes. Without
/// `places`, everything is only collected, so that it can be measured.
pub fn before(
    sections: &[OutputSection],
    tables: &[Table],
    places: Option<Places>,
    symbols: &[(&str, u64)],
) -> String {
    let mut text = String::new();
    for (symbol, value) in symbols {
        line(&mut text, format_args!("{symbol} = {value:#x};"));
    }
    line(&mut text, format_args!("{MEMORIES}\n  /DISCARD/ : {{ *({LINKED}) }}"));
    // The tables come first, because the linker makes a section without inputs writable if the section before it is
    // writable.
    let place = places.map(|places| format!("{:#x} : AT({:#x})", places.tables.0, places.tables.1));
    let place = place.unwrap_or_else(|| ":".to_owned());
    line(&mut text, format_args!("  {TABLES} {place}\n  {{"));
    for table in tables {
        line(&mut text, format_args!("    {} = .;", table.symbol));
        for word in table.words {
            line(&mut text, format_args!("    LONG({word:#x})"));
        }
    }
    line(&mut text, format_args!("  }} > {}", memory(places.is_some())));
    for section in sections {
        let place = match section.place {
            Some((address, load)) => format!("{address:#x} {}: AT({load:#x})", no_load(section)),
            None => format!("{}:", no_load(section)),
        };
        line(&mut text, format_args!("  {} {place}\n  {{", section.name));
        for (file, name) in &section.inputs {
            line(&mut text, format_args!("    \"{file}\"(\"{name}\")"));
        }
        line(&mut text, format_args!("  }} > {}", memory(section.place.is_some())));
    }
    // The linker fills RAM from the end of the last section in it. So this empty section sets the address. It has a
    // symbol, because the linker removes an empty section without a symbol.
    if let Some(Places { kernel_statics, .. }) = places {
        line(
            &mut text,
            format_args!(
                "  .crossgate.kernel {kernel_statics:#x} (NOLOAD) : {{ __crossgate_kernel_statics = .; }} > RAM"
            ),
        );
    }
    text + "}\n"
}

fn memory(placed: bool) -> &'static str {
    if placed { "CROSSGATE_PLACED" } else { "CROSSGATE_ASIDE" }
}

fn no_load(section: &OutputSection) -> &'static str {
    if section.zeroed { "(NOLOAD) " } else { "" }
}

fn line(text: &mut String, arguments: std::fmt::Arguments) {
    writeln!(text, "{arguments}").expect("a string takes everything");
}
