// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of the figures of all boards, in the book.

use super::super::bench::{self, FLASH, OPERATIONS, RAM};
use super::figures::{Ports, boards};
use super::part::{self, line};
use anyhow::Result;

/// The lines before and after the table.
const START: &str =
    "<!-- ports: the table is written by `cargo xtask ports` from ports.json. -->\n";
const END: &str = "<!-- end of ports -->";

/// Returns a chapter with the table of these figures.
///
/// # Errors
/// If the chapter has no place for the table.
pub fn renew(chapter: &str, ports: &Ports) -> Result<String> {
    part::renew(chapter, [START, END], &table(ports))
}

/// Returns the table, and the reasons why figures are missing.
fn table(ports: &Ports) -> String {
    let rows: Vec<_> = boards().filter(|row| ports.contains_key(&row.name)).collect();
    let mut text = line("operation", rows.iter().map(|row| format!("{}, `{}`", row.cpu, row.name)));
    text += &line("---", rows.iter().map(|_| "---:".to_owned()));
    let operations = OPERATIONS.iter().map(|operation| (operation.name, operation.text));
    let sizes = [(FLASH, "the kernel's flash, bytes"), (RAM, "the kernel's RAM, bytes")];
    for (name, what) in operations.chain(sizes) {
        let figure = |board: &str| ports.get(board).and_then(|figures| figures.get(name));
        let figures =
            rows.iter().map(|row| figure(&row.name).map_or("-".to_owned(), u32::to_string));
        text += &line(&format!("{what} (`{name}`)"), figures);
    }
    for row in rows {
        for (why, names) in bench::missing(row) {
            let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
            text += &format!("\nNot measured on `{}`: {}: {why}.\n", row.name, names.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_its_place() {
        let figures = [("syscall_null".to_owned(), 77)].into();
        let ports = Ports::from([("virt".to_owned(), figures)]);
        let renewed = renew(&format!("before\n{START}former\n{END}\nafter\n"), &ports).unwrap();
        assert!(renewed.starts_with(&format!("before\n{START}\n| operation | RV32IMAC, `virt` |")));
        assert!(renewed.ends_with(&format!("\n{END}\nafter\n")));
        assert!(renewed.contains("\n| null system call (`syscall_null`) | 77 |\n"), "{renewed}");
        assert!(renewed.contains("(`interrupt_to_thread`) | - |\n") && !renewed.contains("former"));
        assert!(renewed.contains("`interrupt_of_other`: needs a second timer"), "{renewed}");
        assert_eq!(renew(&renewed, &ports).unwrap(), renewed);
        assert!(renew("no table", &ports).is_err() && renew(START, &ports).is_err());
    }
}
