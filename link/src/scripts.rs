// SPDX-License-Identifier: MIT OR Apache-2.0
//! The user's linker scripts, and the names in them.

use crate::arguments::Arguments;
use crate::script;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Returns all words in the scripts of the command line, in the scripts that they include, and in the scripts of
/// crossgate-link. The names of symbols are among these words, and the other words do no harm.
///
/// # Errors
/// A script can't be read.
pub fn names(arguments: &Arguments) -> Result<BTreeSet<String>> {
    let texts = texts(arguments)?;
    let theirs = texts.values().flat_map(|text| words(text));
    Ok(words(script::AFTER).into_iter().chain(theirs).map(str::to_owned).collect())
}

/// Returns the names of the memories that the scripts of the command line declare.
///
/// # Errors
/// A script can't be read.
pub fn memories(arguments: &Arguments) -> Result<BTreeSet<String>> {
    let texts = texts(arguments)?;
    Ok(texts.values().flat_map(|text| declared(text)).map(str::to_owned).collect())
}

/// Returns the scripts of the command line in a form that is added to the linker's default script. (Otherwise they
/// would replace it.)
///
/// # Errors
/// A script can't be read.
pub fn additions(arguments: &Arguments) -> Result<String> {
    let texts = texts(arguments)?;
    Ok(texts.values().map(|text| addition(text)).collect())
}

/// Returns a script in which each block of sections is added at the end of the default script, where the sections are
/// that are not loaded.
fn addition(text: &str) -> String {
    let mut parts = text.split("SECTIONS");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut depth = 0;
        let end = part.bytes().position(|byte| {
            depth += i32::from(byte == b'{') - i32::from(byte == b'}');
            byte == b'}' && depth == 0
        });
        let (block, rest) = part.split_at(end.map_or(part.len(), |end| end + 1));
        whole += &format!("SECTIONS{block}\nINSERT AFTER .comment;{rest}");
    }
    whole
}

/// Returns the names that are declared in the blocks `MEMORY { NAME (attributes) : ORIGIN = ..., LENGTH = ... }`.
fn declared(text: &str) -> Vec<&str> {
    let starts =
        text.split("MEMORY").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('{'));
    let blocks = starts.map(|rest| rest.split('}').next().unwrap_or_default());
    let mut names = Vec::new();
    for block in blocks {
        let before_colons = block.split(':').rev().skip(1);
        names.extend(before_colons.filter_map(|before| {
            let before = before.trim_end();
            let before = before.strip_suffix(')').map_or(before, |attributes| {
                attributes.rsplit_once('(').map_or(attributes, |(name, _)| name)
            });
            words(before).last().copied()
        }));
    }
    names
}

/// Returns the scripts of the command line and those that they include, without comments.
fn texts(arguments: &Arguments) -> Result<BTreeMap<String, String>> {
    let folders = arguments.folders();
    let mut texts = BTreeMap::new();
    for script in arguments.scripts() {
        read(&script, &folders, &mut texts)?;
    }
    Ok(texts)
}

/// Adds a script, and the scripts that it includes.
fn read(script: &str, folders: &[String], texts: &mut BTreeMap<String, String>) -> Result<()> {
    let here = PathBuf::from(script);
    let places = folders.iter().map(|folder| Path::new(folder).join(script));
    let Some(path) = std::iter::once(here).chain(places).find(|path| path.is_file()) else {
        // A missing script is not an error here, because the linker reports it.
        return Ok(());
    };
    let text =
        fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let text = without_comments(&text);
    texts.insert(script.to_owned(), text.clone());
    for pair in words(&text).windows(2) {
        if pair[0] == "INCLUDE" && !texts.contains_key(pair[1]) {
            read(pair[1], folders, texts)?;
        }
    }
    Ok(())
}

fn words(text: &str) -> Vec<&str> {
    let is_part = |letter: char| letter.is_alphanumeric() || "_.$/-".contains(letter);
    text.split(|letter| !is_part(letter)).filter(|word| !word.is_empty()).collect()
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + " " + part.split_once("*/").unwrap_or_default().1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn memories_are_found() {
        let text = "MEMORY\n{ FLASH (rx) : ORIGIN = 0, LENGTH = (64K)\n  RAM(rwx): org = 1, len = 2\nCCM : ORIGIN = 3, \
                    LENGTH = 4 }\nSECTIONS { .a : { } > RAM }\nMEMORY { MORE : o = 1, l = 2 }";
        let mut found = declared(text);
        found.sort_unstable();
        assert_eq!(found, ["CCM", "FLASH", "MORE", "RAM"]);
    }

    #[test]
    fn scripts_are_read_with_what_they_include() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "link.x",
            "INCLUDE memory.x\n/* SPOKEN about */ EXTERN(Reset);PROVIDE(__pre_init=Default);",
        );
        write("memory.x", "INCLUDE \"more.x\" _stack_start = ORIGIN(RAM)+LENGTH(RAM);");
        write("more.x", "_stext = 8;");
        let folder = folder.path().display().to_string();
        let line = ["-L", &folder, "-Tlink.x"].map(OsString::from);
        let names = names(&Arguments::new(line).unwrap()).unwrap();
        for name in
            ["Reset", "__pre_init", "Default", "_stack_start", "_stext", "__crossgate_services"]
        {
            assert!(names.contains(name), "{name}");
        }
        assert!(!names.contains("SPOKEN"));
    }
}
