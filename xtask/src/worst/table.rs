//! The table of the longest spans.

use super::Longest;

/// How many parts of a span are told.
const PARTS: usize = 8;

/// Prints it.
pub fn print(longest: &[Longest]) {
    for longest in longest {
        println!("{:>7}  {}  ({})", longest.count, longest.path.join(" > "), longest.firmware);
        let parts: Vec<_> = longest
            .parts
            .iter()
            .take(PARTS)
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        println!("         {}", parts.join(", "));
    }
}
