// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trust: the crates whose code may run with the rights of the kernel, or of a process.
//!
//! A linker takes a symbol from any file that defines it. So any crate could define a name to which the kernel or
//! another process refers: an exception handler, `__pre_init`, `memcpy`. Names that the Rust compiler makes (paths) are
//! different: they contain the name of their crate, and only this crate defines them. So a crate belongs to the kernel
//! in three cases: it is the firmware's own crate, the kernel refers to it by a path, or it is one of the crates that
//! every kernel needs. A fixed name that the kernel uses must not come from any other crate.
//!
//! The same rule holds for processes. The exception is a library that only one process uses: this process may use its
//! names.

use crate::inputs::{Definition, FileId, Inputs, Reference, SectionId, Symbol, SymbolId};
use crate::names::{HEAP_MEMORY, KERNEL, OBJECT, STACK, UNOWNED, demangle, listed};
use crate::plan::PARTS;
use crate::reach::{Reach, Step, path};
use crate::script::{FLASH_USE, INTERFACES, STACK_NEEDS, TABLES};
use anyhow::{Result, bail, ensure};
use std::collections::{BTreeSet, HashSet, VecDeque};

/// The interrupt vectors that a crate with a device's registers may define.
pub const DEVICE_VECTORS: &str = ".vector_table.interrupts";
/// The CPU, or the start code of the program, calls the code in sections with these names.
const STARTED: [&str; 8] = [
    ".vector_table",
    ".init",
    ".init_array",
    ".preinit_array",
    ".fini",
    ".fini_array",
    ".ctors",
    ".dtors",
];
/// Names with this prefix belong to the kernel and the wiring.
const OURS: &str = "__crossgate_";

/// The symbols that the linker script of `defmt` keeps or defines. The macros of `defmt` call them in any process, so
/// these symbols do not count as names that the kernel needs. A call from the kernel's code is still detected.
const DEFMT: [&str; 6] = [
    "_defmt_acquire",
    "_defmt_release",
    "_defmt_timestamp",
    "__defmt_default_panic",
    "__defmt_default_timestamp",
    "__DEFMT_MARKER_TIMESTAMP_WAS_DEFINED",
];

/// The advice about items that the kernel would use.
const ADVICE: &str = "Code that runs with the kernel's rights comes from the kernel, its port and the firmware's own \
                      crate, which the `start!` of a board may write into. Remove it, or rename it.";
/// The advice about items that a process would use.
const ADVICE_FOR_PROCESSES: &str = "The code of a process comes from its own crate and from the libraries that it \
                                    depends on. Remove it, or rename it.";

/// Refuses a firmware in which the kernel or a process would use code or data of another process.
///
/// `runtime` are the crates of the kernel to which it refers only by fixed names. `wanted` are names that are needed
/// although no input refers to them.
///
/// Returns the names of the functions that may be handlers of devices: those in the firmware's own crate, and in the
/// crate of its board.
///
/// # Errors
/// If there is such an item. The error lists these items, the crate of each, and the path to it.
pub fn check(
    reach: &Reach,
    runtime: &[&str],
    wanted: &BTreeSet<String>,
) -> Result<BTreeSet<String>> {
    let inputs = reach.inputs;
    taken_names(inputs)?;
    let mut kernel = Kernel::new(reach, runtime)?;
    kernel.walk(wanted);
    let errors = kernel.errors();
    if !errors.is_empty() {
        bail!("{}\n{ADVICE}", errors.join("\n"));
    }
    let errors = of_other_processes(reach, &kernel.trusted);
    if !errors.is_empty() {
        bail!("{}\n{ADVICE_FOR_PROCESSES}", errors.join("\n"));
    }
    let may_handle = |definition: &Definition, symbol: &Symbol| {
        kernel.may_define(definition, symbol)
            && !runtime.contains(&&*inputs.files[definition.file].krate)
    };
    let agreed = inputs.symbols.iter().filter(|it| !it.is_path() && !it.name.starts_with(OURS));
    let handlers = agreed.filter(|it| it.definitions.iter().any(|of| may_handle(of, it)));
    Ok(handlers.map(|symbol| symbol.name.clone()).collect())
}

