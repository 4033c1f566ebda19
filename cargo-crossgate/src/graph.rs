// SPDX-License-Identifier: MIT OR Apache-2.0
//! A picture of who may call whom: processes as boxes, from the left, which call, to the right, which are called.
//!
//! The picture is SVG for a page that has styles for the classes `process` and `call`, so that it suits a light and a
//! dark page.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The sizes of the picture, in pixels.
const MARGIN: usize = 16;
const HEIGHT: usize = 40;
const GAP: usize = 36;
/// The distance of arrows that run below all boxes.
const LANE: usize = 26;
const LETTER: usize = 9;
/// The room for the names of the services, between two columns of processes.
const BETWEEN: usize = 190;

/// A graph of calls.
pub struct Graph<'a> {
    processes: &'a [&'a str],
    /// The names of the services, by the numbers of the caller and of the owner.
    calls: BTreeMap<(usize, usize), Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    /// Makes a graph of these calls: the caller, the owner, and the name of the service. Names that are not among the
    /// processes are left out.
    pub fn new(processes: &'a [&'a str], calls: &[(&'a str, &'a str, &'a str)]) -> Graph<'a> {
        let number = |name: &str| processes.iter().position(|process| *process == name);
        let mut graph = Graph { processes, calls: BTreeMap::new() };
        for (caller, owner, service) in calls {
            if let (Some(caller), Some(owner)) = (number(caller), number(owner)) {
                graph.calls.entry((caller, owner)).or_default().push(service);
            }
        }
        graph
    }

    /// Returns the picture.
    pub fn to_svg(&self) -> String {
        let columns = self.columns();
        let longest = self.processes.iter().map(|name| name.len()).max().unwrap_or(0);
        let box_width = LETTER * longest + 2 * MARGIN;
        let mut rows = vec![0; self.processes.len() + 1];
        let mut places = Vec::new();
        for &column in &columns {
            let left = MARGIN + column * (box_width + BETWEEN);
            places.push(Place {
                left,
                top: MARGIN + rows[column] * (HEIGHT + GAP),
                width: box_width,
            });
            rows[column] += 1;
        }
        let most = rows.iter().max().copied().unwrap_or(0);
        let last = columns.iter().max().copied().unwrap_or(0);
        let mut lane = MARGIN + most * (HEIGHT + GAP);
        let mut arrows = String::new();
        for (&(caller, owner), services) in &self.calls {
            let (from, to) = (&places[caller], &places[owner]);
            let arrow = if columns[caller] + 1 == columns[owner] {
                Arrow::direct(from, to)
            } else {
                lane += LANE;
                Arrow::below(from, to, lane - LANE)
            };
            arrows += &arrow.to_svg(services);
        }
        let (width, height) = (2 * MARGIN + (last + 1) * box_width + last * BETWEEN, lane + MARGIN);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"who may call whom\">\n\
             <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
             orient=\"auto\"><path class=\"tip\" d=\"M0 0 8 4 0 8z\"/></marker></defs>\n{arrows}"
        );
        for (number, (name, place)) in self.processes.iter().zip(&places).enumerate() {
            let Place { left, top, width } = place;
            let (x, y) = (left + width / 2, top + HEIGHT / 2 + 5);
            let class = number % COLOURS;
            // (A string takes every text.)
            let _ = writeln!(
                svg,
                "<g class=\"process c{class}\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\" \
                 rx=\"6\"/><text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{name}</text></g>"
            );
        }
        svg + "</svg>"
    }

    /// Returns the column of each process: right of all its callers, except for those that it calls itself, directly or
    /// through others.
    fn columns(&self) -> Vec<usize> {
        let mut columns = vec![0; self.processes.len()];
        for start in 0..columns.len() {
            if !self.calls.keys().any(|&(caller, owner)| owner == start && caller != start) {
                self.place(start, 0, &mut columns, &mut Vec::new());
            }
        }
        // The processes of a circle that nobody else calls have not been reached.
        for start in 0..columns.len() {
            if columns[start] == 0 {
                self.place(start, 0, &mut columns, &mut Vec::new());
            }
        }
        columns
    }

    fn place(&self, process: usize, column: usize, columns: &mut [usize], path: &mut Vec<usize>) {
        columns[process] = columns[process].max(column);
        path.push(process);
        for &(_, owner) in self.calls.keys().filter(|(caller, _)| *caller == process) {
            if !path.contains(&owner) && columns[owner] <= column {
                self.place(owner, column + 1, columns, path);
            }
        }
        path.pop();
    }
}

