// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests with a sound firmware, and with firmware that must not pass.

use super::*;
use crate::names::MEMORY_SYMBOL;
use std::collections::BTreeMap;

const RAM: u64 = 0x2000_0000;

fn section(name: &str, start: u64, size: u64, load: Option<u64>) -> ImageSection {
    let load = load.map(|load| Span { start: load, end: load + size });
    let span = Span { start, end: start + size };
    let writable = start >= RAM;
    let executable = name == ".text";
    let data = vec![0; size as usize];
    ImageSection { name: name.into(), span, load, align: 4, writable, executable, data }
}

/// Returns a firmware with one process with statics of each kind, and a thread.
fn sound() -> Image {
    let memory = RAM + 0xa20;
    let mut table = section(".crossgate.memory", 0x1000, 28, Some(0x1000));
    let words = [memory, memory + 96, memory, memory + 32, 0x101c, memory + 40, memory + 88];
    table.data = words.iter().flat_map(|word| (*word as u32).to_le_bytes()).collect();
    let symbols = [
        ("__crossgate_flash_start", 0),
        ("__crossgate_flash_end", 0x2000),
        ("__crossgate_constants_start", 0),
        ("__crossgate_ram_start", RAM),
        ("__crossgate_ram_end", RAM + 0x1000),
        ("__crossgate_kernel_stack_bottom", RAM),
        ("_stack_start", RAM + 0x400),
    ];
    let mut symbols: BTreeMap<_, _> =
        symbols.iter().map(|(name, address)| (name.to_string(), (*address, 0))).collect();
    symbols.insert(format!("{MEMORY_SYMBOL}p"), (0x1000, 28));
    symbols.insert(unit::SYMBOL.into(), (Shape::Eighths.code().into(), 0));
    Image {
        sections: vec![
            table,
            section(".text", 0, 0x1000, Some(0)),
            section(".bss", RAM + 0x400, 0x20, None),
            section(".crossgate.shared.p", memory, 20, Some(0x101c)),
            section(".crossgate.data.p", memory + 32, 8, Some(0x103c)),
            section(".crossgate.zeroed.p", memory + 40, 40, None),
            section(".crossgate.kept.p", memory + 88, 8, None),
            section(".crossgate.stack.p.t", RAM + 0x800, 512, None),
        ],
        symbols,
        ..Image::default()
    }
}

/// Returns the error for a firmware in which one section was changed.
fn complaint(name: &str, change: impl FnOnce(&mut ImageSection)) -> String {
    let mut image = sound();
    change(image.sections.iter_mut().find(|section| section.name == name).unwrap());
    verify(&image).unwrap_err().to_string()
}

/// Returns the error for a firmware in whose table a word was changed.
fn complaint_of_table(word: usize, value: u64) -> String {
    let change = |table: &mut ImageSection| {
        table.data[4 * word..4 * word + 4].copy_from_slice(&(value as u32).to_le_bytes());
    };
    complaint(".crossgate.memory", change)
}

/// Makes the firmware one for a protection unit with regions of this shape.
fn with_shape(mut image: Image, shape: Shape) -> Image {
    image.symbols.insert(unit::SYMBOL.into(), (shape.code().into(), 0));
    image
}

fn moved(start: u64) -> impl FnOnce(&mut ImageSection) {
    move |section| section.span = Span { start, end: start + section.span.size() }
}

#[test]
fn a_sound_firmware_passes() {
    verify(&sound()).unwrap();
}

#[test]
fn regions_the_protection_unit_can_not_open() {
    let end = complaint_of_table(1, RAM + 0xa20 + 90);
    assert!(end.contains("is not a region (eighths of an aligned power of two"), "{end}");
}

/// A firmware that is sound for one unit need not be sound for another.
#[test]
fn regions_of_other_units() {
    let exact = |granule, stack_granule| Shape::Run { granule, stack_granule };
    verify(&with_shape(sound(), exact(32, 32))).unwrap();
    verify(&with_shape(sound(), exact(4, 16))).unwrap();
    for (shape, told) in [
        (exact(64, 64), "process `p` is not a region (multiples of 64 bytes)"),
        (
            Shape::PowersOfTwo { smallest: 32 },
            "`p` is not a region (aligned powers of two, at least 32 bytes)",
        ),
    ] {
        let text = verify(&with_shape(sound(), shape)).unwrap_err().to_string();
        assert!(text.contains(told), "{text}");
    }
    let stack = |start: u64, size: u64| {
        let mut image = with_shape(sound(), exact(4, 16));
        let own = image.sections.iter_mut().find(|own| own.name == ".crossgate.stack.p.t").unwrap();
        own.span = Span { start: RAM + start, end: RAM + start + size };
        verify(&image).map_or_else(|error| error.to_string(), |()| String::new())
    };
    assert_eq!(stack(0x7f0, 528), "");
    assert!(stack(0x7f8, 512).contains("is not aligned to 16 bytes"));
    assert!(stack(0x7f0, 520).contains("can't be opened (multiples of 16 bytes)"));
}

#[test]
fn lent_memory_that_the_protection_unit_can_not_open() {
    let text = complaint_of_table(3, RAM + 0xa20 + 20);
    assert!(text.contains("not every part of the memory that process `p` may lend"), "{text}");
    let mut image = with_shape(sound(), Shape::Run { granule: 4, stack_granule: 16 });
    let table = image.sections.iter_mut().find(|own| own.name == ".crossgate.memory").unwrap();
    table.data[12..16].copy_from_slice(&(RAM as u32 + 0xa20 + 20).to_le_bytes());
    verify(&image).unwrap();
}

