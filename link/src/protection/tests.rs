// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of possible and impossible memories and devices.

use super::*;
use std::collections::BTreeMap;

/// Returns a firmware with these memories.
fn image(memories: &[(&str, u64, u64)]) -> Image {
    let mut symbols = BTreeMap::new();
    for &(name, start, size) in memories {
        for (edge, address) in [("start", start), ("end", start + size)] {
            symbols.insert(format!("{REGION}{edge}_{name}"), (address, 0));
            let own = name.to_lowercase();
            if own == "flash" || own == "ram" {
                symbols.insert(format!("__crossgate_{own}_{edge}"), (address, 0));
            }
            if own == "flash" || own == "constants" {
                symbols.insert(format!("__crossgate_constants_{edge}"), (address, 0));
            }
        }
    }
    Image { symbols, ..Image::default() }
}

/// Returns the error for these memories; an empty text if they are possible.
fn said(memories: &[(&str, u64, u64)]) -> String {
    said_of(Shape::Eighths, memories)
}

/// Returns the error for these memories and regions of this shape; an empty text if they are possible.
fn said_of(shape: Shape, memories: &[(&str, u64, u64)]) -> String {
    said_with(shape, Processor::CortexM, memories)
}

/// The same for this CPU.
fn said_with(shape: Shape, processor: Processor, memories: &[(&str, u64, u64)]) -> String {
    check(&image(memories), shape, processor)
        .err()
        .map_or_else(String::new, |error| error.to_string())
}

const K: u64 = 1024;

#[test]
fn memories_as_they_are() {
    let ram = ("RAM", 0x2000_0000, 64 * K);
    for flash in [(0, 256 * K), (0x0800_0000, 64 * K), (0x2010_0000, 44 * K), (0x100, 200 * K + 12)]
    {
        assert_eq!(said(&[("FLASH", flash.0, flash.1), ram]), "");
    }
    // The region may open unused addresses. Memories may be adjacent.
    assert_eq!(said(&[("FLASH", 0, 100 * K), ("RAM", 112 * K, 16 * K)]), "");
    assert_eq!(said(&[("FLASH", 0, 64 * K), ram, ("CCMRAM", 0x1000_0000, 64 * K)]), "");
}

#[test]
fn sizes_at_their_limits() {
    let (flash, ram) = (("FLASH", 0, 64 * K), ("RAM", 0x2000_0000, 64 * K));
    for (memories, what) in
        [([("FLASH", 0, 0), ram], "FLASH"), ([flash, ("RAM", 0x2000_0000, 0)], "RAM")]
    {
        assert_eq!(said(&memories), format!("memory.x: {what} has no bytes"));
    }
    let none = said(&[flash, ram, ("CCMRAM", 0x1000_0000, 0)]);
    assert_eq!(none, "memory.x: CCMRAM has no bytes");
    // The sizes are not checked here: the layout reports if a firmware has no room.
    assert_eq!(said(&[("FLASH", 0, 1), ram]), "");
    assert_eq!(said(&[flash, ("RAM", 0x2000_0000, 1)]), "");
    // FLASH up to the next range in the address space, and one byte more.
    let (up_to_ram, up_to_alias) = (0x2000_0000, 0x200_0000);
    assert_eq!(said(&[("FLASH", 0, up_to_ram), ram]), "");
    assert!(said(&[("FLASH", 0, up_to_ram + 1), ram]).contains("overlap"));
    assert_eq!(said(&[flash, ("RAM", 0x2000_0000, up_to_alias)]), "");
    let alias = said(&[flash, ("RAM", 0x2000_0000, up_to_alias + 1)]);
    assert!(alias.contains("bit-band alias of RAM"), "{alias}");
    // RAM up to the last address that a firmware may use.
    assert_eq!(said(&[flash, ("RAM", 0x6000_0000, 0x8000_0000)]), "");
    let own = said(&[flash, ("RAM", 0x6000_0000, 0x8000_0001)]);
    assert!(own.contains("processor's own registers"), "{own}");
}

#[test]
fn flash_that_would_open_other_memories() {
    let below = said(&[("FLASH", 0, 44 * K), ("RAM", 44 * K, 84 * K)]);
    for part in
        ["0x0 to 0xb000", "opens 0x0 to 0xc000", "RAM (0xb000", "ORIGIN = 0x0, LENGTH = 0xa000"]
    {
        assert!(below.contains(part), "`{part}` is not in {below}");
    }
    let above = said(&[("RAM", 0x2000_0000, 44 * K), ("FLASH", 0x2000_b000, 84 * K)]);
    assert!(above.contains("ORIGIN = 0x2000c000, LENGTH = 0x14000"), "{above}");
    let other =
        said(&[("FLASH", 0, 100 * K), ("RAM", 0x2000_0000, 64 * K), ("SETTINGS", 100 * K, 4 * K)]);
    assert!(other.contains("where SETTINGS"), "{other}");
}

/// The advised memories are possible.
#[test]
fn advice_helps() {
    for (start, size) in [(0, 44 * K), (0x1234, 0x5678), (0x800_0100, 0x3_0000)] {
        let inside = Span { start, end: start + size }.inside(Shape::Eighths);
        assert!(
            inside.is_expressible(Shape::Eighths)
                && start <= inside.start
                && inside.end <= start + size
        );
    }
}

