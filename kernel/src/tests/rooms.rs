// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which file of the kernel uses which: no circles, as each uses only files above it in the table of the crate.
//!
//! The kernel's methods all belong to one struct, so the compiler lets any file call any other. This test reads the
//! text of the files and finds that file A uses file B by
//!
//! - a path: `crate::b`;
//! - a method of the kernel that B defines: `self.method(...)`, or `Kernel::method`, as for a function pointer;
//! - a field of the kernel whose type B defines: `self.field`.
//!
//! It can't see a method of another type than `Kernel` where that type is not named (a method of `Thread` is called
//! with no import), nor a call through a function pointer, which is there so that the caller need not know. The
//! struct `Kernel` itself, in `lib.rs`, is what all files have in common, and no use.

use super::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::string::{String, ToString};
use std::{format, fs};

/// What the methods of the kernel stand in.
const METHODS: &str = "impl<P: Port> Kernel<P> {";

/// A file, without comments.
struct Room {
    name: String,
    code: String,
    /// Of it, what is in blocks of the kernel's methods.
    methods: String,
}

impl Room {
    fn read(name: &str) -> Room {
        let code: String = source(&format!("{name}.rs")).lines().map(without_comment).collect();
        let blocks = code.split(METHODS).skip(1);
        let methods = blocks.filter_map(|block| block.split("\n}").next()).collect();
        Room { name: name.to_string(), code, methods }
    }

    /// The types that it defines.
    fn types(&self) -> impl Iterator<Item = &str> {
        let kinds = ["struct ", "enum ", "trait ", "type "];
        let lines = self.code.lines().map(|line| line.trim_start_matches("pub(crate) "));
        let lines = lines.map(|line| line.trim_start_matches("pub "));
        lines
            .filter_map(move |line| kinds.iter().find_map(|kind| line.strip_prefix(kind)))
            .map(word)
    }

    /// The methods of the kernel that it defines.
    fn defined(&self) -> impl Iterator<Item = &str> {
        let marks = ["    fn ", "pub fn ", "pub(crate) fn ", "extern \"C\" fn "];
        marks.into_iter().flat_map(|mark| after(&self.methods, mark)).map(|(name, _)| name)
    }

    /// The files that it uses, each with what it uses of it.
    fn uses(&self, of_methods: &BTreeMap<&str, &str>, of_fields: &Fields) -> Vec<(String, String)> {
        let methods = squeezed(&self.methods);
        let paths = after(&self.code, "crate::");
        let paths = paths.map(|(name, _)| (name.to_string(), format!("crate::{name}")));
        let own = || after(&methods, "self.").map(|(name, rest)| (name, rest.starts_with('(')));
        let pointers = after(&self.code, "Kernel::").map(|(name, _)| name);
        let calls = own().filter(|(_, is_call)| *is_call).map(|(name, _)| name);
        let called = pointers.chain(calls).filter_map(|name| {
            of_methods.get(name).map(|&file| (file.to_string(), format!("the method `{name}`")))
        });
        let fields = own().filter(|(_, is_call)| !is_call).flat_map(|(name, _)| {
            let files = of_fields.get(name).into_iter().flatten();
            files.map(move |file| (file.clone(), format!("the field `{name}`")))
        });
        paths.chain(called).chain(fields).filter(|(file, _)| *file != self.name).collect()
    }
}

/// For each field of the kernel the files that define its types.
type Fields = BTreeMap<String, Vec<String>>;

fn source(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn without_comment(line: &str) -> String {
    format!("{}\n", line.split("//").next().unwrap_or_default())
}

/// Without line breaks in chains of methods.
fn squeezed(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".")
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The words right after each `mark`, each with what follows.
fn after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(mark).map(move |(at, _)| {
        let rest = &text[at + mark.len()..];
        rest.split_at(word(rest).len())
    })
}

/// The first column of a table in the docs of the crate, whose head is this.
fn column(root: &str, head: &str) -> Vec<String> {
    let rows =
        root.lines().skip_while(|line| !line.starts_with(&format!("//! | {head} |"))).skip(2);
    let rows = rows.take_while(|line| line.starts_with("//! |"));
    rows.filter_map(|row| row.split('`').nth(1)).map(ToString::to_string).collect()
}

