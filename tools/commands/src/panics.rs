// SPDX-License-Identifier: MIT OR Apache-2.0
//! The check that the kernel can't panic.
//!
//! The check follows the calls in a firmware's machine code from every function of the kernel. It does not see calls
//! through pointers. The kernel's calls through pointers go only to functions of the kernel, which are checked
//! themselves.

use crate::{riscv, size};
use anyhow::{Context, Result, bail, ensure};
use object::{Architecture, Object, ObjectSection, ObjectSymbol, SymbolKind};
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::path::Path;
use std::{fs, iter};

/// A part of the names of all functions by which a panic starts.
const PANIC: &str = "panicking";

/// A function of a firmware.
#[derive(Debug, Default)]
pub struct Function {
    /// The address of its first instruction.
    pub address: u64,
    /// Its name, demangled.
    pub name: String,
    /// True if it is a part of the kernel.
    pub is_kernel: bool,
    /// The addresses of the functions that it may call, or jump to.
    pub calls: BTreeSet<u64>,
    /// True if it has instructions of the floating point unit.
    pub has_floats: bool,
}

/// Looks for a path from the kernel to a panic.
///
/// # Errors
/// If there is such a path (the error names it), or if the ELF file can't be read.
pub fn check(file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let functions = functions(&object::File::parse(&*bytes).context("not an ELF file")?)?;
    if let Some(way) = way(&functions, |it| it.is_kernel, |it| it.name.contains(PANIC)) {
        bail!("the kernel can panic: {}", way.join(" -> "));
    }
    Ok(())
}

/// Returns the functions of a firmware.
///
/// # Errors
/// If the ELF file can't be read, or has no kernel.
pub fn functions(file: &object::File) -> Result<Vec<Function>> {
    let mut functions = Vec::new();
    let instructions = instructions(file)?;
    let is_riscv = file.architecture() == Architecture::Riscv32;
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
        let Some(index) = symbol.section_index() else { continue };
        // The lowest bit of the address only says that the function is Thumb code.
        let address = symbol.address() & !1;
        let code = file.section_by_index(index)?.data_range(address, symbol.size())?;
        let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
        // Code that formats data counts as user code, even if kernel and user code share the data.
        let formats = name.contains(" as core::fmt::");
        let code = code.unwrap_or_default();
        functions.push(Function {
            address,
            is_kernel: size::is_kernel(symbol.name()?) && !formats,
            name,
            calls: if is_riscv {
                riscv::targets(address, code)
            } else {
                targets(address, code, &instructions)
            },
            has_floats: !is_riscv
                && executed(address, code, &instructions).any(|(_, it)| is_of_floats(it)),
        });
    }
    ensure!(functions.iter().any(|function| function.is_kernel), "there is no kernel in it");
    Ok(functions)
}

/// Returns the parts of the file that are instructions, by address. Symbols say where instructions (`$t`) and constants
/// among them (`$d`) begin, section by section (ARM IHI 0044, 5.5.5).
fn instructions(file: &object::File) -> Result<Vec<Range<u64>>> {
    let mut marks = Vec::new();
    for symbol in file.symbols() {
        let kind = symbol.name()?;
        let kind = kind.split_once('.').map_or(kind, |(kind, _)| kind);
        if let (Some(section), "$t" | "$d") = (symbol.section_index(), kind) {
            let section = file.section_by_index(section)?;
            let end = section.address() + section.size();
            marks.push((symbol.address(), kind == "$t", end));
        }
    }
    marks.sort_unstable();
    let next = marks.iter().skip(1).map(|&(start, ..)| start).chain([u64::MAX]);
    let parts = marks.iter().zip(next);
    let parts = parts.filter(|((_, is_code, _), _)| *is_code);
    Ok(parts.map(|(&(start, _, end), next)| start..end.min(next)).collect())
}

