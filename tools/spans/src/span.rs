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

/// The instructions during which interrupts are held off: from the entry of an exception, or from a look in it that
/// found no interrupt, to the next such look, or to the return of the exception. A place where the handler itself
/// serves the next interrupt counts as a return and an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The runs of the span, in order. Within an exception, the runs begin with an empty run for each function that has
    /// not returned yet.
    pub runs: Vec<Run>,
    /// The last look for an interrupt in the span, if there is one.
    pub look: Option<Look>,
}

/// A look for an interrupt that is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The index of the look.
    pub index: usize,
    /// The number of instructions from the look to the end of the span, if the look found an interrupt. `None` if it
    /// found none: the span then ends with the look. (The number of instructions that would have followed is known from
    /// other spans.)
    pub left: Option<u64>,
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

    /// Ends the span with a look that found no interrupt. Returns the next span. The last `since` instructions, after
    /// the look, also belong to the next span, because the look does not find interrupts that arrive after it.
    pub(crate) fn look_in_vain(&mut self, index: usize, since: u64) -> Span {
        let mut next = self.begin_next();
        if let Some(last) = next.runs.last_mut() {
            last.count = since;
        }
        self.look = Some(Look { index, left: None });
        next
    }

    /// Returns a span that begins where this one ends.
    pub(crate) fn begin_next(&self) -> Span {
        let mut open: Vec<Run> = Vec::new();
        for run in &self.runs {
            // (The code that a handler jumps to has the handler's name.)
            open.retain(|outer| outer.depth < run.depth || outer.depth == 0);
            if run.depth > 0 || open.is_empty() {
                open.push(Run { count: 0, ..*run });
            }
        }
        Span { runs: open, look: None }
    }

    pub(crate) fn add(&mut self, depth: usize, function: usize) {
        if let Some(Look { left: Some(left), .. }) = &mut self.look {
            *left += 1;
        }
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
        })?;
        match self.look {
            None => Ok(()),
            Some(Look { index, left: None }) => write!(formatter, "look:{index}"),
            Some(Look { index, left: Some(left) }) => write!(formatter, "look:{index}:{left}"),
        }
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
        let look = |words: &str| {
            let (index, left) = match words.split_once(':') {
                None => (words, None),
                Some((index, left)) => (index, Some(left.parse().ok()?)),
            };
            Some(Look { index: index.parse().ok()?, left })
        };
        let (runs, last) = line.split_once("look:").map_or((line, None), |(a, b)| (a, Some(b)));
        let runs = runs.split_whitespace().map(run).collect::<Option<Vec<_>>>();
        let look = last.map_or(Some(None), |last| look(last).map(Some));
        let span = runs.filter(|runs| !runs.is_empty()).zip(look);
        let span = span.map(|(runs, look)| Span { runs, look });
        span.ok_or_else(|| format!("not a span: {line}"))
    }
}

/// The longest span of each path, separately for each look with which it ends; and for each look, the largest number of
/// instructions after the look has found an interrupt.
#[derive(Debug, Default)]
pub struct Longest {
    spans: BTreeMap<(Vec<usize>, Option<usize>), u64>,
    left: BTreeMap<usize, u64>,
}

impl Longest {
    /// Returns `true` if this span, or its part after a look, is longer than all before it.
    pub fn is(&mut self, span: &Span) -> bool {
        let ends_with = span.look.filter(|look| look.left.is_none());
        let key = (span.path(), ends_with.map(|look| look.index));
        let is_longer = is_more(self.spans.entry(key).or_default(), span.count());
        let found = span.look.and_then(|look| Some((look.index, look.left?)));
        let leaves_more =
            found.is_some_and(|(index, left)| is_more(self.left.entry(index).or_default(), left));
        is_longer || leaves_more
    }
}

/// If `count` is larger than `most`, sets `most` to it and returns `true`.
fn is_more(most: &mut u64, count: u64) -> bool {
    let is_more = count > *most;
    *most = count.max(*most);
    is_more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(runs: &[(usize, usize, u64)]) -> Span {
        let run = |&(depth, function, count)| Run { depth, function, count };
        Span { runs: runs.iter().map(run).collect(), look: None }
    }

    #[test]
    fn what_is_written_is_read() {
        let span = span(&[(0, 3, 12), (1, 4, 100), (0, 3, 2)]);
        assert_eq!(span.to_string(), "0:3:12 1:4:100 0:3:2 ");
        assert_eq!(span.to_string().parse(), Ok(span.clone()));
        for left in [None, Some(7)] {
            let span = Span { look: Some(Look { index: 4, left }), ..span.clone() };
            assert_eq!(span.to_string().parse(), Ok(span));
        }
        let wrong = ["", "7", "x 0:3:12", "0:3", "0:3:12:1", "0:x:12", "look:3", "0:3:12 look:"];
        for line in wrong {
            assert!(line.parse::<Span>().is_err(), "{line}");
        }
    }

    #[test]
    fn the_path_goes_where_the_most_is_done() {
        // Function 9 calls function 1, which takes long by itself, and function 2, which calls function 3 twice. The
        // second of these calls takes long because of function 4.
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

    #[test]
    fn each_look_counts_by_itself() {
        let mut longest = Longest::default();
        let looks = [(3, None), (3, None), (4, None), (4, Some(5)), (4, Some(5)), (4, Some(6))];
        let is = looks.map(|(index, left)| {
            let look = Some(Look { index, left });
            longest.is(&Span { look, ..span(&[(0, 0, 9)]) })
        });
        assert_eq!(is, [true, false, true, true, false, true]);
    }
}
