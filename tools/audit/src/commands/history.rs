// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figures of the benchmark by version, as a picture in the book.

use super::bench::{self, Figures, OPERATIONS};
use crate::workspace;
use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;

/// The number of charts in a row.
const COLUMNS: usize = 3;
/// The size of each chart, in pixels.
const CHART: (u32, u32) = (300, 170);
const COLOUR: RGBColor = RGBColor(0x1d, 0x4e, 0xd8);
const GREY: RGBColor = RGBColor(0x55, 0x55, 0x55);

/// The figures of a version.
#[derive(Serialize, Deserialize)]
struct Version {
    name: String,
    figures: Figures,
}

/// Returns the file with all figures.
fn data() -> PathBuf {
    workspace::root().join("book/src/history.json")
}

/// Returns the file with their picture.
fn picture() -> PathBuf {
    workspace::root().join("book/src/history.svg")
}

/// If there is a `new` name, measures and adds a version with it, in place of one with the same name; draws the picture
/// again.
///
/// # Errors
/// If something can't be measured, read or written.
pub fn run(new: Option<String>) -> Result<()> {
    let mut versions = read()?;
    if let Some(name) = new {
        versions.retain(|version| version.name != name);
        versions.push(Version { name, figures: bench::figures()? });
        write(data(), serde_json::to_string_pretty(&versions)? + "\n")?;
    }
    write(picture(), draw(&versions)?)
}

fn read() -> Result<Vec<Version>> {
    let file = data();
    let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no history", file.display()))
}

fn write(file: PathBuf, text: String) -> Result<()> {
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    println!("written: {}", file.display());
    Ok(())
}

/// Draws the picture: a chart for each operation, and one for the kernel's flash.
fn draw(versions: &[Version]) -> Result<String> {
    let mut charts: Vec<(&str, &str)> = OPERATIONS.iter().map(|it| (it.name, it.text)).collect();
    charts.push((bench::FLASH, "kernel flash, bytes"));
    let rows = charts.len().div_ceil(COLUMNS);
    let size = (CHART.0 * COLUMNS as u32, CHART.1 * rows as u32);
    let mut picture = String::new();
    {
        let all = SVGBackend::with_string(&mut picture, size).into_drawing_area();
        all.fill(&WHITE)?;
        for (area, (name, text)) in all.split_evenly((rows, COLUMNS)).iter().zip(charts) {
            chart(area, name, text, versions).map_err(|why| anyhow!("{name}: {why}"))?;
        }
    }
    Ok(picture)
}

/// Draws the figures with this name of all versions that have one.
fn chart(
    area: &DrawingArea<SVGBackend, plotters::coord::Shift>,
    name: &str,
    text: &str,
    versions: &[Version],
) -> Result<(), Box<dyn std::error::Error>> {
    let figure =
        |(place, version): (usize, &Version)| Some((place as i32, *version.figures.get(name)?));
    let figures: Vec<(i32, u32)> = versions.iter().enumerate().filter_map(figure).collect();
    let most = figures.iter().map(|&(_, figure)| figure).max().unwrap_or(1);
    let mut chart = ChartBuilder::on(area)
        .caption(text, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(18)
        .build_cartesian_2d(-1..versions.len() as i32, 0..most + most / 4)?;
    let version = |&place: &i32| {
        let version = usize::try_from(place).ok().and_then(|place| versions.get(place));
        version.map_or(String::new(), |version| version.name.clone())
    };
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_y_axis()
        .x_labels(versions.len() + 2)
        .x_label_formatter(&version)
        .label_style(("sans-serif", 13).into_font().color(&GREY))
        .draw()?;
    let style = ("sans-serif", 15).into_font().color(&BLACK);
    let style = style.pos(Pos::new(HPos::Center, VPos::Bottom));
    chart.draw_series(LineSeries::new(figures.iter().copied(), COLOUR.stroke_width(2)))?;
    chart.draw_series(figures.iter().map(|&(place, figure)| {
        EmptyElement::at((place, figure))
            + Circle::new((0, 0), 3, COLOUR.filled())
            + Text::new(figure.to_string(), (0, -6), style.clone())
    }))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_of_the_figures() {
        let drawn = draw(&read().unwrap()).unwrap();
        assert!(fs::read_to_string(picture()).unwrap() == drawn, "run `cargo xtask history`");
    }

    #[test]
    fn every_figure_is_in_a_chart() {
        for Version { name, figures } in read().unwrap() {
            for figure in figures.keys().filter(|&figure| figure != bench::FLASH) {
                assert!(OPERATIONS.iter().any(|it| it.name == figure), "{name}: {figure}");
            }
        }
    }

    #[test]
    fn a_version_may_lack_a_figure() {
        let version = |name: &str, figures: &[(&str, u32)]| Version {
            name: name.to_owned(),
            figures: figures.iter().map(|&(name, figure)| (name.to_owned(), figure)).collect(),
        };
        let versions =
            [version("one", &[("syscall_null", 4321)]), version("two", &[("yield_switch", 1234)])];
        let picture = draw(&versions).unwrap();
        for text in ["one", "two", "4321", "1234", "null system call"] {
            assert!(picture.contains(text), "{text}");
        }
    }
}
