// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies of a library's statics, one for each process that uses them.
//!
//! A static of a library exists once in each process that uses it, as it exists once in each program of an operating
//! system. So each process gets a copy of the static, and a copy of all code and constants through which the process
//! reaches the static. Nothing else is copied: all processes share code that leads to no such static.
//!
//! The same is done with code that allocates, because each process has its own heap.
//!
//! The first of the processes keeps the original. For every other process, each object file with something to copy is
//! written again, with other symbols. If an item `name` is copied for the process `fan`, the symbol of the copy is
//! `name.for.fan`. If the item is not copied, the symbol still refers to the original. In the tables of the wiring, the
//! entry points of the process are replaced by their copies. For the linker the result is a firmware like any other: it
//! finds and checks the owners of its statics by the same rules.

use crate::heap;
use crate::inputs::{FileId, InputFile, Inputs, NewFile, ObjectId, Replacement, SectionId};
use crate::names::{COPY, KERNEL, of_copy};
use crate::ownership::why_common;
use crate::reach::{Reach, records};
use anyhow::{Context, Result, ensure};
use object_file::{ObjectFile, SectionNumber, SymbolNumber};

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

mod archive;
mod object_file;

/// The sections to copy, for each process.
pub struct Copies<'a> {
    inputs: &'a Inputs,
    sets: BTreeMap<&'a str, HashSet<SectionId>>,
    /// The sections that refer to the heap of the present process, each with the process that keeps the original.
    heaps: Vec<(SectionId, &'a str)>,
}

impl<'a> Copies<'a> {
    /// Finds the sections to copy.
    pub fn of(reach: &Reach<'a>) -> Self {
        let inputs = reach.inputs;
        let keeper = |id: SectionId| Some((id, reach.users(id).next()?));
        let asking = (0..inputs.sections.len()).filter(|&id| heap::asks(inputs, id));
        let heaps = asking.filter_map(keeper).collect();
        let is_common = |&id: &SectionId| {
            let is_static = inputs.sections[id].writable && why_common(reach, id).is_none();
            (is_static || heap::asks(inputs, id)) && reach.users(id).nth(1).is_some()
        };
        let common: Vec<_> = (0..inputs.sections.len()).filter(is_common).collect();
        if common.is_empty() {
            return Self { inputs, sets: BTreeMap::new(), heaps };
        }
        let mut referrers = vec![Vec::new(); inputs.sections.len()];
        for (from, section) in inputs.sections.iter().enumerate() {
            section.targets().for_each(|target| referrers[target].push(from));
        }
        let mut sets = BTreeMap::new();
        for (user, steps) in reach.users.iter().filter(|(user, _)| *user != KERNEL) {
            let is_reached = |&id: &SectionId| steps[id].is_reached();
            let keeps = |id: SectionId| reach.users(id).next() == Some(*user);
            let needed = common.iter().copied().filter(|id| is_reached(id) && !keeps(*id));
            let mut queue: Vec<_> = needed.collect();
            let mut set = HashSet::new();
            while let Some(id) = queue.pop() {
                if set.insert(id) {
                    queue.extend(referrers[id].iter().copied().filter(is_reached));
                }
            }
            if !set.is_empty() {
                sets.insert(*user, set);
            }
        }
        Self { inputs, sets, heaps }
    }

    /// Writes the copies into a folder.
    ///
    /// # Errors
    /// If a file can't be read or written, or is of a kind that can't be copied.
    pub fn write(&self, folder: &Path) -> Result<Vec<Replacement>> {
        if self.sets.is_empty() && self.heaps.is_empty() {
            return Ok(Vec::new());
        }
        self.refuse_names()?;
        self.edits()
            .into_iter()
            .map(|(file, objects)| self.write_file(file, objects, folder))
            .collect()
    }

