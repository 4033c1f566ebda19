// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which file of a port uses which: no circles, as each uses only files above it in the table of the crate.
//!
//! The compiler lets the files of a crate use each other in any way. This test reads the text of the files, without
//! comments and unit tests, and finds that a file uses another by a path: `crate::file`, `super::file`, or, of a file
//! that has others in a folder, `file`; in a `use`, or anywhere else.
//!
//! It can't see what is used by the name of a symbol (assembly jumps to the gate and to `__crossgate_signal`), by a
//! method of a value whose type is not named, or by a pointer. The table's order says what may be used: what a port's
//! `lib.rs` itself does is no use, as that is where all files are named. (The kernel has a test of its own, which
//! sees methods.)

use crate::root;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The files of a port, by their names in the table: `linux/keys`.
struct Port {
    root: String,
    files: HashMap<String, String>,
}

impl Port {
    fn read(name: &str) -> Port {
        let folder = root().join("ports").join(name).join("src");
        let mut port = Port { root: String::new(), files: HashMap::new() };
        port.add(&folder, "");
        port.root = port.files.remove("lib").expect("a crate has this file");
        port
    }

    fn add(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let name = format!("{prefix}{name}");
            if path.is_dir() {
                self.add(&path, &format!("{name}/"));
            } else if !name.ends_with("tests") {
                self.files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// The files in the order of the table.
    fn order(&self) -> Vec<&str> {
        let rows = self.root.lines().skip_while(|line| !line.starts_with("//! | file |")).skip(2);
        let rows = rows.take_while(|line| line.starts_with("//! |"));
        rows.map(|row| row.split('`').nth(1).expect("a row has a file")).collect()
    }

    /// The files that a file uses, and by which path. One that leads to no file is told as it is.
    fn uses(&self, file: &str) -> Vec<(String, String)> {
        let code = code(&self.files[file]);
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
            for path in paths(&code, &mark) {
                let full = format!("{prefix}{path}");
                let mut used = full.as_str();
                while !self.files.contains_key(used) {
                    let Some((shorter, _)) = used.rsplit_once('/') else { break };
                    used = shorter;
                }
                if used != file {
                    uses.push((used.to_owned(), format!("{mark}{}", path.replace('/', "::"))));
                }
            }
        }
        uses
    }
}

/// Returns what a file has besides comments and unit tests.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n");
    code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()
}

/// The paths that follow a mark, with `/` between their names; those in braces each on its own.
fn paths(code: &str, mark: &str) -> Vec<String> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let starts = code.match_indices(mark).filter(|(at, _)| {
        !code[..*at].ends_with(|letter: char| is_name(letter) || letter == ':' || letter == '$')
    });
    starts.flat_map(|(at, _)| tree(&mut &code[at + mark.len()..])).collect()
}

/// The paths of a tree as `use` has it, which the text begins with; and cuts them off.
fn tree(text: &mut &str) -> Vec<String> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(0);
    let (name, rest) = text.split_at(end);
    *text = rest;
    if let Some(rest) = text.strip_prefix('{') {
        *text = rest;
        let mut paths = Vec::new();
        loop {
            *text = text.trim_start_matches(|letter: char| letter == ',' || letter.is_whitespace());
            if let Some(rest) = text.strip_prefix('}') {
                *text = rest;
                return paths;
            }
            paths.extend(tree(text));
            // What it is called here.
            let end = text.find([',', '}']).expect("a brace is closed");
            *text = &text[end..];
        }
    }
    match text.strip_prefix("::") {
        Some(rest)
            if rest.starts_with(|letter: char| {
                letter == '{' || letter.is_alphabetic() || letter == '_'
            }) =>
        {
            *text = rest;
            tree(text)
                .into_iter()
                .map(|path| format!("{name}/{path}").trim_end_matches('/').to_owned())
                .collect()
        }
        _ => vec![name.to_owned()],
    }
}

fn check(name: &str, at_least: usize, seen: [(&str, &str, &str); 3]) {
    let port = Port::read(name);
    let order = port.order();
    let mut listed: Vec<_> = order.iter().map(|&file| file.to_owned()).collect();
    let mut files: Vec<_> = port.files.keys().cloned().collect();
    listed.sort();
    files.sort();
    assert_eq!(listed, files, "the table of {name} names each file");
    let mut count = 0;
    for (place, file) in order.iter().enumerate() {
        for (used, path) in port.uses(file) {
            assert!(port.files.contains_key(&used), "`{file}` of {name}: `{path}` names no file");
            let above = order[..place].contains(&used.as_str());
            assert!(above, "`{file}` of {name} uses `{used}` by `{path}`, which is not above it");
            count += 1;
        }
    }
    // It sees something.
    assert!(count > at_least, "{count} uses");
    for (file, used, path) in seen {
        let uses = port.uses(file);
        assert!(uses.contains(&(used.to_owned(), path.to_owned())), "{file} uses {uses:?}");
    }
}

#[test]
fn each_file_of_the_cortex_m_port_uses_only_files_above_it_in_the_table() {
    check(
        "cortex-m",
        60,
        [
            ("entry", "exit", "crate::exit::load"),
            ("fast_path", "fast_path/call", "call::call"),
            ("board", "alarm", "crate::alarm::set"),
        ],
    );
}

#[test]
fn each_file_of_the_hosted_port_uses_only_files_above_it_in_the_table() {
    check(
        "hosted",
        150,
        [
            ("signal", "linux/keys", "crate::linux::keys"),
            ("linux/keys", "linux/memory", "super::memory::protection"),
            ("devices", "device/serial", "crate::device::serial::Serial"),
        ],
    );
}
