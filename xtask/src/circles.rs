// SPDX-License-Identifier: MIT OR Apache-2.0
//! The use of files by each other, in all packages of the workspace: there are no circles.
//!
//! A file that a reader opens then needs only files that do not need it, and can be read, tested and moved with these
//! alone. The compiler lets files use each other in any way. This test reads their text, without comments and unit
//! tests, and finds that a file uses another by a path: `crate::file`, `super::file`, `self::file`, or, in a file that
//! has others in a folder, `file`. A path to an item that a file only passes on (`pub use`) is a use of the file that
//! defines the item. The file at the root (`lib.rs`, `main.rs`) names all others, so it does not count.
//!
//! The tests in `layering` check more of the kernel and the ports: methods, fields, and the order of a table.

use crate::root;
use crate::text::{code, paths, word};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// The name of a file in its package: those of the folders that it is in, and its own. The root has none.
type Name = Vec<String>;

/// The files of one target of a package: a library or a program.
struct Target {
    /// The text of each file, without comments and unit tests.
    files: BTreeMap<Name, String>,
    /// The items that a file passes on, each with the file and the item that it stands for.
    passed_on: HashMap<Name, Name>,
}

impl Target {
    fn read(root: &Path) -> Target {
        let mut target = Target { files: BTreeMap::new(), passed_on: HashMap::new() };
        target.add(root, Vec::new(), root.parent().unwrap());
        let mut passed_on = HashMap::new();
        for (name, text) in &target.files {
            for mark in ["pub use ", "pub(crate) use ", "pub(super) use "] {
                for path in paths(text, mark) {
                    let path = path.trim_start_matches("self/");
                    let full = joined(name, path);
                    let (Some(item), Some(file)) = (full.last(), full.get(..=name.len())) else {
                        continue;
                    };
                    if target.files.contains_key(file) && file != full {
                        passed_on.insert(joined(name, item), full);
                    }
                }
            }
        }
        target.passed_on = passed_on;
        target
    }

    /// Adds a file, and those that it names, which are in this folder unless the file says where. Several files of one
    /// name, of which each is for another CPU, count as one.
    fn add(&mut self, file: &Path, name: Name, folder: &Path) {
        let text = code(&fs::read_to_string(file).unwrap());
        let items = text.split("mod ").zip(text.split("mod ").skip(1));
        for (before, item) in items {
            let child = word(item);
            if !item[child.len()..].starts_with(';') || child.ends_with("tests") {
                continue;
            }
            let place = before.trim_end_matches("pub ").trim_end().strip_suffix("\"]");
            let place = place.and_then(|before| before.rsplit_once("#[path = \""));
            let place = match place {
                Some((_, place)) => file.parent().unwrap().join(place),
                None => folder.join(format!("{child}.rs")),
            };
            let place = if place.exists() { place } else { folder.join(child).join("mod.rs") };
            assert!(place.exists(), "the file of `mod {child}` in {}", file.display());
            let folder = folder.join(child);
            let below = if place.ends_with("mod.rs") { place.parent().unwrap() } else { &folder };
            self.add(&place, joined(&name, child), below);
        }
        self.files.entry(name).or_default().push_str(&without_strings(&text));
    }

    /// Returns the file that a path leads to.
    fn file(&self, mut path: Name) -> Name {
        while !self.files.contains_key(&path) {
            let item = (1..=path.len()).find_map(|end| {
                let is_file = self.files.contains_key(&path[..end]);
                let passed_on = self.passed_on.get(&path[..end]).filter(|_| !is_file)?;
                Some([passed_on, &path[end..]].concat())
            });
            match item {
                Some(item) if item != path => path = item,
                _ => {
                    path.pop();
                }
            }
        }
        path
    }

    /// Returns the files that a file uses.
    fn uses(&self, name: &Name) -> BTreeSet<Name> {
        let text = &self.files[name];
        let mut marks =
            vec![("crate::".to_owned(), Name::new()), ("self::".to_owned(), name.clone())];
        for up in 1..=name.len() {
            marks.push(("super::".repeat(up), name[..name.len() - up].to_vec()));
        }
        let children = self.files.keys().filter(|it| it.len() == name.len() + 1);
        for child in children.filter(|it| it.starts_with(name)) {
            marks.push((format!("{}::", child.last().unwrap()), child.clone()));
        }
        let used = marks.iter().flat_map(|(mark, of)| {
            // The paths of further `super` have a mark of their own.
            let paths = paths(text, mark).into_iter().filter(|path| !path.starts_with("super"));
            paths.map(|path| self.file(joined(of, &path)))
        });
        used.filter(|used| used != name && !used.is_empty()).collect()
    }

