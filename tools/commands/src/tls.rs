// SPDX-License-Identifier: MIT OR Apache-2.0
//! The size of a minimal TLS client, which is in `tools/tls-size`. The book's chapter about the network explains why no
//! service contains TLS.

use crate::workspace;
use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection};
use std::fmt;
use std::fs;
use std::path::Path;
use workbench::{command, setup};

/// The sizes in the book.
const IN_THE_BOOK: Size = Size { code: 91_032, constants: 10_512, buffers: 17_668 };

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    code: u64,
    constants: u64,
    /// The bytes in RAM, without a stack.
    buffers: u64,
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { code, constants, buffers } = self;
        write!(formatter, "code {code}, constants {constants}, buffers {buffers} bytes")
    }
}

/// Links the client, and prints its size.
///
/// # Errors
/// If it can't be built.
pub fn print() -> Result<()> {
    println!("{}", measure()?);
    Ok(())
}

/// Links the client, and compares its size with the size in the book.
///
/// # Errors
/// If it can't be built, or if a figure in the book is wrong by more than 5 %.
pub fn check() -> Result<()> {
    let size = measure()?;
    let is_near = |measured: u64, told: u64| 20 * measured.abs_diff(told) <= told;
    ensure!(
        is_near(size.code, IN_THE_BOOK.code)
            && is_near(size.constants, IN_THE_BOOK.constants)
            && is_near(size.buffers, IN_THE_BOOK.buffers),
        "the book says {IN_THE_BOOK}, but it is {size}"
    );
    Ok(())
}

fn measure() -> Result<Size> {
    setup::target()?;
    let target = workspace::root().join("target/tls-size");
    let mut build = workspace::cargo();
    // The settings in this folder choose the target and the linker.
    build.current_dir(workspace::root().join("tools/tls-size"));
    build.args(["build", "--release", "--locked", "--target-dir"]).arg(&target);
    command::run(&mut build)?;
    Size::of(&target.join("thumbv7m-none-eabi/release/tls-size"))
}

impl Size {
    fn of(file: &Path) -> Result<Size> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let file = object::File::parse(&*bytes).context("not an ELF file")?;
        let section = |name| -> Result<u64> {
            let section = file.section_by_name(name);
            Ok(section.with_context(|| format!("there is no section {name}"))?.size())
        };
        let buffers = section(".data")? + section(".bss")?;
        Ok(Size { code: section(".text")?, constants: section(".rodata")?, buffers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_has_these_figures() {
        let chapter = fs::read_to_string(workspace::root().join("book/src/network.md")).unwrap();
        let chapter: Vec<_> = chapter.split_whitespace().collect();
        let chapter = chapter.join(" ");
        let Size { code, constants, buffers } = IN_THE_BOOK;
        for (bytes, what) in [(code, "code"), (constants, "constants"), (buffers, "buffers")] {
            let text = format!("{},{:03} bytes of {what}", bytes / 1000, bytes % 1000);
            assert!(chapter.contains(&text), "{text}");
        }
    }
}
