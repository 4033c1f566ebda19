// SPDX-License-Identifier: MIT OR Apache-2.0
//! An ELF object file whose symbols can be changed: renamed, undefined, exported.
//!
//! Sections keep their numbers and their contents, byte for byte, so that debug information is also valid for the
//! changed file. Sections that are left out become empty, and symbols without references are removed, so that the
//! linker has little to read.

use crate::names::COMMON;
use anyhow::{Result, bail, ensure};
use object::elf::{
    FileHeader32, FileHeader64, GRP_COMDAT, SHF_ALLOC, SHF_EXCLUDE, SHF_LINK_ORDER, SHF_MERGE,
    SHN_COMMON, SHN_UNDEF, SHT_GROUP, SHT_NOBITS, SHT_REL, SHT_RELA, SHT_SYMTAB, STB_GLOBAL,
    STB_LOCAL, STB_WEAK, STT_FUNC, STT_NOTYPE, STV_HIDDEN, SectionType, Sym32, Sym64, SymbolInfo,
};
use object::pod::bytes_of;
use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::{FileKind, LittleEndian, SectionIndex, SymbolIndex, U16, U32, U64};
use std::collections::{HashMap, HashSet};
use std::iter;

/// The index of a symbol in the table of its file.
pub type SymbolNumber = usize;

/// The index of a section in its file; [`COMMON`] stands for the common symbols of C.
pub type SectionNumber = usize;

/// A place where a section refers to a symbol.
#[derive(Clone, Copy, Debug)]
pub struct Relocation {
    /// The offset in the section, in bytes from its start.
    pub offset: u64,
    /// The symbol.
    pub symbol: SymbolNumber,
    /// The offset of the relocation in the file.
    place: usize,
}

/// The kind of a section that lists symbols by number. Only identical code folding uses it, and this linker does not
/// use that feature.
const SHT_LLVM_ADDRSIG: SectionType = SectionType(0x6fff_4c03);

/// The contents of sections begin at multiples of this many bytes.
const ALIGNMENT: usize = 8;

/// A field of the header of a section.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Flags,
    Offset,
    Size,
    Info,
}

impl Field {
    /// Returns the offset of the field in a header whose words have this length. The fields are: name, kind, flags,
    /// address, offset, size, link, info.
    fn offset(self, word: usize) -> usize {
        match self {
            Field::Name => 0,
            Field::Flags => 8,
            Field::Offset => 8 + 2 * word,
            Field::Size => 8 + 3 * word,
            Field::Info => 12 + 4 * word,
        }
    }
}

/// Sections with these names contain the data to unwind code, and are kept or left out with it.
const OF_CODE: [&[u8]; 2] = [b".eh_frame", b".gcc_except_table"];

/// A section.
#[derive(Clone, Debug)]
struct Section {
    kind: SectionType,
    flags: object::elf::SectionFlags,
    offset: usize,
    size: usize,
    /// The section with which this section is kept or left out, if its flags say so.
    link: SectionNumber,
    is_of_code: bool,
    /// True if the section contains the names in debug information.
    has_debug_names: bool,
}

/// An object file.
#[derive(Clone)]
pub struct ObjectFile {
    data: Vec<u8>,
    /// The length of an address in bytes.
    word: usize,
    sections: Vec<Section>,
    /// The sections with the relocations of each.
    relocations: HashMap<SectionNumber, Vec<SectionNumber>>,
    /// The offset of the section headers, and the length of one.
    headers: (usize, usize),
    /// The symbols, in the form of 64 bits.
    symbols: Vec<Sym64<LittleEndian>>,
    /// The section numbers of all symbols, if some number does not fit into the table; otherwise empty.
    long_sections: Vec<u32>,
    names: Vec<u8>,
    /// The sections of these three tables.
    tables: [SectionNumber; 3],
    /// The section with the names of sections. It may also hold the names of symbols.
    section_names: SectionNumber,
    /// The offset in the file header of the field with the offset of the section headers.
    offset_of_headers: usize,
    /// For each section, true if it is left out; empty if none is.
    left_out: Vec<bool>,
}