/// The number of colours for processes, which the page has as classes `c0`, `c1` and so on.
pub const COLOURS: usize = 8;

/// The place of a process in the picture.
struct Place {
    left: usize,
    top: usize,
    width: usize,
}

/// An arrow of calls, and the place of its text.
struct Arrow {
    path: String,
    x: usize,
    y: usize,
}

impl Arrow {
    /// Returns an arrow to the next column.
    fn direct(from: &Place, to: &Place) -> Arrow {
        let (x1, y1) = (from.left + from.width, from.top + HEIGHT / 2);
        let (x2, y2) = (to.left, to.top + HEIGHT / 2);
        let bend = BETWEEN / 3;
        let path = format!("M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}", x1 + bend, x2 - bend);
        Arrow { path, x: (x1 + x2) / 2, y: (y1 + y2) / 2 }
    }

    /// Returns an arrow to any other column. It runs below all boxes, because the straight way would be through them.
    fn below(from: &Place, to: &Place, lane: usize) -> Arrow {
        let (x1, y1) = (from.left + from.width, from.top + HEIGHT / 2);
        let (x2, y2) = (to.left, to.top + HEIGHT / 2);
        let bend = BETWEEN / 3;
        let (right, left) = (x1 + bend, x2.saturating_sub(bend));
        // An arrow to the left turns around beside both boxes.
        let (first, last) = if x1 < x2 { (x1 + 2 * bend, x2 - 2 * bend) } else { (x1, x2) };
        let path = format!(
            "M{x1} {y1}C{right} {y1} {right} {lane} {first} {lane}H{last}C{left} {lane} {left} {y2} {x2} {y2}"
        );
        Arrow { path, x: (x1 + x2) / 2, y: lane }
    }

    fn to_svg(&self, services: &[&str]) -> String {
        let Arrow { path, x, y } = self;
        let names = services.join(", ");
        format!(
            "<g class=\"call\"><path d=\"{path}\" marker-end=\"url(#tip)\"/><text x=\"{x}\" y=\"{}\" \
             text-anchor=\"middle\">{names}</text></g>\n",
            y - 6
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_called_are_right_of_their_callers() {
        let processes = ["console", "control", "fan", "sensor"];
        let calls = [
            ("control", "fan", "FAN"),
            ("control", "console", "LOG"),
            ("fan", "console", "LOG"),
            ("control", "sensor", "TEMPERATURE"),
        ];
        let graph = Graph::new(&processes, &calls);
        assert_eq!(graph.columns(), [2, 0, 1, 1]);
        let svg = graph.to_svg();
        assert_eq!(svg.matches("class=\"call\"").count(), 4);
        // `control` calls `console` past `fan`.
        let past = svg.lines().filter(|line| line.contains("\"call\"") && line.contains('H'));
        assert_eq!(past.count(), 1, "{svg}");
        assert!(svg.contains(">TEMPERATURE</text>"), "{svg}");
    }

    #[test]
    fn circles_end() {
        let processes = ["a", "b", "c"];
        let graph = Graph::new(&processes, &[("a", "b", "B"), ("b", "a", "A"), ("c", "c", "C")]);
        assert_eq!(graph.columns().len(), 3);
        assert_eq!(graph.to_svg().matches("class=\"process").count(), 3);
    }

    #[test]
    fn services_between_the_same_processes_share_an_arrow() {
        let processes = ["a", "b"];
        let calls = [("a", "b", "IN"), ("a", "b", "OUT"), ("a", "unknown", "X")];
        let svg = Graph::new(&processes, &calls).to_svg();
        assert!(svg.contains(">IN, OUT<") && svg.matches("<path d=").count() == 1, "{svg}");
    }
}
