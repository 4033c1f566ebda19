// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of the image of a firmware for a chip that no emulator has: each word that the chip reads from the flash
//! before the firmware runs, and the addresses of everything else.
//!
//! The facts about the chip are from its row in `boards.toml`, so the checks find mistakes in the linker script of a
//! board.

use anyhow::{Context, Result, bail, ensure};
use object::elf::{FileHeader32, PF_X, PT_LOAD, ProgramFlags};
use object::read::elf::{ElfFile32, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol};
use std::fs;
use std::ops::Range;
use std::path::Path;
use workbench::board::{Boot, Chip};

/// The section with the vector table.
const VECTORS: &str = ".vector_table";
/// The number of words in the table before the interrupt lines.
const EXCEPTIONS: usize = 16;
/// The numbers of the words that are no handlers, on a CPU with all of the exceptions (ARM DDI 0553, B3.30).
const RESERVED: [usize; 4] = [8, 9, 10, 13];
/// The handler of secure faults, which ARMv7-M does not have.
const SECURE_FAULT: usize = 7;
/// The item of a block that stands for a program for ARM, in the Secure state, on the RP2350.
const PROGRAM_FOR_ARM: u64 = 0x1021_0142;
/// The same for RISC-V, where programs have no such state.
const PROGRAM_FOR_RISCV: u64 = 0x1101_0142;
/// The number of bytes that the boot ROM of an ESP32 looks at.
const HEADER: u64 = 8;
/// The flash in which nothing is written.
const ERASED: u8 = 0xff;
/// The symbols of the table of vectors on RISC-V, and of the handler to which each of them leads.
const JUMPS: &str = "__crossgate_vectors";
const HANDLER: &str = "DefaultHandler";
/// The number of vectors on RISC-V, and the number of which the address of their table is a multiple.
const JUMP_COUNT: u64 = 32;
const JUMP_ALIGNMENT: u64 = 256;

/// A part of a firmware that is loaded.
#[derive(Clone, Debug)]
struct Piece {
    /// The address in the flash.
    load: u64,
    /// The addresses at run time.
    run: Range<u64>,
    bytes: Vec<u8>,
    is_code: bool,
}

/// The parts of a firmware that are checked.
#[derive(Clone, Debug)]
struct Image {
    /// The address of the first instruction in the header of the ELF file, at which a debugger starts the firmware.
    entry: u64,
    /// The address and the size of the vector table, if there is one.
    vectors: Option<Range<u64>>,
    /// The addresses of the table of jumps, and of the handler to which they lead, on RISC-V.
    jumps: Option<[u64; 2]>,
    pieces: Vec<Piece>,
}

/// Checks the image of a firmware.
///
/// # Errors
/// If a word of it is wrong (the error names the word), or if the ELF file can't be read.
pub fn check(file: &Path, chip: &Chip) -> Result<()> {
    let image = read(file).with_context(|| format!("{}", file.display()))?;
    image.check(chip).with_context(|| format!("{}", file.display()))
}

fn read(file: &Path) -> Result<Image> {
    let bytes = fs::read(file).context("cannot be read")?;
    let elf = ElfFile32::<Endianness>::parse(&*bytes).context("is not an ELF file")?;
    let vectors = elf.section_by_name(VECTORS).map(|it| it.address()..it.address() + it.size());
    let address = |name| elf.symbol_by_name(name).map(|symbol| symbol.address());
    let jumps = address(JUMPS).zip(address(HANDLER)).map(|(table, handler)| [table, handler]);
    let endian = elf.endian();
    let header: &FileHeader32<Endianness> = elf.elf_header();
    let mut pieces = Vec::new();
    for segment in header.program_headers(endian, &*bytes).context("has no segments")? {
        let start = u64::from(segment.p_vaddr(endian));
        let run = start..start + u64::from(segment.p_memsz(endian));
        if segment.p_type(endian) != PT_LOAD || run.is_empty() {
            continue;
        }
        let Ok(bytes) = segment.data(endian, &*bytes) else { bail!("ends inside of a segment") };
        let is_code = segment.p_flags(endian) & PF_X != ProgramFlags(0);
        let load = segment.p_paddr(endian).into();
        pieces.push(Piece { load, run, bytes: bytes.to_vec(), is_code });
    }
    Ok(Image { entry: elf.entry(), vectors, jumps, pieces })
}