/// Refuses names made by the Rust compiler that two crates define, because one of them is not the crate in the name.
fn taken_names(inputs: &Inputs) -> Result<()> {
    for symbol in inputs.symbols.iter().filter(|symbol| symbol.is_path()) {
        let files: BTreeSet<_> = symbol.definitions.iter().map(|it| it.file).collect();
        let crates: Vec<_> = files.iter().map(|&file| &*inputs.files[file].krate).collect();
        let [first, .., last] = crates.as_slice() else { continue };
        // The firmware's own crate consists of many objects. The linker itself refuses double definitions in them.
        ensure!(
            !files.iter().any(|&file| inputs.files[file].is_archive),
            "`{}` is defined by crate `{first}` and crate `{last}`: one of them takes the other's name",
            demangle(&symbol.name)
        );
    }
    Ok(())
}

/// The sections that the kernel reaches, and the crates that belong to it.
struct Kernel<'a> {
    inputs: &'a Inputs,
    closed: &'a HashSet<SectionId>,
    /// For each file, true if it belongs to the kernel.
    trusted: Vec<bool>,
    steps: Vec<Step>,
    queue: VecDeque<SectionId>,
    /// Names that are defined in files which do not belong to the kernel, and the sections that refer to these names.
    waiting: Vec<(Option<SectionId>, SymbolId)>,
    /// Sections of processes to which the kernel refers by a path, and the sections with these references.
    of_processes: Vec<(Option<SectionId>, SectionId)>,
}

impl<'a> Kernel<'a> {
    fn new(reach: &'a Reach, runtime: &[&str]) -> Result<Self> {
        let inputs = reach.inputs;
        let is_runtime = |file: FileId| runtime.contains(&&*inputs.files[file].krate);
        for krate in runtime.iter().copied().chain(inputs.processes.iter().map(String::as_str)) {
            let same = inputs.files.iter().filter(|file| file.is_archive && file.krate == krate);
            ensure!(
                same.count() < 2,
                "two crates are called `{krate}`, so nobody can tell them apart. Rename one of them."
            );
        }
        let trusted =
            (0..inputs.files.len()).map(|file| !inputs.files[file].is_archive || is_runtime(file));
        Ok(Self {
            inputs,
            closed: &reach.closed,
            trusted: trusted.collect(),
            steps: vec![Step::Unreached; inputs.sections.len()],
            queue: VecDeque::new(),
            waiting: Vec::new(),
            of_processes: Vec::new(),
        })
    }

    fn walk(&mut self, wanted: &BTreeSet<String>) {
        for (id, section) in self.inputs.sections.iter().enumerate() {
            if section.name.starts_with(STARTED[0]) {
                self.follow(None, id);
            }
        }
        for (id, symbol) in self.inputs.symbols.iter().enumerate() {
            let is_wanted = wanted.contains(&symbol.name) && !DEFMT.contains(&&*symbol.name);
            if is_wanted || symbol.name.starts_with(OURS) {
                self.refer(None, id);
            }
        }
        loop {
            while let Some(id) = self.queue.pop_front() {
                for reference in &self.inputs.sections[id].references {
                    match (reference.symbol, reference.section) {
                        (Some(symbol), _) => self.refer(Some(id), symbol),
                        (None, Some(section)) => self.follow(Some(id), section),
                        (None, None) => {}
                    }
                }
            }
            // Since then, some of these files may have been found to belong to the kernel.
            for (from, symbol) in std::mem::take(&mut self.waiting) {
                self.refer(from, symbol);
            }
            if self.queue.is_empty() {
                return;
            }
        }
    }

