// SPDX-License-Identifier: MIT OR Apache-2.0
//! A flash in a file, whose power can be cut.

use super::Device;
use crate::linux::output;
use crate::options::Options;
use crossgate_abi::Word;
use crossgate_abi::hosted::flash::{DATA, ERASE, FAILED, PAGE, PLACE, SIZE, STATUS, WORD};
use crossgate_kernel::time::NEVER;
use std::fs::File;
use std::io::Error;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A NOR flash.
pub struct Flash {
    bytes: Vec<u8>,
    /// The file that keeps the bytes.
    file: Option<File>,
    place: usize,
    /// The number of operations (a word written, a page erased) that remain until the power is cut.
    steps: Option<u64>,
    has_power: bool,
    has_failed: bool,
}

impl Flash {
    /// Creates a flash with the bytes of the file, if there is one. Flips the bits that the options name.
    ///
    /// # Errors
    /// If the file can't be used.
    pub fn open(options: &Options) -> Result<Flash, String> {
        let (bytes, file) = match &options.flash {
            None => (vec![0xff; SIZE], None),
            Some(path) => {
                let error = |error| format!("--flash {}: {error}", path.display());
                let (bytes, file) = load(path).map_err(error)?;
                (bytes, Some(file))
            }
        };
        let (steps, has_power) = (options.flash_cut, true);
        let mut flash = Flash { bytes, file, place: 0, steps, has_power, has_failed: false };
        for bit in &options.flash_flip {
            let (byte, mask) = (bit / 8, 1 << (bit % 8));
            let error = || format!("--flash-flip {bit}: the flash has {} bits", 8 * SIZE);
            *flash.bytes.get_mut(byte).ok_or_else(error)? ^= mask;
            flash.keep(byte, 1);
        }
        Ok(flash)
    }

    /// Writes bytes to the file at once, so that the file has the contents of the flash even if the program ends
    /// abnormally.
    fn keep(&mut self, start: usize, length: usize) {
        let Some(file) = &self.file else { return };
        if let Err(error) = file.write_all_at(&self.bytes[start..][..length], start as u64) {
            output::tell(format_args!("crossgate: the flash can't be written: {error}"));
            self.has_power = false;
        }
    }

    /// Changes the bytes of a word or a page. If the power is cut, only the first half of them.
    fn change(&mut self, start: usize, length: usize, new: impl Fn(usize) -> u8) {
        if !self.has_power {
            self.has_failed = true;
            return;
        }
        let reached = match &mut self.steps {
            Some(0) => {
                (self.has_power, self.has_failed) = (false, true);
                length / 2
            }
            Some(steps) => {
                *steps -= 1;
                length
            }
            None => length,
        };
        for index in 0..reached {
            self.bytes[start + index] = new(index);
        }
        self.keep(start, reached);
    }

    /// Returns the present place if there is a word at it. Advances the place to the next word.
    fn word(&mut self) -> Option<usize> {
        let start = self.place;
        let is_there = start.is_multiple_of(WORD) && start < SIZE && self.has_power;
        self.has_failed |= !is_there;
        self.place = start.wrapping_add(WORD);
        is_there.then_some(start)
    }

    fn write_word(&mut self, word: [u8; WORD]) {
        let Some(start) = self.word() else { return };
        let old = &self.bytes[start..][..WORD];
        if old.iter().zip(word).any(|(old, new)| !old & new != 0) {
            self.has_failed = true;
            return;
        }
        self.change(start, WORD, |index| word[index]);
    }

    fn erase(&mut self) {
        let start = self.place - self.place % PAGE;
        if start < SIZE {
            self.change(start, PAGE, |_| 0xff);
        } else {
            self.has_failed = true;
        }
    }
}

/// Opens or creates the file. If the file is too short, the missing bytes are erased bytes.
fn load(path: &Path) -> Result<(Vec<u8>, File), Error> {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    let length = file.metadata()?.len();
    if length > SIZE as u64 {
        return Err(Error::other(format!("it has {length} bytes, and the flash {SIZE}")));
    }
    let mut bytes = vec![0xff; SIZE];
    file.read_exact_at(&mut bytes[..length as usize], 0)?;
    file.write_all_at(&bytes, 0)?;
    Ok((bytes, file))
}

