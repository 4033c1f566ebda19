// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Rust files of the repository, and their licence.

use crate::root;
use std::fs;
use std::path::PathBuf;

/// The first line of each file, by which tools find its licence: <https://spdx.dev/learn/handling-license-info>.
const LICENCE: &str = "// SPDX-License-Identifier: MIT OR Apache-2.0\n";

/// Returns the Rust files of the repository.
pub fn sources() -> Vec<PathBuf> {
    files(&["rs"])
}

/// Returns the files of the repository whose names have one of these endings.
pub fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut folders = vec![root().to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.rsplit_once('.').is_some_and(|(_, it)| endings.contains(&it)) {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn every_source_file_names_its_licence() {
    for path in sources() {
        // Messages of the compiler about these files have line numbers.
        if path.components().any(|part| part.as_os_str() == "compile_fail") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(LICENCE), "{} has to begin with {LICENCE}", path.display());
    }
}
