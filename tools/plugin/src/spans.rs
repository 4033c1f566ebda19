// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records the longest spans of handlers.

use handler_spans::{Instruction, Longest, Tracker};
use std::fs::File;
use std::io::Write;

/// The spans so far.
pub struct Spans {
    tracker: Tracker,
    longest: Longest,
    file: File,
}

impl Spans {
    pub fn new(file: File) -> Spans {
        Spans { tracker: Tracker::default(), longest: Longest::default(), file }
    }

    /// Takes an instruction that is about to be executed.
    ///
    /// # Panics
    /// If a handler's end was missed, or nothing can be written, because the measurement would be wrong.
    pub fn executed(&mut self, instruction: &Instruction) {
        match self.tracker.executed(instruction) {
            Ok(Some(span)) if self.longest.is(&span) => {
                writeln!(self.file, "{span}").expect("a span can't be written");
            }
            Ok(_) => {}
            Err(why) => panic!("{why}"),
        }
    }
}