/// The files that define the types of the kernel's fields.
fn fields(root: &str, rooms: &[Room]) -> Fields {
    let body =
        root.split("pub struct Kernel<P: Port> {").nth(1).and_then(|it| it.split("\n}").next());
    let lines =
        body.expect("the kernel is a struct").lines().filter_map(|line| line.split_once(": "));
    let mut fields = Fields::new();
    for (name, of) in lines.filter(|(name, _)| !name.contains("//")) {
        let words: BTreeSet<_> = of.split(|letter: char| !letter.is_alphanumeric()).collect();
        // (The tables of the wiring are of another crate, and have some of the same names.)
        let is_wiring = of.contains("&'static [") || name.ends_with("port");
        let files = rooms.iter().filter(|room| room.types().any(|kind| words.contains(kind)));
        if !is_wiring {
            let name = name.trim().trim_start_matches("pub(crate) ").to_string();
            fields.insert(name, files.map(|room| room.name.clone()).collect());
        }
    }
    fields
}

// Miri has no files.
#[cfg_attr(miri, ignore)]
#[test]
fn each_file_uses_only_files_above_it_in_the_table() {
    let root = source("lib.rs");
    let order = column(&root, "file");
    let mut modules: Vec<_> = after(&root, "\npub mod ").map(|(name, _)| name).collect();
    let mut listed: Vec<_> = order.iter().map(String::as_str).collect();
    modules.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, modules, "the table of the crate names each file");

    let rooms: Vec<_> = order.iter().map(|name| Room::read(name)).collect();
    let mut of_methods = BTreeMap::new();
    for room in &rooms {
        for method in room.defined() {
            let before = of_methods.insert(method, room.name.as_str());
            assert_eq!(before, None, "two methods of the kernel have the name `{method}`");
        }
    }
    let of_fields = fields(&root, &rooms);
    let place = |name: &str| order.iter().position(|it| it == name);
    let mut uses = 0;
    for (index, room) in rooms.iter().enumerate() {
        for (file, what) in room.uses(&of_methods, &of_fields) {
            let above = place(&file).is_some_and(|place| place < index);
            // `crate::Kernel` is what they have in common.
            let is_common = what == "crate::Kernel" || what == "crate::";
            assert!(
                above || is_common,
                "`{}` uses {what} of `{file}`, which is not above it",
                room.name
            );
            uses += 1;
        }
    }
    // It sees something.
    assert!(of_methods.len() > 100 && uses > 300, "{} methods, {uses} uses", of_methods.len());
    let sees = |user: &str, used: &str, what: &str| {
        let room = rooms.iter().find(|room| room.name == user).expect("it is in the table");
        room.uses(&of_methods, &of_fields).contains(&(used.to_string(), what.to_string()))
    };
    assert!(sees("call", "lend", "the method `take_leases`"));
    assert!(sees("grant", "block", "the method `interrupt_wait`"));
    assert!(sees("account", "usage", "crate::usage"));
    assert!(sees("crash", "process", "the field `states`"));
    assert!(sees("choice", "life", "the method `life_of_caller`"));
}

// Miri has no files.
#[cfg_attr(miri, ignore)]
#[test]
fn each_invariant_has_its_check() {
    let root = source("lib.rs");
    let rows =
        root.lines().skip_while(|line| *line != "//! | invariant | that is to say | checked by |");
    let rows: Vec<_> = rows.skip(2).take_while(|line| line.starts_with("//! | **")).collect();
    let checks = source("tests/invariants.rs");
    for row in &rows {
        let name = row.split("**").nth(1).expect("its name is bold");
        let check = row.rsplit('`').nth(1).expect("its check is named");
        let defined = checks.split(&format!("\n/// **{name}**: ")).nth(1);
        let defined = defined.unwrap_or_else(|| panic!("no check says that it is for {name}"));
        let next = after(defined, "\nfn ").map(|(name, _)| name).next();
        assert_eq!(next, Some(check), "the check of {name}");
    }
    let named = checks.matches("\n/// **").count();
    assert!(rows.len() == named && named > 10, "{} invariants, {named} checks", rows.len());
}
