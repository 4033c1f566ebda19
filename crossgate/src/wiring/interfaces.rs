// SPDX-License-Identifier: MIT OR Apache-2.0
//! The description of the services and interrupts of a firmware, for readers outside of it: debuggers, bridges, memory
//! maps.
//!
//! It is JSON, in a section that is not loaded. The book's chapter *Memory and linking* lists its members.

use crate::interface::{MethodShape, MethodText};
use crossgate_abi::message::Number;
use crossgate_abi::table::Interrupt;
use crossgate_abi::{Kind, Shape};

/// The parts of a wiring that are described.
pub struct Wired {
    pub services: &'static [Described],
    pub interrupts: &'static [Interrupt],
    /// The line of each interrupt, and the name of its notification.
    pub lines: &'static [(u16, &'static str)],
    /// The names of the processes.
    pub processes: &'static [&'static str],
}

/// A service as the wiring lists it.
pub struct Described {
    pub name: &'static str,
    pub process: &'static str,
    /// The number of its objects.
    pub objects: usize,
    /// The gate of the first method of its first object.
    pub gate: usize,
    /// The interface with its path.
    pub interface: &'static str,
    /// The interface as it is written in the wiring.
    pub ty: &'static str,
    pub methods: &'static [MethodText],
    pub shapes: &'static [MethodShape],
}

/// Returns the length of the description in bytes.
#[must_use]
pub const fn description_length(wired: &Wired) -> usize {
    let mut json = Json { bytes: &mut [], length: 0 };
    json.firmware(wired);
    json.length
}

/// Returns the description, which has `N` bytes.
#[must_use]
pub const fn description<const N: usize>(wired: &Wired) -> [u8; N] {
    let mut bytes = [0; N];
    let mut json = Json { bytes: &mut bytes, length: 0 };
    json.firmware(wired);
    assert!(json.length == N);
    bytes
}

/// A text to which bytes are added. If there is no room, the bytes are only counted.
struct Json<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

impl Json<'_> {
    const fn firmware(&mut self, wired: &Wired) {
        self.plain("{\"version\":1,\"services\":[");
        let mut index = 0;
        while index < wired.services.len() {
            self.plain(if index == 0 { "\n" } else { ",\n" });
            self.service(&wired.services[index]);
            index += 1;
        }
        self.plain("],\"interrupts\":[");
        let mut index = 0;
        while index < wired.interrupts.len() {
            self.plain(if index == 0 { "\n" } else { ",\n" });
            let (line, notification) = wired.lines[index];
            self.plain("{\"line\":");
            self.plain(Number::decimal(line as usize).text());
            let owner = wired.interrupts[index].owner.index();
            self.member(",\"process\":", wired.processes[owner]);
            self.member(",\"notification\":", notification);
            self.plain("}");
            index += 1;
        }
        self.plain("]}\n");
    }

    const fn service(&mut self, service: &Described) {
        self.member("{\"name\":", service.name);
        self.member(",\"process\":", service.process);
        self.plain(",\"objects\":");
        self.plain(Number::decimal(service.objects).text());
        self.plain(",\"gate\":");
        self.plain(Number::decimal(service.gate).text());
        self.member(",\"interface\":", service.interface);
        self.member(",\"type\":", service.ty);
        self.plain(",\"methods\":[");
        let mut index = 0;
        while index < service.methods.len() {
            self.plain(if index == 0 { "\n " } else { ",\n " });
            self.method(&service.methods[index], service.shapes[index]);
            index += 1;
        }
        self.plain("]}");
    }

    const fn method(&mut self, method: &MethodText, shape: MethodShape) {
        self.member("{\"name\":", method.name);
        self.plain(",\"exclusive\":");
        self.plain(if method.is_exclusive { "true" } else { "false" });
        self.plain(",\"parameters\":[");
        let mut index = 0;
        while index < method.parameters.len() {
            let parameter = &method.parameters[index];
            self.member(if index == 0 { "{\"name\":" } else { ",{\"name\":" }, parameter.name);
            self.member(",\"type\":", parameter.ty);
            self.words(parameter.shape);
            self.plain("}");
            index += 1;
        }
        self.member("],\"result\":{\"type\":", method.result);
        self.words(shape.results());
        self.plain("}}");
    }

    const fn words(&mut self, shape: Shape) {
        self.plain(",\"words\":[");
        let (mut word, mut is_length) = (0, false);
        while word < shape.words as usize {
            let kind = shape.kind(word);
            self.member(
                if word == 0 { "" } else { "," },
                match kind {
                    Kind::Value if is_length => "length",
                    Kind::Value => "value",
                    Kind::Read => "read",
                    Kind::Write => "write",
                    Kind::Handle => "handle",
                    Kind::HandleIfTagIsZero => "handle if the word before is 0",
                },
            );
            is_length = matches!(kind, Kind::Read | Kind::Write);
            word += 1;
        }
        self.plain("]");
    }

    /// Writes the text in quotes, after `before`.
    const fn member(&mut self, before: &str, text: &str) {
        self.plain(before);
        self.plain("\"");
        let (text, mut index) = (text.as_bytes(), 0);
        while index < text.len() {
            match text[index] {
                mark @ (b'"' | b'\\') => {
                    self.byte(b'\\');
                    self.byte(mark);
                }
                // The text consists of Rust's tokens, which these characters only separate.
                0..b' ' => self.byte(b' '),
                byte => self.byte(byte),
            }
            index += 1;
        }
        self.plain("\"");
    }

    const fn plain(&mut self, text: &str) {
        let (text, mut index) = (text.as_bytes(), 0);
        while index < text.len() {
            self.byte(text[index]);
            index += 1;
        }
    }

    const fn byte(&mut self, byte: u8) {
        if self.length < self.bytes.len() {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
    }
}

