// SPDX-License-Identifier: MIT OR Apache-2.0
//! A span that is the longest of its path.

use crate::symbols::Symbols;
use handler_spans::Span;

/// The longest span of a path.
#[derive(Clone)]
pub struct Longest {
    /// The names of the handler, and of the functions that it called.
    pub path: Vec<String>,
    /// The number of instructions.
    pub count: u64,
    /// If the span ends with a look for an interrupt, the function with this look.
    pub look: Option<String>,
    /// The firmware.
    pub firmware: String,
    /// The instructions of each function, the largest number first.
    pub parts: Vec<(String, u64)>,
}

impl Longest {
    /// Returns the span of a firmware with these symbols.
    pub fn new(span: &Span, symbols: &Symbols, firmware: &str) -> Longest {
        let name = |index: usize| symbols.name(index).to_owned();
        Longest {
            path: span.path().into_iter().map(name).collect(),
            count: span.count(),
            look: span
                .look
                .filter(|look| look.left.is_none())
                .map(|look| symbols.look(look.index).to_owned()),
            firmware: firmware.to_owned(),
            parts: span
                .by_function()
                .into_iter()
                .map(|(index, count)| (name(index), count))
                .collect(),
        }
    }

    /// Returns the names of its functions in one text.
    pub fn path(&self) -> String {
        self.path.join(" > ")
    }
}
