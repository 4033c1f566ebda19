// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contents of the linker's inputs: sections, their names, and references between them.

use crate::arguments::Arguments;
use crate::names::{self, demangle};
use crate::processor::Processor;
use crate::thumb::{Frame, Masking};
use anyhow::{Context, Result};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::Path;

mod read;

/// The index of a section in [`Inputs::sections`].
pub type SectionId = usize;

/// The index of a symbol in [`Inputs::symbols`].
pub type SymbolId = usize;

/// The index of a file in [`Inputs::files`].
pub type FileId = usize;

/// The index of an object file in [`Inputs::objects`].
pub type ObjectId = usize;

/// An object file: an input, or a part of one.
#[derive(Debug)]
pub struct InputObject {
    /// The name of the object in the linker's script: `path` or `archive:member`.
    pub name: String,
    /// The range of the object in its file.
    pub range: Range<usize>,
}

/// A file of the command line: a crate, a library, or an object of the firmware's own crate.
#[derive(Debug)]
pub struct InputFile {
    /// Its path.
    pub path: String,
    /// The crate (or library) from which it was compiled.
    pub krate: String,
    /// True if the file is an archive. A file that is a single object belongs to the firmware's own crate, or its
    /// developer has named it.
    pub is_archive: bool,
    /// True if the file is an archive that the Rust compiler made.
    pub is_crate: bool,
    /// True if the file is an object that the Rust compiler made from the firmware's own crate.
    pub is_compiled: bool,
    /// True if the file defines an `#[interface]`.
    pub has_interface: bool,
    /// The place of the file in the order in which the linker takes files.
    place: usize,
}

impl InputFile {
    /// Returns the properties of a file, by its path and its first bytes.
    pub fn new(path: &str, data: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            krate: crate_name(path),
            is_archive: data.starts_with(b"!<arch>\n"),
            is_crate: path.ends_with(".rlib"),
            is_compiled: path.ends_with(".rcgu.o"),
            has_interface: false,
            place: 0,
        }
    }
}

/// New files before an input, or in its place.
pub struct Replacement {
    /// The input.
    pub input: FileId,
    /// The objects of the input that the new files replace. They are not linked.
    pub gone: HashSet<ObjectId>,
    /// The new files.
    pub files: Vec<NewFile>,
}

/// A file that was made from an input.
pub struct NewFile {
    /// Its path.
    pub path: String,
    /// True if it is an archive.
    pub is_archive: bool,
    /// The object files in it, each with its name in the linker's script.
    pub objects: Vec<(String, Vec<u8>)>,
}

/// A symbol that is visible to all inputs.
#[derive(Debug)]
pub struct Symbol {
    /// Its mangled name.
    pub name: String,
    /// True if the symbol is declared with its name in the Rust source of its crate (`no_mangle`).
    pub is_declared: bool,
    /// All definitions in the order of files, including those that the linker will not choose.
    pub definitions: Vec<Definition>,
}

/// A definition of a symbol.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The file in which it is.
    pub file: FileId,
    /// The section with the definition. `None` if the symbol is a plain number, or if its section is not a part of the
    /// firmware.
    pub section: Option<SectionId>,
    /// True if the linker prefers any other definition.
    pub is_weak: bool,
    /// True if the definition is in its own section before all functions of the object. This is the case for a
    /// definition in `global_asm!` of a crate, but not for a definition in the `asm!` of a function.
    pub is_before_functions: bool,
}

