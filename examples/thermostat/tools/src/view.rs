// SPDX-License-Identifier: MIT OR Apache-2.0
//! The views of the demo.

use crate::observed::Observed;

/// A view of the running thermostat.
pub trait View {
    /// Shows a line of the console.
    fn line(&mut self, text: &str);
    /// Shows that one more minute of the day has passed.
    fn minute(&mut self, observed: &Observed);
}

/// A view that prints one line for each hour, and the lines of the console.
pub struct Plain;

impl View for Plain {
    fn line(&mut self, text: &str) {
        println!("{text}");
    }

    fn minute(&mut self, observed: &Observed) {
        if let Some(&(minute, temperature, fan)) = observed.readings.last()
            && minute % 60 == 0
            && minute + 1 == observed.minutes
        {
            println!("{}  {temperature}  {}", time(minute), if fan { "on" } else { "off" });
        }
    }
}

/// Returns a minute of the day as `hh:mm`.
pub fn time(minute: usize) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn minutes_are_shown_as_a_clock_does() {
        assert_eq!(super::time(0), "00:00");
        assert_eq!(super::time(14 * 60 + 5), "14:05");
    }
}
