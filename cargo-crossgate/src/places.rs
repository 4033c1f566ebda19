// SPDX-License-Identifier: MIT OR Apache-2.0
//! The output of a running firmware, with the places in the source of the instructions that it names.
//!
//! A record of a fault names the address of an instruction, because a microcontroller does not know its source. The ELF
//! file does.

use addr2line::Loader;
use anyhow::Result;
use std::env;
use std::io::{Read, Write};
use std::path::Path;

/// The text before an address.
const INSTRUCTION: &str = "instruction 0x";
/// The longest line that is looked at, in bytes.
const LONGEST: usize = 1000;

/// The debug information of a firmware.
pub struct Places(Option<Loader>);

impl Places {
    /// Reads the ELF file of a firmware. If this is not possible, no place is found.
    pub fn of(firmware: &Path) -> Places {
        Places(Loader::new(firmware).ok())
    }

    /// Copies what is read, at once. After each line with an instruction, it writes a line for the function and for each
    /// function in which it is inlined: `    at sensor::sample (sensor/src/lib.rs:12)`.
    ///
    /// # Errors
    /// If nothing can be read or written.
    pub fn follow(&self, mut input: impl Read, mut output: impl Write) -> Result<()> {
        let (mut line, mut bytes) = (Vec::new(), [0; 1024]);
        loop {
            let count = input.read(&mut bytes)?;
            if count == 0 {
                return Ok(());
            }
            for part in bytes[..count].split_inclusive(|&byte| byte == b'\n') {
                output.write_all(part)?;
                line.extend(part.iter().take(LONGEST.saturating_sub(line.len())));
                if part.ends_with(b"\n") {
                    // (The emulator lets the terminal return to the first column only if it is told to.)
                    for place in self.of_line(&String::from_utf8_lossy(&line)) {
                        write!(output, "    at {place}\r\n")?;
                    }
                    line.clear();
                }
            }
            output.flush()?;
        }
    }

    /// Returns the places of the instruction in a line, the innermost function first.
    fn of_line(&self, line: &str) -> Vec<String> {
        let (Some(address), Some(loader)) = (address(line), &self.0) else { return Vec::new() };
        let Ok(mut frames) = loader.find_frames(address) else { return Vec::new() };
        let mut places = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            let function = frame.function.and_then(|it| Some(it.demangle().ok()?.into_owned()));
            let location = frame.location.and_then(|it| Some((shortened(it.file?), it.line?)));
            let location = location.map(|(file, line)| format!("{file}:{line}"));
            places.extend(match (function, location) {
                (Some(function), Some(location)) => Some(format!("{function} ({location})")),
                (one, other) => one.or(other),
            });
        }
        places
    }
}

/// Returns the path of a source file below the present folder, or from the name of its package on, or below the folder
/// of the Rust library.
fn shortened(file: &str) -> &str {
    let here = env::current_dir().unwrap_or_default();
    let own = || Path::new(file).strip_prefix(here).ok()?.to_str();
    let package = || Some(file.split_once("/registry/src/")?.1.split_once('/')?.1);
    let library = || Some(file.split_once("/lib/rustlib/src/rust/")?.1);
    own().or_else(package).or_else(library).unwrap_or(file)
}

/// Returns the address of the instruction that a line names.
fn address(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(INSTRUCTION)?;
    let end = rest.find(|it: char| !it.is_ascii_hexdigit()).unwrap_or(rest.len());
    u64::from_str_radix(&rest[..end], 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_records() {
        let fault = "fault process sensor: access to memory of others at 0x00001200, instruction 0x00001b34, thread a";
        assert_eq!(address(fault), Some(0x1b34));
        for line in ["", "instruction 0x", "instruction 0xg", "at 0x00001200", "instruction 12"] {
            assert_eq!(address(line), None, "{line}");
        }
    }

    #[test]
    fn paths_are_as_short_as_they_can_be() {
        let here = env::current_dir().unwrap();
        for (file, short) in [
            (format!("{}/src/lib.rs", here.display()), "src/lib.rs"),
            (
                "/home/me/.cargo/registry/src/index-1949/heapless-0.9.3/src/vec.rs".into(),
                "heapless-0.9.3/src/vec.rs",
            ),
            (
                "/home/me/.rustup/toolchains/x/lib/rustlib/src/rust/library/core/src/fmt.rs".into(),
                "library/core/src/fmt.rs",
            ),
            ("/elsewhere/src/lib.rs".into(), "/elsewhere/src/lib.rs"),
        ] {
            assert_eq!(shortened(&file), short);
        }
    }

    /// The program of this test stands for a firmware.
    #[test]
    fn a_line_with_an_instruction_is_followed_by_its_place() {
        let places = Places::of(&std::env::current_exe().unwrap());
        let here = a_line_with_an_instruction_is_followed_by_its_place as *const () as u64;
        // The program's first mapping is the start of its file.
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let start = u64::from_str_radix(maps.split('-').next().unwrap(), 16).unwrap();
        let address = here - start;
        let text = format!("one\ninstruction {address:#x}, thread a\r\ntwo {}", "x".repeat(3000));
        let mut output = Vec::new();
        // The input comes in pieces.
        places.follow(Pieces(text.as_bytes()), &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        let lines: Vec<_> = output.lines().collect();
        assert_eq!((lines[0], lines[1]), ("one", text.lines().nth(1).unwrap()));
        let added = &lines[2..lines.len() - 1];
        assert!(!added.is_empty() && added.iter().all(|it| it.starts_with("    at ")), "{added:?}");
        assert!(added.iter().any(|it| it.contains("src/places.rs:")), "{added:?}");
        assert_eq!(lines.last().unwrap().len(), 3004);
    }

    /// Text that is read seven bytes at a time.
    struct Pieces<'a>(&'a [u8]);

    impl Read for Pieces<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(7);
            let (now, later) = self.0.split_at(count);
            bytes[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }
}
