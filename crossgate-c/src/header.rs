// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the C header of an interface, in a build script.
//!
//! The header is made from the constants of the trait that `#[interface]` defines: the same from which `system!` writes
//! the description of the services into the section `.crossgate.interfaces` of a firmware. (A header can't be made from
//! that section, because the C of a process is compiled before its firmware is linked.)

use crossgate::interface::MethodText;
use crossgate::{Interface, Shape};
use std::fmt::Write;
use std::path::Path;

/// Writes `name.h` into the folder `OUT_DIR` of the build script, with a function for each method of the interface
/// `I`.
///
/// # Panics
/// If it does not run in a build script, or if the file can't be written.
pub fn write<I: ?Sized + Interface>(name: &str) {
    let folder = std::env::var("OUT_DIR").expect("cargo sets it for build scripts");
    let path = Path::new(&folder).join(format!("{name}.h"));
    std::fs::write(&path, text::<I>(name))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Returns the text of the header of interface `I`, whose functions begin with `name` and an underscore.
#[must_use]
pub fn text<I: ?Sized + Interface>(name: &str) -> String {
    let upper = name.to_uppercase();
    let mut text = format!(
        "/* The interface {}, for C. Made from its Rust: changes are lost. */\n\
         #ifndef CROSSGATE_{upper}_H\n#define CROSSGATE_{upper}_H\n\n#include <crossgate.h>\n",
        I::NAME
    );
    for (number, (method, shape)) in I::METHODS.iter().zip(I::SHAPES).enumerate() {
        let mut parameters = String::new();
        let mut words = Vec::new();
        for parameter in method.parameters {
            declare(&mut parameters, &mut words, parameter.name, parameter.shape);
        }
        let arguments = shape.arguments();
        let list = if words.is_empty() { "0".to_owned() } else { words.join(", ") };
        let signature = signature(method);
        let count = shape.results().words;
        let _ = write!(
            text,
            "\n/* {signature}. Words of the result: {count}. */\n\
             static inline crossgate_status {name}_{}(crossgate_handle service{parameters}, crossgate_word results[2]) {{\n    \
             const crossgate_word words[] = {{{list}}};\n    \
             return crossgate_call(service, {number}, words, {}, {:#x}, results);\n}}\n",
            method.name, arguments.words, arguments.kinds
        );
    }
    text + "\n#endif\n"
}

/// Returns a method as its source has it.
fn signature(method: &MethodText) -> String {
    let mut text =
        format!("{}(&{}self", method.name, if method.is_exclusive { "mut " } else { "" });
    for parameter in method.parameters {
        let _ = write!(text, ", {}: {}", parameter.name, parameter.ty);
    }
    match method.result {
        "()" => text + ")",
        result => format!("{text}) -> {result}"),
    }
}

/// Adds a parameter with this shape.
fn declare(parameters: &mut String, words: &mut Vec<String>, name: &str, shape: Shape) {
    let mut add = |declaration: String, word: String| {
        let _ = write!(parameters, ", {declaration}");
        words.push(word);
    };
    match (shape, shape.words) {
        (Shape::READ, _) => {
            add(format!("const void *{name}"), format!("(crossgate_word){name}"));
            add(format!("uint32_t {name}_size"), format!("{name}_size"));
        }
        (Shape::WRITE, _) => {
            add(format!("void *{name}"), format!("(crossgate_word){name}"));
            add(format!("uint32_t {name}_size"), format!("{name}_size"));
        }
        (Shape::HANDLE, _) => add(format!("crossgate_handle {name}"), name.to_owned()),
        (_, 1) => add(format!("crossgate_word {name}"), name.to_owned()),
        (_, count) => (0..count).for_each(|word| {
            add(format!("crossgate_word {name}_{word}"), format!("{name}_{word}"));
        }),
    }
}