impl Device for Flash {
    fn read(&mut self, register: Word, _: u64) -> Word {
        match register {
            PLACE => self.place,
            DATA => self.word().map_or(0, |start| {
                let bytes = &self.bytes[start..][..WORD];
                bytes.iter().rev().fold(0, |word, byte| word << 8 | Word::from(*byte))
            }),
            STATUS => Word::from(core::mem::take(&mut self.has_failed)) * FAILED,
            _ => 0,
        }
    }

    fn write(&mut self, register: Word, value: Word, _: u64) {
        match register {
            PLACE => self.place = value,
            DATA => self.write_word((value as u32).to_le_bytes()),
            ERASE => self.erase(),
            _ => {}
        }
    }

    fn advance(&mut self, _: u64) {}

    fn next(&self) -> u64 {
        if self.has_power { NEVER } else { 0 }
    }

    fn is_raised(&self) -> bool {
        false
    }

    fn resets(&self) -> Option<&'static str> {
        (!self.has_power).then_some("the power of the flash was cut")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn flash(arguments: &[&str]) -> Result<Flash, String> {
        Flash::open(&Options::parse_from([&["it"], arguments].concat()))
    }

    fn read(flash: &mut Flash, place: Word) -> Word {
        flash.write(PLACE, place, 0);
        flash.read(DATA, 0)
    }

    fn write(flash: &mut Flash, place: Word, word: Word) -> Word {
        flash.write(PLACE, place, 0);
        flash.write(DATA, word, 0);
        flash.read(STATUS, 0)
    }

    #[test]
    fn only_erasing_makes_bits_1() {
        let mut flash = flash(&[]).unwrap();
        assert_eq!(read(&mut flash, PAGE), 0xffff_ffff);
        assert_eq!(write(&mut flash, PAGE, 0x0403_0201), 0);
        assert_eq!(write(&mut flash, PAGE, 0x0403_0301), FAILED);
        assert_eq!(write(&mut flash, PAGE + 2, 0), FAILED);
        assert_eq!(write(&mut flash, SIZE, 0), FAILED);
        assert_eq!((read(&mut flash, PAGE), read(&mut flash, SIZE)), (0x0403_0201, 0));
        assert_eq!([flash.read(STATUS, 0), flash.read(STATUS, 0)], [FAILED, 0]);
        flash.write(PLACE, PAGE + 8, 0);
        flash.write(ERASE, 1, 0);
        assert_eq!((read(&mut flash, PAGE), flash.read(STATUS, 0)), (0xffff_ffff, 0));
        flash.write(PLACE, SIZE, 0);
        flash.write(ERASE, 1, 0);
        assert_eq!(flash.read(STATUS, 0), FAILED);
    }

    #[test]
    fn what_was_written_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flash");
        let path = path.to_str().unwrap();
        let mut first = flash(&["--flash", path, "--flash-cut", "1"]).unwrap();
        assert_eq!(write(&mut first, 8, 0x0403_0201), 0);
        assert_eq!(write(&mut first, 12, 0), FAILED);
        assert_eq!(first.resets(), Some("the power of the flash was cut"));
        assert_eq!(write(&mut first, 16, 0), FAILED, "there is no power");
        let mut second = flash(&["--flash", path, "--flash-flip", "64"]).unwrap();
        assert_eq!(
            [8, 12, 16].map(|place| read(&mut second, place)),
            [0x0403_0200, 0xffff_0000, 0xffff_ffff]
        );
        assert_eq!(second.resets(), None);
        assert_eq!(std::fs::metadata(path).unwrap().len(), SIZE as u64);
        std::fs::write(path, [0; SIZE + 1]).unwrap();
        assert!(flash(&["--flash", path]).is_err());
        assert!(flash(&["--flash-flip", "524288"]).is_err());
    }
}
