// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a crate, and the paths by which they use each other.

use crate::root;
use crate::text::{code, paths, rows};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The struct that all files of the kernel have in common.
pub const COMMON: &str = "Kernel";

/// Folders of files that depend on the CPU. They have counterparts of the same name for the other CPUs.
const PROCESSORS: [&str; 3] = ["aarch64", "baseline", "x86_64"];

/// The files of a crate, without comments and unit tests, by their names in the table: `linux/memory`. Several files of
/// one name, of which each is for another CPU, count as one, which is in no folder.
pub struct Crate {
    /// Its `lib.rs`, unchanged.
    pub root: String,
    pub files: HashMap<String, String>,
}

impl Crate {
    /// Reads the files of the crate in a folder of the repository.
    pub fn read(folder: &str) -> Crate {
        let folder = root().join(folder).join("src");
        let mut files = HashMap::new();
        add(&mut files, &folder, "");
        files.remove("lib").expect("a crate has this file");
        let root = fs::read_to_string(folder.join("lib.rs")).unwrap();
        Crate { root, files }
    }

    /// Returns the files in the order of the table.
    pub fn order(&self) -> Vec<&str> {
        let rows = rows(&self.root, "//! | file |");
        rows.map(|row| row.split('`').nth(1).expect("a row has a file")).collect()
    }

    /// Returns the files that a file uses by paths, each with the path. A path that leads to no file is returned
    /// unchanged.
    pub fn uses(&self, file: &str) -> Vec<(String, String)> {
        let code = &self.files[file];
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let children =
            self.files.keys().filter_map(|name| name.strip_prefix(file)?.strip_prefix('/'));
        let children = children.map(|child| (format!("{child}::"), format!("{file}/{child}/")));
        let marks = [
            ("crate::".to_owned(), String::new()),
            (
                "super::".to_owned(),
                if folder.is_empty() { String::new() } else { format!("{folder}/") },
            ),
        ];
        let mut uses = Vec::new();
        for (mark, prefix) in marks.into_iter().chain(children) {
            for path in paths(code, &mark) {
                let full = format!("{prefix}{path}");
                let mut used = full.as_str();
                while !self.files.contains_key(used) {
                    let Some((shorter, _)) = used.rsplit_once('/') else { break };
                    used = shorter;
                }
                if used != file && used != COMMON {
                    uses.push((used.to_owned(), format!("`{mark}{}`", path.replace('/', "::"))));
                }
            }
        }
        uses
    }
}

/// Adds the files of a folder to those of a crate.
fn add(files: &mut HashMap<String, String>, folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let name = format!("{prefix}{stem}");
        if stem.ends_with("tests") {
            continue;
        } else if path.is_dir() && PROCESSORS.contains(&stem) {
            add(files, &path, prefix);
            // (This file, if there is one, only names the others.)
            files.remove("mod");
        } else if path.is_dir() {
            add(files, &path, &format!("{name}/"));
        } else {
            let code = code(&fs::read_to_string(&path).unwrap());
            files.entry(name).or_default().push_str(&code);
        }
    }
}