impl Image {
    fn check(&self, chip: &Chip) -> Result<()> {
        let flash = self.flash(&chip.flash())?;
        self.check_places(chip)?;
        match chip.boot {
            Boot::Vectors => self.check_vectors(&flash, chip),
            Boot::Rp2350 => {
                self.check_vectors(&flash, chip)?;
                check_block(&flash, PROGRAM_FOR_ARM)
            }
            Boot::Rp2350Riscv => {
                self.check_start(chip)?;
                check_block(&flash, PROGRAM_FOR_RISCV)
            }
            Boot::Direct => {
                self.check_direct_boot(&flash, chip)?;
                self.check_jumps(&flash, chip)
            }
        }
    }

    /// Returns the contents of the flash from its start on.
    fn flash(&self, flash: &Range<u64>) -> Result<Vec<u8>> {
        let mut contents = Vec::new();
        let mut pieces: Vec<_> = self.pieces.iter().filter(|it| !it.bytes.is_empty()).collect();
        pieces.sort_by_key(|piece| piece.load);
        for Piece { load, bytes, .. } in pieces {
            let end = load + bytes.len() as u64;
            ensure!(
                flash.start <= *load && end <= flash.end,
                "{load:#x} to {end:#x} is not in the flash of the chip"
            );
            let place = (load - flash.start) as usize;
            ensure!(contents.len() <= place, "two pieces are loaded to {load:#x}");
            contents.resize(place, ERASED);
            contents.extend(bytes);
        }
        Ok(contents)
    }

    /// Checks that everything is where the chip finds what is loaded there, or in RAM, and that code is in the flash.
    fn check_places(&self, chip: &Chip) -> Result<()> {
        let (flash, ram) = (chip.flash(), chip.ram());
        for Piece { load, run, is_code, .. } in &self.pieces {
            let is_in_ram = ram.start <= run.start && run.end <= ram.end;
            // (Only the boot ROM reads the start of the flash.)
            let seen_at = match chip.constants {
                Some(constants) if !is_code && *load != flash.start => {
                    (*load).wrapping_sub(flash.start).wrapping_add(constants)
                }
                _ => *load,
            };
            ensure!(
                run.start == seen_at || is_in_ram,
                "{run:#x?} is not in the RAM of the chip, which has it at {seen_at:#x}"
            );
            let is_in_flash = flash.contains(load) && run.start == seen_at;
            ensure!(is_in_flash || is_in_ram, "{run:#x?} is in no memory of the chip");
            ensure!(is_in_flash || !is_code, "there is code in RAM, at {:#x}", run.start);
        }
        if chip.constants.is_some() {
            let header = self.pieces.iter().find(|it| it.run.start == flash.start);
            ensure!(
                header.is_none_or(|it| it.is_code || it.run.end == flash.start + HEADER),
                "there are constants behind the words for the boot ROM, where code can't read them"
            );
        }
        Ok(())
    }

    /// Checks the words of the vector table, and its place: the chip takes the table at the start of the flash.
    fn check_vectors(&self, flash: &[u8], chip: &Chip) -> Result<()> {
        let Range { start, end } = self.vectors.clone().context("there is no vector table")?;
        let count = ((end - start) / 4) as usize;
        ensure!(start == chip.flash().start, "the vector table is at {start:#x}");
        ensure!(
            start.is_multiple_of((end - start).next_power_of_two().max(128)),
            "a vector table of {count} words can't be at {start:#x}"
        );
        ensure!(
            count >= EXCEPTIONS + usize::from(chip.lines),
            "there are {count} vectors, and the chip has {} interrupt lines",
            chip.lines
        );
        let ram = chip.ram();
        let stack = word(flash, 0)?;
        ensure!(
            ram.start < stack && stack <= ram.end && stack.is_multiple_of(8),
            "the first stack pointer is {stack:#x}"
        );
        let reset = word(flash, 1)?;
        ensure!(reset == self.entry, "the reset vector is {reset:#x}, the entry {:#x}", self.entry);
        for number in 1..count {
            let vector = word(flash, number)?;
            let may_be_0 = RESERVED.contains(&number) || number == SECURE_FAULT;
            let is_right = if RESERVED.contains(&number) {
                vector == 0
            } else {
                self.is_thumb_code(vector) || may_be_0 && vector == 0
            };
            ensure!(is_right, "vector {number} is {vector:#x}");
        }
        Ok(())
    }

