// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limit of spans.

use super::longest::Longest;

/// The limit of each span, in instructions.
pub const BOUND: u64 = 400;

/// Returns the spans that are longer than the limit, each in a text.
pub fn missed<'a>(longest: impl IntoIterator<Item = &'a Longest>) -> Vec<String> {
    let over = longest.into_iter().filter(|longest| longest.count > BOUND);
    over.map(|longest| {
        let (path, count) = (longest.path(), longest.count);
        format!("{path}: {count} instructions in {}, limit {BOUND}", longest.firmware)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_span_is_told() {
        let longest = |count| Longest {
            path: ["SVCall", "handler::new"].map(str::to_owned).into(),
            count,
            look: None,
            firmware: "visitors".into(),
            parts: Vec::new(),
        };
        assert_eq!(missed(&[longest(BOUND)]), [""; 0]);
        let text = "SVCall > handler::new: 401 instructions in visitors, limit 400";
        assert_eq!(missed(&[longest(BOUND + 1)]), [text]);
    }
}
