// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of the longest spans.

use super::longest::Longest;

/// The number of parts of a span that are shown.
const PARTS: usize = 8;

/// Prints the table: the spans of most instructions first.
pub fn print(longest: &[Longest], limit: u64) {
    println!("{:>12} {:>8}  handler > what it calls", "instructions", "limit");
    longest.iter().for_each(|longest| print!("{}", row(longest, limit)));
}

fn row(longest: &Longest, limit: u64) -> String {
    let (path, count) = (longest.path(), longest.count);
    let mark = if count > limit { "  OVER THE LIMIT" } else { "" };
    let (told, others) = longest.parts.split_at(PARTS.min(longest.parts.len()));
    let mut parts: Vec<_> = told.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if !others.is_empty() {
        parts.push(format!("others {}", others.iter().map(|(_, count)| count).sum::<u64>()));
    }
    let (firmware, parts) = (&longest.firmware, parts.join(", "));
    format!("{count:>12} {limit:>8}  {path}{mark}\n{:>23} in {firmware}: {parts}\n", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_where_and_of_what_a_span_is() {
        let parts: Vec<_> = (1..=10).rev().map(|count| (format!("f{count}"), count)).collect();
        let path = ["SVCall", "handler::new"].map(str::to_owned).to_vec();
        let longest = Longest { path, count: 55, look: None, firmware: "visitors".into(), parts };
        let text = row(&longest, 400);
        assert!(text.contains("55      400  SVCall > handler::new\n"), "{text}");
        let second = "in visitors: \
            f10 10, f9 9, f8 8, f7 7, f6 6, f5 5, f4 4, f3 3, others 3\n";
        assert!(text.ends_with(second), "{text}");
        assert!(row(&Longest { count: 401, ..longest }, 400).contains("OVER THE LIMIT"));
    }
}
