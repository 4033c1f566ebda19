// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limits of spans.

use super::longest::Longest;

/// The limit of a span in instructions, if the span is not in [`LIMITS`]. It is also the final goal for the spans in
/// [`LIMITS`].
pub const BOUND: u64 = 400;

/// The spans that are longer than the bound today. Each has the handler, the functions that it
/// calls, and the largest number of instructions. This is the measured number plus 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 2] = [
    ("SVCall > handler::system_call > Clock::now > __crossgate_board_count", 451),
    ("SVCall > handler::system_call > restart::advance > down::sweep", 439),
];

/// Returns the limit of a span with this path.
pub fn of(path: &str) -> u64 {
    LIMITS.iter().find(|(limited, _)| *limited == path).map_or(BOUND, |&(_, limit)| limit)
}

/// Returns the spans that are longer than their limits, each in a text.
pub fn missed<'a>(longest: impl IntoIterator<Item = &'a Longest>) -> Vec<String> {
    let over = longest.into_iter().filter(|longest| longest.count > of(&longest.path()));
    over.map(|longest| {
        let (path, count) = (longest.path(), longest.count);
        format!("{path}: {count} instructions in {}, limit {}", longest.firmware, of(&path))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(path: &str, count: u64) -> Longest {
        Longest {
            path: path.split(" > ").map(str::to_owned).collect(),
            count,
            look: None,
            firmware: "visitors".into(),
            parts: Vec::new(),
        }
    }

    #[test]
    fn each_path_has_its_limit() {
        let within = LIMITS.map(|(path, limit)| longest(path, limit));
        assert_eq!(missed(&within), [""; 0]);
        for (path, limit) in LIMITS {
            assert!(limit > BOUND, "{path} is in need of no limit of its own");
            let text = format!("{path}: {} instructions in visitors, limit {limit}", limit + 1);
            assert_eq!(missed(&[longest(path, limit + 1)]), [text]);
        }
    }

    #[test]
    fn other_paths_keep_the_bound() {
        let path = "SVCall > handler::new";
        assert_eq!(missed(&[longest(path, BOUND)]), [""; 0]);
        let text = "SVCall > handler::new: 401 instructions in visitors, limit 400";
        assert_eq!(missed(&[longest(path, BOUND + 1)]), [text]);
    }
}
