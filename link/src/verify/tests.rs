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
    ImageSection { name: name.into(), span, load, align: 4, writable, data: vec![0; size as usize] }
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
        ("__crossgate_ram_start", RAM),
        ("__crossgate_ram_end", RAM + 0x1000),
        ("__crossgate_kernel_stack_bottom", RAM),
        ("_stack_start", RAM + 0x400),
    ];
    let mut symbols: BTreeMap<_, _> =
        symbols.iter().map(|(name, address)| (name.to_string(), (*address, 0))).collect();
    symbols.insert(format!("{MEMORY_SYMBOL}p"), (0x1000, 28));
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
    assert!(end.contains("is not a region"), "{end}");
}

#[test]
fn parts_out_of_order() {
    for (word, value) in [(2, 0xa40), (3, 0xa30), (5, 0xa30), (5, 0xc00), (6, 0xa40), (6, 0xa90)] {
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
    let flash = complaint(".text", |text| text.load = Some(Span { start: 0x800, end: 0x1800 }));
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