    /// Writes the new files for an input: an archive of all copies (separate files would take longer), and the changed
    /// file itself if it is not from an archive. It must not be in the archive, because the linker takes from an
    /// archive only the members that it needs.
    fn write_file(
        &self,
        input: FileId,
        objects: BTreeMap<ObjectId, Edit<'a>>,
        folder: &Path,
    ) -> Result<Replacement> {
        let InputFile { path, krate, is_archive, .. } = &self.inputs.files[input];
        let data = fs::read(path).with_context(|| format!("can't read {path}"))?;
        // The name has the form of the name of a crate's file, with a number in place of the hash.
        let archive = folder.join(format!("lib{krate}-{input:016x}.a"));
        let path_of_archive = archive.display().to_string();
        let mut archive = NewFile { path: path_of_archive, is_archive: true, objects: Vec::new() };
        let (mut gone, mut files) = (HashSet::new(), Vec::new());
        for (id, edit) in objects {
            let object = &self.inputs.objects[id];
            let (changed, copies) = self
                .copy_object(id, &data[object.range.clone()], &edit)
                .with_context(|| format!("can't copy {}", object.name))?;
            if let Some(changed) = changed {
                gone.insert(id);
                if *is_archive {
                    archive.add(changed);
                } else {
                    let path = folder.join(format!("{krate}.{id}.rcgu.o")).display().to_string();
                    fs::write(&path, &changed).with_context(|| format!("can't write {path}"))?;
                    let objects = vec![(path.clone(), changed)];
                    files.push(NewFile { path, is_archive: false, objects });
                }
            }
            copies.into_iter().for_each(|copy| archive.add(copy));
        }
        if !archive.objects.is_empty() {
            archive.write()?;
            files.push(archive);
        }
        Ok(Replacement { input, gone, files })
    }

    /// Refuses names of copies in the files that are to be copied.
    fn refuse_names(&self) -> Result<()> {
        let taken = self.inputs.symbols.iter().find(|symbol| symbol.name.contains(COPY));
        let file = taken.and_then(|symbol| symbol.definitions.first());
        let krate = file.map_or("", |definition| &*self.inputs.files[definition.file].krate);
        ensure!(
            taken.is_none(),
            "`{}` (crate `{krate}`) is named as `crossgate-link` names copies of statics, by `{COPY}`. Rename it.",
            taken.map_or("", |symbol| &*symbol.name)
        );
        Ok(())
    }