impl ObjectFile {
    /// Reads an object file.
    ///
    /// # Errors
    /// The file is damaged, or is not an ELF file with little-endian numbers.
    pub fn read(data: &[u8]) -> Result<Self> {
        match FileKind::parse(data)? {
            FileKind::Elf32 => Self::read_as::<FileHeader32<LittleEndian>>(data, 4),
            FileKind::Elf64 => Self::read_as::<FileHeader64<LittleEndian>>(data, 8),
            kind => bail!("it is of an unknown kind ({kind:?})"),
        }
    }

    fn read_as<Elf: FileHeader<Endian = LittleEndian>>(data: &[u8], word: usize) -> Result<Self> {
        let header = Elf::parse(data)?;
        let endian = header.endian()?;
        let all = header.sections(endian, data)?;
        let number = |it: <Elf as FileHeader>::Word| -> Result<usize> {
            Ok(usize::try_from(Into::<u64>::into(it))?)
        };
        let mut sections = Vec::new();
        let mut relocations: HashMap<_, Vec<_>> = HashMap::new();
        for (SectionIndex(index), section) in iter::zip((0..).map(SectionIndex), all.iter()) {
            let name = all.section_name(endian, section)?;
            let kind = section.sh_type(endian);
            if kind == SHT_REL || kind == SHT_RELA {
                let of = section.sh_info(endian) as SectionNumber;
                relocations.entry(of).or_default().push(index);
            }
            sections.push(Section {
                kind,
                flags: section.sh_flags(endian),
                offset: number(section.sh_offset(endian))?,
                size: number(section.sh_size(endian))?,
                link: section.sh_link(endian) as SectionNumber,
                is_of_code: OF_CODE.iter().any(|prefix| name.starts_with(prefix)),
                has_debug_names: name == b".debug_str",
            });
        }
        let table = all.symbols(endian, data, SHT_SYMTAB)?;
        ensure!(!table.is_empty(), "it has no symbols");
        let symbols = table.iter().map(|symbol| Sym64 {
            st_name: U32::new(endian, symbol.st_name(endian)),
            st_info: symbol.st_info(),
            st_other: symbol.st_other(),
            st_shndx: U16::new(endian, symbol.st_shndx(endian)),
            st_value: U64::new(endian, symbol.st_value(endian).into()),
            st_size: U64::new(endian, symbol.st_size(endian).into()),
        });
        let long = |index| table.shndx(endian, SymbolIndex(index));
        let names = all.section(table.string_section())?.data(endian, data)?;
        let tables = [table.section(), table.string_section(), table.shndx_section()];
        Ok(Self {
            data: data.to_vec(),
            word,
            sections,
            relocations,
            headers: (number(header.e_shoff(endian))?, size_of::<Elf::SectionHeader>()),
            symbols: symbols.collect(),
            long_sections: (0..table.len()).map_while(long).collect(),
            names: names.to_vec(),
            tables: tables.map(|SectionIndex(index)| index),
            section_names: header.shstrndx(endian, data)? as SectionNumber,
            // Before this field are 24 bytes, the entry point, and the offset of the segments.
            offset_of_headers: 24 + 2 * word,
            left_out: Vec::new(),
        })
    }

    /// Returns all symbols except for the first, which is empty.
    pub fn symbols(&self) -> std::ops::Range<SymbolNumber> {
        1..self.symbols.len()
    }

    /// Returns the name of a symbol.
    pub fn name(&self, symbol: SymbolNumber) -> &str {
        let start = self.symbols[symbol].st_name.get(LittleEndian) as usize;
        let bytes = self.names.get(start..).unwrap_or_default();
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(0);
        str::from_utf8(&bytes[..end]).unwrap_or_default()
    }

    /// Returns `true` if the symbol is local to this file.
    pub fn is_local(&self, symbol: SymbolNumber) -> bool {
        self.symbols[symbol].st_bind() == STB_LOCAL
    }

    /// Returns whether a symbol names code or data.
    pub fn is_named(&self, symbol: SymbolNumber) -> bool {
        let kind = self.symbols[symbol].st_type();
        kind <= STT_FUNC && !self.name(symbol).is_empty() && !self.name(symbol).starts_with('$')
    }

