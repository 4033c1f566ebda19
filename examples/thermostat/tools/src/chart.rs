// SPDX-License-Identifier: MIT OR Apache-2.0
//! The live chart: the temperature over the day. The curve has another colour while the fan runs.
//!
//! The labels are drawn here, because those of `ratatui` are spread evenly, wherever their values are.

use crate::observed::Observed;
use crate::recording::MINUTES;
use crate::view::{View, time};
use control::{OFF_BELOW, ON_ABOVE};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart as LineChart, Dataset, GraphType, Paragraph, Widget};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use std::io::{Result, Stdout, stdout};
use thermostat_interfaces::Celsius;

/// The chart's height in lines.
const HEIGHT: u16 = 20;
/// The range of temperatures in the chart, in °C.
const RANGE: [f64; 2] = [18.0, 28.0];
/// The width of a label such as `18 °C`, and of a space after it.
const SCALE: u16 = 6;
/// The width of a label such as `12:00`.
const HOUR: u16 = 5;

/// The colours of the curve, of the temperatures at which the fan switches, and of crashes.
const OFF: Color = Color::Yellow;
const ON: Color = Color::Cyan;
const THRESHOLDS: Color = Color::DarkGray;
const CRASH: Color = Color::Red;

/// A chart in the lower part of the terminal; lines of the console scroll above it.
pub struct Chart {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Chart {
    /// Reserves the chart's part of the terminal.
    pub fn new() -> Result<Chart> {
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        let mut terminal = Terminal::with_options(CrosstermBackend::new(stdout()), options)?;
        terminal.hide_cursor()?;
        Ok(Chart { terminal })
    }
}

impl Drop for Chart {
    fn drop(&mut self) {
        // If this fails, only the cursor stays hidden.
        let _ = self.terminal.show_cursor();
        let below = self.terminal.get_frame().area().bottom().saturating_sub(1);
        let _ = self.terminal.set_cursor_position((0, below));
        println!();
    }
}

impl View for Chart {
    fn line(&mut self, text: &str) {
        // An error is ignored: if a line can't be drawn, the thermostat itself has not failed.
        let width = self.terminal.get_frame().area().width;
        let lines = textwrap::wrap(text, usize::from(width));
        let _ = self.terminal.insert_before(lines.len() as u16, |buffer| {
            for (row, line) in (buffer.area.y..).zip(&lines) {
                buffer.set_string(buffer.area.x, row, line, Style::new());
            }
        });
    }

