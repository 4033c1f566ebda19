// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Rust library and the C library of the host, which belong to the kernel.

use crate::heap;
use crate::inputs::FileId;
use crate::names::{KERNEL, demangle, listed};
use crate::reach::{self, Reach, Step, path};
use anyhow::{Context, Result, bail};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::fs;

/// The crate of the Rust library that no process on a microcontroller can use.
const STD: &str = "std";
/// The crate of the Rust library that a process can use only if it has a heap.
const ALLOC: &str = "alloc";
/// The start of the names of the heap's functions, which the compiler makes.
const HEAP: &str = "__rustc::__rust_";

/// The archives of the C library and of the C compiler.
const C_LIBRARY: [&str; 9] = [
    "libc.a",
    "libc_nonshared.a",
    "libdl.a",
    "libgcc.a",
    "libgcc_eh.a",
    "libm.a",
    "libpthread.a",
    "librt.a",
    "libutil.a",
];

/// The advice about a process that uses the library.
const ADVICE: &str = "The crates of processes are `#![no_std]`, so that what runs here runs on the board: log by the \
                      crate `crossgate-log`.";

/// Returns all names that the Rust library and the start files of programs define, or to which they refer.
///
/// # Errors
/// A file can't be read, or is damaged.
pub fn names(paths: &[String]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for path in paths {
        // The archives of the C library are left out. The linker takes only needed members from them, and usually none,
        // because the C library is normally a shared library.
        if path.contains("/rustlib/") || (is_c_library(path) && path.ends_with(".o")) {
            let data = fs::read(path).with_context(|| format!("can't read {path}"))?;
            file(&data, &mut names).with_context(|| format!("can't make sense of {path}"))?;
        }
    }
    Ok(names)
}

fn file(data: &[u8], names: &mut BTreeSet<String>) -> Result<()> {
    if data.starts_with(b"!<arch>\n") {
        let archive = ArchiveFile::parse(data)?;
        for member in archive.members() {
            file(member?.data(data)?, names)?;
        }
    }
    if data.starts_with(&object::elf::ELFMAG) {
        let object = File::parse(data)?;
        for symbol in object.symbols().filter(ObjectSymbol::is_global) {
            names.insert(symbol.name()?.to_owned());
        }
    }
    Ok(())
}

/// Refuses processes that use `std`, or allocate without a heap, except in files of the host (`of_host`).
///
/// # Errors
/// If there is such a process. The error names the used items, and the path from the process to each of them.
pub fn refuse_in_processes(reach: &Reach, of_host: impl Fn(FileId) -> bool) -> Result<()> {
    let inputs = reach.inputs;
    // A generic function of the Rust library may have been compiled into a crate of the host, and a process may use
    // this compiled function. It counts by its own name, and not as code of the host.
    let is_own = |id: usize| inputs.sections[id].title().contains("crossgate");
    let host =
        (0..inputs.sections.len()).filter(|&id| of_host(inputs.sections[id].input) && is_own(id));
    let closed = host.chain(reach.closed.iter().copied()).collect();
    let mut errors = Vec::new();
    for (user, steps) in reach.users.iter().filter(|(user, _)| *user != KERNEL) {
        let starts = (0..steps.len()).filter(|&id| matches!(steps[id], Step::Start)).collect();
        let steps = reach::reach(inputs, &closed, starts);
        let reached = (0..steps.len()).filter(|&id| steps[id].is_reached());
        let mut uses = reached.flat_map(|id| {
            let symbols = inputs.sections[id].references.iter().filter_map(|it| it.symbol);
            symbols.map(move |symbol| (id, demangle(&inputs.symbols[symbol].name)))
        });
        let has_heap = heap::has_heap(inputs, user);
        // The error shows only one name, because one is enough to explain the reason.
        let Some((id, name)) =
            uses.find(|(_, name)| is_std(name) || (!has_heap && allocates(name)))
        else {
            continue;
        };
        let way = format!("{} -> {name}", path(inputs, &steps, id));
        errors.push(if allocates(&name) {
            heap::missing(user, &way)
        } else {
            let user = listed(&[user]);
            format!(
                "{user} uses `{name}`, which a process does not have on a microcontroller\n  {user}: {way}\n{ADVICE}"
            )
        });
    }
    if !errors.is_empty() {
        bail!("{}", errors.join("\n"));
    }
    Ok(())
}

/// Returns whether a file is a part of the C library or of the C compiler's library.
pub fn is_c_library(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let starts_programs = name.ends_with(".o")
        && !name.ends_with(".rcgu.o")
        && ["crt", "Scrt", "gcrt", "rcrt"].iter().any(|prefix| name.starts_with(prefix));
    starts_programs || C_LIBRARY.contains(&name)
}

/// Returns whether something belongs to the crate `std`, by its name.
fn is_std(name: &str) -> bool {
    is_in(name, STD)
}

/// Returns whether something belongs to the crate `alloc`, or to the heap, by its name.
fn allocates(name: &str) -> bool {
    name.starts_with(HEAP) || is_in(name, ALLOC)
}

fn is_in(name: &str, krate: &str) -> bool {
    let type_or_path = name.trim_start_matches(['<', '&', '[', '*', '(']);
    let type_or_path = ["mut ", "const ", "dyn "]
        .iter()
        .fold(type_or_path, |name, word| name.strip_prefix(word).unwrap_or(name));
    type_or_path.strip_prefix(krate).is_some_and(|rest| rest.starts_with("::"))
        || name.contains(&format!(" as {krate}::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_here_is_known_by_name() {
        for name in [
            "std::io::stdio::_print",
            "<std::time::Instant>::now",
            "<&mut std::io::Stdout as core::fmt::Write>::write_str",
        ] {
            assert!(is_std(name) && !allocates(name), "{name}");
        }
        for name in ["<str as alloc::string::ToString>::to_string", "__rustc::__rust_alloc"] {
            assert!(allocates(name) && !is_std(name), "{name}");
        }
        for name in [
            "<&str as core::fmt::Display>::fmt",
            "stdio::write",
            "core::panicking::panic",
            "my::std::now",
            "memcpy",
        ] {
            assert!(!is_std(name) && !allocates(name), "{name}");
        }
    }
}