    /// Returns the section of a symbol, if it is in one.
    pub fn section(&self, symbol: SymbolNumber) -> Option<SectionNumber> {
        let section = self.symbols[symbol].st_shndx.get(LittleEndian);
        match self.long_sections.get(symbol) {
            _ if section == SHN_COMMON => Some(COMMON),
            Some(&long) if long != 0 => Some(long as SectionNumber),
            _ => section.index().map(SectionNumber::from),
        }
    }

    /// Returns whether this file defines a symbol.
    pub fn is_defined(&self, symbol: SymbolNumber) -> bool {
        self.symbols[symbol].st_shndx.get(LittleEndian) != SHN_UNDEF
    }

    /// Gives a symbol another name.
    pub fn rename(&mut self, symbol: SymbolNumber, name: &str) {
        self.symbols[symbol].st_name = self.add_name(name);
    }

    /// Makes a symbol refer to the definition of its name in another file.
    pub fn undefine(&mut self, symbol: SymbolNumber) {
        let bind = self.symbols[symbol].st_bind();
        // The reference must not be weak, because for a weak reference the linker does not search archives.
        let bind = if bind == STB_WEAK { STB_GLOBAL } else { bind };
        let undefined = self.undefined(bind);
        let name = self.symbols[symbol].st_name;
        self.symbols[symbol] = Sym64 { st_name: name, ..undefined };
        if let Some(long) = self.long_sections.get_mut(symbol) {
            *long = 0;
        }
    }

    /// Adds a symbol that another file defines.
    pub fn import(&mut self, name: &str) -> SymbolNumber {
        let undefined = self.undefined(STB_GLOBAL);
        let symbol = Sym64 { st_name: self.add_name(name), ..undefined };
        self.add(symbol, 0)
    }

    /// Makes a symbol visible to other files, under another name.
    pub fn export(&mut self, symbol: SymbolNumber, name: &str) {
        let old = self.symbols[symbol];
        // (The symbol of a section has no such kind. It stands for the start of the section.)
        let kind = if old.st_type() <= STT_FUNC { old.st_type() } else { STT_NOTYPE };
        let exported = Sym64 {
            st_name: self.add_name(name),
            st_info: SymbolInfo::new(STB_GLOBAL, kind),
            st_other: old.st_other.with_visibility(STV_HIDDEN),
            ..old
        };
        let long = self.long_sections.get(symbol).copied().unwrap_or(0);
        self.add(exported, long);
    }

    /// Gives the whole of a section a name, unless it is [`COMMON`].
    pub fn name_section(&mut self, section: SectionNumber, name: &str) {
        let Some(&Section { size, .. }) = self.sections.get(section) else { return };
        let long = u32::try_from(section).unwrap_or(0);
        let short = object::elf::SymbolSection::new(long);
        let whole = Sym64 {
            st_name: self.add_name(name),
            st_shndx: U16::new(LittleEndian, short),
            st_size: U64::new(LittleEndian, size as u64),
            ..self.undefined(STB_GLOBAL)
        };
        self.add(whole, if short.is_reserved() { long } else { 0 });
    }

    fn undefined(&self, bind: object::elf::SymbolBind) -> Sym64<LittleEndian> {
        let zero = Sym64::<LittleEndian>::default();
        Sym64 {
            st_info: SymbolInfo::new(bind, STT_NOTYPE),
            st_other: zero.st_other.with_visibility(STV_HIDDEN),
            ..zero
        }
    }

    fn add(&mut self, symbol: Sym64<LittleEndian>, long_section: u32) -> SymbolNumber {
        self.symbols.push(symbol);
        if !self.long_sections.is_empty() {
            self.long_sections.push(long_section);
        }
        self.symbols.len() - 1
    }

    fn add_name(&mut self, name: &str) -> U32<LittleEndian> {
        let start = self.names.len();
        self.names.extend(name.bytes().chain([0]));
        U32::new(LittleEndian, start as u32)
    }