    /// Returns a circle of files, if there is one: each uses the next, and the last the first.
    fn circle(&self) -> Option<Vec<Name>> {
        let names = self.files.keys().filter(|name| !name.is_empty());
        let mut uses: BTreeMap<_, _> = names.map(|name| (name.clone(), self.uses(name))).collect();
        // A file that uses none of those that are left is in no circle.
        while let Some(free) = uses.iter().find_map(|(name, used)| {
            used.iter().all(|used| !uses.contains_key(used)).then(|| name.clone())
        }) {
            uses.remove(&free);
        }
        let mut way = vec![uses.keys().next()?.clone()];
        loop {
            let next =
                uses[way.last().unwrap()].iter().find(|used| uses.contains_key(*used)).unwrap();
            if let Some(start) = way.iter().position(|name| name == next) {
                return Some(way.split_off(start));
            }
            way.push(next.clone());
        }
    }
}

/// Returns code without the contents of its string literals.
fn without_strings(code: &str) -> String {
    let code = code.replace("\\\\", "").replace("\\\"", "").replace("'\"'", "");
    code.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// Returns a name with the parts of a path behind it.
fn joined(name: &[String], path: &str) -> Name {
    let parts = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned);
    name.iter().cloned().chain(parts).collect()
}

/// Returns the root files of all targets of the workspace.
fn roots() -> Vec<PathBuf> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    let members = members.split('"').skip(1).step_by(2).map(|member| root().join(member));
    members
        .flat_map(|folder| {
            let mut roots = vec![folder.join("src/lib.rs"), folder.join("src/main.rs")];
            for programs in ["src/bin", "tests"] {
                roots.extend(programs_in(&folder.join(programs)));
            }
            roots
        })
        .filter(|root| root.exists())
        .collect()
}

/// Returns the root files of the programs in a folder and those below.
fn programs_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    if let Some(main) = paths.iter().find(|path| path.ends_with("main.rs")) {
        return vec![main.clone()];
    }
    let is_program = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let below = paths.iter().filter(|path| path.is_dir() && !path.ends_with("compile_fail"));
    let below: Vec<_> = below.flat_map(|path| programs_in(path)).collect();
    paths.iter().filter(|path| is_program(path)).cloned().chain(below).collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let (mut circles, mut files, mut uses) = (Vec::new(), 0, 0);
    for root in roots() {
        let target = Target::read(&root);
        files += target.files.len();
        uses += target.files.keys().map(|name| target.uses(name).len()).sum::<usize>();
        if let Some(circle) = target.circle() {
            let names = circle.iter().map(|name| name.join("/"));
            circles.push(format!("{}: {}", root.display(), names.collect::<Vec<_>>().join(", ")));
        }
    }
    assert!(circles.is_empty(), "files use each other in a circle:\n{}", circles.join("\n"));
    // The check must find files and uses at all.
    assert!(files > 700 && uses > 900, "{files} files, {uses} uses");
}

#[test]
fn strings_are_no_code() {
    let code = r#"a("crate::b", "\\", '"', "\"c"); d"#;
    assert_eq!(without_strings(code), r#"a("", "", , ""); d"#);
}

#[test]
fn a_circle_is_found() {
    let file = |name: &str, text: &str| (joined(&[], name), text.to_owned());
    let mut target = Target {
        files: BTreeMap::from([
            file("", ""),
            file("one", "pub struct Item; use crate::two::inner::f;"),
            file("two", ""),
            file("two/inner", "use super::super::three::g; pub fn f() {}"),
            file("three", "pub fn g() {}"),
        ]),
        passed_on: HashMap::from([(joined(&[], "Item"), joined(&[], "one/Item"))]),
    };
    assert_eq!(target.circle(), None);
    target.files.insert(joined(&[], "three"), "use crate::{Item, other::Name};".to_owned());
    let circle: BTreeSet<_> = target.circle().unwrap().iter().map(|name| name.join("/")).collect();
    assert_eq!(circle, BTreeSet::from(["one", "three", "two/inner"].map(str::to_owned)));
}
