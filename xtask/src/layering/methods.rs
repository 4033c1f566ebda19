// SPDX-License-Identifier: MIT OR Apache-2.0
//! The use of one struct by files over which its methods are spread, as those of the kernel are.
//!
//! A file uses another one by a method that the other one defines (`self.method(...)`, or `Kernel::method`, as for a
//! function pointer), and by a field of the struct whose type the other one defines (`self.field`). A method of another
//! type than the struct is not seen where that type is not named, nor is a call through a function pointer, which
//! exists so that the caller need not know the function.

use super::files::Crate;
use crate::text::{after, word};
use std::collections::{HashMap, HashSet};

/// The start of the blocks that contain the methods.
const METHODS: &str = "impl<P: Port> Kernel<P> {";
/// The start of the struct that contains the fields.
const FIELDS: &str = "pub struct Kernel<P: Port> {";

/// The methods and fields of the struct.
pub struct Members<'a> {
    of: &'a Crate,
    /// The file that defines the method.
    methods: HashMap<&'a str, &'a str>,
    /// The files that define the types of the field.
    fields: HashMap<&'a str, Vec<&'a str>>,
}

impl Members<'_> {
    /// Finds the members of the kernel.
    pub fn of(kernel: &Crate) -> Members<'_> {
        let mut methods = HashMap::new();
        for (file, code) in &kernel.files {
            for name in blocks(code).flat_map(defined) {
                let before = methods.insert(name, file.as_str());
                assert_eq!(before, None, "two methods of the kernel have the name `{name}`");
            }
        }
        Members { of: kernel, methods, fields: fields(kernel) }
    }

    pub fn count_of_methods(&self) -> usize {
        self.methods.len()
    }

    /// Returns the files that a file uses by members, each with the members.
    pub fn uses(&self, file: &str) -> Vec<(String, String)> {
        let code = &self.of.files[file];
        let blocks = squeezed(&blocks(code).collect::<String>());
        let own = || after(&blocks, "self.").map(|(name, rest)| (name, rest.starts_with('(')));
        let pointers = after(code, "Kernel::").map(|(name, _)| name);
        let calls = own().filter(|(_, is_call)| *is_call).map(|(name, _)| name);
        let called = pointers.chain(calls).filter_map(|name| {
            self.methods.get(name).map(|&used| (used, format!("the method `{name}`")))
        });
        let fields = own().filter(|(_, is_call)| !is_call).flat_map(|(name, _)| {
            let files = self.fields.get(name).into_iter().flatten();
            files.map(move |&used| (used, format!("the field `{name}`")))
        });
        let others = called.chain(fields).filter(|(used, _)| *used != file);
        others.map(|(used, what)| (used.to_owned(), what)).collect()
    }
}

/// Returns the blocks of a file that have the struct's methods.
fn blocks(code: &str) -> impl Iterator<Item = &str> {
    code.split(METHODS).skip(1).filter_map(|block| block.split("\n}").next())
}

/// Returns the methods that a block defines.
fn defined(block: &str) -> impl Iterator<Item = &str> {
    let marks = ["    fn ", "pub fn ", "pub(crate) fn ", "extern \"C\" fn "];
    marks.into_iter().flat_map(|mark| after(block, mark)).map(|(name, _)| name)
}

/// Returns for each field the files that define its types.
fn fields(kernel: &Crate) -> HashMap<&str, Vec<&str>> {
    let body = kernel.root.split(FIELDS).nth(1).and_then(|it| it.split("\n}").next());
    let lines = body.expect("the kernel is a struct").lines();
    let lines = lines.filter_map(|line| line.split_once(": "));
    let mut fields = HashMap::new();
    for (name, of) in lines.filter(|(name, _)| !name.contains("//")) {
        let words: HashSet<_> = of.split(|letter: char| !letter.is_alphanumeric()).collect();
        // (The tables of the wiring are from another crate, and have some of the same names.)
        let is_wiring = of.contains("&'static [") || name.ends_with("port");
        let files = kernel.files.iter();
        let files = files.filter(|(_, code)| types(code).any(|kind| words.contains(kind)));
        if !is_wiring {
            let name = name.trim().trim_start_matches("pub(crate) ");
            fields.insert(name, files.map(|(file, _)| file.as_str()).collect());
        }
    }
    fields
}

/// Returns the types that a file defines.
fn types(code: &str) -> impl Iterator<Item = &str> {
    let kinds = ["struct ", "enum ", "trait ", "type "];
    let lines = code.lines().map(|line| line.trim_start_matches("pub(crate) "));
    let lines = lines.map(|line| line.trim_start_matches("pub "));
    lines.filter_map(move |line| kinds.iter().find_map(|kind| line.strip_prefix(kind))).map(word)
}

/// Returns code without line breaks in chains of methods.
fn squeezed(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".")
}
