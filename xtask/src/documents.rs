// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests that the names in the book and the other documents exist: files, headings, tests.

use crate::root;
use crate::sources::sources;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A text of the book, or another document.
struct Page {
    file: PathBuf,
    text: String,
}

impl Page {
    fn read(file: PathBuf) -> Page {
        let text = fs::read_to_string(&file).unwrap();
        Page { file, text }
    }

    /// Returns the texts with one backtick around them.
    fn code(&self) -> impl Iterator<Item = &str> {
        outside_of_fences(&self.text).flat_map(|line| line.split('`').skip(1).step_by(2))
    }

    /// Returns the targets of its links, in the line or below.
    fn links(&self) -> impl Iterator<Item = &str> {
        outside_of_fences(&self.text).flat_map(|line| {
            let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            inline.chain(definition(line).map(|(_, target)| target))
        })
    }
}

/// Parses `[name]: target`.
fn definition(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.split_once("]: ")
}

fn outside_of_fences(text: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        is_inside ^= is_fence;
        !is_inside && !is_fence
    })
}

fn pages() -> Vec<Page> {
    let root = root();
    let folders = ["book/src", "book/src/compared"];
    let entries = folders.into_iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let chapters = entries.map(|entry| entry.unwrap().path());
    let beside = [
        "README.md",
        "SECURITY.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CODE_OF_CONDUCT.md",
        "PACKAGE.md",
        "boards/README.md",
        "examples/README.md",
        "ports/README.md",
        "services/README.md",
        "tools/README.md",
    ];
    let beside = beside.map(|name| root.join(name));
    chapters
        .chain(beside)
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .map(Page::read)
        .collect()
}

/// Returns mdBook's name of a heading in a link.
fn anchor(heading: &str) -> String {
    let kept = |character: &char| character.is_alphanumeric() || " -_".contains(*character);
    heading.trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

fn has_heading(page: &Path, wanted: &str) -> bool {
    let text = fs::read_to_string(page).unwrap();
    outside_of_fences(&text)
        .filter_map(|line| line.strip_prefix('#'))
        .any(|heading| anchor(heading.trim_start_matches('#')) == wanted)
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        for link in page.links().filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let file = match file {
                "" => page.file.clone(),
                file => page.file.parent().unwrap().join(file),
            };
            assert!(file.exists(), "{}: {link}", page.file.display());
            assert!(
                heading.is_empty() || has_heading(&file, heading),
                "{}: {link} has no such heading",
                page.file.display()
            );
        }
    }
}

/// Checks names such as `kernel/src/call.rs`, or `call.rs` for short.
#[test]
fn every_source_file_that_is_named_exists() {
    // Its files are those of a firmware that its reader makes; a test of cargo-crossgate checks them.
    const TUTORIAL: &str = "book/src/tutorial.md";
    let sources = sources();
    for page in pages().into_iter().filter(|page| !page.file.ends_with(TUTORIAL)) {
        for name in page.code().filter(|code| code.ends_with(".rs") && !code.contains('*')) {
            let exists = sources.iter().any(|source| source.ends_with(name));
            assert!(exists, "{}: there is no {name}", page.file.display());
        }
    }
}

/// Checks names such as `crossgate/src/arch`: a path that starts with a folder of the repository exists.
#[test]
fn every_path_that_is_named_exists() {
    // The book lets its reader create this folder.
    const EXERCISE: &str = "examples/thermostat/history";
    let is_part = |letter: char| letter.is_alphanumeric() || "-_./".contains(letter);
    let mut count = 0;
    for page in pages() {
        for path in page.code().filter(|code| code.contains('/') && code.chars().all(is_part)) {
            let folder = path.split('/').next().unwrap_or_default();
            let is_placeholder = path.split('/').any(|part| part == part.to_uppercase());
            // Build results do not exist yet.
            if root().join(folder).is_dir()
                && folder != "target"
                && path != EXERCISE
                && !is_placeholder
            {
                count += 1;
                assert!(root().join(path).exists(), "{}: there is no {path}", page.file.display());
            }
        }
    }
    assert!(count > 50, "paths are named: {count}");
}

/// Checks that each of these changes has a row that says which files it touches.
#[test]
fn common_changes_are_described() {
    let page = Page::read(root().join("CONTRIBUTING.md"));
    for change in [
        "system call",
        "port",
        "board",
        "service",
        "type that crosses a call",
        "cause of a fault",
        "limit of leases",
        "subcommand of `cargo xtask`",
        "attack, or other system test",
        "device on Linux",
    ] {
        let start = format!("| {change} | ");
        let row = page.text.lines().find_map(|line| line.strip_prefix(&start));
        let row = row.unwrap_or_else(|| panic!("CONTRIBUTING.md has no row {start}"));
        let row = Page { file: page.file.clone(), text: row.to_owned() };
        let places = row.code().chain(row.links()).filter(|place| root().join(place).exists());
        let places = places.collect::<HashSet<_>>().len();
        assert!(places > 1, "CONTRIBUTING.md names {places} places for a new {change}");
    }
}

/// Checks that in tables of the chapter on security, `words_like_this` are tests, or programs that must not compile,
/// and `[word]` is a link to a test. Elsewhere they are names in the source.
#[test]
fn every_test_that_is_named_exists() {
    let sources: Vec<_> = sources().into_iter().filter(|file| !file.ends_with(file!())).collect();
    let programs: HashSet<_> = sources
        .iter()
        .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let texts: Vec<_> = sources.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let is_function = |name: &str| texts.iter().any(|text| text.contains(&format!("fn {name}(")));

    let page = Page::read(root().join("book/src/security.md"));
    let defined: HashSet<_> =
        page.text.lines().filter_map(definition).map(|(name, _)| name).collect();
    let is_name = |word: &str| {
        word.contains('_')
            && word.chars().all(|it| it == '_' || it.is_ascii_lowercase() || it.is_ascii_digit())
    };
    let mut count = 0;
    for line in page.text.lines().filter(|line| line.starts_with('|')) {
        for name in line.split('`').skip(1).step_by(2).filter(|code| is_name(code)) {
            count += 1;
            assert!(is_function(name) || programs.contains(name), "there is no test {name}");
        }
        for rest in line.split('[').skip(1) {
            let (name, after) = rest.split_once(']').unwrap_or((rest, ""));
            assert!(
                after.starts_with('(') || defined.contains(name),
                "[{name}] is no link: {line}"
            );
        }
    }
    assert!(count > 40, "the tables name tests: {count}");
}

/// Checks that a heading in another notation is not lost.
#[test]
fn headings_are_found_by_their_anchors() {
    assert_eq!(anchor(" Attacks that remain possible"), "attacks-that-remain-possible");
    assert_eq!(anchor("P9 Enough stack, or no call"), "p9-enough-stack-or-no-call");
}
