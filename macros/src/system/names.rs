// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names in the wiring: each is used once, and none has another meaning.

use crate::pieces::Error;
use proc_macro::Ident;

/// Keywords of Rust. Only raw identifiers could have these names, and linker scripts don't accept raw identifiers in
/// the names of sections and symbols.
const WORDS_OF_RUST: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The names of some items, no two of which may have the same name.
#[derive(Default)]
pub struct Names(Vec<String>);

impl Names {
    pub fn add(&mut self, name: &Ident) -> Result<(), Error> {
        check(name)?;
        if self.contains(name) {
            return Err(Error::new(name.span(), format!("there is another `{name}`")));
        }
        self.0.push(name.to_string());
        Ok(())
    }

    pub fn contains(&self, name: &Ident) -> bool {
        self.0.contains(&name.to_string())
    }
}

/// Returns the text of a name. For the raw identifier `r#fan` it is `fan`, too.
pub fn plain(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").map(String::from).unwrap_or(text)
}

/// Checks a name. It becomes a part of the names of sections and symbols, and appears next to the names of the
/// expansion.
pub fn check(name: &Ident) -> Result<(), Error> {
    let text = name.to_string();
    let why = if text.starts_with("r#") || WORDS_OF_RUST.contains(&text.as_str()) {
        "is a keyword of Rust, which can't be a name in the wiring: choose another name"
    } else if !text.is_ascii() {
        "can't be a name in the wiring: a name consists of ASCII letters, digits and `_`"
    } else if text == "_" || text.starts_with("__") {
        "can't be a name in the wiring: names that begin with `__` are reserved for its expansion"
    } else {
        return Ok(());
    };
    Err(Error::new(name.span(), format!("`{name}` {why}")))
}

/// Checks the name of a process, which is the name of its crate, and of its memory.
pub fn check_process(name: &Ident) -> Result<(), Error> {
    let text = name.to_string();
    let why = if text == "kernel" {
        "is the kernel's own name: give the process and its crate another name"
    } else if text.starts_with("crossgate") {
        "can't be the name of a process: names that begin with `crossgate` are reserved for the system"
    } else if ["core", "alloc", "std", "compiler_builtins"].contains(&text.as_str()) {
        "can't be the name of a process: it is a crate of Rust's standard library, which all processes use"
    } else {
        return Ok(());
    };
    Err(Error::new(name.span(), format!("`{name}` {why}")))
}

/// Checks the name of a thread. The kernel's own thread has a name, too.
pub fn check_thread(name: &Ident) -> Result<(), Error> {
    if name.to_string() == "idle" {
        let text = "`idle` is the name of the thread that runs when no other thread can: choose another name";
        return Err(Error::new(name.span(), text));
    }
    Ok(())
}
