// SPDX-License-Identifier: MIT OR Apache-2.0
//! A test that the same source gives the same image, in any folder.

use crate::copy::Copy;
use crate::{command, setup, workspace};
use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSegment};
use std::fs;
use std::path::Path;
use workbench::board::Board;

/// The firmware that is compared.
const FIRMWARE: &str = "thermostat";

/// Builds a firmware here, and from a copy of the workspace in another folder, and compares the contents of flash.
///
/// # Errors
/// If the images differ, or the firmware can't be built.
pub fn check() -> Result<()> {
    setup::target()?;
    let board = Board::reference();
    let here = image(&workspace::build_one(FIRMWARE, board)?)?;
    let copy = Copy::of(workspace::root())?;
    let build = ["build", "--release", "--package", FIRMWARE];
    command::run(copy.cargo().args(build).args(board.arguments()))?;
    let target = board.row().map_or("", |row| &row.target);
    let there = image(&copy.file("target").join(target).join("release").join(FIRMWARE))?;
    match first_difference(&here, &there) {
        None => Ok(()),
        Some(address) => anyhow::bail!("the images differ at {address:#x}"),
    }
}

/// A piece of an image: its address, and its bytes.
type Segment = (u64, Vec<u8>);

/// Returns the parts of a firmware that go into flash.
fn image(file: &Path) -> Result<Vec<Segment>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let file = object::File::parse(&*bytes).context("not an ELF file")?;
    let segments = file.segments().map(|it| Ok((it.address(), it.data()?.to_vec())));
    let image: Vec<Segment> = segments.collect::<Result<_, object::Error>>()?;
    ensure!(image.iter().any(|(_, bytes)| !bytes.is_empty()), "there is nothing in the image");
    Ok(image)
}

/// Returns the first address at which two images differ.
fn first_difference(one: &[Segment], other: &[Segment]) -> Option<u64> {
    let bytes = |image: &[Segment]| -> Vec<(u64, u8)> {
        image.iter().flat_map(|(start, bytes)| (*start..).zip(bytes.iter().copied())).collect()
    };
    let (one, other) = (bytes(one), bytes(other));
    let differs = one.iter().zip(&other).find(|(one, other)| one != other).map(|(one, _)| one.0);
    let longer = if one.len() > other.len() { &one } else { &other };
    differs.or_else(|| longer.get(one.len().min(other.len())).map(|byte| byte.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_differs_is_found() {
        let image = vec![(0x100, vec![1, 2, 3]), (0x200, vec![4])];
        assert_eq!(first_difference(&image, &image), None);
        let mut other = image.clone();
        other[0].1[2] = 7;
        assert_eq!(first_difference(&image, &other), Some(0x102));
        assert_eq!(first_difference(&image[..1], &image), Some(0x200));
        let moved = vec![(0x100, vec![1, 2, 3]), (0x204, vec![4])];
        assert_eq!(first_difference(&image, &moved), Some(0x200));
    }
}
