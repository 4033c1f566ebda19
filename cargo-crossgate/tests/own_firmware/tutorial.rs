// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does what the tutorial in the book says, and compares what it shows.

use crate::{Workplace, command, text};
use std::fs;
use std::path::Path;

/// A block of the tutorial.
struct Block<'a> {
    /// The text before it, from the last block on.
    before: &'a str,
    /// The language.
    kind: &'a str,
    /// The contents.
    text: &'a str,
}

/// Returns all blocks.
fn blocks(mut page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    while let Some((before, rest)) = page.split_once("\n```") {
        let (kind, rest) = rest.split_once('\n').unwrap();
        let (text, rest) = rest.split_once("```").unwrap();
        blocks.push(Block { before, kind, text });
        page = rest;
    }
    blocks
}

/// Returns the last file that a text names.
fn named_file(text: &str) -> Option<&str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.contains('/')).last()
}

/// Returns a file with the changes of a block: of the lines that begin with ` ` or `-`, it has to have each, in this
/// order.
fn changed(file: &str, diff: &str) -> String {
    let part = |marks: [char; 2]| -> String {
        // (An empty line of context has no mark if an editor has removed it.)
        let lines = diff.lines().filter(|line| line.is_empty() || line.starts_with(marks));
        lines.map(|line| line.get(1..).unwrap_or_default().to_owned() + "\n").collect()
    };
    let (old, new) = (part([' ', '-']), part([' ', '+']));
    assert_eq!(file.matches(&old).count(), 1, "the tutorial changes\n{old}\nin\n{file}");
    file.replacen(&old, &new, 1)
}

/// Returns the lines of an output without the times at their beginnings.
fn lines(output: &str) -> Vec<&str> {
    let lines = output.lines().map(|line| match line.split_once("] ") {
        Some((time, rest)) if time.starts_with('[') => rest,
        _ => line,
    });
    lines.filter(|line| !line.trim().is_empty()).collect()
}

/// Checks that a command has printed these lines, and perhaps others. (Their order is that of two streams.)
fn check_lines(command: &str, output: &str, expected: &str) {
    let all = lines(output);
    for line in lines(expected) {
        assert!(all.contains(&line), "`{command}` does not print `{line}`:\n{output}");
    }
}

#[test]
#[ignore = "compiles a firmware several times: `cargo xtask soak`"]
fn the_tutorial_does_what_it_says() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("book");
    let page = fs::read_to_string(book.join("src/tutorial.md")).unwrap();
    let place = Workplace::new();
    let mut file = String::new();
    let mut last = None;
    for Block { before, kind, text: block } in blocks(&page) {
        file = named_file(before).unwrap_or(&file).to_owned();
        let path = place.firmware().join(&file);
        match kind {
            "sh" => {
                // Commands that need a terminal are for people.
                for line in block.lines().filter(|line| !line.contains("--on-board")) {
                    last = run(&place, line).or(last);
                }
            }
            "text" => {
                let (command, output) = last.as_ref().unwrap();
                check_lines(command, output, block);
            }
            "diff" => {
                let old = fs::read_to_string(&path).unwrap();
                fs::write(path, changed(&old, block)).unwrap();
            }
            "rust,ignore" => fs::write(path, block).unwrap(),
            other => panic!("a block of {other}"),
        }
    }
}

/// Runs a command of the tutorial. Returns it with what it has printed, if it is one that prints something. Only the compiler
/// may refuse something.
fn run(place: &Workplace, line: &str) -> Option<(String, String)> {
    match line {
        "cargo crossgate new heater" => place.make(&[]),
        "cd heater" => {}
        line => {
            let (program, arguments) = line.split_once(' ').unwrap();
            let mut command = command(&place.firmware(), program);
            let output = command.args(arguments.split(' ')).output().unwrap();
            let is_refused = line == "cargo check";
            assert_eq!(output.status.success(), !is_refused, "`{line}`: {}", text(&output));
            return Some((line.to_owned(), text(&output)));
        }
    }
    None
}
