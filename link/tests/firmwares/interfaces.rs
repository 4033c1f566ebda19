// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the description of services.

use crate::support::{Firmware, error, flash_image, map};
use crossgate_link::interfaces;

/// The description of a service with a method without arguments, as `crossgate::system!` writes it.
const ROOM: &str = r##"
#[unsafe(no_mangle)] static __crossgate_services: &[Service] = SYSTEM.services;
#[used] #[unsafe(link_section = ".crossgate.interfaces")]
static DESCRIPTION: [u8; TEXT.len()] = *TEXT;
const TEXT: &[u8; 225] = br#"{"version":1,"services":[{"name":"room","process":"sensor","objects":1,"gate":0,"interface":"interfaces::Room","type":"dyn Room","methods":[{"name":"air","exclusive":true,"parameters":[],"result":{"type":"()","words":[]}}]}]}"#;"##;

fn firmware(rest: &'static str) -> Firmware {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["sensor"];
    firmware.objects = vec![("sensor", "room", "u32> = Cell(UnsafeCell::new(3))", "")];
    firmware.rest = rest;
    firmware
}

#[test]
fn a_description_takes_up_no_memory() {
    let without =
        firmware("#[unsafe(no_mangle)] static __crossgate_services: &[Service] = SYSTEM.services;");
    let image = |firmware: &Firmware| {
        let elf = firmware.link().unwrap_or_else(|error| panic!("{error}"));
        let image = firmware.path().join("flash.bin");
        flash_image(&elf, 0x0800_0000, &image);
        (std::fs::read(image).unwrap(), interfaces::from_elf(&elf))
    };
    let (expected, nothing) = image(&without);
    assert!(expected.len() > 100 && nothing.is_err());
    let with = firmware(ROOM);
    let (flash, services) = image(&with);
    // The addresses of functions may differ.
    assert_eq!(flash.len(), expected.len());
    assert!(!flash.windows(10).any(|part| part == b"interfaces"));
    let map = map(&with);
    assert_eq!(map.interfaces, services.unwrap());
    assert!(map.to_string().contains("sensor.room: dyn Room\n     0    air(&mut self)\n"), "{map}");
}

/// The kernel's tables come from the same wiring, so they have to agree.
#[test]
fn a_description_of_other_services_is_refused() {
    let other = ROOM.replace("\"name\":\"room\"", "\"name\":\"moor\"");
    let said = error(&firmware(other.leak()));
    let expected = "the description of services is not that of the kernel's tables";
    assert!(said.contains(expected), "{said}");
}

/// The crate of a process can't describe services.
#[test]
fn only_the_wiring_describes() {
    for section in [".crossgate.interfaces", ".crossgate.stack_needs"] {
        let hostile = format!(
            "#[used] #[unsafe(link_section = {section:?})] static MINE: u32 = 5;
            pub fn work() {{}}"
        );
        let mut firmware = Firmware::new().library("hostile", &hostile);
        firmware.processes = vec!["hostile"];
        firmware.threads = vec![("hostile", "main", 256, "hostile::work()")];
        let said = error(&firmware);
        let expected = format!("`hostile::MINE` (section `{section}`) of crate `hostile`");
        assert!(said.contains(&expected), "{said}");
    }
}