    /// Handles a reference of the kernel to `symbol`, from the section `from`.
    fn refer(&mut self, from: Option<SectionId>, symbol: SymbolId) {
        let named = &self.inputs.symbols[symbol];
        let says_whose = named.is_path()
            && from.is_some_and(|from| self.trusted[self.inputs.sections[from].input]);
        let mut waits = false;
        for definition in &named.definitions {
            let section = definition.section;
            if says_whose && section.is_some_and(|section| self.closed.contains(&section)) {
                continue;
            }
            if says_whose && is_process(self.inputs, definition.file) {
                self.of_processes.extend(section.map(|section| (from, section)));
                continue;
            }
            self.trusted[definition.file] |= says_whose;
            match section {
                Some(section) if self.is_device_vectors(section) => self.follow(from, section),
                Some(section) if is_personality(self.inputs, section) => {}
                _ if !self.may_define(definition, named) => waits = true,
                Some(section) => self.follow(from, section),
                None => {}
            }
        }
        if waits {
            self.waiting.push((from, symbol));
        }
    }

    fn follow(&mut self, from: Option<SectionId>, to: SectionId) {
        if !self.steps[to].is_reached() && !self.closed.contains(&to) {
            self.steps[to] = from.map_or(Step::Start, Step::From);
            self.queue.push_back(to);
        }
    }

    /// Returns whether a definition belongs to the kernel.
    fn may_define(&self, definition: &Definition, symbol: &Symbol) -> bool {
        self.trusted[definition.file] && !is_smuggled(self.inputs, definition, symbol)
    }

    fn is_device_vectors(&self, section: SectionId) -> bool {
        let section = &self.inputs.sections[section];
        section.name == DEVICE_VECTORS && !is_process(self.inputs, section.input)
    }

    fn errors(&self) -> Vec<String> {
        let inputs = self.inputs;
        let mut errors = Vec::new();
        let mut add = |what: &str, file: FileId, way: Option<String>| {
            let krate = &inputs.files[file].krate;
            let mut text = format!("the kernel would use {what} of crate `{krate}`, ");
            text += if is_process(inputs, file) {
                "which is a process'"
            } else if inputs.files[file].is_compiled {
                "where assembly defines it, which may be that of another crate: write a naked function"
            } else {
                "which is not one that the kernel depends on"
            };
            if let Some(way) = way {
                text += &format!("\n  the kernel: {way}");
            }
            if !errors.contains(&text) {
                errors.push(text);
            }
        };
        let mut told = HashSet::new();
        // The last names are reported first. Names that occur only in scripts come first in the list, and help the
        // reader least.
        for &(from, symbol) in self.waiting.iter().rev() {
            let named = &inputs.symbols[symbol];
            let name = demangle(&named.name);
            let way = from
                .map_or("scripts and vectors".to_owned(), |from| path(inputs, &self.steps, from));
            let foreign = named.definitions.iter().filter(|it| !self.may_define(it, named));
            let foreign = foreign.filter(|it| told.insert((symbol, it.file)));
            foreign.for_each(|it| {
                add(&format!("`{name}`"), it.file, Some(format!("{way} -> {name}")))
            });
        }
        for &(from, to) in &self.of_processes {
            let section = &inputs.sections[to];
            let way = from.map_or(String::new(), |from| path(inputs, &self.steps, from) + " -> ");
            let title = section.title();
            add(&format!("`{title}`"), section.input, Some(way + &title));
        }
        for (id, section) in inputs.sections.iter().enumerate() {
            let is_reached = self.steps[id].is_reached();
            let may_be = self.trusted[section.input] || self.is_device_vectors(id);
            let is_special = is_started(&section.name) || is_placed_by_name(&section.name);
            // Assembly from other crates may be compiled into the firmware's own objects.
            let is_smuggled =
                inputs.files[section.input].is_compiled && is_constructor(&section.name);
            if is_smuggled || (!may_be && (is_special || (is_reached && section.executable))) {
                let title = section.title();
                add(
                    &format!("`{title}` (section `{}`)", section.name),
                    section.input,
                    is_reached.then(|| path(inputs, &self.steps, id)),
                );
            }
        }
        errors
    }
}

/// Returns `true` if the section is the word by which the unwinder finds its function. The compiler puts the same word
/// into every object.
fn is_personality(inputs: &Inputs, section: SectionId) -> bool {
    let section = &inputs.sections[section];
    let refers = |name: &str| match section.references.as_slice() {
        [Reference { symbol: Some(symbol), .. }] => inputs.symbols[*symbol].name == name,
        _ => false,
    };
    section.name == ".data.DW.ref.rust_eh_personality" && refers("rust_eh_personality")
}

