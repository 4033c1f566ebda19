// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of a linker with GNU ld's options.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The command line with response files expanded, without the program's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments(Vec<String>);

impl Arguments {
    /// Reads a command line. `@path` stands for the arguments in the file `path`.
    ///
    /// # Errors
    /// A response file can't be read, or an argument is not UTF-8.
    pub fn new(arguments: impl IntoIterator<Item = OsString>) -> Result<Self> {
        let mut all = Vec::new();
        for argument in arguments {
            let argument = argument.into_string().ok().context("an argument is not UTF-8")?;
            match argument.strip_prefix('@') {
                Some(path) => {
                    let text = fs::read_to_string(path)
                        .with_context(|| format!("can't read the response file {path}"))?;
                    all.extend(split(&text));
                }
                None => all.push(argument),
            }
        }
        // Rustc passes the options of GNU ld after this argument, as it does when lld has the name `ld.lld`.
        if all.first().is_some_and(|argument| argument == "-flavor") {
            all.drain(..all.len().min(2));
        }
        // A script may be named twice, because Cargo joins the flags from the configuration of a workspace and from the
        // folders above it.
        let mut scripts = HashSet::new();
        all.retain(|argument| !argument.starts_with("-T") || scripts.insert(argument.clone()));
        Ok(Self(all))
    }

    /// Returns all arguments.
    pub fn all(&self) -> &[String] {
        &self.0
    }

    /// Returns the path of the output file.
    pub fn output(&self) -> PathBuf {
        let mut after_option = self.0.iter().skip_while(|argument| *argument != "-o").skip(1);
        after_option.next().map_or_else(|| "a.out".into(), PathBuf::from)
    }

    /// Returns the arguments without some options.
    pub fn without(&self, options: &[&str]) -> Self {
        let kept = self.0.iter().filter(|argument| !options.contains(&argument.as_str()));
        Self(kept.cloned().collect())
    }

    /// Returns the arguments with another option.
    pub fn with_option(&self, option: &str) -> Self {
        Self(self.0.iter().cloned().chain([option.to_owned()]).collect())
    }

    /// Returns the arguments without linker scripts.
    pub fn without_scripts(&self) -> Self {
        let mut is_script = false;
        let mut keeps = |argument: &String| {
            let is_value = is_script;
            is_script = !is_value && ["-T", "--script"].contains(&argument.as_str());
            let is_attached = argument.starts_with("-T") || argument.starts_with("--script=");
            !(is_value || is_script || is_attached)
        };
        Self(self.0.iter().filter(|argument| keeps(argument)).cloned().collect())
    }

    /// Returns the arguments with another output.
    pub fn with_output(&self, output: &Path) -> Vec<String> {
        let mut arguments = self.0.clone();
        let output = output.display().to_string();
        match arguments.iter().position(|argument| argument == "-o") {
            Some(option) if option + 1 < arguments.len() => arguments[option + 1] = output,
            _ => arguments.extend(["-o".to_owned(), output]),
        }
        arguments
    }

    /// Returns the folders in which libraries and scripts are looked up.
    pub fn folders(&self) -> Vec<String> {
        self.values(&["-L", "--library-path="], &["-L", "--library-path"])
    }

    /// Returns the linker scripts.
    pub fn scripts(&self) -> Vec<String> {
        self.values(&["-T", "--script="], &["-T", "--script"])
    }

    /// Returns the values of an option. A value is in the same argument, after one of `attached`, or it is the next
    /// argument after one of `apart`.
    fn values(&self, attached: &[&str], apart: &[&str]) -> Vec<String> {
        let mut values = Vec::new();
        let mut arguments = self.0.iter();
        while let Some(argument) = arguments.next() {
            if apart.contains(&argument.as_str()) {
                values.extend(arguments.next().cloned());
            } else if let Some(value) = attached.iter().find_map(|name| argument.strip_prefix(name))
            {
                values.push(value.to_owned());
            }
        }
        values
    }

    /// Returns the paths of the object files and archives, in the order of the command line. Libraries named by `-l`
    /// are looked up in the folders named by `-L`.
    pub fn inputs(&self) -> Vec<String> {
        self.places_of_inputs().into_iter().map(|(_, path)| path).collect()
    }

