// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules of style that a text can be checked for.

use crate::sources::files;
use std::fs;

/// The files with prose: chapters, comments, descriptions and messages.
const ENDINGS: [&str; 7] = ["c", "h", "md", "patch", "rs", "toml", "x"];

/// The words that start a sentence whose subject is a clause: its reader has to hold the clause in mind until the verb
/// comes. A noun says it at once: "the bytes that are lent", not "what is lent".
const CLAUSES: [&str; 4] = ["Who", "Whose", "Whether", "What"];

/// Returns the sentences and headings of a text that start with one of the [`CLAUSES`], each from there to the end of
/// its line. Questions are none of them.
fn clauses(text: &str) -> Vec<&str> {
    let starts = CLAUSES.iter().flat_map(|word| text.match_indices(word));
    let sentences = starts.filter_map(|(at, word)| {
        let (before, sentence) = text.split_at(at);
        let sentence = sentence.lines().next()?;
        let line = before.rsplit('\n').next()?.trim_end_matches(['(', '*', '"', '`', '[', '_']);
        let line = line.trim_end();
        let marks = ["//", "///", "//!", "#", "-", ">", "|", ".", "!", "?", ":", "/*"];
        let starts = line.is_empty() || marks.iter().any(|mark| line.ends_with(mark));
        let is_word = !sentence[word.len()..]
            .starts_with(|it: char| it.is_alphanumeric() || "_:,'".contains(it));
        (starts && is_word && !sentence.contains('?')).then_some(sentence)
    });
    sentences.collect()
}

#[test]
fn sentences_begin_with_their_subject() {
    let mut found = Vec::new();
    for path in files(&ENDINGS) {
        let text = fs::read_to_string(&path).unwrap();
        // This file, which names the words.
        if !path.ends_with("xtask/src/prose.rs") {
            found.extend(clauses(&text).iter().map(|it| format!("{}: {it}", path.display())));
        }
    }
    assert!(found.is_empty(), "say it with a noun as the subject:\n{}", found.join("\n"));
}

#[test]
fn clauses_are_found() {
    let text = "/// What is lent is open.\nfn a() {}\n// One. Who calls it waits.\n## Whose it is\n(Whether it holds\n";
    assert_eq!(clauses(text).len(), 4);
    for good in
        ["Whatever is lent", "let x = What::Reset;", "/// It says what is open.", "// What now?"]
    {
        assert_eq!(clauses(good), [""; 0]);
    }
}
