// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the linker wrote: an ELF file with addresses.

use anyhow::{Context, Result};
use object::elf::{FileHeader32, FileHeader64};
use object::elf::{PT_LOAD, SHF_ALLOC, SHF_WRITE, SHT_NOBITS};
use object::read::elf::{ElfFile, FileHeader, ProgramHeader};
use object::{Endianness, FileKind, Object, ObjectSection, ObjectSymbol, SectionFlags};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::layout::Span;

/// A section that is a part of the firmware's memory.
#[derive(Clone, Debug)]
pub struct ImageSection {
    /// Its name.
    pub name: String,
    /// Where it is when the firmware runs.
    pub span: Span,
    /// Where it is in flash, if anywhere.
    pub load: Option<Span>,
    /// What its address is a multiple of.
    pub align: u64,
    /// True if it can be written.
    pub writable: bool,
    /// What it holds, empty if all zeroes.
    pub data: Vec<u8>,
}

/// A linked firmware.
#[derive(Clone, Debug)]
pub struct Image {
    /// The sections that are not empty.
    pub sections: Vec<ImageSection>,
    /// Symbols that have an address, with that and their length in bytes.
    pub symbols: BTreeMap<String, (u64, u64)>,
}

impl Image {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// It can't be read or isn't an ELF file.
    pub fn read(path: &Path) -> Result<Self> {
        let data = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
        Self::parse(&data).with_context(|| format!("can't make sense of {}", path.display()))
    }

    fn parse(data: &[u8]) -> Result<Self> {
        match FileKind::parse(data)? {
            FileKind::Elf64 => Self::parse_as::<FileHeader64<Endianness>>(data),
            _ => Self::parse_as::<FileHeader32<Endianness>>(data),
        }
    }

    fn parse_as<Elf: FileHeader<Endian = Endianness>>(data: &[u8]) -> Result<Self> {
        let file = ElfFile::<Elf>::parse(data)?;
        let mut image = Self { sections: Vec::new(), symbols: BTreeMap::new() };
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, sh_type } = section.flags() else { continue };
            if !sh_flags.contains(SHF_ALLOC) || section.size() == 0 {
                continue;
            }
            let span = Span { start: section.address(), end: section.address() + section.size() };
            let in_file = sh_type != SHT_NOBITS;
            image.sections.push(ImageSection {
                name: section.name()?.to_owned(),
                span,
                load: if in_file { load_span(&file, span) } else { None },
                align: section.align(),
                writable: sh_flags.contains(SHF_WRITE),
                data: section.data()?.to_vec(),
            });
        }
        for symbol in file.symbols().filter(|symbol| !symbol.is_undefined()) {
            image.symbols.insert(symbol.name()?.to_owned(), (symbol.address(), symbol.size()));
        }
        Ok(image)
    }

    /// The section with a name, if it isn't empty.
    pub fn section(&self, name: &str) -> Option<&ImageSection> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The address of a symbol.
    ///
    /// # Errors
    /// There is none with this name.
    pub fn symbol(&self, name: &str) -> Result<u64> {
        let symbol = self.symbols.get(name).with_context(|| format!("no symbol {name}"))?;
        Ok(symbol.0)
    }

    /// The bytes at an address; those that are zeroes at start may be missing.
    ///
    /// # Errors
    /// There is nothing in the file for that address.
    fn bytes(&self, address: u64, length: u64) -> Result<&[u8]> {
        let wanted = Span { start: address, end: address + length };
        let section = self.sections.iter().find(|section| section.span.contains(wanted));
        let section = section.with_context(|| format!("nothing is at {address:#x}"))?;
        let offset = (address - section.span.start) as usize;
        let bytes = section.data.get(offset..).unwrap_or_default();
        Ok(&bytes[..bytes.len().min(length as usize)])
    }

    /// The text at an address.
    ///
    /// # Errors
    /// As for [`words`](Self::words), or it is no text.
    pub fn text(&self, address: u64, length: u64) -> Result<String> {
        Ok(String::from_utf8(self.bytes(address, length)?.to_vec())?)
    }

    /// The words at an address.
    ///
    /// # Errors
    /// There is nothing in the file for that address.
    pub fn words<const N: usize>(&self, address: u64) -> Result<[u64; N]> {
        let mut words = [0; N];
        let bytes = self.bytes(address, 4 * N as u64)?;
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
        Ok(words)
    }
}

/// Returns where a loader puts what is to be at `span`.
fn load_span<Elf: FileHeader>(file: &ElfFile<Elf>, span: Span) -> Option<Span> {
    let endian = file.endian();
    let segment = file.elf_program_headers().iter().find(|segment| {
        let start: u64 = segment.p_vaddr(endian).into();
        let file_span = Span { start, end: start + segment.p_filesz(endian).into() };
        segment.p_type(endian) == PT_LOAD && file_span.contains(span)
    })?;
    let offset = span.start - segment.p_vaddr(endian).into();
    let start = segment.p_paddr(endian).into() + offset;
    Some(Span { start, end: start + span.size() })
}
