// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names in the wiring: each is used once, and none has another meaning.

use crate::pieces::Error;
use proc_macro::Ident;

/// Keywords of Rust. Sections and symbols have them only in a form that linker scripts don't take.
const WORDS_OF_RUST: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names of items of which no two may have the same.
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

/// Returns a name, also of a raw identifier: `r#fan` is `fan`.
pub fn plain(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").map(String::from).unwrap_or(text)
}

/// Checks a name, which becomes part of sections and symbols, and stands beside the names of the expansion.
pub fn check(name: &Ident) -> Result<(), Error> {
    let text = name.to_string();
    let why = if text.starts_with("r#") || WORDS_OF_RUST.contains(&text.as_str()) {
        "is a word of Rust, which names nothing in the wiring: choose another"
    } else if !text.is_ascii() {
        "names nothing in the wiring: a name is made of ASCII letters, digits and `_`"
    } else if text == "_" || text.starts_with("__") {
        "names nothing in the wiring: a name that begins with `__` is one of the wiring itself"
    } else {
        return Ok(());
    };
    Err(Error::new(name.span(), format!("`{name}` {why}")))
}

/// Checks the name of a process, which is the name of its crate, and of its memory.
pub fn check_process(name: &Ident) -> Result<(), Error> {
    let text = name.to_string();
    let why = if text == "kernel" {
        "is the kernel's own name: give the process and its crate another"
    } else if text.starts_with("crossgate") {
        "names no process: a name that begins with `crossgate` is one of the system itself"
    } else if ["core", "alloc", "std", "compiler_builtins"].contains(&text.as_str()) {
        "names no process: that crate is the Rust library's, which all processes use"
    } else {
        return Ok(());
    };
    Err(Error::new(name.span(), format!("`{name}` {why}")))
}

/// Checks the name of a thread. The kernel's own thread has a name, too.
pub fn check_thread(name: &Ident) -> Result<(), Error> {
    if name.to_string() == "idle" {
        let text = "`idle` is the name of the thread that runs when no other can: choose another";
        return Err(Error::new(name.span(), text));
    }
    Ok(())
}