    /// Returns all relocations of a section.
    pub fn relocations(&self, of: SectionNumber) -> Vec<Relocation> {
        let shift = if self.word == 4 { 8 } else { 32 };
        let mut all = Vec::new();
        for section in self.relocations.get(&of).into_iter().flatten() {
            let Section { kind, offset, size, .. } = self.sections[*section];
            let length = self.word * if kind == SHT_REL { 2 } else { 3 };
            for place in (offset..offset + size).step_by(length) {
                let words = &self.data[place..][..2 * self.word];
                all.push(Relocation {
                    offset: number_at(&words[..self.word]),
                    symbol: (number_at(&words[self.word..]) >> shift) as SymbolNumber,
                    place: place + self.word,
                });
            }
        }
        all
    }

    /// Makes a section refer to another symbol.
    pub fn redirect(&mut self, relocation: &Relocation, to: SymbolNumber) {
        let info = &mut self.data[relocation.place..][..self.word];
        // The lower bits are the kind of the relocation, and the upper bits are the symbol.
        if self.word == 4 {
            info[1..].copy_from_slice(&(to as u32).to_le_bytes()[..3]);
        } else {
            info[4..].copy_from_slice(&(to as u32).to_le_bytes());
        }
    }

    /// Changes the names of these symbols in the debug information, so that debuggers do not find the symbols by these
    /// names.
    pub fn hide_from_debuggers(&mut self, names: &HashSet<String>) {
        for section in self.sections.iter().filter(|section| section.has_debug_names) {
            let all = &mut self.data[section.offset..][..section.size];
            for name in all.split_mut(|&byte| byte == 0) {
                if str::from_utf8(name).is_ok_and(|name| names.contains(name)) {
                    name[0] = b'?';
                }
            }
        }
    }

    /// Returns whether the linker merges the contents of a section with equal contents elsewhere.
    pub fn is_merged(&self, section: SectionNumber) -> bool {
        self.sections.get(section).is_some_and(|it| it.flags.contains(SHF_MERGE))
    }

    /// Leaves out the sections that would become a part of the firmware, except for those that are kept, the data to
    /// unwind them, and constants that are merged. Groups of sections are dissolved, because the linker takes only the
    /// first group with a name, and leaves out all others.
    pub fn keep(&mut self, is_kept: impl Fn(SectionNumber) -> bool) {
        let mut left_out = Vec::new();
        for (number, section) in self.sections.iter().enumerate() {
            if section.kind == SHT_GROUP {
                let flags = &mut self.data[section.offset..][..4];
                flags[0] &= !(GRP_COMDAT.0 as u8);
            }
            let follows = section.flags.contains(SHF_LINK_ORDER) && is_kept(section.link);
            let stays = is_kept(number) || follows || section.is_of_code || self.is_merged(number);
            let is_left_out = section.flags.contains(SHF_ALLOC) && !stays;
            left_out.push(is_left_out || section.kind == SHT_LLVM_ADDRSIG);
            if is_left_out {
                let flags = ((section.flags | SHF_EXCLUDE).0 as u32).to_le_bytes();
                let field = self.field(number, Field::Flags);
                self.data[field..][..4].copy_from_slice(&flags);
            }
        }
        for (&of, relocations) in &self.relocations {
            relocations.iter().for_each(|&section| left_out[section] = left_out[of]);
        }
        self.left_out = left_out;
        self.drop_symbols();
    }

    /// Drops the symbols that have no references and that do not name a kept section.
    fn drop_symbols(&mut self) {
        let mut is_used = vec![false; self.symbols.len()];
        is_used[0] = true;
        let kept: Vec<_> = self.relocations.keys().filter(|of| !self.left_out[**of]).collect();
        let relocations: Vec<_> = kept.into_iter().flat_map(|of| self.relocations(*of)).collect();
        relocations.iter().for_each(|relocation| is_used[relocation.symbol] = true);
        let groups: Vec<_> = (0..self.sections.len())
            .filter(|&number| self.sections[number].kind == SHT_GROUP)
            .map(|number| self.field(number, Field::Info))
            .map(|field| (field, number_at(&self.data[field..][..4]) as SymbolNumber))
            .collect();
        groups.iter().for_each(|(_, symbol)| is_used[*symbol] = true);
        for symbol in self.symbols() {
            let section = self.section(symbol);
            is_used[symbol] |= section.is_some_and(|it| self.left_out.get(it) != Some(&true));
        }
        let mut next = 0;
        let numbers: Vec<SymbolNumber> = is_used
            .iter()
            .map(|&is_used| {
                next += usize::from(is_used);
                next.saturating_sub(1)
            })
            .collect();
        for relocation in &relocations {
            self.redirect(relocation, numbers[relocation.symbol]);
        }
        for (field, symbol) in groups {
            self.data[field..][..4].copy_from_slice(&(numbers[symbol] as u32).to_le_bytes());
        }
        let mut used = is_used.iter();
        self.symbols.retain(|_| *used.next().unwrap_or(&true));
        let mut used = is_used.iter();
        self.long_sections.retain(|_| *used.next().unwrap_or(&true));
    }

