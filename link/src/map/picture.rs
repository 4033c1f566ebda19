// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory map as a picture (SVG).

use super::{MemoryMap, Row};
use crate::layout::Span;
use crate::names::KERNEL;
use std::fmt::Write;

/// The margin. All lengths of the picture are in pixels.
const MARGIN: u32 = 24;
const HEADING: u32 = 64;
const ADDRESS: u32 = 92;
const BAR: u32 = 200;
const NAMES: u32 = 330;
const COLUMN: u32 = ADDRESS + BAR + NAMES;
/// The height of the smallest piece: its text has to fit.
const ROW: u32 = 22;
/// The height that is distributed over the pieces of a memory, in addition to the smallest height of each piece.
const SCALE: f64 = 420.0;

const GREY: &str = "#8a94a0";
const COLOURS: [&str; 8] =
    ["#2f6fb3", "#d9792b", "#3f9a58", "#b7434e", "#7c5fb0", "#20929a", "#a68a1f", "#b1568f"];

impl MemoryMap {
    /// Returns a picture of the map, as a document in SVG.
    ///
    /// Each piece is a bar, and the darker part of the bar is in use. Larger pieces are higher, but small pieces are
    /// high enough for their text.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let columns =
            [("RAM", self.ram, self.ram_rows()), ("FLASH", self.flash, self.flash_rows())];
        let heights = columns.iter().map(|(_, _, rows)| column_height(rows));
        let height = HEADING + heights.max().unwrap_or(0) + MARGIN;
        let width = 2 * COLUMN + 3 * MARGIN;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        );
        for (number, (name, memory, rows)) in (0..).zip(&columns) {
            let left = MARGIN + number * (COLUMN + MARGIN);
            self.column(&mut svg, left, name, *memory, rows);
        }
        svg + "</svg>\n"
    }

    /// Draws a memory, from its lowest address downwards on the page.
    fn column(&self, svg: &mut String, left: u32, name: &str, memory: Span, rows: &[Row]) {
        let bar = left + ADDRESS;
        let free: u64 = rows.iter().filter(|row| row.is_free()).map(|row| row.span.size()).sum();
        let sum = format!("{} of {} bytes are taken", memory.size() - free, memory.size());
        text(svg, bar, 28, "font-size=\"18\" font-weight=\"bold\" fill=\"#222\"", name);
        text(svg, bar, 48, "fill=\"#555\"", &sum);
        let mut top = HEADING;
        for row in rows {
            let height = row_height(row, rows);
            let middle = top + height / 2 + 5;
            let colour = self.colour(&row.owner);
            let size = row.span.size();
            let address = format!("{:#010x}", row.span.start);
            let address_style = "font-family=\"monospace\" font-size=\"12\" fill=\"#777\"";
            text(svg, left, top + 14, address_style, &address);
            if row.is_free() {
                rectangle(svg, [bar, top, BAR, height], "#f3f4f6", 1.0);
                text(svg, bar + BAR + 12, middle, "fill=\"#999\"", &format!("free, {size}"));
            } else {
                let used = (u64::from(BAR) * row.used / size) as u32;
                rectangle(svg, [bar, top, BAR, height], colour, 0.25);
                rectangle(svg, [bar, top, used, height], colour, stack_opacity(row));
                let waste = size - row.used;
                let waste = if waste > 0 { format!(", {waste} lost") } else { String::new() };
                let label = format!("{size} bytes{waste}");
                let owner = format!("{}: ", row.owner);
                let label = format!("{}, {label}", row.what);
                label_of_piece(svg, bar + BAR + 12, middle, &owner, &label);
            }
            top += height;
        }
    }

    fn colour(&self, owner: &str) -> &'static str {
        if owner == KERNEL {
            return "#39424e";
        }
        let number = self.processes.iter().position(|process| process.name == owner);
        number.map_or(GREY, |number| COLOURS[number % COLOURS.len()])
    }
}

/// Returns the opacity of a row: stacks are paler than statics.
fn stack_opacity(row: &Row) -> f64 {
    if row.what.starts_with("stack") { 0.7 } else { 1.0 }
}

/// Returns the height of a row. It grows with the square root of the piece's share. So a large piece is higher than a
/// small piece, but not in proportion to its size.
fn row_height(row: &Row, rows: &[Row]) -> u32 {
    let roots = |rows: &mut dyn Iterator<Item = &Row>| -> f64 {
        rows.filter(|row| !row.is_free()).map(|row| (row.span.size() as f64).sqrt()).sum()
    };
    let all = roots(&mut rows.iter());
    let own = roots(&mut std::iter::once(row));
    ROW + if all > 0.0 { (SCALE * own / all) as u32 } else { 0 }
}

fn column_height(rows: &[Row]) -> u32 {
    rows.iter().map(|row| row_height(row, rows)).sum()
}

fn rectangle(svg: &mut String, [x, y, width, height]: [u32; 4], colour: &str, opacity: f64) {
    line(
        svg,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\" \
             fill-opacity=\"{opacity}\" stroke=\"#fff\"/>"
        ),
    );
}

fn label_of_piece(svg: &mut String, x: u32, y: u32, owner: &str, content: &str) {
    let (owner, content) = (escaped(owner), escaped(content));
    line(
        svg,
        format_args!(
            "<text x=\"{x}\" y=\"{y}\" fill=\"#222\" xml:space=\"preserve\">\
             <tspan font-weight=\"bold\">{owner}</tspan>{content}</text>"
        ),
    );
}

fn escaped(content: &str) -> String {
    content.replace('&', "&amp;").replace('<', "&lt;")
}

fn text(svg: &mut String, x: u32, y: u32, style: &str, content: &str) {
    let content = escaped(content);
    line(svg, format_args!("<text x=\"{x}\" y=\"{y}\" {style}>{content}</text>"));
}

fn line(svg: &mut String, arguments: std::fmt::Arguments) {
    writeln!(svg, "{arguments}").expect("a string takes everything");
}