impl Symbol {
    /// Returns whether the Rust compiler made this name from a path and a hash. Names that the compiler uses by
    /// agreement (`rust_begin_unwind`) do not count: any crate may define those.
    pub fn is_path(&self) -> bool {
        let is_legacy = || {
            let hash = self.name.strip_prefix("_ZN")?.rsplit_once("17h")?.1.strip_suffix('E')?;
            Some(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let is_current = self.name.starts_with("_R") && !self.is_of_compiler();
        // Such names are common to several objects of a crate.
        let is_common = self.name.starts_with("anon.") || self.name.contains(".llvm.");
        is_current || is_legacy() == Some(true) || is_common
    }

    /// Returns `true` if the name is a fixed name by which code of the Rust compiler finds other code of the Rust
    /// compiler.
    pub fn is_of_compiler(&self) -> bool {
        self.name.contains("7___rustc") || self.name == "__rustc_debug_gdb_scripts_section__"
    }

    /// Returns the section with the definition that the linker will choose, if there is one.
    fn chosen(&self) -> Option<SectionId> {
        let sections = |is_weak: bool| {
            let found = self.definitions.iter().filter(move |it| it.is_weak == is_weak);
            found.filter_map(|definition| definition.section)
        };
        sections(false).chain(sections(true)).next()
    }
}

/// A reference of a section.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// The offset in the section, in bytes from its start.
    pub offset: u64,
    /// The symbol that the reference names; `None` if the target is in the same object.
    pub symbol: Option<SymbolId>,
    /// The target, if it is a section of the inputs.
    pub section: Option<SectionId>,
    /// True if the target is a place inside of a function, to which only this function branches, perhaps through a table.
    pub is_branch: bool,
    /// True if the reference is in an instruction that calls the target, or jumps to it.
    pub is_call: bool,
}

/// A section of an input that becomes a part of the firmware's memory.
#[derive(Debug)]
pub struct Section {
    /// The file in the linker's script: `path` or `archive:member`.
    pub file: String,
    /// The index of its file of the command line.
    pub input: FileId,
    /// The index of its object file.
    pub object: ObjectId,
    /// Its number in the object file; [`names::COMMON`] for common symbols of C.
    pub number: usize,
    /// The crate (or library) from which it was compiled.
    pub krate: String,
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// True if the section can be written, so that it contains statics.
    pub writable: bool,
    /// True if it holds thread-local statics: each thread of the host has its own.
    pub thread_local: bool,
    /// True if it holds code.
    pub executable: bool,
    /// The effect of its code on interrupts.
    pub masking: Masking,
    /// The stack that its code uses.
    pub frame: Frame,
    /// True if it contains only zeroes, and takes no room in the firmware's file.
    pub zeroed: bool,
    /// The mangled names of its contents.
    pub symbols: Vec<String>,
    /// The references to other sections, in the order of offsets.
    pub references: Vec<Reference>,
}

impl Section {
    /// Returns an empty section of an object, without a name.
    fn empty(input: FileId, object: ObjectId) -> Self {
        Self {
            file: String::new(),
            input,
            object,
            number: names::COMMON,
            krate: String::new(),
            name: String::new(),
            size: 0,
            writable: false,
            thread_local: false,
            executable: false,
            masking: Masking::default(),
            frame: Frame::default(),
            zeroed: false,
            symbols: Vec::new(),
            references: Vec::new(),
        }
    }

    /// Returns a title for messages: the names of the statics or functions in the section, or if there are none, the
    /// name of the section.
    pub fn title(&self) -> String {
        if self.symbols.is_empty() {
            return self.name.clone();
        }
        self.symbols.iter().map(|symbol| demangle(symbol)).collect::<Vec<_>>().join(", ")
    }

    /// Returns the name of the first static or function in the section: the compiler merges functions with the same code.
    pub fn first_title(&self) -> String {
        self.symbols.first().map_or_else(|| self.name.clone(), |symbol| demangle(symbol))
    }

    /// Returns the sections that this section may call, or to which it refers as a whole.
    pub fn calls(&self) -> impl Iterator<Item = SectionId> {
        let calls = self.references.iter().filter(|reference| !reference.is_branch);
        calls.filter_map(|reference| reference.section)
    }

    /// Returns the sections to which this section refers.
    pub fn targets(&self) -> impl Iterator<Item = SectionId> {
        self.references.iter().filter_map(|reference| reference.section)
    }
}

/// All inputs of a firmware.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The sections that get an address.
    pub sections: Vec<Section>,
    /// The files of the command line.
    pub files: Vec<InputFile>,
    /// The object files in them.
    pub objects: Vec<InputObject>,
    /// The symbols that are visible to all inputs.
    pub symbols: Vec<Symbol>,
    /// The index of each symbol by its name.
    numbers: HashMap<String, SymbolId>,
    /// The symbols that get the code of another symbol, each with this other symbol.
    pub redirected: Vec<(String, String)>,
    /// The CPU for which the inputs were compiled.
    pub processor: Processor,
    /// The processes: for each of them, an input refers to its [`names::MEMORY_SYMBOL`].
    pub processes: BTreeSet<String>,
}

