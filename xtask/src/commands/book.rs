// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of the book that are generated from the lists of `crossgate-abi`: system calls, causes, errors.

use crossgate_abi::number::hosted::HostedCall;
use crossgate_abi::signature::{Operand, Signature};
use crossgate_abi::{CallError, Cause, Detail, Ran, Status, SystemCall, client, inspect, pool};
use std::fmt::Write;
use std::fs;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

/// A part of a chapter, between two comments.
struct Part {
    chapter: &'static str,
    name: &'static str,
    make: fn() -> String,
}

const PARTS: [Part; 7] = [
    Part { chapter: "system-calls.md", name: "all", make: all },
    Part { chapter: "system-calls.md", name: "each", make: each },
    Part { chapter: "system-calls.md", name: "subjects", make: subjects },
    Part { chapter: "system-calls.md", name: "hosted", make: hosted },
    Part { chapter: "system-calls.md", name: "statuses", make: statuses },
    Part { chapter: "failure.md", name: "causes", make: causes },
    Part { chapter: "call.md", name: "errors", make: errors },
];

/// Updates these parts of the book in the repository at `root`. Returns the chapters that have changed.
///
/// # Errors
/// If a chapter can't be read or written, or has no place for a part.
pub fn write(root: &Path) -> Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for part in &PARTS {
        let (chapter, text) = part.read(root)?;
        let renewed = part.renew(&text)?;
        if renewed != text {
            fs::write(&chapter, renewed)?;
            changed.push(chapter);
        }
    }
    changed.dedup();
    Ok(changed)
}

impl Part {
    /// Returns its chapter, as it is.
    fn read(&self, root: &Path) -> Result<(PathBuf, String)> {
        let chapter = root.join("book/src").join(self.chapter);
        let text = fs::read_to_string(&chapter)?;
        Ok((chapter, text))
    }

    /// Returns a chapter with this part as the list has it now.
    fn renew(&self, chapter: &str) -> Result<String> {
        let (start, end) = (format!("<!-- list: {} -->\n", self.name), "<!-- end of list -->");
        let missing = || Error::other(format!("{} has no {start}", self.chapter));
        let (before, rest) = chapter.split_once(&start).ok_or_else(missing)?;
        let (_, after) = rest.split_once(end).ok_or_else(missing)?;
        Ok(format!("{before}{start}\n{}\n{end}{after}", (self.make)()))
    }
}

fn all() -> String {
    let mut text = table(&["number", "system call", "arguments", "results", "who may", "done by"]);
    for call in SystemCall::ALL {
        let Signature { arguments, results, right, route } = *call.signature();
        let number = call as u16;
        row(
            &mut text,
            &[
                &number.to_string(),
                &link(call.name()),
                &names(arguments),
                &results.map_or("does not return".into(), names),
                right.as_str(),
                route.as_str(),
            ],
        );
    }
    text
}

fn each() -> String {
    let entry = |call: &SystemCall| described(call.name(), call.documentation(), call.signature());
    SystemCall::ALL.iter().map(entry).collect::<Vec<_>>().join("\n")
}

fn hosted() -> String {
    let mut text =
        table(&["number", "system call", "arguments", "results", "who may", "what it does"]);
    for call in HostedCall::ALL {
        let Signature { arguments, results, right, .. } = *call.signature();
        let number = call as u16;
        row(
            &mut text,
            &[
                &format!("{number:#x}"),
                &format!("`{}`", call.name()),
                &words(arguments),
                &results.map_or("does not return".into(), words),
                right.as_str(),
                &prose(call.documentation()),
            ],
        );
    }
    text
}

fn statuses() -> String {
    let mut text = table(&["number", "status", "meaning"]);
    let others = Status::OTHERS.map(|(status, name, meaning)| (status.0, name, prose(meaning)));
    let errors = CallError::ALL.map(|error| (error as usize, error.name(), error.as_str().into()));
    let mut statuses = others.into_iter().chain(errors).collect::<Vec<_>>();
    statuses.sort();
    for (number, name, meaning) in statuses {
        row(&mut text, &[&number.to_string(), &format!("`{name}`"), &meaning]);
    }
    text
}

