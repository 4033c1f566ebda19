//! What the linker's inputs hold: sections, what they are called, and what refers to what.

use anyhow::{Context, Result};
use object::elf::{SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_NOBITS};
use object::read::archive::ArchiveFile;
use object::{
    File, Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationTarget, SectionFlags,
    SectionIndex, SymbolKind, SymbolSection,
};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

/// Prefix of the symbols that say where the memory of a process is; the process' name follows.
pub const MEMORY_SYMBOL: &str = "__crossgate_memory_";

/// Prefixes of the sections that only the loader writes.
const CONSTANTS: [&str; 5] =
    [".data.rel.ro", ".init_array", ".fini_array", ".preinit_array", ".data.DW.ref."];

/// The index of a section in [`Inputs::sections`].
pub type SectionId = usize;

/// A section of an input that becomes a part of the firmware's memory.
#[derive(Debug)]
pub struct Section {
    /// The file as the linker's script names it: `path` or `archive:member`.
    pub file: String,
    /// The crate (or library) that it was compiled from.
    pub krate: String,
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Whether it can be written: it holds statics.
    pub writable: bool,
    /// Whether each thread of the host has its own.
    pub thread_local: bool,
    /// Whether it holds code.
    pub executable: bool,
    /// Whether it is all zeroes, and takes up nothing in the file.
    pub zeroed: bool,
    /// The mangled names of what it holds.
    pub symbols: Vec<String>,
    /// Where it refers to other sections: offset, and the section, in the order of offsets.
    pub references: Vec<(u64, SectionId)>,
}

impl Section {
    /// What it holds, for a reader: the names of its statics or functions, else its own.
    pub fn title(&self) -> String {
        if self.symbols.is_empty() {
            return self.name.clone();
        }
        self.symbols.iter().map(|symbol| demangle(symbol)).collect::<Vec<_>>().join(", ")
    }
}

/// A symbol's name as its source has it, without the hash.
pub fn demangle(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// All inputs of a firmware.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The sections that get an address.
    pub sections: Vec<Section>,
    /// The sections that hold the symbols that all inputs see.
    pub globals: HashMap<String, SectionId>,
    /// The processes: whose [`MEMORY_SYMBOL`] is wanted.
    pub processes: BTreeSet<String>,
}

/// A reference to be looked up when all inputs are read.
enum Target {
    Section(SectionId),
    Global(String),
}

/// Reads files one by one.
#[derive(Default)]
struct Reader {
    inputs: Inputs,
    weak: HashMap<String, SectionId>,
    references: Vec<(SectionId, u64, Target)>,
}

impl Inputs {
    /// Reads the object files and archives at `paths`; other files are left out.
    ///
    /// # Errors
    /// A file can't be read, or is damaged.
    pub fn read(paths: &[String]) -> Result<Self> {
        let mut reader = Reader::default();
        for path in paths {
            let data = fs::read(path).with_context(|| format!("can't read {path}"))?;
            reader.file(path, &data).with_context(|| format!("can't make sense of {path}"))?;
        }
        Ok(reader.resolve())
    }
}

impl Reader {
    fn file(&mut self, path: &str, data: &[u8]) -> Result<()> {
        let krate = crate_name(path);
        if data.starts_with(b"!<arch>\n") {
            let archive = ArchiveFile::parse(data)?;
            for member in archive.members() {
                let member = member?;
                let name = String::from_utf8_lossy(member.name());
                self.object(&format!("{path}:{name}"), &krate, member.data(data)?)?;
            }
            return Ok(());
        }
        self.object(path, &krate, data)
    }