impl Inputs {
    /// Reads the object files and archives at `paths`.
    ///
    /// # Errors
    /// If a file can't be read, is damaged, or is of a kind that does not show what the linker will make from it.
    pub fn read(paths: &[String]) -> Result<Self> {
        let mut inputs = Self::default();
        for path in paths {
            let data = fs::read(path).with_context(|| format!("can't read {path}"))?;
            inputs.file(path, &data).with_context(|| format!("can't make sense of {path}"))?;
        }
        inputs.resolve();
        Ok(inputs)
    }

    /// Returns the arguments for the linker, with new files.
    pub fn arguments(&self, arguments: &Arguments, replacements: &[Replacement]) -> Arguments {
        let replaced = replacements.iter().map(|Replacement { input, gone, files }| {
            let InputFile { path, is_archive, .. } = &self.files[*input];
            let files = files.iter().map(|file| &file.path);
            // An archive stays in the command line: the linker takes no symbol from it that was defined before.
            let stays = Some(path).filter(|_| *is_archive || gone.is_empty());
            (path.as_str(), files.chain(stays).cloned().collect())
        });
        arguments.with_inputs(&replaced.collect())
    }

    /// Replaces inputs by new files.
    ///
    /// # Errors
    /// A new file is damaged.
    pub fn replace(&mut self, replacements: Vec<Replacement>) -> Result<()> {
        let gone: HashSet<_> = replacements.iter().flat_map(|it| &it.gone).copied().collect();
        let is_gone: Vec<_> = self.sections.iter().map(|it| gone.contains(&it.object)).collect();
        for (section, _) in self.sections.iter_mut().zip(&is_gone).filter(|(_, gone)| **gone) {
            *section = Section {
                file: std::mem::take(&mut section.file),
                krate: std::mem::take(&mut section.krate),
                ..Section::empty(section.input, section.object)
            };
        }
        for symbol in &mut self.symbols {
            symbol.definitions.retain(|it| it.section.is_none_or(|id| !is_gone[id]));
        }
        for Replacement { input, files, .. } in replacements {
            for NewFile { path, is_archive, objects } in files {
                let InputFile { krate, is_compiled, has_interface, place, .. } = &self.files[input];
                self.files.push(InputFile {
                    krate: krate.clone(),
                    is_archive,
                    is_compiled: *is_compiled,
                    has_interface: *has_interface,
                    // The new files come before the input.
                    place: place - 1,
                    ..InputFile::new(&path, b"")
                });
                for (name, data) in objects {
                    let read = self.object(&name, &data, 0..data.len());
                    read.with_context(|| format!("can't make sense of {name}"))?;
                }
            }
        }
        self.resolve();
        Ok(())
    }

    /// Finds the target of each reference.
    fn resolve(&mut self) {
        self.redirect();
        let chosen: Vec<_> = self.symbols.iter().map(Symbol::chosen).collect();
        for section in &mut self.sections {
            for reference in &mut section.references {
                if let Some(symbol) = reference.symbol {
                    reference.section = chosen[symbol];
                }
            }
            section.references.sort_unstable_by_key(|reference| reference.offset);
        }
    }

    /// Redirects the symbols that Crossgate replaces to their replacements.
    fn redirect(&mut self) {
        self.redirected.clear();
        for symbol in 0..self.symbols.len() {
            let Some(to) = names::redirection(&self.symbols[symbol].name) else { continue };
            let Some(&code) = self.numbers.get(&to) else { continue };
            if !self.symbols[code].definitions.is_empty() {
                self.symbols[symbol].definitions = self.symbols[code].definitions.clone();
                self.redirected.push((self.symbols[symbol].name.clone(), to));
            }
        }
    }

    /// Returns the symbol of this name, if an input defines it or refers to it.
    pub fn symbol(&self, name: &str) -> Option<SymbolId> {
        self.numbers.get(name).copied()
    }

    /// Returns the section that holds the symbol of this name.
    pub fn section_of(&self, name: &str) -> Option<SectionId> {
        self.symbols[self.symbol(name)?].chosen()
    }