    /// Returns the contents of the file.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.renew_names();
        let header = self.offset_of_headers + 2 * self.word + 12;
        let mut file = self.data[..header].to_vec();
        let (start, length) = self.headers;
        let mut headers = self.data[start..][..length * self.sections.len()].to_vec();
        let mut put = |section: SectionNumber, field: Field, value: usize| {
            let place = section * length + field.offset(self.word);
            let size = if field == Field::Info { 4 } else { self.word };
            headers[place..][..size].copy_from_slice(&value.to_le_bytes()[..size]);
        };
        for (number, section) in self.sections.iter().enumerate() {
            if section.kind == SHT_NOBITS || number == 0 {
                continue;
            }
            let contents = match self.tables.iter().position(|table| *table == number) {
                Some(0) => self.symbols.iter().flat_map(|symbol| self.encode(symbol)).collect(),
                Some(1) => self.names.clone(),
                Some(_) => self.long_sections.iter().flat_map(|it| it.to_le_bytes()).collect(),
                None if self.left_out.get(number) == Some(&true) => Vec::new(),
                None => self.data[section.offset..][..section.size].to_vec(),
            };
            file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
            put(number, Field::Offset, file.len());
            put(number, Field::Size, contents.len());
            file.extend(contents);
        }
        let locals = self.symbols.iter().take_while(|symbol| symbol.st_bind() == STB_LOCAL);
        put(self.tables[0], Field::Info, locals.count());
        file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
        let start = file.len().to_le_bytes();
        file[self.offset_of_headers..][..self.word].copy_from_slice(&start[..self.word]);
        file.extend(headers);
        file
    }

    /// Leaves out the names that are not needed any more.
    fn renew_names(&mut self) {
        let mut names = vec![0];
        let mut renewed = |old: &[u8], start: u32| -> u32 {
            let name = old.get(start as usize..).unwrap_or_default();
            let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
            if name.is_empty() {
                return 0;
            }
            names.extend(name.iter().copied().chain([0]));
            (names.len() - name.len() - 1) as u32
        };
        for symbol in &mut self.symbols {
            let name = renewed(&self.names, symbol.st_name.get(LittleEndian));
            symbol.st_name = U32::new(LittleEndian, name);
        }
        if self.section_names == self.tables[1] {
            for number in 0..self.sections.len() {
                let field = self.field(number, Field::Name);
                let place = &mut self.data[field..][..4];
                let is_left_out = self.left_out.get(number) == Some(&true);
                let old = if is_left_out { 0 } else { number_at(place) as u32 };
                place.copy_from_slice(&renewed(&self.names, old).to_le_bytes());
            }
        }
        self.names = names;
    }

    /// Returns the offset of a field of a section's header.
    fn field(&self, section: SectionNumber, field: Field) -> usize {
        let (start, length) = self.headers;
        start + section * length + field.offset(self.word)
    }

    fn encode(&self, symbol: &Sym64<LittleEndian>) -> Vec<u8> {
        let short = |it: U64<LittleEndian>| U32::new(LittleEndian, it.get(LittleEndian) as u32);
        if self.word == 8 {
            return bytes_of(symbol).to_vec();
        }
        bytes_of(&Sym32 {
            st_name: symbol.st_name,
            st_value: short(symbol.st_value),
            st_size: short(symbol.st_size),
            st_info: symbol.st_info,
            st_other: symbol.st_other,
            st_shndx: symbol.st_shndx,
        })
        .to_vec()
    }
}

/// Returns the number in 4 or 8 bytes.
fn number_at(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
