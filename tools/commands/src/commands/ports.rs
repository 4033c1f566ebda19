// SPDX-License-Identifier: MIT OR Apache-2.0
//! All ports side by side, in the book: the figures of the benchmark as a table and as a picture, and a table of the
//! tests of each security property.

mod figures;
mod part;
mod picture;
mod properties;
mod table;

use super::bench;
use crate::book;
use anyhow::{Context, Result, bail};
use figures::{Ports, boards};
use workbench::board::Board;

/// The file with all figures.
const DATA: &str = "ports.json";
/// The file with the picture of the figures.
const PICTURE: &str = "ports.svg";
/// The chapter with the table of the figures.
const CHAPTER: &str = "figures.md";
/// The chapter with the table of the properties.
const SECURITY: &str = "security.md";

/// Measures the boards in `measure`, or all if it is empty. Then writes the table and the picture again.
///
/// # Errors
/// If something can't be measured, read or written.
pub fn run(measure: Option<Vec<Board>>) -> Result<()> {
    let mut ports: Ports = book::figures(DATA)?;
    if let Some(named) = measure {
        for board in chosen(&named)? {
            let row = board.row().context("it is not a board of a microcontroller")?;
            println!("measuring {}", row.name);
            ports.insert(row.name.clone(), bench::figures(board)?);
            book::write_figures(DATA, &ports)?;
        }
    }
    book::write(PICTURE, &picture::draw(&ports)?)?;
    book::write(CHAPTER, &table::renew(&book::read(CHAPTER)?, &ports)?)?;
    book::write(SECURITY, &properties::renew(&book::read(SECURITY)?)?)
}

/// Returns the boards that are to be measured.
fn chosen(named: &[Board]) -> Result<Vec<Board>> {
    let all: Vec<_> = boards().map(Board::Microcontroller).collect();
    if let Some(other) = named.iter().find(|board| !all.contains(board)) {
        let name = other.row().map_or("hosted", |row| &row.name);
        bail!("the instructions of {name} are not measured");
    }
    Ok(if named.is_empty() { all } else { named.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench::{FLASH, OPERATIONS, RAM};
    use workbench::board;

    #[test]
    fn the_picture_and_the_table_are_of_the_figures() {
        let ports: Ports = book::figures(DATA).unwrap();
        let drawn = picture::draw(&ports).unwrap();
        assert!(book::read(PICTURE).unwrap() == drawn, "run `cargo xtask ports`");
        let text = book::read(CHAPTER).unwrap();
        assert!(table::renew(&text, &ports).unwrap() == text, "run `cargo xtask ports`");
    }

    #[test]
    fn the_table_of_properties_is_that_of_the_tests() {
        let text = book::read(SECURITY).unwrap();
        assert!(properties::renew(&text).unwrap() == text, "run `cargo xtask ports`");
    }

    #[test]
    fn the_figures_of_every_board_are_whole_and_within_its_limits() {
        let ports: Ports = book::figures(DATA).unwrap();
        assert!(ports.keys().all(|name| boards().any(|row| row.name == *name)));
        for row in boards() {
            let figures = &ports[&row.name];
            let wanted = OPERATIONS.iter().filter(|operation| operation.missing_on(row).is_none());
            assert_eq!(figures.len(), wanted.clone().count() + 2, "{}", row.name);
            for operation in wanted {
                let figure = figures[operation.name];
                let is_met = bench::limit(row, operation).is_met(figure, figures);
                assert!(is_met, "{}: {} is {figure}", row.name, operation.name);
            }
            assert!(u64::from(figures[FLASH]) <= bench::flash_limit(row), "{}", row.name);
            assert!(figures.contains_key(RAM));
        }
    }

    #[test]
    fn only_boards_with_figures_are_measured() {
        let named = |name| board::emulated().find(|row| row.name == name);
        let board = |name| Board::Microcontroller(named(name).unwrap());
        assert_eq!(chosen(&[board("virt")]).unwrap(), [board("virt")]);
        assert_eq!(chosen(&[]).unwrap().len(), boards().count());
        let error = |board| chosen(&[board]).unwrap_err().to_string();
        assert_eq!(error(Board::Hosted), "the instructions of hosted are not measured");
        assert!(error(board("lm3s6965evb")).contains("lm3s6965evb"));
    }
}