    /// Returns the names that certain files define, or to which they refer.
    pub fn names_in(&self, is_meant: impl Fn(FileId) -> bool) -> BTreeSet<&String> {
        let sections = self.sections.iter().filter(|section| is_meant(section.input));
        let wanted = sections.flat_map(|section| &section.references).filter_map(|it| it.symbol);
        let wanted = wanted.map(|symbol| &self.symbols[symbol]);
        let is_defined = |symbol: &&Symbol| symbol.definitions.iter().any(|it| is_meant(it.file));
        let defined = self.symbols.iter().filter(is_defined);
        wanted.chain(defined).map(|symbol| &symbol.name).collect()
    }
}

/// Returns the name of the crate that `path` was compiled from: `libsensor-0123456789abcdef.rlib` and
/// `sensor-0123456789abcdef.sensor.fedcba-cgu.0.rcgu.o` belong to `sensor`.
fn crate_name(path: &str) -> String {
    let file = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    let name = match file.rsplit_once('.') {
        Some((stem, "rlib" | "a")) => stem.strip_prefix("lib").unwrap_or(stem),
        _ => file.split('.').next().unwrap_or_default(),
    };
    match name.rsplit_once('-') {
        Some((name, hash))
            if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            name.to_owned()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::write::{Object, Relocation, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags,
        SymbolKind, SymbolScope,
    };

    #[test]
    fn crates_are_known_by_their_files() {
        assert_eq!(crate_name("/a-b/libsensor-0123456789abcdef.rlib"), "sensor");
        assert_eq!(crate_name("fw-0123456789abcdef.fw.fedcba-cgu.0.rcgu.o"), "fw");
        assert_eq!(crate_name("libm-1.a"), "m-1");
    }

    /// On RISC-V, each branch refers to a label, so that the linker can shorten code. A function that branches, also by a
    /// table of addresses, does not call itself.
    #[test]
    fn branches_are_no_calls() {
        const DATA: u32 = 1;
        const BRANCH: u32 = 16;
        const CALL: u32 = 19;
        let mut object = Object::new(BinaryFormat::Elf, Architecture::Riscv32, Endianness::Little);
        let [loops, other, table] = [
            (&b".text.loops"[..], SectionKind::Text),
            (b".text.other", SectionKind::Text),
            (b".rodata.table", SectionKind::ReadOnlyData),
        ]
        .map(|(name, kind)| {
            let section = object.add_section(Vec::new(), name.to_vec(), kind);
            object.append_section_data(section, &[0; 16], 4);
            section
        });
        let [label, called, constant] = [
            (".LBB0_1", loops, SymbolKind::Label),
            ("other", other, SymbolKind::Text),
            (".Lanon.1", table, SymbolKind::Label),
        ]
        .map(|(name, section, kind)| {
            object.add_symbol(Symbol {
                name: name.into(),
                value: 0,
                size: 0,
                kind,
                scope: SymbolScope::Compilation,
                weak: false,
                section: SymbolSection::Section(section),
                flags: SymbolFlags::None,
            })
        });
        for (section, offset, symbol, kind) in [
            (loops, 0, label, BRANCH),
            (loops, 4, called, CALL),
            (loops, 8, constant, DATA),
            (table, 0, label, DATA),
        ] {
            let flags = RelocationFlags::Elf { r_type: object::elf::RelocationType(kind) };
            let relocation = Relocation { offset, symbol, addend: 0, flags };
            object.add_relocation(section, relocation).unwrap();
        }
        let file = tempfile::NamedTempFile::with_suffix(".o").unwrap();
        fs::write(file.path(), object.write().unwrap()).unwrap();
        let inputs = Inputs::read(&[file.path().display().to_string()]).unwrap();

        let id = |name: &str| inputs.sections.iter().position(|it| it.name == name).unwrap();
        let of = |name: &str| &inputs.sections[id(name)];
        let [loops, other, table] = [".text.loops", ".text.other", ".rodata.table"];
        assert_eq!(of(loops).calls().collect::<Vec<_>>(), [id(other), id(table)]);
        assert_eq!(of(loops).targets().collect::<Vec<_>>(), [id(loops), id(other), id(table)]);
        assert_eq!(of(table).calls().count(), 0);
        assert_eq!((of(loops).title(), of(other).title()), (loops.into(), "other".into()));
    }
}
