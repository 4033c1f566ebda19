// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limits of the costs of operations.

use super::results::Results;

/// The limit of the cost of an operation.
#[derive(Clone, Copy)]
pub enum Limit {
    /// At most this number of instructions.
    Most(u32),
    /// The cost of another operation, plus or minus the difference.
    About { other: &'static str, difference: u32 },
    /// At most a multiple of the cost of another operation, in hundredths.
    Times { other: &'static str, hundredths: u32 },
}

impl Limit {
    /// Returns `true` if a measured cost is within the limit. `results` has the costs of the other operations.
    pub fn is_met(&self, measured: u32, results: &Results) -> bool {
        match *self {
            Limit::Most(most) => measured <= most,
            Limit::About { other, difference } => {
                results.get(other).is_some_and(|&other| measured.abs_diff(other) <= difference)
            }
            Limit::Times { other, hundredths } => {
                results.get(other).is_some_and(|&other| 100 * measured <= hundredths * other)
            }
        }
    }

    /// Returns the limit as text.
    pub fn text(&self, results: &Results) -> String {
        let of = |other| results.get(other).copied().unwrap_or_default();
        match *self {
            Limit::Most(most) => format!("<= {most}"),
            Limit::About { other, difference } => format!("{} +-{difference}", of(other)),
            Limit::Times { other, hundredths } => format!("<= {}", hundredths * of(other) / 100),
        }
    }
}