/// Returns `true` if a name in the firmware's own objects does not come from its source. Functions of other crates may
/// be compiled into these objects, and the assembly in them may define names.
fn is_smuggled(inputs: &Inputs, definition: &Definition, symbol: &Symbol) -> bool {
    let is_named_in_rust = symbol.is_path() || symbol.is_declared || symbol.is_of_compiler();
    inputs.files[definition.file].is_compiled
        && !is_named_in_rust
        && !definition.is_before_functions
}

/// Returns whether a file is the crate of a process.
fn is_process(inputs: &Inputs, file: FileId) -> bool {
    let file = &inputs.files[file];
    file.is_archive && inputs.processes.contains(&file.krate)
}

fn is_constructor(name: &str) -> bool {
    is_started(name) && !name.starts_with(STARTED[0])
}

fn is_started(name: &str) -> bool {
    STARTED.iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Returns `true` if a section is placed only because of its name. Only the wiring may give such a name.
fn is_placed_by_name(name: &str) -> bool {
    // Any crate may declare its own statics as lent or kept.
    let [_shared, parts @ .., _kept] = &PARTS;
    let own = [OBJECT, HEAP_MEMORY, STACK, TABLES, INTERFACES, STACK_NEEDS, FLASH_USE, UNOWNED];
    let prefixes = parts.iter().chain(&own);
    prefixes.into_iter().any(|prefix| name.starts_with(prefix))
}

/// Returns errors for items that a process would use from another process on which it does not depend.
fn of_other_processes(reach: &Reach, trusted: &[bool]) -> Vec<String> {
    let inputs = reach.inputs;
    let mut errors = Vec::new();
    let processes: Vec<_> = reach.users.iter().filter(|(user, _)| *user != KERNEL).collect();
    let depends_on: Vec<_> =
        processes.iter().map(|(_, steps)| dependencies(inputs, steps)).collect();
    for (process, (user, steps)) in processes.iter().enumerate() {
        let is_foreign = |definition: &Definition, symbol: SymbolId| {
            let file = definition.file;
            if is_smuggled(inputs, definition, &inputs.symbols[symbol]) {
                return true;
            }
            if trusted[file] || inputs.files[file].krate == *user {
                return false;
            }
            let of_others = depends_on
                .iter()
                .enumerate()
                .any(|(other, it)| other != process && it.contains(&file));
            let replaces = inputs.files[file].is_crate
                && inputs.symbols[symbol].definitions.iter().any(|it| it.file != file);
            let depends = depends_on[process].contains(&file);
            is_process(inputs, file)
                || (of_others && (replaces || !depends))
                || (replaces && !depends)
        };
        for id in (0..steps.len()).filter(|&id| steps[id].is_reached()) {
            let symbols =
                inputs.sections[id].references.iter().filter_map(|reference| reference.symbol);
            for symbol in symbols.filter(|&symbol| !inputs.symbols[symbol].is_path()) {
                let named = &inputs.symbols[symbol];
                for definition in named.definitions.iter().filter(|it| is_foreign(it, symbol)) {
                    let krate = &inputs.files[definition.file].krate;
                    let name = demangle(&named.name);
                    let text = format!(
                        "{} would use `{name}` of crate `{krate}`, which is another process'\n  {}: {} -> {name}",
                        listed(&[user]),
                        listed(&[user]),
                        path(inputs, steps, id)
                    );
                    if !errors.contains(&text) {
                        errors.push(text);
                    }
                }
            }
        }
    }
    errors
}

/// Returns the files to which the reached sections refer by a path.
fn dependencies(inputs: &Inputs, steps: &[Step]) -> HashSet<FileId> {
    let reached = inputs.sections.iter().zip(steps).filter(|(_, step)| step.is_reached());
    let symbols = reached.flat_map(|(section, _)| &section.references).filter_map(|it| it.symbol);
    let paths = symbols.map(|symbol| &inputs.symbols[symbol]).filter(|symbol| symbol.is_path());
    paths.flat_map(|symbol| &symbol.definitions).map(|definition| definition.file).collect()
}