    /// Checks that the program starts at the start of the flash, with code, and that there is no vector table for another
    /// kind of CPU.
    fn check_start(&self, chip: &Chip) -> Result<()> {
        let start = chip.flash().start;
        ensure!(self.vectors.is_none(), "there is a vector table, which no RISC-V core reads");
        ensure!(self.entry == start, "the entry is {:#x}, not the start of the flash", self.entry);
        let is_code =
            |piece: &Piece| piece.is_code && piece.load == start && piece.run.start == start;
        ensure!(self.pieces.iter().any(is_code), "there is no code at the start of the flash");
        Ok(())
    }

    fn is_thumb_code(&self, vector: u64) -> bool {
        vector & 1 == 1 && self.is_code(vector & !1)
    }

    fn is_code(&self, address: u64) -> bool {
        self.pieces.iter().any(|piece| piece.is_code && piece.run.contains(&address))
    }

    /// Checks the two words by which the boot ROM of an ESP32 recognises a firmware that it starts in the flash, and
    /// that the firmware starts at the third word (direct boot, in the chapter on the chip's boot of the technical
    /// reference manual).
    fn check_direct_boot(&self, flash: &[u8], chip: &Chip) -> Result<()> {
        const MAGIC: u64 = 0xaedb_041d;
        for number in [0, 1] {
            let found = word(flash, number)?;
            ensure!(found == MAGIC, "word {number} is {found:#x}, not {MAGIC:#x}");
        }
        let start = chip.flash().start + HEADER;
        ensure!(self.entry == start, "the entry is {:#x}, not {start:#x}", self.entry);
        ensure!(self.is_code(start), "there is no code at the entry");
        Ok(())
    }

    /// Checks the table of vectors of a RISC-V core that has no single handler of traps: each word is a jump to the
    /// kernel's handler.
    fn check_jumps(&self, flash: &[u8], chip: &Chip) -> Result<()> {
        let [table, handler] = self.jumps.context("there is no table of vectors")?;
        ensure!(
            table.is_multiple_of(JUMP_ALIGNMENT),
            "the table of vectors can't be at {table:#x}"
        );
        for number in 0..JUMP_COUNT {
            let from = table + 4 * number;
            ensure!(chip.flash().contains(&from), "vector {number} is not in the flash");
            let place = (from - chip.flash().start) as usize;
            let jump = word(flash, place / 4)?;
            let target = jump_target(jump).map(|distance| from.wrapping_add_signed(distance));
            ensure!(
                self.is_code(from) && target == Some(handler),
                "vector {number} is {jump:#x}, no jump to the handler"
            );
        }
        Ok(())
    }
}

/// Returns the distance of a jump of RISC-V that keeps no return address (`jal zero`), in bytes.
fn jump_target(instruction: u64) -> Option<i64> {
    let bits = |from: u32, count: u32| (instruction >> from & ((1 << count) - 1)) as i64;
    let distance = bits(31, 1) << 20 | bits(12, 8) << 12 | bits(20, 1) << 11 | bits(21, 10) << 1;
    // The highest of the 21 bits is the sign.
    (bits(0, 12) == 0x6f).then_some(distance << 43 >> 43)
}

/// Returns a word of the flash.
fn word(flash: &[u8], number: usize) -> Result<u64> {
    let bytes = flash.get(4 * number..4 * number + 4);
    let bytes = bytes.with_context(|| format!("the image ends before word {number}"))?;
    Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes")).into())
}

