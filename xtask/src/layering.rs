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

mod files;
mod methods;

use crate::root;
use crate::text::{after, rows};
use files::Crate;
use methods::Members;
use std::fs;

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
fn each_file_of_the_riscv_port_uses_only_files_above_it_in_the_table() {
    let port = Crate::read("ports/riscv");
    let seen = [
        ("entry", "fast_path", "`crate::fast_path`"),
        ("handler", "exit", "`crate::exit::Way`"),
        ("machine", "clock", "`crate::clock::Clock`"),
    ];
    check(&port, |file| port.uses(file), 30, &seen);
}

#[test]
fn each_file_of_the_hosted_port_uses_only_files_above_it_in_the_table() {
    let port = Crate::read("ports/hosted");
    let seen = [
        ("handling", "signal", "`crate::signal::handle`"),
        ("machine", "keys", "`crate::keys`"),
        ("linux/memory", "linux/program", "`super::program::fatal`"),
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
