// SPDX-License-Identifier: MIT OR Apache-2.0
//! The live chart: the temperature over the day. The curve has another colour while the fan runs.

use crate::observed::Observed;
use crate::recording::MINUTES;
use crate::view::{View, time};
use control::{OFF_BELOW, ON_ABOVE};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::style::{Color, Stylize};
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Block, Chart as LineChart, Dataset, GraphType, Paragraph};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use std::io::{Result, Stdout, stdout};
use thermostat_interfaces::Celsius;

/// The chart's height in lines.
const HEIGHT: u16 = 20;
/// The range of temperatures in the chart, in °C.
const RANGE: [f64; 2] = [18.0, 28.0];

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
        let _ = self.terminal.insert_before(1, |buffer| {
            ratatui::widgets::Widget::render(Paragraph::new(text), buffer.area, buffer);
        });
    }

    fn minute(&mut self, observed: &Observed) {
        let _ = self.terminal.draw(|frame| draw(frame, observed));
    }
}

fn draw(frame: &mut Frame<'_>, observed: &Observed) {
    let area: Rect = frame.area();
    let (cool, fan): (Vec<_>, Vec<_>) = observed.readings.iter().partition(|(.., fan)| !fan);
    let points = |readings: Vec<&(usize, Celsius, bool)>| -> Vec<(f64, f64)> {
        readings.iter().map(|(minute, at, _)| (*minute as f64, degrees(*at))).collect()
    };
    let (cool, fan) = (points(cool), points(fan));
    let thresholds = [ON_ABOVE, OFF_BELOW].map(|at| {
        let degrees = degrees(at);
        [(0.0, degrees), (MINUTES as f64, degrees)]
    });
    let dataset = |name, points, color| {
        Dataset::default().name(name).marker(Marker::Braille).data(points).fg(color)
    };
    let datasets = vec![
        dataset("", &thresholds[0], Color::DarkGray).graph_type(GraphType::Line),
        dataset("", &thresholds[1], Color::DarkGray).graph_type(GraphType::Line),
        dataset("fan off", &cool, Color::Yellow),
        dataset("fan on", &fan, Color::Cyan),
    ];
    let hours = ["00:00", "06:00", "12:00", "18:00", "24:00"];
    let scale = ["18 °C", "23 °C", "28 °C"];
    let chart = LineChart::new(datasets)
        .block(Block::bordered().title(title(observed)))
        .x_axis(Axis::default().bounds([0.0, MINUTES as f64]).labels(hours))
        .y_axis(Axis::default().bounds(RANGE).labels(scale));
    frame.render_widget(chart, area);
}

fn title(observed: &Observed) -> String {
    let reading = observed.readings.last().map_or("-".to_owned(), |(_, at, _)| at.to_string());
    let fan = if observed.fan_is_on() { "on" } else { "off" };
    let safe = if observed.safe_modes.is_empty() { "" } else { ", SAFE MODE" };
    format!(" thermostat  {}  {reading} °C  fan {fan}{safe} ", time(observed.minutes))
}

fn degrees(at: Celsius) -> f64 {
    f64::from(at.0) / 10.0
}