/// Looks for the block that describes an image as the boot ROM of an RP2350 does, and checks its words (data sheet of
/// the RP2350, 5.9).
fn check_block(flash: &[u8], program: u64) -> Result<()> {
    /// The boot ROM looks into this part of the flash, and takes larger blocks for damaged ones.
    const SEARCHED: usize = 4096 / 4;
    const LARGEST: usize = 0x180 / 4;
    const START: u64 = 0xffff_ded3;
    const END: u64 = 0xab12_3579;
    const LAST: u64 = 0xff;
    let words = SEARCHED.min(flash.len() / 4);
    let starts: Vec<_> =
        (0..words).filter(|&at| word(flash, at).is_ok_and(|it| it == START)).collect();
    let [start] = starts[..] else { bail!("there are {} blocks, not one", starts.len()) };
    let mut at = start + 1;
    let mut items = Vec::new();
    loop {
        let item = word(flash, at)?;
        // The size has two bytes if the highest bit of the kind is set.
        let size = if item & 0x80 == 0 { item >> 8 & 0xff } else { item >> 8 & 0xffff };
        if item & 0xff == LAST {
            let all = (at - start - 1) as u64;
            ensure!(
                item == all << 8 | LAST,
                "the last item is {item:#x}, but there are {all} words of items"
            );
            break;
        }
        ensure!(
            size > 0 && at + (size as usize) < start + LARGEST,
            "item {item:#x} has a bad size"
        );
        items.push(item);
        at += size as usize;
    }
    ensure!(items == [program], "the items of the block are {items:#x?}");
    let next = word(flash, at + 1)?;
    ensure!(next == 0, "the next block is at a distance of {next:#x}, but there is only one");
    let end = word(flash, at + 2)?;
    ensure!(end == END, "the block ends with {end:#x}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use workbench::root;

    const CHIP: Chip = Chip {
        flash: [0x1000_0000, 0x10000],
        constants: None,
        ram: [0x2000_0000, 0x1000],
        lines: 2,
        boot: Boot::Rp2350,
    };

    /// A small firmware: vectors and a block, code, and a static with a value.
    fn image() -> Image {
        let mut words = vec![0x2000_1000, 0x1000_0101];
        words.resize(18, 0x1000_0105);
        for reserved in RESERVED {
            words[reserved] = 0;
        }
        words.extend(block("pico-2"));
        let piece = |load, start, bytes: Vec<u8>, is_code| {
            let run = start..start + bytes.len() as u64;
            Piece { load, run, bytes, is_code }
        };
        let bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Image {
            entry: 0x1000_0101,
            vectors: Some(0x1000_0000..0x1000_0048),
            jumps: None,
            pieces: vec![
                piece(0x1000_0200, 0x2000_0000, vec![7; 4], false),
                piece(0x1000_0000, 0x1000_0000, bytes, false),
                piece(0x1000_0100, 0x1000_0100, vec![0; 0x100], true),
            ],
        }
    }

    /// Returns the words of the block in the linker script of a board.
    fn block(board: &str) -> Vec<u32> {
        let path = root().join("boards").join(board).join("memory.x");
        let script = fs::read_to_string(path).unwrap();
        let words = script.split("LONG(0x").skip(1).map(|rest| &rest[..8]);
        words.map(|word| u32::from_str_radix(word, 16).unwrap()).collect()
    }

    /// Returns the error for the firmware after a change.
    fn error(change: impl Fn(&mut Image)) -> String {
        let mut image = image();
        change(&mut image);
        image.check(&CHIP).unwrap_err().to_string()
    }

    /// Returns the error for the firmware with another word at this place of the flash.
    fn error_of_word(number: usize, value: u32) -> String {
        error(|image| {
            image.pieces[1].bytes[4 * number..4 * number + 4].copy_from_slice(&value.to_le_bytes());
        })
    }

    #[test]
    fn the_block_of_the_pico_2_is_what_its_boot_rom_wants() {
        assert_eq!(block("pico-2").len(), 5);
        image().check(&CHIP).unwrap();
    }

    #[test]
    fn each_word_of_the_block_counts() {
        for number in 0..5 {
            for bit in 0..32 {
                error_of_word(18 + number, block("pico-2")[number] ^ 1 << bit);
            }
        }
        let twice = |image: &mut Image| {
            let copy = image.pieces[1].bytes[72..].to_vec();
            image.pieces[1].bytes.extend(copy);
        };
        assert!(error(twice).contains("2 blocks"));
    }

    #[test]
    fn a_block_behind_the_first_pages_is_not_found() {
        let far = |image: &mut Image| {
            let block = image.pieces[1].bytes.split_off(72);
            image.pieces[1].run.end -= 20;
            image.pieces.push(Piece {
                load: 0x1000_1000,
                run: 0x1000_1000..0x1000_1014,
                bytes: block,
                is_code: false,
            });
        };
        assert!(error(far).contains("0 blocks"));
    }

    #[test]
    fn each_vector_counts() {
        for wrong in [0, 0x2000_0ffc, 0x2000_1008, 0x1000_0100] {
            assert!(error_of_word(0, wrong).contains("stack pointer"), "{wrong:#x}");
        }
        assert!(error_of_word(1, 0x1000_0105).contains("reset vector"));
        for number in 2..18 {
            for wrong in [0x1000_0104, 0x1000_0201, 0x2000_0001, 1] {
                let text = error_of_word(number, wrong);
                assert!(text.contains(&format!("vector {number} is")), "{text}");
            }
        }
        assert!(error_of_word(3, 0).contains("vector 3 is"));
        assert!(error(|image| image.vectors.as_mut().unwrap().end -= 4).contains("17 vectors"));
        assert!(
            error(|image| image.vectors.as_mut().unwrap().start += 4)
                .contains("the vector table is at")
        );
        assert!(error(|image| image.vectors = None).contains("no vector table"));
    }

    /// A small firmware for RISC-V: code, with a block in it.
    fn image_for_riscv() -> (Image, Chip) {
        let code = std::iter::repeat_n(0x13, 18).chain(block("pico-2-riscv")).chain([0x13; 18]);
        let bytes: Vec<u8> = code.flat_map(u32::to_le_bytes).collect();
        let run = 0x1000_0000..0x1000_0000 + bytes.len() as u64;
        let piece = Piece { load: run.start, run, bytes, is_code: true };
        let image = Image { entry: 0x1000_0000, vectors: None, jumps: None, pieces: vec![piece] };
        (image, Chip { boot: Boot::Rp2350Riscv, ..CHIP })
    }

    #[test]
    fn a_program_for_riscv_starts_at_the_start_and_has_a_block_of_its_own() {
        let (image, chip) = image_for_riscv();
        image.check(&chip).unwrap();
        let error = |change: &dyn Fn(&mut Image)| {
            let mut image = image.clone();
            change(&mut image);
            image.check(&chip).unwrap_err().to_string()
        };
        for number in 0..5 {
            for bit in 0..32 {
                error(&|image| {
                    image.pieces[0].bytes[4 * (18 + number) + bit / 8] ^= 1 << (bit % 8)
                });
            }
        }
        assert!(error(&|image| image.entry += 4).contains("the entry is"));
        assert!(error(&|image| image.pieces[0].is_code = false).contains("no code at the start"));
        assert!(error(&|image| image.vectors = Some(0..4)).contains("a vector table"));
        // The block for the other kind of cores.
        let for_arm: Vec<u8> = block("pico-2").into_iter().flat_map(u32::to_le_bytes).collect();
        let text = error(&|image| image.pieces[0].bytes[72..92].copy_from_slice(&for_arm));
        assert!(text.contains("the items of the block"), "{text}");
    }

    #[test]
    fn everything_is_in_a_memory_of_the_chip() {
        let text = error(|image| image.pieces[2].load = 0x1001_0000);
        assert!(text.contains("not in the flash"), "{text}");
        let text = error(|image| image.pieces[0].load = 0x1000_01fc);
        assert!(text.contains("two pieces"), "{text}");
        let text = error(|image| image.pieces[0].run = 0x2000_0ffe..0x2000_1002);
        assert!(text.contains("not in the RAM"), "{text}");
        let text = error(|image| image.pieces[0].is_code = true);
        assert!(text.contains("code in RAM"), "{text}");
    }

    const ESP32: Chip = Chip {
        flash: [0x4200_0000, 0x40_0000],
        constants: Some(0x3c00_0000),
        ram: [0x3fc8_0000, 0x6_0000],
        lines: 62,
        boot: Boot::Direct,
    };

    /// A small firmware for an ESP32-C3: the words for the boot ROM, code from the third word on, and a table of
    /// vectors with a handler before it.
    fn direct() -> Image {
        let mut words = vec![0x13; 0x300 / 4];
        for number in 0..JUMP_COUNT {
            words[0x200 / 4 + number as usize] = jump(0x180 - 0x200 - 4 * number as i64);
        }
        let code: Vec<u8> = words[2..].iter().flat_map(|word| word.to_le_bytes()).collect();
        let magic = magic().iter().flat_map(|word| word.to_le_bytes()).collect();
        let piece = |load, start, bytes: Vec<u8>, is_code| {
            let run = start..start + bytes.len() as u64;
            Piece { load, run, bytes, is_code }
        };
        Image {
            entry: 0x4200_0008,
            vectors: None,
            jumps: Some([0x4200_0200, 0x4200_0180]),
            pieces: vec![
                piece(0x4200_0000, 0x4200_0000, magic, false),
                piece(0x4200_0008, 0x4200_0008, code, true),
                piece(0x4200_0300, 0x3c00_0300, vec![7; 8], false),
                piece(0x4200_0308, 0x3fc8_0000, vec![7; 4], false),
            ],
        }
    }

    /// Returns the words for the boot ROM in the boards of the ESP32 family.
    fn magic() -> Vec<u32> {
        let source = fs::read_to_string(root().join("boards/esp32/src/lib.rs")).unwrap();
        let words = source.split("= [0x").nth(1).unwrap().split(']').next().unwrap();
        words.split(", 0x").map(|word| u32::from_str_radix(word, 16).unwrap()).collect()
    }

    /// Returns a jump over a distance (The RISC-V Instruction Set Manual, volume I, "Unconditional Jumps").
    fn jump(distance: i64) -> u32 {
        let bits = |from: u32, count: u32| (distance >> from) as u32 & ((1 << count) - 1);
        bits(20, 1) << 31 | bits(1, 10) << 21 | bits(11, 1) << 20 | bits(12, 8) << 12 | 0x6f
    }

    /// Returns the error for this firmware after a change.
    fn direct_error(change: impl Fn(&mut Image)) -> String {
        let mut image = direct();
        change(&mut image);
        image.check(&ESP32).unwrap_err().to_string()
    }

    /// Returns the error for this firmware with another bit at this place of the flash.
    fn error_of_bit(place: usize, bit: u8) -> String {
        direct_error(|image| {
            let (piece, at) = if place < 8 { (0, place) } else { (1, place - 8) };
            image.pieces[piece].bytes[at] ^= 1 << bit;
        })
    }

    #[test]
    fn the_words_of_the_esp32_are_what_its_boot_rom_wants() {
        assert_eq!(magic().len(), 2);
        direct().check(&ESP32).unwrap();
    }

    #[test]
    fn each_word_for_direct_boot_counts() {
        for bit in 0..8 {
            for place in 0..8 {
                let text = error_of_bit(place, bit);
                assert!(text.contains(&format!("word {} is", place / 4)), "{text}");
            }
            for place in 0x200..0x280 {
                let text = error_of_bit(place, bit);
                let vector = format!("vector {} is", (place - 0x200) / 4);
                assert!(text.contains(&vector), "{text}");
            }
        }
        let text = direct_error(|image| image.entry += 4);
        assert!(text.contains("the entry is 0x4200000c"), "{text}");
        let text = direct_error(|image| image.pieces[1].is_code = false);
        assert!(text.contains("which has it at 0x3c000008"), "{text}");
        let text = direct_error(|image| image.jumps = Some([0x4200_0204, 0x4200_0180]));
        assert!(text.contains("can't be at 0x42000204"), "{text}");
        assert!(direct_error(|image| image.jumps = None).contains("no table of vectors"));
        let text = direct_error(|image| image.jumps = Some([0x4200_0400, 0x4200_0180]));
        assert!(text.contains("the image ends"), "{text}");
    }

    #[test]
    fn constants_are_where_code_reads_them() {
        let moved = |to: u64| {
            direct_error(move |image| {
                let run = &mut image.pieces[2].run;
                *run = to..to + 8;
            })
        };
        for wrong in [0x4200_0300, 0x3c00_0304, 0x3c00_0000] {
            let text = moved(wrong);
            assert!(text.contains("which has it at 0x3c000300"), "{text}");
        }
        let code = direct_error(|image| image.pieces[2].is_code = true);
        assert!(code.contains("which has it at 0x42000300"), "{code}");
        let more = direct_error(|image| {
            image.pieces[0].bytes.push(7);
            image.pieces[0].run.end += 1;
            image.pieces[1].load += 4;
            image.pieces[1].run = 0x4200_000c..0x4200_0300;
            image.pieces[1].bytes.truncate(0x2f4);
        });
        assert!(more.contains("constants behind the words for the boot ROM"), "{more}");
    }

    #[test]
    fn jumps_are_decoded() {
        for distance in [0, 2, -2, 0x7fe, 0x800, -0x800, 0xf_fffe, -0x10_0000] {
            assert_eq!(jump_target(jump(distance).into()), Some(distance));
        }
        assert_eq!(jump_target(0x0000_00ef), None, "a call is no jump");
    }
}