fn causes() -> String {
    let mut text =
        table(&["number", "cause in the record", "as text", "a crash", "with", "what happened"]);
    for cause in Cause::ALL {
        row(
            &mut text,
            &[
                &(cause as u8).to_string(),
                &format!("`{}`", cause.name()),
                cause.as_str(),
                if cause.is_crash() { "yes" } else { "no" },
                match cause.detail() {
                    Detail::Nothing => "",
                    Detail::Address => "the address",
                    Detail::Location => "file and line",
                    Detail::Accuser => "the accuser",
                    Detail::Line => "the line, no process",
                    Detail::Count => "how often",
                },
                &prose(cause.documentation()),
            ],
        );
    }
    text
}

fn errors() -> String {
    let mut text = table(&["number", "`CallError`", "the method has run", "why, and what to do"]);
    for error in CallError::ALL {
        let ran = match error.ran() {
            Ran::No => "no",
            Ran::Perhaps => "perhaps in part",
            Ran::Yes => "yes",
        };
        row(
            &mut text,
            &[
                &(error as u8).to_string(),
                &format!("`{}`", error.name()),
                ran,
                &prose(error.documentation()),
            ],
        );
    }
    text
}

fn subjects() -> String {
    let mut text = table(&["subject", "name", "who may", "what it asks, or does"]);
    let all = [
        ("`inspects;`", inspect::SUBJECTS.as_slice()),
        ("`lost_clients;`", client::SUBJECTS.as_slice()),
        ("`pool NAME (...);`", pool::SUBJECTS.as_slice()),
    ];
    for (right, subjects) in all {
        for (subject, name, documentation) in subjects {
            let right = if *subject == inspect::DUMP { "`crash_dumps;`" } else { right };
            let number = format!("{subject:#x}");
            row(&mut text, &[&number, &format!("`{name}`"), right, &prose(documentation)]);
        }
    }
    text
}

/// Returns a section about a system call.
fn described(name: &str, documentation: &str, signature: &Signature) -> String {
    let mut text = format!("### {name}\n\n{}\n", prose(documentation));
    let arguments = signature.arguments.iter().map(|word| ("argument", word));
    let results = signature.results.unwrap_or(&[]).iter().map(|word| ("result", word));
    let words = arguments.chain(results).collect::<Vec<_>>();
    if !words.is_empty() {
        text += "\n";
        text += &table(&["", "word", "what it is"]);
    }
    for (kind, Operand { name, content }) in words {
        row(&mut text, &[kind, &format!("`{name}`"), content.0]);
    }
    text
}

/// Returns the head of a table.
fn table(columns: &[&str]) -> String {
    let mut text = String::new();
    row(&mut text, columns);
    let _ = writeln!(text, "|{}", "---|".repeat(columns.len()));
    text
}

fn row(text: &mut String, columns: &[&str]) {
    let _ = writeln!(text, "| {} |", columns.join(" | "));
}

fn link(heading: &str) -> String {
    format!("[`{heading}`](#{})", heading.to_lowercase())
}

fn names(words: &[Operand]) -> String {
    words.iter().map(|word| format!("`{}`", word.name)).collect::<Vec<_>>().join(", ")
}

fn words(words: &[Operand]) -> String {
    let word = |word: &Operand| format!("`{}`: {}", word.name, word.content.0);
    words.iter().map(word).collect::<Vec<_>>().join("; ")
}

/// Returns a documentation comment in one line, without the links, which are rustdoc's.
fn prose(documentation: &str) -> String {
    let joined = documentation.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut parts = joined.split("](crate::");
    let mut text = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let start = text.rfind('[').expect("a link begins with a bracket");
        text.remove(start);
        text += part.split_once(')').expect("a link ends with a bracket").1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_has_the_lists_as_they_are() {
        for part in &PARTS {
            let (_, text) = part.read(crate::root()).unwrap();
            assert!(
                part.renew(&text).unwrap() == text,
                "book/src/{} is older than the list `{}`: renew it by `cargo xtask book`",
                part.chapter,
                part.name
            );
        }
    }

    #[test]
    fn links_of_rustdoc_become_text() {
        let text = "The [`A`](crate::a::A) of\n a [thing](crate::B), `x[1]`.\n";
        assert_eq!(prose(text), "The `A` of a thing, `x[1]`.");
    }
}
