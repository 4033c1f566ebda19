// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contents of the linker's inputs: sections, their names, and references between them.

use crate::arguments::Arguments;
use crate::copies;
use crate::heap;
use crate::thumb::{self, Frame, Masking};
use anyhow::{Context, Result, ensure};
use object::elf::{
    SHF_ALLOC, SHF_EXCLUDE, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_LLVM_DEPENDENT_LIBRARIES,
    SHT_NOBITS,
};
use object::read::archive::ArchiveFile;
use object::{
    File, Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationTarget, SectionFlags,
    SectionIndex, SymbolKind, SymbolSection,
};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Prefix of the symbols of the memory of a process; the process' name follows.
pub const MEMORY_SYMBOL: &str = "__crossgate_memory_";

/// The section that `#[interface]` leaves in its crate.
const INTERFACE: &str = ".crossgate.interface";

/// Prefixes of the sections that only the loader writes.
const CONSTANTS: [&str; 5] =
    [".data.rel.ro", ".init_array", ".fini_array", ".preinit_array", ".data.DW.ref."];

/// The first bytes of LLVM's own objects.
const BITCODE: [u8; 4] = *b"BC\xc0\xde";

/// The error for such objects.
const LINKER_PLUGIN_LTO: &str = "`-C linker-plugin-lto` leaves the compiling to the linker, so nobody can \
                                 tell whose a static is. Remove it from the `rustflags`.";

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
    /// Its name in the linker's script: `path` or `archive:member`.
    pub name: String,
    /// The range in the file that it is in.
    pub range: Range<usize>,
}

/// A file of the command line: a crate, a library, or an object of the firmware's own crate.
#[derive(Debug)]
pub struct InputFile {
    /// Its path.
    pub path: String,
    /// The crate (or library) that it was compiled from.
    pub krate: String,
    /// True if it is an archive. Objects belong to the firmware's own crate, or were given by its developer.
    pub is_archive: bool,
    /// True if it is an archive that the Rust compiler made.
    pub is_crate: bool,
    /// True if it is an object that the Rust compiler made of the firmware's own crate.
    pub is_compiled: bool,
    /// True if an `#[interface]` is defined in it.
    pub has_interface: bool,
    /// Its place in the order in which the linker takes files.
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
    /// Those of its objects that are in the new files, and so are not linked.
    pub gone: HashSet<ObjectId>,
    /// The new files.
    pub files: Vec<NewFile>,
}

/// A file that was made of an input.
pub struct NewFile {
    /// Its path.
    pub path: String,
    /// The object files in it, each with its name in the linker's script.
    pub objects: Vec<(String, Vec<u8>)>,
}

/// A symbol that all inputs see.
#[derive(Debug)]
pub struct Symbol {
    /// Its mangled name.
    pub name: String,
    /// True if the crate that defines it names it in Rust (`no_mangle`).
    pub is_declared: bool,
    /// All definitions, also those that the linker will not choose, in the order of files.
    pub definitions: Vec<Definition>,
}

/// A definition of a symbol.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The file in which it is.
    pub file: FileId,
    /// The section in which it is; `None` if it is a plain number, or in a section that is not a part of the firmware.
    pub section: Option<SectionId>,
    /// True if any other definition is preferred.
    pub is_weak: bool,
    /// True if it is in a section of its own that comes before all functions of the object. That is so for a definition
    /// in a crate's own assembly (`global_asm!`), but not for one in the assembly of a function.
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
        // Names that several objects of a crate have in common.
        let is_common = self.name.starts_with("anon.") || self.name.contains(".llvm.");
        is_current || is_legacy() == Some(true) || is_common
    }

    /// Returns whether the Rust compiler uses the name by agreement with itself.
    pub fn is_of_compiler(&self) -> bool {
        self.name.contains("7___rustc") || self.name == "__rustc_debug_gdb_scripts_section__"
    }

    /// Returns the section that the linker will choose, if there is one.
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
    /// The symbol that it names; `None` if its target is in the same object.
    pub symbol: Option<SymbolId>,
    /// The target, if it is a section of the inputs.
    pub section: Option<SectionId>,
}

