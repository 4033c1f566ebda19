//! The user's linker scripts: which names they speak of.

use crate::arguments::Arguments;
use crate::script;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// All words in the scripts of the command line, those that they include, and ours. The names of symbols
/// are among them; that others are too does no harm.
///
/// # Errors
/// A script can't be read.
pub fn names(arguments: &Arguments) -> Result<BTreeSet<String>> {
    let folders = arguments.folders();
    let mut names = words(script::AFTER).into_iter().map(str::to_owned).collect();
    for script in arguments.scripts() {
        read(&script, &folders, &mut names)?;
    }
    Ok(names)
}

/// Adds the words of a script, and of what it includes.
fn read(script: &str, folders: &[String], names: &mut BTreeSet<String>) -> Result<()> {
    let here = PathBuf::from(script);
    let places = folders.iter().map(|folder| Path::new(folder).join(script));
    let Some(path) = std::iter::once(here).chain(places).find(|path| path.is_file()) else {
        // The linker says so.
        return Ok(());
    };
    let text =
        fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let text = without_comments(&text);
    let words = words(&text);
    for pair in words.windows(2) {
        if pair[0] == "INCLUDE" && !names.contains(pair[1]) {
            names.insert(pair[1].to_owned());
            read(pair[1], folders, names)?;
        }
    }
    names.extend(words.into_iter().map(str::to_owned));
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