    fn object(&mut self, file: &str, krate: &str, data: &[u8]) -> Result<()> {
        // An archive of a crate holds its metadata too, which is not always an object.
        if !data.starts_with(&object::elf::ELFMAG) {
            return Ok(());
        }
        let object = File::parse(data)?;
        // The statics of a shared library are placed already.
        if object.kind() != ObjectKind::Relocatable {
            return Ok(());
        }
        let mut ids = HashMap::new();
        for section in object.sections() {
            let SectionFlags::Elf { sh_flags, sh_type } = section.flags() else { continue };
            if !sh_flags.contains(SHF_ALLOC) {
                continue;
            }
            let name = section.name()?.to_owned();
            // Where code may lie at any address, constants with addresses are written by the loader.
            let is_constant = CONSTANTS.iter().any(|prefix| name.starts_with(prefix));
            ids.insert(section.index(), self.inputs.sections.len());
            self.inputs.sections.push(Section {
                file: file.to_owned(),
                krate: krate.to_owned(),
                name,
                size: section.size(),
                writable: sh_flags.contains(SHF_WRITE)
                    && !sh_flags.contains(SHF_TLS)
                    && !is_constant,
                thread_local: sh_flags.contains(SHF_TLS),
                executable: sh_flags.contains(SHF_EXECINSTR),
                zeroed: sh_type == SHT_NOBITS,
                symbols: Vec::new(),
                references: Vec::new(),
            });
        }
        self.symbols(&object, file, krate, &mut ids)?;
        self.relocations(&object, &ids)
    }

    fn symbols(
        &mut self,
        object: &File,
        file: &str,
        krate: &str,
        ids: &mut HashMap<SectionIndex, SectionId>,
    ) -> Result<()> {
        for symbol in object.symbols() {
            let name = symbol.name()?;
            let section = match symbol.section() {
                SymbolSection::Undefined => {
                    let process = name.strip_prefix(MEMORY_SYMBOL).map(str::to_owned);
                    self.inputs.processes.extend(process);
                    continue;
                }
                SymbolSection::Section(index) => index,
                SymbolSection::Common => COMMON,
                _ => continue,
            };
            if section == COMMON && !ids.contains_key(&COMMON) {
                ids.insert(COMMON, self.inputs.sections.len());
                self.inputs.sections.push(common(file, krate));
            }
            let Some(&id) = ids.get(&section) else { continue };
            // ARM's mapping symbols ($t, $d) mark code and data, and name nothing.
            if symbol.kind() != SymbolKind::Section && !name.is_empty() && !name.starts_with('$') {
                self.inputs.sections[id].symbols.push(name.to_owned());
            }
            if section == COMMON {
                self.inputs.sections[id].size += symbol.size();
            }
            if symbol.is_global() {
                let weak = symbol.is_weak();
                let globals = if weak { &mut self.weak } else { &mut self.inputs.globals };
                globals.entry(name.to_owned()).or_insert(id);
            }
        }
        Ok(())
    }

    fn relocations(&mut self, object: &File, ids: &HashMap<SectionIndex, SectionId>) -> Result<()> {
        for section in object.sections() {
            let Some(&from) = ids.get(&section.index()) else { continue };
            for (offset, relocation) in section.relocations() {
                let RelocationTarget::Symbol(index) = relocation.target() else { continue };
                let symbol = object.symbol_by_index(index)?;
                let target = match symbol.section() {
                    // A global may be replaced by another input's.
                    _ if symbol.is_global() => Target::Global(symbol.name()?.to_owned()),
                    SymbolSection::Section(index) => match ids.get(&index) {
                        Some(&id) => Target::Section(id),
                        None => continue,
                    },
                    _ => continue,
                };
                self.references.push((from, offset, target));
            }
        }
        Ok(())
    }

    fn resolve(mut self) -> Inputs {
        for (name, id) in self.weak {
            self.inputs.globals.entry(name).or_insert(id);
        }
        for (from, offset, target) in self.references {
            let target = match target {
                Target::Section(id) => Some(id),
                Target::Global(name) => self.inputs.globals.get(&name).copied(),
            };
            let target = target.map(|target| (offset, target));
            self.inputs.sections[from].references.extend(target);
        }
        for section in &mut self.inputs.sections {
            section.references.sort_unstable();
        }
        self.inputs
    }
}

/// Stands for the section of C's statics that have none.
const COMMON: SectionIndex = SectionIndex(usize::MAX);

/// The section of C's statics that have none, before there are any.
fn common(file: &str, krate: &str) -> Section {
    Section {
        file: file.to_owned(),
        krate: krate.to_owned(),
        name: "COMMON".to_owned(),
        size: 0,
        writable: true,
        thread_local: false,
        executable: false,
        zeroed: true,
        symbols: Vec::new(),
        references: Vec::new(),
    }
}

/// The name of the crate that `path` was compiled from: `libsensor-0123456789abcdef.rlib` and
/// `sensor-0123456789abcdef.sensor.fedcba-cgu.0.rcgu.o` are of `sensor`.
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