/// A section of an input that becomes a part of the firmware's memory.
#[derive(Debug)]
pub struct Section {
    /// The file in the linker's script: `path` or `archive:member`.
    pub file: String,
    /// The file of the command line that it is in.
    pub input: FileId,
    /// The object file that it is in.
    pub object: ObjectId,
    /// Its number in that object; [`copies::COMMON`] if it stands for C's statics that are in no section.
    pub number: usize,
    /// The crate (or library) that it was compiled from.
    pub krate: String,
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// True if it can be written: it holds statics.
    pub writable: bool,
    /// True if each thread of the host has its own.
    pub thread_local: bool,
    /// True if it holds code.
    pub executable: bool,
    /// The effect of its code on interrupts.
    pub masking: Masking,
    /// The stack that its code uses.
    pub frame: Frame,
    /// True if it is all zeroes, and takes up nothing in the file.
    pub zeroed: bool,
    /// The mangled names of its contents.
    pub symbols: Vec<String>,
    /// The references to other sections, in the order of offsets.
    pub references: Vec<Reference>,
}

impl Section {
    /// Returns a section of an object, with nothing in it and without a name.
    fn empty(input: FileId, object: ObjectId) -> Self {
        Self {
            file: String::new(),
            input,
            object,
            number: copies::COMMON,
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

    /// Returns a title for a reader: the names of its statics or functions, else its own.
    pub fn title(&self) -> String {
        if self.symbols.is_empty() {
            return self.name.clone();
        }
        self.symbols.iter().map(|symbol| demangle(symbol)).collect::<Vec<_>>().join(", ")
    }

    /// Returns the sections that it refers to.
    pub fn targets(&self) -> impl Iterator<Item = SectionId> {
        self.references.iter().filter_map(|reference| reference.section)
    }
}

/// Returns a symbol's name as in its source, without the hash.
pub fn demangle(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(copies::original(symbol)))
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
    /// The symbols that all inputs see.
    pub symbols: Vec<Symbol>,
    /// The index of each symbol by its name.
    numbers: HashMap<String, SymbolId>,
    /// The symbols whose code is another's, each with that one.
    pub redirected: Vec<(String, String)>,
    /// The processes: those whose [`MEMORY_SYMBOL`] is wanted.
    pub processes: BTreeSet<String>,
}

impl Inputs {
    /// Reads the object files and archives at `paths`.
    ///
    /// # Errors
    /// A file can't be read, is damaged, or is of a kind that hides what the linker will make of it.
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
            // The linker takes nothing from an archive that was defined before.
            let stays = Some(path).filter(|_| *is_archive || gone.is_empty());
            (path.as_str(), files.chain(stays).cloned().collect())
        });
        arguments.with_inputs(&replaced.collect())
    }

    /// Takes new files into account, of which nothing is known but their contents.
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
            for NewFile { path, objects } in files {
                let InputFile { krate, is_compiled, has_interface, place, .. } = &self.files[input];
                self.files.push(InputFile {
                    krate: krate.clone(),
                    is_compiled: *is_compiled,
                    has_interface: *has_interface,
                    // Before the input.
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

    /// Gives symbols the code that they have here.
    fn redirect(&mut self) {
        self.redirected.clear();
        for symbol in 0..self.symbols.len() {
            let Some(to) = heap::redirection(&self.symbols[symbol].name) else { continue };
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

    /// Returns the names that some files define or refer to.
    pub fn names_in(&self, is_meant: impl Fn(FileId) -> bool) -> BTreeSet<&String> {
        let sections = self.sections.iter().filter(|section| is_meant(section.input));
        let wanted = sections.flat_map(|section| &section.references).filter_map(|it| it.symbol);
        let wanted = wanted.map(|symbol| &self.symbols[symbol]);
        let is_defined = |symbol: &&Symbol| symbol.definitions.iter().any(|it| is_meant(it.file));
        let defined = self.symbols.iter().filter(is_defined);
        wanted.chain(defined).map(|symbol| &symbol.name).collect()
    }

    fn file(&mut self, path: &str, data: &[u8]) -> Result<()> {
        // The places between are for new files.
        let place = 2 * self.files.len() + 1;
        let file = InputFile { place, ..InputFile::new(path, data) };
        let is_archive = file.is_archive;
        self.files.push(file);
        if !is_archive {
            // The linker would take a text file for a script.
            ensure!(
                data.starts_with(&object::elf::ELFMAG) || data.starts_with(&BITCODE),
                "it is neither an object file nor an archive"
            );
            return self.object(path, data, 0..data.len());
        }
        let archive = ArchiveFile::parse(data)?;
        for member in archive.members() {
            let member = member?;
            let name = String::from_utf8_lossy(member.name());
            let (start, length) = member.file_range();
            let (start, length) = (usize::try_from(start)?, usize::try_from(length)?);
            self.object(&format!("{path}:{name}"), member.data(data)?, start..start + length)?;
        }
        Ok(())
    }

    fn object(&mut self, file: &str, data: &[u8], range: Range<usize>) -> Result<()> {
        ensure!(!data.starts_with(&BITCODE), "{LINKER_PLUGIN_LTO}");
        // An archive of a crate holds its metadata too, which is not always an object.
        if !data.starts_with(&object::elf::ELFMAG) {
            return Ok(());
        }
        let object = File::parse(data)?;
        // The statics of a shared library are placed already.
        if object.kind() != ObjectKind::Relocatable {
            return Ok(());
        }
        let input = self.files.len() - 1;
        self.objects.push(InputObject { name: file.to_owned(), range });
        let marks = thumb::marks(&object);
        let mut ids = HashMap::new();
        for section in object.sections() {
            let SectionFlags::Elf { sh_flags, sh_type } = section.flags() else { continue };
            ensure!(
                sh_type != SHT_LLVM_DEPENDENT_LIBRARIES,
                "`{file}` names further libraries for the linker (section `{}`), which nobody could look into",
                section.name()?
            );
            if !sh_flags.contains(SHF_ALLOC) || sh_flags.contains(SHF_EXCLUDE) {
                continue;
            }
            let name = section.name()?.to_owned();
            self.files[input].has_interface |= name == INTERFACE;
            // In code that may lie at any address, constants with addresses are written by the loader.
            let is_constant = CONSTANTS.iter().any(|prefix| name.starts_with(prefix));
            let (masking, frame) = match marks.get(&section.index()) {
                Some(marks) => {
                    let code = section.data()?;
                    (Masking::of(code, marks), Frame::of(code, marks))
                }
                None => Default::default(),
            };
            ids.insert(section.index(), self.sections.len());
            self.sections.push(Section {
                number: section.index().0,
                size: section.size(),
                writable: sh_flags.contains(SHF_WRITE)
                    && !sh_flags.contains(SHF_TLS)
                    && !is_constant,
                thread_local: sh_flags.contains(SHF_TLS),
                executable: sh_flags.contains(SHF_EXECINSTR),
                masking,
                frame,
                zeroed: sh_type == SHT_NOBITS,
                ..self.empty_section(file, name)
            });
        }
        self.definitions(&object, file, &mut ids)?;
        self.references(&object, &ids)
    }

    /// Returns a section of the file that was read last.
    fn empty_section(&self, file: &str, name: String) -> Section {
        let input = self.files.len() - 1;
        Section {
            file: file.to_owned(),
            krate: self.files[input].krate.clone(),
            name,
            ..Section::empty(input, self.objects.len() - 1)
        }
    }

    fn definitions(
        &mut self,
        object: &File,
        file: &str,
        ids: &mut HashMap<SectionIndex, SectionId>,
    ) -> Result<()> {
        // The Rust compiler lists there the symbols that all files have to see.
        let is_declaration = Path::new(file).file_name().is_some_and(|name| name == "symbols.o");
        let functions =
            object.symbols().filter(|it| it.kind() == SymbolKind::Text && it.size() > 0);
        let first_function = functions.filter_map(|it| Some(it.section_index()?.0)).min();
        for symbol in object.symbols() {
            let name = symbol.name()?;
            let index = match symbol.section() {
                SymbolSection::Undefined => {
                    if is_declaration {
                        let number = self.number(name);
                        self.symbols[number].is_declared = true;
                    }
                    let process = name.strip_prefix(MEMORY_SYMBOL).map(str::to_owned);
                    self.processes.extend(process);
                    continue;
                }
                SymbolSection::Section(index) => Some(index),
                SymbolSection::Common => Some(COMMON),
                _ => None,
            };
            if index == Some(COMMON) && !ids.contains_key(&COMMON) {
                ids.insert(COMMON, self.sections.len());
                let common = self.empty_section(file, "COMMON".to_owned());
                self.sections.push(Section { writable: true, zeroed: true, ..common });
            }
            let section = index.and_then(|index| ids.get(&index).copied());
            if symbol.is_global() {
                let is_apart = section.is_some_and(|id| self.sections[id].name != ".text");
                let definition = Definition {
                    file: self.files.len() - 1,
                    section,
                    is_weak: symbol.is_weak(),
                    is_before_functions: is_apart
                        && first_function
                            .is_none_or(|first| index.is_some_and(|index| index.0 < first)),
                };
                let number = self.number(name);
                let files = &self.files;
                let definitions = &mut self.symbols[number].definitions;
                let is_before =
                    |it: &Definition| files[it.file].place <= files[definition.file].place;
                definitions.insert(definitions.partition_point(is_before), definition);
            }
            let Some(id) = section else { continue };
            // ARM's mapping symbols ($t, $d) mark code and data, and name nothing.
            if symbol.kind() != SymbolKind::Section && !name.is_empty() && !name.starts_with('$') {
                self.sections[id].symbols.push(name.to_owned());
            }
            if index == Some(COMMON) {
                self.sections[id].size += symbol.size();
            }
        }
        Ok(())
    }

    fn references(&mut self, object: &File, ids: &HashMap<SectionIndex, SectionId>) -> Result<()> {
        for section in object.sections() {
            let Some(&from) = ids.get(&section.index()) else { continue };
            for (offset, relocation) in section.relocations() {
                let RelocationTarget::Symbol(index) = relocation.target() else { continue };
                let symbol = object.symbol_by_index(index)?;
                let reference = match symbol.section() {
                    // A global symbol may be replaced by another input's.
                    _ if symbol.is_global() => Reference {
                        offset,
                        symbol: Some(self.number(symbol.name()?)),
                        section: None,
                    },
                    SymbolSection::Section(index) => match ids.get(&index) {
                        Some(&id) => Reference { offset, symbol: None, section: Some(id) },
                        None => continue,
                    },
                    _ => continue,
                };
                self.sections[from].references.push(reference);
            }
        }
        Ok(())
    }

    /// Returns the number of the symbol of this name; a new symbol gets one. A version, after an `@`, does not belong
    /// to the name.
    fn number(&mut self, name: &str) -> SymbolId {
        let name = name.split('@').next().unwrap_or_default();
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        self.numbers.insert(name.to_owned(), self.symbols.len());
        self.symbols.push(Symbol {
            name: name.to_owned(),
            is_declared: false,
            definitions: Vec::new(),
        });
        self.symbols.len() - 1
    }
}

/// The index that stands for the section of C's statics that are in no section.
const COMMON: SectionIndex = SectionIndex(copies::COMMON);

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

    #[test]
    fn crates_are_known_by_their_files() {
        assert_eq!(crate_name("/a-b/libsensor-0123456789abcdef.rlib"), "sensor");
        assert_eq!(crate_name("fw-0123456789abcdef.fw.fedcba-cgu.0.rcgu.o"), "fw");
        assert_eq!(crate_name("libm-1.a"), "m-1");
    }
}
