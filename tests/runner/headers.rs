// SPDX-License-Identifier: MIT OR Apache-2.0
//! The generated header of an interface, for code in C, agrees with the description of the services in the program that
//! the code becomes a part of.

use crossgate_link::interfaces::{self, Word};
use std::path::Path;

#[test]
fn headers_agree_with_the_description_in_the_program() {
    let header = crossgate_c::header::text::<dyn meter::Sensor>("sensor");
    let program = Path::new(env!("CARGO_BIN_EXE_c_process"));
    let services = interfaces::from_elf(program).unwrap();
    let sensor = services.iter().find(|it| it.name == "SENSOR").unwrap();
    assert!(header.contains(&sensor.interface), "{header}");
    for (number, method) in sensor.methods.iter().enumerate() {
        let words: Vec<_> = method.arguments().collect();
        let kinds = words.iter().rev().fold(0, |kinds, word| kinds << 4 | kind(*word));
        let results = method.result.words.len();
        let comment = format!("/* {method}. Words of the result: {results}. */");
        let function = header.split("\n\n").find(|part| part.starts_with(&comment));
        let function = function.unwrap_or_else(|| panic!("{comment} is not in {header}"));
        let name = format!(" sensor_{}(crossgate_handle service", method.name);
        let count = words.len();
        let call =
            format!("crossgate_call(service, {number}, words, {count}, {kinds:#x}, results);");
        assert!(function.contains(&name) && function.contains(&call), "{name}, {call}: {function}");
    }
    assert_eq!(header.matches("crossgate_call(").count(), sensor.methods.len());
}

/// Returns the number by which a call from C states the kind of a word.
fn kind(word: Word) -> u32 {
    match word {
        Word::Value | Word::Length => 0,
        Word::Read => 1,
        Word::Write => 2,
        Word::Handle => 4,
        Word::HandleIfZero => 8,
    }
}
