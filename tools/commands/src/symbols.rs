// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of a firmware, the looks for interrupts in them, and their names.

use crate::size;
use crate::workspace::Firmware;
use addr2line::Loader;
use anyhow::{Context, Result, anyhow, ensure};
use handler_spans::{Function, Functions, Role};
use object::{Architecture, Object, ObjectSection, ObjectSymbol, SymbolKind};
use std::collections::BTreeMap;
use std::fs;

/// The section with the vector table of a Cortex-M: the first stack pointer, the reset handler, and the other handlers.
const VECTORS: &str = ".vector_table";

/// The reset handler of RISC-V.
const RESET: &str = "Reset";

/// The handler of all traps of RISC-V, ...
const HANDLER: &str = "DefaultHandler";

/// ... and the table of jumps to this handler, through which the CPU enters it on some boards. Each jump is 4 bytes
/// long.
const JUMPS: &str = "__crossgate_vectors";

/// Functions of this crate, and of the firmware's crate, run only in threads, never in a handler.
const USER: &str = "crossgate::";

/// The function in which the CPU enters handlers above the kernel, which have a vector table of their own.
const ABOVE: &str = "crossgate_cortex_m::zero_latency::enter";

/// The section with the addresses of the instructions that look for an interrupt.
const LOOKS: &str = ".crossgate.looks";

/// The function that contains such an instruction. It is inlined. A look has the name of the function that calls it in
/// the source, because the compiler may also inline that function.
const LOOK: &str = "::interrupt_is_pending";

/// The function of RISC-V that serves interrupts which are pending before a handler ends.
const SERVES: &str = "crossgate_riscv::handler::serve";

/// The functions of a firmware, and the looks for interrupts in them.
pub struct Symbols {
    functions: Functions,
    /// The names of the functions in the same order.
    names: Vec<String>,
    /// The names of the looks.
    looks: Vec<String>,
}

impl Symbols {
    /// Reads the symbols of a firmware.
    ///
    /// # Errors
    /// If its ELF file can't be read, or has no handlers, or no look.
    pub fn of(Firmware { name, file, .. }: &Firmware) -> Result<Symbols> {
        let lines = Loader::new(file).map_err(|why| anyhow!("{}: {why}", file.display()))?;
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let own = format!("{name}::");
        let file = object::File::parse(&*bytes).context("not an ELF file")?;
        let mut names = BTreeMap::<u32, &str>::new();
        for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
            let name = symbol.name()?;
            // Equal functions may be merged. In this case the kernel's name is used.
            let known = names.entry(code(symbol.address() as u32)).or_insert(name);
            if !size::is_kernel(known) {
                *known = name;
            }
        }
        let vectors = match file.architecture() {
            Architecture::Riscv32 => traps(&mut names),
            _ => table(&file),
        }
        .with_context(|| format!("{name} has no handlers"))?;
        let role =
            |address: u32, name: &str| match vectors.iter().position(|&vector| vector == address) {
                Some(0) => Role::Reset,
                Some(_) => Role::Handler,
                None => {
                    let name = demangled(name);
                    let is_user = name.starts_with(USER) || name.starts_with(&own);
                    match () {
                        () if name.starts_with(ABOVE) => Role::Above,
                        () if is_user => Role::Thread,
                        () => Role::Any,
                    }
                }
            };
        let function =
            |(&address, &name): (&u32, &&str)| Function { address, role: role(address, name) };
        let section =
            file.section_by_name(LOOKS).with_context(|| format!("there is no {LOOKS}"))?;
        // (Code that the linker has dropped is in no function.)
        let in_assembly = |address| {
            let mut symbols = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
            let symbol = symbols.find(|symbol| {
                let start = u64::from(code(symbol.address() as u32));
                (start..start + symbol.size()).contains(&u64::from(address))
            })?;
            symbol.name().ok().map(|name| Place::Look(short_name(name)))
        };
        let (mut addresses, mut looks, mut serves) = (Vec::new(), Vec::new(), Vec::new());
        for address in section.data()?.chunks_exact(4).map(word) {
            match place(&lines, address).or_else(|| in_assembly(address)) {
                Some(Place::Look(looker)) => {
                    addresses.push(address);
                    looks.push(looker);
                }
                Some(Place::Serve) => serves.push(address),
                None => {}
            }
        }
        ensure!(!looks.is_empty(), "nothing looks for an interrupt in {name}");
        Ok(Symbols {
            functions: Functions::new(names.iter().map(function).collect(), addresses, serves),
            names: names.into_values().map(short_name).collect(),
            looks,
        })
    }

    /// Returns the functions.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Returns the start of the function with this name, which has the form of [`name`](Symbols::name).
    ///
    /// # Errors
    /// If there is no such function.
    pub fn address(&self, name: &str) -> Result<u32> {
        let index = self.names.iter().position(|known| known == name);
        let function = index.and_then(|index| self.functions.get(index));
        Ok(function.with_context(|| format!("there is no function {name}"))?.address)
    }

    /// Returns the name of the function with this index, with the type or the module that it is in.
    pub fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("?", String::as_str)
    }

    /// Returns the name of the function that makes the look with this index. Looks of one function have the same name.
    pub fn look(&self, index: usize) -> &str {
        self.looks.get(index).map_or("?", String::as_str)
    }
}

