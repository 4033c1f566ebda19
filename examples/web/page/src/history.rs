// SPDX-License-Identifier: MIT OR Apache-2.0
//! The points of the chart, and their number.

use core::fmt;
use crossgate::sync::Mutex;
use heapless::Deque;
use thermostat_interfaces::Celsius;

/// The points of the chart, and their number.
pub const POINTS: usize = 120;

/// The points since the process started or restarted.
pub static HISTORY: Mutex<History> = Mutex::new(History(Deque::new()));

/// A point: the temperature, and `true` if the fan runs. Its `Display` format is JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub measured: Option<Celsius>,
    pub fan: bool,
}

/// The last points, the oldest first.
pub struct History(Deque<Point, POINTS>);

impl History {
    /// Adds a point.
    pub fn push(&mut self, point: Point) {
        if self.0.is_full() {
            self.0.pop_front();
        }
        // The point always fits, because there is room now.
        let _ = self.0.push_back(point);
    }

    /// Returns the point with this index, if it exists.
    pub fn get(&self, index: usize) -> Option<Point> {
        self.0.get(index).copied()
    }
}

impl fmt::Display for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fan = self.fan;
        match self.measured {
            Some(Celsius(tenths)) => write!(formatter, "[{tenths},{fan}]"),
            None => write!(formatter, "[null,{fan}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_points_make_room() {
        let mut history = History(Deque::new());
        let point = |tenths| Point { measured: Some(Celsius(tenths)), fan: true };
        (0..=POINTS as i16).for_each(|tenths| history.push(point(tenths)));
        assert_eq!(history.get(0), Some(point(1)));
        assert_eq!(history.get(POINTS - 1), Some(point(POINTS as i16)));
        assert_eq!(history.get(POINTS), None);
    }

    #[test]
    fn points_are_json() {
        let point = |measured| Point { measured, fan: false }.to_string();
        assert_eq!([point(Some(Celsius(-5))), point(None)], ["[-5,false]", "[null,false]"]);
    }
}
