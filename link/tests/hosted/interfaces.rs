// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the description of services.

use crate::support::{Firmware, program};
use crossgate_link::interfaces::{self, Word};
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{Object, ObjectSection};
use std::fs;

#[test]
fn services_are_described_but_not_loaded() {
    let library = "use crossgate::{Handle, Lease, LeaseMut, Wire, interface};
        #[interface]
        pub trait Store<T: Wire> {
            fn put(&self, value: T, text: Lease<'_, [u8]>) -> Result<u32, ()>;
            fn open(&self, to: LeaseMut<'_, [u16; 4]>) -> Option<Handle<dyn Store<T>>>;
        }
        pub struct Empty;
        impl<T: Wire> Store<T> for Empty {
            fn put(&self, _: T, _: Lease<'_, [u8]>) -> Result<u32, ()> { Err(()) }
            fn open(&self, _: LeaseMut<'_, [u16; 4]>) -> Option<Handle<dyn Store<T>>> { None }
        }";
    let mut firmware = Firmware::new("described").library("storing", library);
    firmware.rest = "use storing::{Empty, Store};";
    firmware.processes = vec![("client", "BYTES.at(1).put(5, b\"text\").unwrap().is_err().into()")];
    firmware.wiring = "process disk {
        notification FULL;
        counting notification WRITTEN;
        interrupt 3 => WRITTEN;
        interrupt 1 => FULL;
        object bytes: [crossgate::Concurrent<Empty>; 2] = [const { crossgate::Concurrent::new(Empty) }; 2] => [BYTES: dyn Store<u8>];
        object words: crossgate::Concurrent<Empty> = Empty => [WORDS: dyn Store<u32>];
    }";
    for arguments in [&[][..], &["-Cstrip=symbols".to_owned()]] {
        firmware.arguments = arguments.to_vec();
        let program = program(&firmware);
        assert_eq!(program.told(), "client 1\n");

        let services = interfaces::from_elf(&program.path).unwrap();
        let found =
            services.iter().map(|it| (&*it.name, &*it.process, it.objects, it.gate, &*it.ty));
        let expected =
            [("BYTES", "disk", 2, 0, "dyn Store<u8>"), ("WORDS", "disk", 1, 4, "dyn Store<u32>")];
        assert!(found.eq(expected), "{services:#?}");
        for service in &services {
            assert_eq!(service.interface, "storing::Store<T>");
            let [put, open] = &service.methods[..] else { panic!("{service:#?}") };
            let text = "put(&self, value: T, text: Lease<'_, [u8]>) -> Result<u32, ()>";
            assert_eq!(put.to_string(), text);
            assert!(put.arguments().eq([Word::Value, Word::Read, Word::Length]));
            assert!(open.arguments().eq([Word::Write, Word::Length]));
            assert_eq!(open.result.words, [Word::Value, Word::HandleIfZero]);
        }

        let data = fs::read(&program.path).unwrap();
        let file = ElfFile64::<object::Endianness>::parse(&*data).unwrap();
        let section = file.section_by_name(".crossgate.interfaces").unwrap();
        let text = section.data().unwrap();
        assert_eq!(section.address(), 0);
        let interrupts = interfaces::interrupts(text).unwrap();
        let interrupts = interrupts.iter().map(|it| (it.line, &*it.process, &*it.notification));
        assert!(interrupts.eq([(1, "disk", "FULL"), (3, "disk", "WRITTEN")]));
        for segment in file.elf_program_headers() {
            let loaded = segment.data(file.endian(), &*data).unwrap();
            assert!(!loaded.windows(text.len()).any(|part| part == text), "a segment contains it");
        }
    }
}