    /// Returns the edits of object files, by the files that they are in.
    fn edits(&self) -> BTreeMap<FileId, BTreeMap<ObjectId, Edit<'a>>> {
        let mut edits: BTreeMap<FileId, BTreeMap<ObjectId, Edit>> = BTreeMap::new();
        for (&process, set) in &self.sets {
            for &id in set {
                let section = &self.inputs.sections[id];
                let objects = edits.entry(section.input).or_default();
                let edit = objects.entry(section.object).or_default();
                edit.copies.entry(process).or_default().insert(section.number);
            }
        }
        for &(id, process) in &self.heaps {
            let section = &self.inputs.sections[id];
            let objects = edits.entry(section.input).or_default();
            objects.entry(section.object).or_default().heaps.push((section.number, process));
        }
        for section in &self.inputs.sections {
            for (process, reference) in records(self.inputs, section).into_iter().flatten() {
                let is_in =
                    |set: &HashSet<_>| reference.section.is_some_and(|id| set.contains(&id));
                if self.sets.get(process).is_some_and(is_in) {
                    let objects = edits.entry(section.input).or_default();
                    let edit = objects.entry(section.object).or_default();
                    edit.records.push((section.number, reference.offset, process));
                }
            }
        }
        edits
    }

    /// Returns the copies of an object file. If other files have to see more of its symbols, or if it contains tables,
    /// also returns the changed file itself.
    fn copy_object(&self, id: ObjectId, data: &[u8], edit: &Edit<'a>) -> Result<CopiedObject> {
        let original = ObjectFile::read(data)?;
        let mut changed = original.clone();
        let mut entries: BTreeMap<&str, BTreeSet<SymbolNumber>> = BTreeMap::new();
        for &(section, offset, process) in &edit.records {
            for relocation in original.relocations(section) {
                if relocation.offset == offset {
                    let name = if original.is_local(relocation.symbol) {
                        entries.entry(process).or_default().insert(relocation.symbol);
                        alias(id, relocation.symbol)
                    } else {
                        original.name(relocation.symbol).to_owned()
                    };
                    let copied = changed.import(&of_copy(&name, process));
                    changed.redirect(&relocation, copied);
                }
            }
        }
        for &(section, process) in &edit.heaps {
            for relocation in original.relocations(section) {
                if original.name(relocation.symbol) == heap::HEAP {
                    let own = changed.import(&heap::record(process));
                    changed.redirect(&relocation, own);
                }
            }
        }
        let mut copies = Vec::new();
        let mut seen = BTreeSet::new();
        for (process, sections) in &edit.copies {
            let mut copy = original.clone();
            seen.extend(self.copy(id, &mut copy, process, sections));
            for &symbol in entries.get(process).into_iter().flatten() {
                copy.export(symbol, &of_copy(&alias(id, symbol), process));
            }
            copy.keep(|section| sections.contains(&section));
            copies.push(copy.into_bytes());
        }
        seen.iter().for_each(|&symbol| changed.export(symbol, &alias(id, symbol)));
        let is_changed = !(seen.is_empty() && edit.records.is_empty() && edit.heaps.is_empty());
        let changed = is_changed.then(|| changed.into_bytes());
        Ok((changed, copies))
    }

    /// Changes an object file to a copy of these sections for a process. The original has to provide everything else
    /// that these sections need. Returns those symbols of the original that were not visible to other files before.
    fn copy(
        &self,
        id: ObjectId,
        object: &mut ObjectFile,
        process: &str,
        sections: &BTreeSet<SectionNumber>,
    ) -> BTreeSet<SymbolNumber> {
        let is_copied = |section: Option<SectionNumber>| {
            section.is_some_and(|section| sections.contains(&section))
        };
        let mut seen = BTreeMap::new();
        for &section in sections {
            for relocation in object.relocations(section) {
                let symbol = relocation.symbol;
                let Some(of) = object.section(symbol).filter(|_| object.is_local(symbol)) else {
                    continue;
                };
                if !sections.contains(&of) && !object.is_merged(of) {
                    let import = || object.import(&alias(id, symbol));
                    let import = *seen.entry(symbol).or_insert_with(import);
                    object.redirect(&relocation, import);
                }
            }
        }
        // The debug information of a copy describes all variables of the file. Decoders of `defmt` look up messages in
        // it by these names, and fail if they find a name twice.
        let is_common = |symbol: &SymbolNumber| {
            object.is_defined(*symbol) && !is_copied(object.section(*symbol))
        };
        let common = object.symbols().filter(is_common).map(|symbol| object.name(symbol));
        let common = common.filter(|name| !is_identifier(name)).map(str::to_owned).collect();
        object.hide_from_debuggers(&common);
        let set = &self.sets[process];
        let mut named = BTreeSet::new();
        for symbol in object.symbols() {
            let name = object.name(symbol);
            if object.is_named(symbol) {
                named.extend(object.section(symbol));
            }
            if object.is_local(symbol) {
                if is_copied(object.section(symbol)) && object.is_named(symbol) {
                    object.rename(symbol, &of_copy(name, process));
                }
            } else if name == heap::HEAP {
                object.rename(symbol, &heap::record(process));
            } else if self.inputs.section_of(name).is_some_and(|section| set.contains(&section)) {
                object.rename(symbol, &of_copy(name, process));
            } else if object.is_defined(symbol) {
                object.undefine(symbol);
            }
        }
        // The memory map needs these names to show the size of the copies.
        for &section in sections {
            if !named.contains(&section) {
                object
                    .name_section(section, &of_copy(&format!("{UNNAMED}{id}_{section}"), process));
            }
        }
        seen.into_keys().collect()
    }
}

/// The contents of the files that are made from an object file: the changed file (if there are changes), and its
/// copies.
type CopiedObject = (Option<Vec<u8>>, Vec<Vec<u8>>);

/// The edits of an object file.
#[derive(Default)]
struct Edit<'a> {
    /// The sections to copy, for each process.
    copies: BTreeMap<&'a str, BTreeSet<SectionNumber>>,
    /// The places where tables refer to an item that is copied for a process: the section, the offset in the section,
    /// and the process.
    records: Vec<(SectionNumber, u64, &'a str)>,
    /// The sections whose original refers to the heap of a process.
    heaps: Vec<(SectionNumber, &'a str)>,
}

/// Returns `true` if the name may be a name in the source, or made by the compiler from such a name. (It may also be
/// the name of something else that looks like an identifier.)
fn is_identifier(name: &str) -> bool {
    name.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | '$' | '.'))
}

/// Prefix of the names by which other files refer to a symbol that is local to its object file.
const LOCAL: &str = "__crossgate_local_";
/// Prefix of the names of copies of items without a name.
const UNNAMED: &str = "__crossgate_unnamed_";

/// Returns the name by which other files refer to a symbol that is local to its object file.
fn alias(object: ObjectId, symbol: SymbolNumber) -> String {
    format!("{LOCAL}{object}_{symbol}")
}

/// Returns `true` if this module has made the name.
pub fn is_alias(name: &str) -> bool {
    name.starts_with(LOCAL) || name.starts_with(UNNAMED)
}