#[test]
fn firmware_without_a_protection_unit() {
    let mut image = sound();
    image.symbols.remove(unit::SYMBOL);
    let text = verify(&image).unwrap_err().to_string();
    assert!(text.contains("no symbol `__crossgate_protection_unit`"), "{text}");
    image.symbols.insert(unit::SYMBOL.into(), (0x99, 0));
    let text = verify(&image).unwrap_err().to_string();
    assert!(text.contains("is 0x99, a protection unit that this version"), "{text}");
}

#[test]
fn parts_out_of_order() {
    for (word, value) in [(2, 0xa40), (3, 0xa60), (5, 0xa30), (5, 0xc00), (6, 0xa40), (6, 0xa90)] {
        let order = complaint_of_table(word, RAM + value);
        assert!(order.contains("in disorder"), "{order}");
    }
}

#[test]
fn statics_outside_of_their_process() {
    for name in PARTS {
        let outside = complaint(&format!("{name}p"), moved(RAM + 0xf00));
        assert!(outside.contains("is not within"), "{outside}");
    }
}

#[test]
fn initial_values_of_what_is_kept() {
    let load = complaint(".crossgate.kept.p", |kept| {
        kept.load = Some(Span { start: 0x1044, end: 0x104c })
    });
    assert!(load.contains("initial values"), "{load}");
}

#[test]
fn initial_values_elsewhere() {
    let elsewhere = complaint_of_table(4, 0x1020);
    assert!(elsewhere.contains("initial values"), "{elsewhere}");
}

#[test]
fn stacks_that_can_not_be_narrowed() {
    let stack = complaint(".crossgate.stack.p.t", moved(RAM + 0x900));
    assert!(stack.contains("is not aligned"), "{stack}");
}

#[test]
fn memory_of_a_process_below_a_stack() {
    let below = complaint(".crossgate.stack.p.t", moved(RAM + 0xc00));
    assert!(below.contains("is below stack"), "{below}");
}

#[test]
fn overlapping_and_outlying_things() {
    let overlap = complaint(".crossgate.stack.p.t", moved(RAM + 0x200));
    assert!(overlap.contains("overlap"), "{overlap}");
    let outside = complaint(".crossgate.stack.p.t", moved(RAM + 0x1000));
    assert!(outside.contains("is not within"), "{outside}");
    let flash = complaint(".text", |text| {
        moved(0x800)(text);
        text.load = Some(text.span);
    });
    assert!(flash.contains("overlap"), "{flash}");
}

#[test]
fn statics_of_nobody() {
    let mut image = sound();
    image.sections.push(section(".custom", RAM + 0x2000, 4, None));
    let unowned = verify(&image).unwrap_err().to_string();
    assert!(unowned.contains("`.custom` holds statics"), "{unowned}");
    // Also if it has the name of a section of a process that does not exist.
    image.sections.last_mut().unwrap().name = ".crossgate.data.q".into();
    assert!(verify(&image).is_err());
}

/// Makes the firmware one whose constants are read from address 0x1000_0000 on.
fn with_constants_apart(mut image: Image) -> Image {
    image.symbols.insert("__crossgate_constants_start".into(), (APART, 0));
    for section in &mut image.sections {
        if section.span.start < RAM && !section.executable {
            let Span { start, end } = section.span;
            section.span = Span { start: start + APART, end: end + APART };
        }
        if section.name == ".crossgate.memory" {
            section.data[16..20].copy_from_slice(&(0x101c + APART as u32).to_le_bytes());
        }
    }
    image.symbols.insert(format!("{MEMORY_SYMBOL}p"), (0x1000 + APART, 28));
    image
}

const APART: u64 = 0x1000_0000;

#[test]
fn constants_are_where_they_are_loaded() {
    let mut image = sound();
    image.sections.push(section(".rodata", 0x1804, 0x100, Some(0x1808)));
    let text = verify(&image).unwrap_err().to_string();
    assert!(text.contains("`.rodata` is at 0x1804, where code reads"), "{text}");
}

#[test]
fn constants_apart_from_code() {
    verify(&with_constants_apart(sound())).unwrap();
    let complaint = |name: &str, change: &dyn Fn(&mut ImageSection)| {
        let mut image = with_constants_apart(sound());
        image.sections.push(section(".rodata", 0x1800 + APART, 0x100, Some(0x1800)));
        verify(&image).unwrap();
        change(image.sections.iter_mut().find(|section| section.name == name).unwrap());
        verify(&image).unwrap_err().to_string()
    };
    let constants = complaint(".rodata", &|it| it.span = Span { start: 0x1800, end: 0x1900 });
    assert!(constants.contains("`.rodata` is at 0x1800, where code can't read it"), "{constants}");
    let other =
        complaint(".rodata", &|it| it.span = Span { start: APART + 0x1804, end: APART + 0x1904 });
    assert!(other.contains("`.rodata` is at 0x10001804, where code reads"), "{other}");
    let code = complaint(".text", &|it| it.span = Span { start: APART, end: APART + 0x1000 });
    assert!(code.contains("`.text` is at 0x10000000, where code reads"), "{code}");
    // The initial values of a process are read at the address of constants, too.
    let mut image = with_constants_apart(sound());
    let table = &mut image.sections[0];
    table.data[16..20].copy_from_slice(&0x101c_u32.to_le_bytes());
    let values = verify(&image).unwrap_err().to_string();
    assert!(
        values.contains("the initial values of `.crossgate.shared.p` are not at 0x101c"),
        "{values}"
    );
}
