// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt vectors of a linked firmware, which the CPU calls with the kernel's rights.

use crate::image::{Image, memories};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;

/// The output section with the vectors in cortex-m-rt's script.
const VECTORS: &str = ".vector_table";
/// The handlers of the CPU's own exceptions, from the word after the stack pointer on.
pub const EXCEPTIONS: [&str; 15] = [
    "Reset",
    "NonMaskableInt",
    "HardFault",
    "MemoryManagement",
    "BusFault",
    "UsageFault",
    "SecureFault",
    "",
    "",
    "",
    "SVCall",
    "DebugMonitor",
    "",
    "PendSV",
    "SysTick",
];
/// The section with words for a boot ROM, at the start of the flash.
pub const HEADER: &str = ".header";
/// The words by which the boot ROM of an ESP32 starts a firmware in the flash, at its third word.
const DIRECT_BOOT: [u8; 8] = [0x1d, 0x04, 0xdb, 0xae, 0x1d, 0x04, 0xdb, 0xae];
/// The handler of all devices without a handler of their own.
pub const DEFAULT: &str = "DefaultHandler";

/// Checks that each vector is the start of a handler: the handler of its exception, or for a device, one of `handlers`,
/// which are the firmware's own.
///
/// # Errors
/// If a vector is not the start of a handler. The error names the vector.
pub fn check(image: &Image, handlers: &BTreeSet<String>) -> Result<()> {
    let table = image.section(VECTORS).with_context(|| {
        format!(
            "the firmware has no `{VECTORS}`: it has to be linked with the `link.x` of cortex-m-rt"
        )
    })?;
    let is_handler = |word: u32, name: &str| {
        let address = image.symbols.get(name).map(|(address, _)| *address | 1);
        address == Some(word.into())
    };
    let words = table
        .data
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")));
    for (number, word) in words.enumerate() {
        let is_right = match number {
            0 => image.symbol("_stack_start")? == u64::from(word),
            _ if word == 0 => number != 1,
            1..16 => is_handler(word, EXCEPTIONS[number - 1]),
            _ => is_handler(word, DEFAULT) || handlers.iter().any(|name| is_handler(word, name)),
        };
        if !is_right {
            bail!(
                "interrupt vector {number} is {word:#x}, which is not the start of a handler of the port or \
                 of the firmware's own crate"
            );
        }
    }
    ensure!(table.data.len() >= 8, "the firmware has no reset vector");
    Ok(())
}

/// Checks that a CPU without vectors starts at the start of the port. It starts at the start of the flash, or behind
/// the words for a boot ROM there.
///
/// # Errors
/// It starts elsewhere, or other words are there.
pub fn check_start(image: &Image) -> Result<()> {
    let (flash, _) = memories(image)?;
    let start = image.symbol(EXCEPTIONS[0])?;
    let header = image.section(HEADER);
    if let Some(header) = header {
        // A CPU without such a ROM would execute these words.
        ensure!(
            header.span.start == flash.start && header.data == DIRECT_BOOT,
            "the section `{HEADER}` has other words than those that the boot ROM of an ESP32 looks for"
        );
    }
    let expected = header.map_or(flash.start, |header| header.span.end);
    ensure!(
        start == expected,
        "the CPU would start at {expected:#x}, but `Reset` is at {start:#x}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageSection;
    use crate::layout::Span;

    /// Returns a table whose first device has this vector.
    fn image(vector: u32) -> Image {
        let mut words = [0; 17];
        (words[0], words[1], words[11], words[16]) = (0x2000_0400, 0x101, 0x201, vector);
        let symbols = [("_stack_start", 0x2000_0400), ("Reset", 0x101), ("SVCall", 0x201)];
        let symbols = symbols.into_iter().chain([
            ("DefaultHandler", 0x301),
            ("TIMER", 0x400),
            ("inside", 0x501),
        ]);
        Image {
            sections: vec![ImageSection {
                name: VECTORS.to_owned(),
                span: Span { start: 0, end: 68 },
                load: None,
                align: 4,
                writable: false,
                executable: false,
                data: words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect(),
            }],
            symbols: symbols.map(|(name, address)| (name.to_owned(), (address, 0))).collect(),
            ..Image::default()
        }
    }

    fn is_right(vector: u32) -> bool {
        check(&image(vector), &BTreeSet::from(["TIMER".to_owned()])).is_ok()
    }

    #[test]
    fn vectors_are_handlers() {
        for vector in [0, 0x301, 0x401] {
            assert!(is_right(vector), "{vector:#x}");
        }
        for vector in [0x300, 0x303, 0x501, 0x101, 0x201, 0x2000_0001] {
            assert!(!is_right(vector), "{vector:#x}");
        }
    }

    #[test]
    fn each_exception_has_its_own() {
        let mut image = image(0x301);
        image.symbols.insert("SVCall".to_owned(), (0x301, 0));
        assert!(check(&image, &BTreeSet::new()).is_err());
    }

    /// Returns what is wrong with a firmware that starts at this address, and has these words before.
    fn wrong_start(reset: u64, header: Option<(u64, &[u8])>) -> Option<String> {
        let symbols = [
            ("__crossgate_flash_start", 0x4200_0000),
            ("__crossgate_flash_end", 0x4240_0000),
            ("__crossgate_constants_start", 0x3c00_0000),
            ("__crossgate_ram_start", 0x3fc8_0000),
            ("__crossgate_ram_end", 0x3fce_0000),
            ("Reset", reset),
        ];
        let section = |(start, data): (u64, &[u8])| ImageSection {
            name: HEADER.to_owned(),
            span: Span { start, end: start + data.len() as u64 },
            load: None,
            align: 4,
            writable: false,
            executable: false,
            data: data.to_vec(),
        };
        let image = Image {
            sections: header.map(section).into_iter().collect(),
            symbols: symbols.map(|(name, address)| (name.to_owned(), (address, 0))).into(),
            ..Image::default()
        };
        check_start(&image).err().map(|error| error.to_string())
    }

    #[test]
    fn only_the_words_of_a_boot_rom_may_come_before_the_port() {
        assert_eq!(wrong_start(0x4200_0000, None), None);
        assert_eq!(wrong_start(0x4200_0008, Some((0x4200_0000, &DIRECT_BOOT))), None);
        assert!(wrong_start(0x4200_0008, None).unwrap().contains("would start at 0x42000000"));
        let text = wrong_start(0x4200_0000, Some((0x4200_0000, &DIRECT_BOOT))).unwrap();
        assert!(text.contains("would start at 0x42000008"), "{text}");
        for wrong in [
            (0x4200_0000, &[0x13; 8][..]),
            (0x4200_0000, &DIRECT_BOOT[..4]),
            (0x4200_0008, &DIRECT_BOOT),
        ] {
            let text = wrong_start(wrong.0 + wrong.1.len() as u64, Some(wrong)).unwrap();
            assert!(text.contains("other words"), "{text}");
        }
    }
}