    /// Returns the arguments with other files in the place of some inputs.
    pub fn with_inputs(&self, replacements: &BTreeMap<&str, Vec<String>>) -> Self {
        let mut inputs = self.places_of_inputs().into_iter().peekable();
        let mut replaced = HashSet::new();
        let mut all = Vec::new();
        for (place, argument) in self.0.iter().enumerate() {
            let input = inputs.next_if(|(of, _)| *of == place).map(|(_, path)| path);
            let others = input.and_then(|path| replacements.get_key_value(path.as_str()));
            match others.filter(|(path, _)| replaced.insert(**path)) {
                Some((_, others)) => all.extend(others.iter().cloned()),
                None => all.push(argument.clone()),
            }
        }
        Self(all)
    }

    /// Returns the inputs, each with the index of its argument.
    fn places_of_inputs(&self) -> Vec<(usize, String)> {
        let folders = self.folders();
        let mut inputs = Vec::new();
        let mut arguments = self.0.iter().enumerate();
        while let Some((place, argument)) = arguments.next() {
            if let Some(library) = argument.strip_prefix("-l") {
                let mut candidates =
                    folders.iter().map(|folder| format!("{folder}/lib{library}.a"));
                let found = candidates.find(|path| Path::new(path).is_file());
                inputs.extend(found.map(|path| (place, path)));
            } else if OPTIONS_WITH_VALUE.contains(&argument.as_str()) {
                arguments.next();
            } else if !argument.starts_with('-') {
                inputs.push((place, argument.clone()));
            }
        }
        inputs
    }
}

/// Options of ld whose value is the next argument.
const OPTIONS_WITH_VALUE: [&str; 12] = [
    "-o",
    "-L",
    "-T",
    "-m",
    "-e",
    "-u",
    "-z",
    "-h",
    "--library-path",
    "--script",
    "-plugin",
    "-dynamic-linker",
];

/// Splits the text of a response file as GNU tools do: at white space, except in quotes and after backslashes.
fn split(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', _) => current.get_or_insert_default().extend(characters.next()),
            (end, Some(start)) if end == start => quote = None,
            (start @ ('"' | '\''), None) => {
                quote = Some(start);
                current.get_or_insert_default();
            }
            (space, None) if space.is_whitespace() => arguments.extend(current.take()),
            (other, _) => current.get_or_insert_default().push(other),
        }
    }
    arguments.extend(current);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Arguments {
        Arguments(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn response_files_are_split_like_gnu_tools_do() {
        assert_eq!(split("a  b\\ c\n\"d e\" 'f\"g' \"\"\n"), ["a", "b c", "d e", "f\"g", ""]);
    }

    #[test]
    fn response_files_are_put_in() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "\"x y\"\nz").unwrap();
        let response = OsString::from(format!("@{}", file.path().display()));
        let words = ["-flavor".into(), "gnu".into(), "a".into(), response];
        let all = Arguments::new(words).unwrap();
        assert_eq!(all, arguments(&["a", "x y", "z"]));
    }

    #[test]
    fn a_script_that_is_named_twice_is_read_once() {
        let words = ["-Tlink.x", "a.o", "-Tother.x", "-Tlink.x", "a.o"].map(OsString::from);
        let all = Arguments::new(words).unwrap();
        assert_eq!(all, arguments(&["-Tlink.x", "a.o", "-Tother.x", "a.o"]));
    }

    #[test]
    fn inputs_are_told_from_options_and_their_values() {
        let line = arguments(&["-z", "now", "a.o", "-o", "out", "-L", "d", "libb.rlib", "-n"]);
        assert_eq!(line.inputs(), ["a.o", "libb.rlib"]);
        assert_eq!(line.output(), Path::new("out"));
        assert_eq!(line.with_output(Path::new("other"))[4], "other");
    }

    #[test]
    fn libraries_are_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libm.a");
        fs::write(&path, "").unwrap();
        let folder = folder.path().display().to_string();
        let line = arguments(&["-L/nowhere", "-L", &folder, "-lm", "-lc"]);
        assert_eq!(line.inputs(), [path.display().to_string()]);
    }
}
