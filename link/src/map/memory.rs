// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ranges that a map shows of each process and of each thread.

use crate::layout::Span;

/// The memory of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessMemory {
    /// The name of the process.
    pub name: String,
    /// The memory that it may access. It is empty if the process has no statics.
    pub span: Span,
    /// The part that it may lend.
    pub shared: Span,
    /// The end of its initialised statics.
    pub data_end: u64,
    /// The start of the statics that are kept when it restarts; the end of the memory if there are none.
    pub kept_start: u64,
    /// The address in flash of the initial values.
    pub image: u64,
    /// The number of bytes that its statics take. The rest of the memory is lost to rounding.
    pub used: u64,
    /// The number of bytes of its heap, which is a part of its zeroed statics; 0 if it has no heap.
    pub heap: u64,
}

impl ProcessMemory {
    /// Returns the memory of the process, if it has any.
    pub fn region(&self) -> Option<Span> {
        (self.span.size() > 0).then_some(self.span)
    }

    /// Returns the limits of each of the [`PARTS`](crate::plan::PARTS).
    pub(crate) fn limits(&self, region: Span) -> [Span; 4] {
        let data = Span { start: self.shared.end, end: self.data_end };
        let zeroed = Span { start: self.data_end, end: self.kept_start };
        [self.shared, data, zeroed, Span { start: self.kept_start, end: region.end }]
    }
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The process and the thread, as in `sensor.sampler`.
    pub name: String,
    /// The range of the stack.
    pub span: Span,
    /// The number of bytes at the end of the stack that the thread has used in a run, if somebody has measured it.
    pub high_water: Option<u64>,
}