/// A place at which a handler finds out if an interrupt is pending.
enum Place {
    /// A look, made by the function with this name.
    Look(String),
    /// The place at which a handler serves the interrupt itself.
    Serve,
}

/// Returns the addresses of the handlers, the reset handler first, from the vector table of a Cortex-M.
fn table(file: &object::File) -> Option<Vec<u32>> {
    let table = file.section_by_name(VECTORS)?.data().ok()?;
    Some(table.chunks_exact(4).skip(1).map(|bytes| code(word(bytes))).collect())
}

/// Returns the addresses at which a RISC-V core enters the kernel, that of the reset first. If there is a table of
/// jumps, each jump becomes a function of its own, because the core enters at any of them.
fn traps(names: &mut BTreeMap<u32, &str>) -> Option<Vec<u32>> {
    let named = |name| names.iter().find_map(|(&at, &known)| (known == name).then_some(at));
    let (reset, handler, jumps) = (named(RESET)?, named(HANDLER)?, named(JUMPS));
    let jumps = jumps.into_iter().flat_map(|first| (0..32).map(move |number| first + 4 * number));
    names.extend(jumps.clone().map(|address| (address, JUMPS)));
    Some([reset, handler].into_iter().chain(jumps).collect())
}

/// Returns the place at this address. A look is made by the function that calls the looking function. (Assembly is not
/// found: there, the function itself looks.)
fn place(lines: &Loader, address: u32) -> Option<Place> {
    let mut frames = lines.find_frames(address.into()).ok()?;
    let mut next = || {
        let frame = frames.next().ok()??;
        Some(frame.function?.raw_name().ok()?.into_owned())
    };
    while let Some(name) = next() {
        let name = demangled(&name);
        if name == SERVES {
            return Some(Place::Serve);
        }
        if name.ends_with(LOOK) {
            return next().map(|name| Place::Look(short_name(&name)));
        }
    }
    None
}

/// Returns the word in the first four bytes.
fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Returns the address of the code to which a pointer points: its lowest bit says that the code is Thumb code.
fn code(pointer: u32) -> u32 {
    pointer & !1
}

fn demangled(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// Returns the last two parts of a symbol's path: `lock::inherit`. Generic arguments and `<impl Type>` do not count as
/// parts. Functions with [common code](size::COMMON) have other numbers in each build, so their numbers are removed.
fn short_name(symbol: &str) -> String {
    if symbol.starts_with(size::COMMON) {
        return "outlined".to_owned();
    }
    let name = demangled(symbol);
    let parts = parts(&name);
    parts[parts.len().saturating_sub(2)..].join("::")
}

fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in split(path) {
        match part.strip_prefix('<').and_then(|part| part.strip_suffix('>')) {
            // `<Type as Trait>`: the type's parts.
            Some(qualified) if parts.is_empty() => {
                let of_type =
                    qualified.split_once(" as ").map_or(qualified, |(of_type, _)| of_type);
                parts = self::parts(of_type);
            }
            Some(_) => {}
            None => parts.push(part.split_once('<').map_or(part, |(part, _)| part)),
        }
    }
    parts
}

/// Splits at each `::` that is not between `<` and `>`.
fn split(path: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, character) in path.char_indices() {
        match character {
            '<' => depth += 1,
            '>' => depth -= 1,
            ':' if depth == 0 && path[at..].starts_with("::") => {
                pieces.push(&path[start..at]);
                start = at + 2;
            }
            _ => {}
        }
    }
    pieces.push(&path[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_jump_of_a_table_is_an_entry() {
        let mut names = [(0x100, RESET), (0x200, HANDLER), (0x400, "other")].into();
        assert_eq!(traps(&mut names), Some(vec![0x100, 0x200]));
        names.insert(0x300, JUMPS);
        let entries = traps(&mut names).unwrap();
        assert_eq!((entries.len(), entries[2], entries[33]), (34, 0x300, 0x37c));
        assert_eq!((names[&0x37c], names[&0x400], names.len()), (JUMPS, "other", 35));
        names.remove(&0x200);
        assert_eq!(traps(&mut names), None);
    }

    #[test]
    fn names_are_short() {
        let names = [
            ("SVCall", "SVCall"),
            ("crossgate_kernel::Kernel<P>::reschedule", "Kernel::reschedule"),
            (
                "crossgate_kernel::lock::<impl crossgate_kernel::Kernel<P>>::inherit",
                "lock::inherit",
            ),
            ("<a::boot::Machine as b::port::Port>::reset", "Machine::reset"),
            ("<core::ops::Range<A> as core::iter::Iterator>::next::<u8>", "Range::next"),
            ("compiler_builtins::mem::memcpy", "mem::memcpy"),
            ("OUTLINED_FUNCTION_5", "outlined"),
        ];
        for (name, short) in names {
            assert_eq!(short_name(name), short);
        }
    }
}
