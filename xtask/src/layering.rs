// SPDX-License-Identifier: MIT OR Apache-2.0
//! The use of files of a crate by each other: there are no circles, because each uses only files above it in the table
//! of the crate.
//!
//! The compiler lets the files of a crate use each other in any way. This test reads the text of the files, without
//! comments and unit tests, and finds that a file uses another by a path: `crate::file`, `super::file`, or, in a file
//! that has others in a folder, `file`; in a `use`, or anywhere else. The kernel's methods all belong to one struct, so
//! the test checks the methods and fields ([`Members`]) of that struct as well. The struct itself, in `lib.rs`, is
//! common to all files of the kernel, and does not count as a use.
//!
//! The test can't see a use by the name of a symbol (assembly jumps to the gate and to `__crossgate_signal`), by a
//! method of a value whose type is not named, or by a pointer. The table's order says which files may be used: uses by
//! a crate's `lib.rs` itself do not count, because it names all files.

mod methods;
mod text;

use crate::root;
use methods::Members;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use text::{after, code, paths, rows};

/// The struct that all files of the kernel have in common.
const COMMON: &str = "Kernel";

/// The files of a crate, without comments and unit tests, by their names in the table: `linux/keys`.
struct Crate {
    /// Its `lib.rs`, unchanged.
    root: String,
    files: HashMap<String, String>,
}

impl Crate {
    fn read(folder: &str) -> Crate {
        let folder = root().join(folder).join("src");
        let mut files = HashMap::new();
        add(&mut files, &folder, "");
        files.remove("lib").expect("a crate has this file");
        let root = fs::read_to_string(folder.join("lib.rs")).unwrap();
        Crate { root, files }
    }

    /// Returns the files in the order of the table.
    fn order(&self) -> Vec<&str> {
        let rows = rows(&self.root, "//! | file |");
        rows.map(|row| row.split('`').nth(1).expect("a row has a file")).collect()
    }

    /// Returns the files that a file uses by paths, each with the path. A path that leads to no file is returned
    /// unchanged.
    fn uses(&self, file: &str) -> Vec<(String, String)> {
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
        } else if path.is_dir() {
            add(files, &path, &format!("{name}/"));
        } else {
            files.insert(name, code(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Checks the table of a crate, whose files use others in these ways: at least so often, and at least these.
fn check(
    of: &Crate,
    uses: impl Fn(&str) -> Vec<(String, String)>,
    at_least: usize,
    seen: &[(&str, &str, &str)],
) {
    let order = of.order();
    let (mut listed, mut files) = (order.clone(), Vec::from_iter(of.files.keys()));
    listed.sort_unstable();
    files.sort_unstable();
    assert_eq!(listed, files, "the table of the crate names each file");
    let mut count = 0;
    for (place, file) in order.iter().enumerate() {
        for (used, what) in uses(file) {
            assert!(of.files.contains_key(&used), "`{file}`: {what} names no file");
            let above = order[..place].contains(&used.as_str());
            assert!(above, "`{file}` uses {what} of `{used}`, which is not above it");
            count += 1;
        }
    }
    // The check must find uses at all.
    assert!(count > at_least, "{count} uses");
    for &(file, used, what) in seen {
        let uses = uses(file);
        assert!(uses.contains(&(used.to_owned(), what.to_owned())), "{file} uses {uses:?}");
    }
}

#[test]
fn each_file_of_the_kernel_uses_only_files_above_it_in_the_table() {
    let kernel = Crate::read("kernel");
    let members = Members::of(&kernel);
    let uses = |file: &str| [kernel.uses(file), members.uses(file)].concat();
    let seen = [
        ("call", "lend", "the method `take_leases`"),
        ("grant", "block", "the method `interrupt_wait`"),
        ("account", "usage", "`crate::usage::Usage`"),
        ("crash", "process", "the field `states`"),
        ("choice", "life", "the method `life_of_caller`"),
    ];
    check(&kernel, uses, 300, &seen);
    assert!(members.count_of_methods() > 100);
}

#[test]
fn each_file_of_the_cortex_m_port_uses_only_files_above_it_in_the_table() {
    let port = Crate::read("ports/cortex-m");
    let seen = [
        ("entry", "exit", "`crate::exit::load`"),
        ("fast_path", "fast_path/call", "`call::call`"),
        ("board", "alarm", "`crate::alarm::set`"),
    ];
    check(&port, |file| port.uses(file), 60, &seen);
}

#[test]
fn each_file_of_the_hosted_port_uses_only_files_above_it_in_the_table() {
    let port = Crate::read("ports/hosted");
    let seen = [
        ("signal", "linux/keys", "`crate::linux::keys`"),
        ("linux/keys", "linux/memory", "`super::memory::protection`"),
        ("device/bus", "device/serial", "`crate::device::serial::Serial`"),
    ];
    check(&port, |file| port.uses(file), 150, &seen);
}

/// Checks the kernel's other table: each invariant names the function that checks it, which says so.
#[test]
fn each_invariant_has_its_check() {
    let source = |file| fs::read_to_string(root().join("kernel/src").join(file)).unwrap();
    let (kernel, checks) = (source("lib.rs"), source("tests/invariants.rs"));
    let rows = Vec::from_iter(rows(&kernel, "//! | invariant |"));
    for row in &rows {
        let name = row.split("**").nth(1).expect("its name is bold");
        let check = row.rsplit('`').nth(1).expect("its check is named");
        let defined = checks.split(&format!("\n/// **{name}**: ")).nth(1);
        let defined = defined.unwrap_or_else(|| panic!("no check says that it is for {name}"));
        let next = after(defined, "\nfn ").map(|(name, _)| name).next();
        assert_eq!(next, Some(check), "the check of {name}");
    }
    let named = checks.matches("\n/// **").count();
    assert!(rows.len() == named && named > 10, "{} invariants, {named} checks", rows.len());
}
