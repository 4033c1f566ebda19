// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads object files and archives.

use super::{
    Definition, InputFile, InputObject, Inputs, Reference, Section, SectionId, Symbol, SymbolId,
};
use crate::names::{self, MEMORY_SYMBOL};
use crate::processor::Processor;
use crate::riscv;
use crate::thumb::{self, Frame, Masking};
use anyhow::{Result, ensure};
use object::elf::{
    SHF_ALLOC, SHF_EXCLUDE, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_LLVM_DEPENDENT_LIBRARIES,
    SHT_NOBITS,
};
use object::read::archive::ArchiveFile;
use object::{
    File, Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget,
    SectionFlags, SectionIndex, SymbolKind, SymbolSection,
};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The section that `#[interface]` leaves in its crate.
const INTERFACE: &str = ".crossgate.interface";

/// Prefixes of the sections that only the loader writes.
const CONSTANTS: [&str; 5] =
    [".data.rel.ro", ".init_array", ".fini_array", ".preinit_array", ".data.DW.ref."];

/// The start of the names of labels of the assembler. Objects for RISC-V have them: there the linker shortens code, so it
/// computes the distances of branches.
const LABEL: &str = ".L";

/// The relocations of Thumb instructions that call or jump: `bl`, `b.w`, `b.n` and `bCC.w` (ELF for the Arm Architecture,
/// ARM IHI 0044).
const CALLS_OF_ARM: [u32; 4] = [10, 30, 51, 102];
/// The relocations of RISC-V instructions that call or jump: `jal`, `call` and `tail`, and their short forms (RISC-V ELF
/// psABI).
const CALLS_OF_RISCV: [u32; 4] = [17, 18, 19, 45];

/// The first bytes of an object that contains LLVM bitcode.
const BITCODE: [u8; 4] = *b"BC\xc0\xde";

/// The error for such objects.
const LINKER_PLUGIN_LTO: &str = "`-C linker-plugin-lto` leaves the compiling to the linker, so nobody can \
                                 tell whose a static is. Remove it from the `rustflags`.";

/// The section index of the common symbols of C.
const COMMON: SectionIndex = SectionIndex(names::COMMON);

impl Inputs {
    /// Reads a file of the command line.
    ///
    /// # Errors
    /// If the file is damaged, or is of a kind that does not show what the linker will make from it.
    pub(super) fn file(&mut self, path: &str, data: &[u8]) -> Result<()> {
        // The even places are free for new files.
        let place = 2 * self.files.len() + 1;
        let file = InputFile { place, ..InputFile::new(path, data) };
        let is_archive = file.is_archive;
        self.files.push(file);
        if !is_archive {
            // A text file is refused, because the linker would take it for a script.
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

    /// Reads an object file: `range` is its place in the file that was added last.
    ///
    /// # Errors
    /// As for [`Self::file`].
    pub(super) fn object(&mut self, file: &str, data: &[u8], range: Range<usize>) -> Result<()> {
        ensure!(!data.starts_with(&BITCODE), "{LINKER_PLUGIN_LTO}");
        // An archive of a crate also contains metadata, which is not always an object.
        if !data.starts_with(&object::elf::ELFMAG) {
            return Ok(());
        }
        let object = File::parse(data)?;
        // A shared library is skipped, because its statics are placed already.
        if object.kind() != ObjectKind::Relocatable {
            return Ok(());
        }
        let input = self.files.len() - 1;
        self.objects.push(InputObject { name: file.to_owned(), range });
        let processor = Processor::of(&object);
        self.processor = processor.unwrap_or(self.processor);
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
            // In position-independent code, the loader writes constants that contain addresses, so their sections are
            // writable.
            let is_constant = CONSTANTS.iter().any(|prefix| name.starts_with(prefix));
            let (masking, frame) = match (processor, marks.get(&section.index())) {
                (Some(Processor::CortexM), Some(marks)) => {
                    let code = section.data()?;
                    (Masking::of(code, marks), Frame::of(code, marks))
                }
                (Some(Processor::RiscV), Some(marks)) => {
                    (Masking::default(), riscv::frame(section.data()?, marks))
                }
                _ => Default::default(),
            };
            // The memory of a heap is zeroed, although the compiler writes the zeroes into the file, because its
            // section has a name.
            let is_zeroed_heap = name.starts_with(names::HEAP_MEMORY)
                && section.data()?.iter().all(|&byte| byte == 0);
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
                zeroed: sh_type == SHT_NOBITS || is_zeroed_heap,
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
        // In this file the Rust compiler lists the symbols that must be visible to all files.
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
            // ARM's mapping symbols ($t, $d) only mark the start of code and data. They are not names of items.
            let is_name = !name.is_empty() && !name.starts_with('$') && !name.starts_with(LABEL);
            if symbol.kind() != SymbolKind::Section && is_name {
                self.sections[id].symbols.push(name.to_owned());
            }
            if index == Some(COMMON) {
                self.sections[id].size += symbol.size();
            }
        }
        Ok(())
    }

    fn references(&mut self, object: &File, ids: &HashMap<SectionIndex, SectionId>) -> Result<()> {
        let processor = Processor::of(object);
        for section in object.sections() {
            let Some(&from) = ids.get(&section.index()) else { continue };
            for (offset, relocation) in section.relocations() {
                let RelocationTarget::Symbol(index) = relocation.target() else { continue };
                let symbol = object.symbol_by_index(index)?;
                let reference = match symbol.section() {
                    // A global symbol may be replaced by a symbol of another input.
                    _ if symbol.is_global() => Reference {
                        offset,
                        symbol: Some(self.number(symbol.name()?)),
                        section: None,
                        is_branch: false,
                        is_call: is_call(processor, relocation.flags()),
                    },
                    SymbolSection::Section(index) => match ids.get(&index) {
                        Some(&id) => Reference {
                            offset,
                            symbol: None,
                            section: Some(id),
                            is_branch: self.sections[id].executable
                                && symbol.name()?.starts_with(LABEL),
                            is_call: is_call(processor, relocation.flags()),
                        },
                        None => continue,
                    },
                    _ => continue,
                };
                self.sections[from].references.push(reference);
            }
        }
        Ok(())
    }

    /// Returns the number of the symbol with this name. If there is no such symbol, adds it. A version after an `@`
    /// does not belong to the name.
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

/// Returns whether a relocation is of an instruction that calls or jumps.
fn is_call(processor: Option<Processor>, flags: RelocationFlags) -> bool {
    let RelocationFlags::Elf { r_type } = flags else { return false };
    match processor {
        Some(Processor::CortexM) => CALLS_OF_ARM.contains(&r_type.0),
        Some(Processor::RiscV) => CALLS_OF_RISCV.contains(&r_type.0),
        None => false,
    }
}