#[cfg(test)]
#[expect(dead_code, reason = "nobody calls the interface")]
#[expect(
    unused_variables,
    clippy::undocumented_unsafe_blocks,
    reason = "in other crates the code of the macro is not looked into"
)]
mod tests {
    extern crate std;
    use super::*;
    use crate::{Handle, Interface, Lease, LeaseMut, Wire};

    const NOTHING: Wired = Wired { services: &[], interrupts: &[], lines: &[], processes: &[] };

    #[crate::interface]
    trait File<T: Wire> {
        fn write(&mut self, at: T, text: Lease<'_, [u8]>, list: u8) -> Result<u16, ()>;
        fn open(&self, to: LeaseMut<'_, [u8; 8]>) -> Option<Handle<dyn File<T>>>;
        fn close(&self);
    }

    /// The types are those of the source, although the compiler writes spaces between tokens.
    #[test]
    fn services_are_described() {
        const WIRED: &Wired = &Wired { services: &[FILE], ..NOTHING };
        const FILE: Described = Described {
            name: "FILE",
            process: "disk",
            objects: 2,
            gate: 10,
            interface: <dyn File<u32> as Interface>::NAME,
            ty: "dyn File<\"\\\n\">",
            methods: <dyn File<u32> as Interface>::METHODS,
            shapes: <dyn File<u32> as Interface>::SHAPES,
        };
        const TEXT: [u8; description_length(WIRED)] = description(WIRED);
        let expected = r#"{"version":1,"services":[
{"name":"FILE","process":"disk","objects":2,"gate":10,"interface":"crossgate::wiring::interfaces::tests::File<T>","type":"dyn File<\"\\ \">","methods":[
 {"name":"write","exclusive":true,"parameters":[{"name":"at","type":"T","words":["value"]},{"name":"text","type":"Lease<'_, [u8]>","words":["read","length"]},{"name":"list","type":"u8","words":["value"]}],"result":{"type":"Result<u16, ()>","words":["value","value"]}},
 {"name":"open","exclusive":false,"parameters":[{"name":"to","type":"LeaseMut<'_, [u8; 8]>","words":["write","length"]}],"result":{"type":"Option<Handle<dyn File<T>>>","words":["value","handle if the word before is 0"]}},
 {"name":"close","exclusive":false,"parameters":[],"result":{"type":"()","words":[]}}]}],"interrupts":[]}
"#;
        assert_eq!(str::from_utf8(&TEXT).unwrap(), expected);
    }

    #[test]
    fn a_firmware_without_services_has_an_empty_list() {
        const TEXT: [u8; description_length(&NOTHING)] = description(&NOTHING);
        let expected = "{\"version\":1,\"services\":[],\"interrupts\":[]}\n";
        assert_eq!(str::from_utf8(&TEXT).unwrap(), expected);
    }
}
