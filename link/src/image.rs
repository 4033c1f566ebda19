// SPDX-License-Identifier: MIT OR Apache-2.0
//! The output of the linker: an ELF file with addresses.

use anyhow::{Context, Result};
use object::elf::{FileHeader32, FileHeader64};
use object::elf::{PT_LOAD, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS};
use object::read::elf::{ElfFile, FileHeader, ProgramHeader};
use object::{Endianness, FileKind, Object, ObjectSection, ObjectSymbol, SectionFlags};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::layout::Span;
use crate::script::{FLASH_USE, INTERFACES, STACK_NEEDS};

/// A section that is a part of the firmware's memory.
#[derive(Clone, Debug)]
pub struct ImageSection {
    /// The name of the section.
    pub name: String,
    /// The range of addresses at run time.
    pub span: Span,
    /// The range in flash, if the section is there.
    pub load: Option<Span>,
    /// The alignment of its address.
    pub align: u64,
    /// True if it can be written.
    pub writable: bool,
    /// True if it holds code.
    pub executable: bool,
    /// The contents, empty if all are zeroes.
    pub data: Vec<u8>,
}

/// A linked firmware.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// The sections that are not empty.
    pub sections: Vec<ImageSection>,
    /// The symbols that have an address, with the address and the length in bytes.
    pub symbols: BTreeMap<String, (u64, u64)>,
    /// The description of services, which is not a part of the memory. It is empty if the file has none.
    pub interfaces: Vec<u8>,
    /// The stacks that threads and services need, which are not a part of the memory either. It is empty if the file
    /// does not tell them.
    pub stack_needs: Vec<u8>,
    /// The use of flash, which is not a part of the memory either. It is empty if the file does not tell it.
    pub flash_use: Vec<u8>,
}

impl Image {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// The file can't be read or is not an ELF file.
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
        let mut image = Self::default();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, sh_type } = section.flags() else { continue };
            if !sh_flags.contains(SHF_ALLOC) {
                match section.name()? {
                    INTERFACES => image.interfaces = section.data()?.to_vec(),
                    STACK_NEEDS => image.stack_needs = section.data()?.to_vec(),
                    FLASH_USE => image.flash_use = section.data()?.to_vec(),
                    _ => {}
                }
            }
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
                executable: sh_flags.contains(SHF_EXECINSTR),
                data: section.data()?.to_vec(),
            });
        }
        for symbol in file.symbols().filter(|symbol| !symbol.is_undefined()) {
            image.symbols.insert(symbol.name()?.to_owned(), (symbol.address(), symbol.size()));
        }
        Ok(image)
    }

    /// Returns the section with this name, if it is not empty.
    pub fn section(&self, name: &str) -> Option<&ImageSection> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Returns the address of a symbol.
    ///
    /// # Errors
    /// No symbol has this name.
    pub fn symbol(&self, name: &str) -> Result<u64> {
        let symbol = self.symbols.get(name).with_context(|| format!("no symbol {name}"))?;
        Ok(symbol.0)
    }

    /// Returns the bytes at an address. Bytes that are zero at the start may be missing at the end.
    ///
    /// # Errors
    /// The file has nothing at that address.
    fn bytes(&self, address: u64, length: u64) -> Result<&[u8]> {
        let wanted = Span { start: address, end: address + length };
        let section = self.sections.iter().find(|section| section.span.contains(wanted));
        let section = section.with_context(|| format!("nothing is at {address:#x}"))?;
        let offset = (address - section.span.start) as usize;
        let bytes = section.data.get(offset..).unwrap_or_default();
        Ok(&bytes[..bytes.len().min(length as usize)])
    }

    /// Returns the text at an address.
    ///
    /// # Errors
    /// As for [`words`](Self::words), or the bytes are no text.
    pub fn text(&self, address: u64, length: u64) -> Result<String> {
        Ok(String::from_utf8(self.bytes(address, length)?.to_vec())?)
    }

    /// Returns the words at an address.
    ///
    /// # Errors
    /// The file has nothing at that address.
    pub fn words<const N: usize>(&self, address: u64) -> Result<[u64; N]> {
        let mut words = [0; N];
        let bytes = self.bytes(address, 4 * N as u64)?;
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
        Ok(words)
    }
}

/// Returns the FLASH and the RAM of the user's memory.x.
///
/// # Errors
/// The firmware was not linked by crossgate-link.
pub fn memories(image: &Image) -> Result<(Span, Span)> {
    let memory = |name: &str| {
        Ok::<_, anyhow::Error>(Span {
            start: image.symbol(&format!("__crossgate_{name}_start"))?,
            end: image.symbol(&format!("__crossgate_{name}_end"))?,
        })
    };
    Ok((memory("flash")?, memory("ram")?))
}

/// The addresses at which code finds the contents of FLASH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constants {
    /// The addresses of code, to which the contents are loaded.
    pub flash: Span,
    /// The addresses at which code reads the contents. On most chips they are the same.
    pub span: Span,
}

impl Constants {
    /// Returns whether code reads the contents at other addresses than those of code.
    pub fn are_apart(self) -> bool {
        self.span != self.flash
    }

    /// Returns the address at which code reads what is loaded to an address in FLASH.
    pub fn address_of(self, load: u64) -> u64 {
        load - self.flash.start + self.span.start
    }
}

/// Returns the addresses at which code finds the contents of FLASH.
///
/// # Errors
/// The firmware was not linked by crossgate-link.
pub fn constants(image: &Image) -> Result<Constants> {
    let (flash, _) = memories(image)?;
    let start = image.symbol("__crossgate_constants_start")?;
    Ok(Constants { flash, span: Span { start, end: start + flash.size() } })
}

/// Returns the range of a memory that the user's own scripts fill.
pub fn used(image: &Image, memory: Span) -> Option<Span> {
    let own = image.sections.iter().filter(|section| !section.name.starts_with(".crossgate."));
    let spans = own.flat_map(|section| [Some(section.span), section.load]).flatten();
    let spans = spans.filter(|span| memory.contains(*span));
    spans.reduce(|all, span| Span { start: all.start.min(span.start), end: all.end.max(span.end) })
}

/// Returns the addresses to which a loader writes the contents of `span`.
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