#[test]
fn memories_that_overlap() {
    let flash = ("FLASH", 0, 64 * K);
    let same = said(&[flash, ("RAM", 0x2000_0000, 64 * K), ("SRAM", 0x2000_8000, 4 * K)]);
    assert!(same.contains("RAM (0x20000000 to 0x20010000) and SRAM"), "{same}");
    let both = said(&[flash, ("RAM", 32 * K, 64 * K)]);
    assert!(both.contains("overlap"), "{both}");
    let alias = said(&[flash, ("RAM", 0x21ff_f000, 8 * K)]);
    assert!(alias.contains("bit-band alias of RAM"), "{alias}");
}

#[test]
fn constants_with_addresses_of_their_own() {
    let exact = Shape::Run { granule: 4, stack_granule: 16 };
    let said_of = |shape, processor, memories: [u64; 3], size| {
        let [flash, constants, ram] = memories;
        let memories =
            [("FLASH", flash, size), ("CONSTANTS", constants, size), ("RAM", ram, 384 * K)];
        said_with(shape, processor, &memories)
    };
    let said = |size, constants| {
        said_of(exact, Processor::RiscV, [0x4200_0000, constants, 0x3fc8_0000], size)
    };
    assert_eq!(said(4096 * K, 0x3c00_0000), "");
    // The addresses of code.
    assert_eq!(said(4096 * K, 0x4200_0000), "");
    assert_eq!(said(3072 * K, 0x4200_0000), "");
    for (size, start) in [(3072 * K, 0x3c00_0000), (4096 * K, 0x3c20_0000), (16, 0x3c00_0000)] {
        let text = said(size, start);
        assert!(text.contains("one entry of the protection unit can't open"), "{text}");
    }
    for (start, other) in [(0x4220_0000, "FLASH"), (0x3fc0_0000, "RAM")] {
        let text = said(4096 * K, start);
        assert!(text.contains("overlap") && text.contains(other), "{text}");
    }
    let powers = Shape::PowersOfTwo { smallest: 32 };
    for (shape, processor) in [
        (powers, Processor::RiscV),
        (exact, Processor::CortexM),
        (Shape::Eighths, Processor::CortexM),
    ] {
        let text = said_of(shape, processor, [0, 0x1c00_0000, 0x2000_0000], 4096 * K);
        assert!(text.contains("this port has no region"), "{text}");
    }
}

#[test]
fn devices_that_are_none() {
    let (flash, ram) =
        (Span { start: 0, end: 64 * K }, Span { start: 0x2000_0000, end: 0x2001_0000 });
    let said_of = |shape: Shape, start: u64, size: u64| {
        let reserved = Processor::CortexM.reserved(shape);
        let memories = [("FLASH", flash), ("RAM", ram)];
        let taken: Vec<_> = memories.iter().chain(reserved).copied().collect();
        let range = Span { start, end: start + size };
        device("fan", range, &taken, shape)
            .err()
            .map_or_else(String::new, |error| error.to_string())
    };
    let said = |start: u64, size: u64| said_of(Shape::Eighths, start, size);
    assert_eq!(said(0x4000_4000, 0x1000), "");
    assert!(said(0x4000_4010, 0x1000).contains("region of the protection unit"));
    for (start, size) in [(0x4000_0000, 32), (0xdfff_ffe0, 32), (0x8000_0000, 1 << 30)] {
        assert_eq!(said(start, size), "");
    }
    for (start, size) in [(0x4000_0000, 0), (0x4000_0000, 1), (0x4000_0000, 31), (0xffff_ffe0, 64)]
    {
        assert!(said(start, size).contains("region of the protection unit"), "{size}");
    }
    assert!(said(0xe000_0000, 32).contains("processor's own registers"));
    for (start, what) in [
        (0x2000_0000, "overlaps RAM"),
        (0x8000, "overlaps FLASH"),
        (0x2200_0000, "bit-band alias of RAM"),
        (0x43ff_f000, "bit-band alias of devices"),
        (0xe000_e000, "processor's own registers"),
    ] {
        let text = said(start, 0x1000);
        assert!(text.contains(what), "{text}");
    }
    // ARMv8-M has devices where ARMv7-M has an alias.
    let of_armv8m = Shape::Run { granule: 32, stack_granule: 32 };
    assert_eq!(said_of(of_armv8m, 0x4202_0800, 0x400), "");
    assert!(said_of(of_armv8m, 0xe000_e000, 0x1000).contains("processor's own registers"));
}

/// Messages name the granule of the unit.
#[test]
fn each_unit_opens_what_it_can() {
    let memories = [("FLASH", 0x1000_0000, 44 * K + 4), ("RAM", 0x1000_b004, 84 * K)];
    for (shape, opened, granule) in [
        (Shape::Eighths, "0x1000c000", "eighths of an aligned power of two"),
        (Shape::Run { granule: 32, stack_granule: 32 }, "0x1000b020", "multiples of 32 bytes"),
        (Shape::PowersOfTwo { smallest: 32 }, "0x10010000", "aligned powers of two"),
    ] {
        let text = said_of(shape, &memories);
        assert!(text.contains(&format!("opens 0x10000000 to {opened}, where RAM")), "{text}");
        assert!(text.contains(granule), "{text}");
    }
    assert_eq!(said_of(Shape::Run { granule: 4, stack_granule: 16 }, &memories), "");
}