    fn minute(&mut self, observed: &Observed) {
        let _ = self.terminal.draw(|frame| draw(frame, observed));
    }
}

fn draw(frame: &mut Frame<'_>, observed: &Observed) {
    let block = Block::bordered().title(title(observed));
    let inside = block.inner(frame.area());
    frame.render_widget(block, frame.area());
    let rows = [Constraint::Min(1), Constraint::Length(1), Constraint::Length(1)];
    let [body, hours, legend] = Layout::vertical(rows).areas(inside);
    let [scale, graph] =
        Layout::horizontal([Constraint::Length(SCALE), Constraint::Min(1)]).areas(body);
    curves(observed, graph, frame.buffer_mut());
    for (row, label) in degree_labels(graph.height) {
        frame.buffer_mut().set_string(scale.x, scale.y + row, label, Style::new());
    }
    for (column, label) in hour_labels(graph.width) {
        frame.buffer_mut().set_string(graph.x + column, hours.y, label, Style::new());
    }
    let names = [("fan off", OFF), ("fan on", ON), ("fan switches", THRESHOLDS), ("crash", CRASH)];
    let names =
        names.map(|(name, colour)| [Span::from("━ ").fg(colour), format!("{name}  ").into()]);
    let names = Line::from(names.into_iter().flatten().collect::<Vec<_>>());
    frame.render_widget(Paragraph::new(names).right_aligned(), legend);
}

/// Draws the temperatures, the thresholds, and a line at each crash.
fn curves(observed: &Observed, area: Rect, buffer: &mut Buffer) {
    let (cool, fan): (Vec<_>, Vec<_>) = observed.readings.iter().partition(|(.., fan)| !fan);
    let points = |readings: Vec<&(usize, Celsius, bool)>| -> Vec<(f64, f64)> {
        readings.iter().map(|(minute, at, _)| (*minute as f64, degrees(*at))).collect()
    };
    let (cool, fan) = (points(cool), points(fan));
    let thresholds = [ON_ABOVE, OFF_BELOW].map(|at| {
        let degrees = degrees(at);
        [(0.0, degrees), (MINUTES as f64, degrees)]
    });
    let crashes = observed.crashes.iter().map(|&minute| RANGE.map(|at| (minute as f64, at)));
    let crashes: Vec<_> = crashes.collect();
    let curve = |points, colour| Dataset::default().marker(Marker::Braille).data(points).fg(colour);
    let line = |points, colour| curve(points, colour).graph_type(GraphType::Line);
    let mut datasets: Vec<_> = thresholds.iter().map(|it| line(it, THRESHOLDS)).collect();
    datasets.extend(crashes.iter().map(|it| line(it, CRASH)));
    datasets.extend([curve(&cool, OFF), curve(&fan, ON)]);
    let chart = LineChart::new(datasets)
        .x_axis(Axis::default().bounds([0.0, MINUTES as f64]))
        .y_axis(Axis::default().bounds(RANGE));
    chart.render(area, buffer);
}

/// Returns the labels of hours, each with the column where it begins, for a chart of this width.
fn hour_labels(width: u16) -> Vec<(u16, String)> {
    let Some(last) = width.checked_sub(HOUR) else { return Vec::new() };
    let labels = |hours: usize| {
        let labels = (0..=24).step_by(hours).map(|hour| {
            let column = place(hour as f64 / 24.0, width).saturating_sub(HOUR / 2);
            (column.min(last), time(hour * 60))
        });
        labels.collect::<Vec<_>>()
    };
    let fit =
        |labels: &Vec<(u16, String)>| labels.windows(2).all(|pair| pair[1].0 > pair[0].0 + HOUR);
    [1, 2, 3, 6, 12, 24].into_iter().map(labels).find(fit).unwrap_or_default()
}

/// Returns the labels of temperatures, each with its row, for a chart of this height.
fn degree_labels(height: u16) -> Vec<(u16, String)> {
    let [from, to] = RANGE;
    let labels = |step: usize| {
        let degrees = (from as u16..=to as u16).rev().step_by(step);
        let row = |at: u16| place((to - f64::from(at)) / (to - from), height);
        degrees.map(|at| (row(at), format!("{at} °C"))).collect::<Vec<_>>()
    };
    let fit = |labels: &Vec<(u16, String)>| labels.windows(2).all(|pair| pair[1].0 > pair[0].0 + 1);
    [1, 2, 5, 10].into_iter().map(labels).find(fit).unwrap_or_default()
}

/// Returns the cell in which a part of a length lies.
fn place(part: f64, cells: u16) -> u16 {
    (part * f64::from(cells.saturating_sub(1))).round() as u16
}

fn title(observed: &Observed) -> String {
    let reading = observed.readings.last().map_or("-".to_owned(), |(_, at, _)| at.to_string());
    let fan = if observed.fan_is_on() { "on" } else { "off" };
    let safe = if observed.is_in_safe_mode { ", SAFE MODE" } else { "" };
    format!(" thermostat  {}  {reading} °C  fan {fan}{safe} ", time(observed.minutes))
}

fn degrees(at: Celsius) -> f64 {
    f64::from(at.0) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::backend::TestBackend;

    /// Returns the rows of the chart of these observations.
    fn rows(observed: &Observed, width: u16) -> Vec<Vec<String>> {
        let mut terminal = Terminal::new(TestBackend::new(width, HEIGHT)).unwrap();
        let frame = terminal.draw(|frame| draw(frame, observed)).unwrap();
        let cells = frame.buffer.content.chunks(width.into());
        cells.map(|row| row.iter().map(|cell| cell.symbol().to_owned()).collect()).collect()
    }

    /// Returns the column in which a text begins.
    fn column(row: &[String], text: &str) -> Option<usize> {
        (0..row.len()).find(|&start| row[start..].concat().starts_with(text))
    }

    #[test]
    fn labels_are_at_their_values_at_any_width() {
        for (hour, label) in [(0, "00:00"), (12, "12:00"), (24, "24:00")] {
            let minute = hour * 60;
            // Only this line has a dot at each height.
            let observed = Observed { crashes: vec![minute], ..Observed::default() };
            for width in [40, 60, 79, 100, 213] {
                let rows = rows(&observed, width);
                let above = |column: usize| rows[3][column] != " " && rows[4][column] != " ";
                let inside = usize::from(SCALE) + 1..usize::from(width) - 1;
                let marked = inside.clone().find(|&column| above(column)).unwrap();
                let row = &rows[usize::from(HEIGHT) - 3];
                let label = column(row, label).unwrap_or_else(|| panic!("{label}: {row:?}"));
                let middle = label + usize::from(HOUR) / 2;
                let is_edge = label == inside.start || label + usize::from(HOUR) == inside.end;
                let near = if is_edge { HOUR / 2 } else { 1 };
                assert!(
                    middle.abs_diff(marked) <= near.into(),
                    "{width}, {minute}: {middle}, {marked}"
                );
            }
        }
    }

    #[test]
    fn temperatures_are_at_their_labels() {
        let noon = MINUTES / 2;
        for at in [180, 220, 280] {
            let readings = vec![(noon, Celsius(at), false)];
            let rows = rows(&Observed { readings, ..Observed::default() }, 100);
            let label = format!("{} °C", at / 10);
            let labelled = rows.iter().position(|row| column(row, &label) == Some(1)).unwrap();
            let is_dot =
                |cell: &String| cell.starts_with(|it| ('\u{2801}'..='\u{28ff}').contains(&it));
            // The thresholds are in the other rows, or over the whole width.
            assert!(rows[labelled][50..60].iter().any(is_dot), "{label}: {rows:?}");
        }
    }

    #[test]
    fn the_title_and_the_legend_say_what_is_seen() {
        let mut observed = Observed { is_in_safe_mode: true, ..Observed::default() };
        let text = |observed: &Observed| rows(observed, 80).concat().concat();
        let shown = text(&observed);
        for part in ["SAFE MODE", "━ fan off", "━ fan on", "━ fan switches", "━ crash"] {
            assert!(shown.contains(part), "{shown}");
        }
        observed.is_in_safe_mode = false;
        assert!(!text(&observed).contains("SAFE MODE"));
    }

    #[test]
    fn a_terminal_of_any_size_is_drawn() {
        for width in 1..300 {
            let _ = rows(&Observed::default(), width);
        }
        assert_eq!(hour_labels(4), []);
        assert_eq!(hour_labels(11).len(), 2);
        assert_eq!(degree_labels(1), []);
        assert_eq!(degree_labels(21).len(), 11);
    }
}
