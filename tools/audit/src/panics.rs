// SPDX-License-Identifier: MIT OR Apache-2.0
//! The check that the kernel can't panic.
//!
//! It follows the calls in a firmware's machine code from every function of the kernel. Calls through pointers are not
//! seen: those of the kernel go to functions of its own, which are checked anyway.

use crate::size;
use anyhow::{Context, Result, bail, ensure};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

/// A part of the names of all functions by which a panic starts.
const PANIC: &str = "panicking";
/// The part of the names of threads' entries in a wiring. The kernel gets there by a context that it loads, never by a
/// branch: what looks like one is the second half of another instruction.
const OF_PROCESSES: &str = "::__processes::";

/// A function of a firmware.
#[derive(Debug, Default)]
struct Function {
    address: u64,
    name: String,
    is_kernel: bool,
    /// The addresses of the functions that it may call, or jump to.
    calls: BTreeSet<u64>,
}

/// Looks for a path from the kernel to a panic.
///
/// # Errors
/// If there is one, which is named, or if the ELF file can't be read.
pub fn check(file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let functions = functions(&object::File::parse(&*bytes).context("not an ELF file")?)?;
    ensure!(functions.iter().any(|function| function.is_kernel), "there is no kernel in it");
    if let Some(way) = way_to_panic(&functions) {
        bail!("the kernel can panic: {}", way.join(" -> "));
    }
    Ok(())
}

fn functions(file: &object::File) -> Result<Vec<Function>> {
    let mut functions = Vec::new();
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
        let Some(index) = symbol.section_index() else { continue };
        // The lowest bit says that it is Thumb code.
        let address = symbol.address() & !1;
        let code = file.section_by_index(index)?.data_range(address, symbol.size())?;
        let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
        // Formatting of data that kernel and user code share is user code.
        let formats = name.contains(" as core::fmt::");
        functions.push(Function {
            address,
            is_kernel: size::is_kernel(symbol.name()?) && !formats,
            name,
            calls: calls(address, code.unwrap_or_default()),
        });
    }
    Ok(functions)
}

/// Returns the targets of the branches in Thumb code that starts at `address`.
///
/// Every half-word is taken for the start of an instruction, so constants among the code can hide none. It is unlikely
/// that the end of one instruction and the start of the next look like a branch to the first byte of a function, and it
/// would be noticed.
fn calls(address: u64, code: &[u8]) -> BTreeSet<u64> {
    let halves: Vec<_> =
        code.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]])).collect();
    let next = halves.iter().skip(1).copied().chain([0]);
    let branches = (address..).step_by(2).zip(halves.iter().copied().zip(next));
    branches
        .filter_map(|(at, halves)| Some((at + 4).wrapping_add_signed(offset(halves)?)))
        .collect()
}

/// Returns the distance from its own address and 4 to the target of the instruction that starts with these half-words,
/// if it is a `BL` (T1) or an unconditional `B` (T2, T4), as in the ARMv7-M manual, A7.7.
fn offset((first, second): (u16, u16)) -> Option<i64> {
    let (one, two) = (u32::from(first), u32::from(second));
    if one & 0xf800 == 0xe000 {
        return Some(i64::from((one << 21) as i32 >> 20));
    }
    if one & 0xf800 != 0xf000 || two & 0x9000 != 0x9000 {
        return None;
    }
    let sign = one >> 10 & 1;
    let bit = |place: u32| !(two >> place ^ sign) & 1;
    let bits =
        sign << 24 | bit(13) << 23 | bit(11) << 22 | (one & 0x3ff) << 12 | (two & 0x7ff) << 1;
    Some(i64::from((bits << 7) as i32 >> 7))
}

/// Returns the names along the shortest path from a function of the kernel to a panic.
fn way_to_panic(functions: &[Function]) -> Option<Vec<&str>> {
    let kernel = functions.iter().filter(|function| function.is_kernel);
    let mut ways: VecDeque<(&Function, Vec<&str>)> = kernel.map(|start| (start, vec![])).collect();
    let mut seen = BTreeSet::new();
    while let Some((function, mut way)) = ways.pop_front() {
        way.push(&function.name);
        if function.name.contains(PANIC) {
            return Some(way);
        }
        if seen.insert(function.address) {
            let called = functions.iter().filter(|other| {
                function.calls.contains(&other.address) && !other.name.contains(OF_PROCESSES)
            });
            ways.extend(called.map(|called| (called, way.clone())));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(address: u64, name: &str, calls: &[u64]) -> Function {
        let is_kernel = name.starts_with("kernel");
        Function { address, name: name.into(), is_kernel, calls: calls.iter().copied().collect() }
    }

    #[test]
    fn the_shortest_way_to_a_panic_is_found() {
        let functions = [
            function(0, "kernel::start", &[2, 6]),
            function(2, "kernel::call", &[0, 4]),
            function(4, "memcpy", &[4, 6]),
            function(6, "core::panicking::panic", &[]),
        ];
        let way = way_to_panic(&functions).unwrap();
        assert_eq!(way, ["kernel::start", "core::panicking::panic"]);
        let way = way_to_panic(&functions[1..]).unwrap();
        assert_eq!(way, ["kernel::call", "memcpy", "core::panicking::panic"]);
        assert_eq!(way_to_panic(&functions[..3]), None);
        assert_eq!(way_to_panic(&functions[2..]), None, "others may");
        let functions = [
            function(0, "kernel::start", &[2]),
            function(2, "firmware::__processes::fan::__threads::main::__entry", &[4]),
            function(4, "core::panicking::panic", &[]),
        ];
        assert_eq!(way_to_panic(&functions), None, "no branch leads to a thread");
    }

    #[test]
    fn branches_are_found_among_constants() {
        // .word 0xf8000000; bl 0x4574; b.n 0x28fc; b.w 0x28fe; bx lr
        let code =
            [0, 0, 0, 0xf8, 1, 0xf0, 0x14, 0xfe, 0xd6, 0xe7, 0xff, 0xf7, 0xd6, 0xbf, 0x70, 0x47];
        assert_eq!(calls(0x2944, &code), BTreeSet::from([0x4574, 0x28fc, 0x28fe]));
    }
}
