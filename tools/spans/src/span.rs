// SPDX-License-Identifier: MIT OR Apache-2.0
//! A span, and its text form.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;

/// The number of calls of a path that are distinguished.
const CALLS: usize = 3;

/// Instructions of one function, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The depth of calls: 0 is the handler itself.
    pub depth: usize,
    /// The index of the function.
    pub function: usize,
    /// The number of instructions.
    pub count: u64,
}

/// The instructions from the entry of an exception to its return.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The runs of the span, in order.
    pub runs: Vec<Run>,
}

impl Span {
    /// Returns the number of its instructions.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.runs.iter().map(|run| run.count).sum()
    }

    /// Returns the instructions of each function, the largest number first.
    #[must_use]
    pub fn by_function(&self) -> Vec<(usize, u64)> {
        let mut counts = BTreeMap::new();
        for run in &self.runs {
            *counts.entry(run.function).or_insert(0) += run.count;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        counts
    }

    /// Returns the handler, the function among those that it calls in which the most instructions are executed, the
    /// same for that function, and so on, for at most three calls. This is a summary of the kernel's work.
    #[must_use]
    pub fn path(&self) -> Vec<usize> {
        let mut runs = &self.runs[..];
        let mut path: Vec<_> = runs.first().map(|run| run.function).into_iter().collect();
        for depth in 1..=CALLS {
            let called = runs.chunk_by(|one, other| (one.depth < depth) == (other.depth < depth));
            let called = called.filter(|runs| runs[0].depth >= depth);
            let count = |runs: &&[Run]| runs.iter().map(|run| run.count).sum::<u64>();
            let Some(most) = called.max_by_key(count) else { break };
            path.push(most[0].function);
            runs = most;
        }
        path
    }

    pub(crate) fn add(&mut self, depth: usize, function: usize) {
        match self.runs.last_mut() {
            Some(run) if run.depth == depth && run.function == function => run.count += 1,
            _ => self.runs.push(Run { depth, function, count: 1 }),
        }
    }
}

impl Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.runs.iter().try_for_each(|Run { depth, function, count }| {
            write!(formatter, "{depth}:{function}:{count} ")
        })
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(line: &str) -> Result<Span, String> {
        let run = |word: &str| {
            let mut numbers = word.split(':').map(str::parse::<usize>);
            let mut number = || numbers.next()?.ok();
            let run = Run { depth: number()?, function: number()?, count: number()? as u64 };
            numbers.next().is_none().then_some(run)
        };
        let runs = line.split_whitespace().map(run).collect::<Option<Vec<_>>>();
        let span = runs.filter(|runs| !runs.is_empty()).map(|runs| Span { runs });
        span.ok_or_else(|| format!("not a span: {line}"))
    }
}

/// The longest span of each path.
#[derive(Debug, Default)]
pub struct Longest(BTreeMap<Vec<usize>, u64>);

impl Longest {
    /// Returns `true` if this span is longer than all before it with its path.
    pub fn is(&mut self, span: &Span) -> bool {
        let longest = self.0.entry(span.path()).or_default();
        let count = span.count();
        let longer = count > *longest;
        *longest = count.max(*longest);
        longer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(runs: &[(usize, usize, u64)]) -> Span {
        let run = |&(depth, function, count)| Run { depth, function, count };
        Span { runs: runs.iter().map(run).collect() }
    }

    #[test]
    fn what_is_written_is_read() {
        let span = span(&[(0, 3, 12), (1, 4, 100), (0, 3, 2)]);
        assert_eq!(span.to_string(), "0:3:12 1:4:100 0:3:2 ");
        assert_eq!(span.to_string().parse(), Ok(span));
        for line in ["", "7", "x 0:3:12", "0:3", "0:3:12:1", "0:x:12"] {
            assert!(line.parse::<Span>().is_err(), "{line}");
        }
    }

    #[test]
    fn the_path_goes_where_the_most_is_done() {
        // 9 calls 1, which does much by itself; and 2, which calls 3 twice. The second call takes long because of 4.
        let runs = [
            (0, 9, 1),
            (1, 1, 10),
            (0, 9, 1),
            (1, 2, 5),
            (2, 3, 3),
            (1, 2, 1),
            (2, 3, 1),
            (3, 4, 9),
            (1, 2, 1),
        ];
        let span = span(&runs);
        assert_eq!(span.path(), [9, 2, 3, 4]);
        let runs = [(0, 9, 1), (1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 9), (0, 9, 1), (1, 5, 3)];
        assert_eq!(self::span(&runs).path(), [9, 1, 2, 3]);
        assert_eq!(self::span(&[(0, 9, 1)]).path(), [9]);
        assert_eq!(span.count(), 32);
        assert_eq!(span.by_function(), [(1, 10), (4, 9), (2, 7), (3, 4), (9, 2)]);
    }

    #[test]
    fn only_longer_spans_of_a_path_count() {
        let mut longest = Longest::default();
        let spans = [(1, 5), (1, 5), (2, 3), (1, 6), (2, 2)];
        let is =
            spans.map(|(function, count)| longest.is(&span(&[(0, 0, 1), (1, function, count)])));
        assert_eq!(is, [true, false, true, true, false]);
    }
}