/// Returns the instructions of Thumb code that starts at `address`. Each has its address, its first half-word, and the
/// half-word after it.
fn executed(
    address: u64,
    code: &[u8],
    instructions: &[Range<u64>],
) -> impl Iterator<Item = (u64, (u16, u16))> {
    let half = |at: usize| code.get(at..at + 2).map(|half| u16::from_le_bytes([half[0], half[1]]));
    let mut at = 0;
    iter::from_fn(move || {
        loop {
            let first = half(at)?;
            let second = half(at + 2).unwrap_or(0);
            let here = address + at as u64;
            let part = instructions.partition_point(|part| part.end <= here);
            if instructions.get(part).is_some_and(|part| part.contains(&here)) {
                at += if is_wide(first) { 4 } else { 2 };
                return Some((here, (first, second)));
            }
            at += 2;
        }
    })
}

/// Returns the targets of the branches in Thumb code that starts at `address`.
fn targets(address: u64, code: &[u8], instructions: &[Range<u64>]) -> BTreeSet<u64> {
    executed(address, code, instructions)
        .filter_map(|(here, it)| Some((here + 4).wrapping_add_signed(offset(it)?)))
        .collect()
}

/// Returns whether an instruction is one of coprocessors 10 and 11, the floating point unit (ARMv7-M manual, A5.3.18).
fn is_of_floats((first, second): (u16, u16)) -> bool {
    first & 0xec00 == 0xec00 && second & 0x0e00 == 0x0a00
}

/// Returns `true` if an instruction that starts with this half-word has two half-words (ARMv7-M manual, A5.1).
fn is_wide(first: u16) -> bool {
    first >> 11 >= 0b11101
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

/// Returns the names along the shortest path from a start function to an end function.
pub fn way(
    functions: &[Function],
    is_start: impl Fn(&Function) -> bool,
    is_end: impl Fn(&Function) -> bool,
) -> Option<Vec<&str>> {
    let starts = functions.iter().filter(|function| is_start(function));
    let mut ways: VecDeque<(&Function, Vec<&str>)> = starts.map(|start| (start, vec![])).collect();
    let mut seen = BTreeSet::new();
    while let Some((function, mut way)) = ways.pop_front() {
        way.push(&function.name);
        if is_end(function) {
            return Some(way);
        }
        if seen.insert(function.address) {
            let called = functions.iter().filter(|other| function.calls.contains(&other.address));
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
        let calls = calls.iter().copied().collect();
        Function { address, name: name.into(), is_kernel, calls, has_floats: false }
    }

    fn way_to_panic(functions: &[Function]) -> Option<Vec<&str>> {
        way(functions, |it| it.is_kernel, |it| it.name.contains(PANIC))
    }

    #[test]
    fn instructions_of_the_floating_point_unit_are_found() {
        for (first, second) in
            [(0xec90, 0x0b20), (0xed2d, 0x8b04), (0xee30, 0x0a81), (0xfeb8, 0x0a40)]
        {
            assert!(is_of_floats((first, second)), "{first:x} {second:x}");
        }
        // ldrd, an instruction of another coprocessor, and bl
        for (first, second) in [(0xe9d2, 0x0a01), (0xee10, 0x0f10), (0xf001, 0xfe14)] {
            assert!(!is_of_floats((first, second)), "{first:x} {second:x}");
        }
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
    }

    #[test]
    fn branches_are_found_behind_constants_and_wide_instructions() {
        // .word 0xf8000000; bl 0x4574; b.n 0x28fc; b.w 0x28fe; bx lr
        let code =
            [0, 0, 0, 0xf8, 1, 0xf0, 0x14, 0xfe, 0xd6, 0xe7, 0xff, 0xf7, 0xd6, 0xbf, 0x70, 0x47];
        let found = targets(0x2944, &code, &[0x2000..0x2900, 0x2948..0x2954, 0x3000..0x3002]);
        assert_eq!(found, BTreeSet::from([0x4574, 0x28fc, 0x28fe]));
        // ldr.w lr, [r0, #0x7ff]
        let code = [0xd0, 0xf8, 0xff, 0xe7];
        assert_eq!(targets(0, &code, &[0..4, 8..9]), BTreeSet::new());
        assert_eq!(
            targets(2, &code[2..], &[0..4, 8..9]).len(),
            1,
            "it would be a branch by itself"
        );
    }
}
