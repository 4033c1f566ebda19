// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes down how many cycles were executed up to each mark.

use handler_spans::{Instruction, Tracker};
use instruction_timing::{Estimator, Exception};
use std::fs::File;
use std::io::Write;

/// The cycles so far.
pub struct Cycles {
    tracker: Tracker,
    estimator: Estimator,
    /// The address of the instruction at which they are written down.
    mark: u32,
    file: File,
}

impl Cycles {
    pub fn new(mark: u32, file: File) -> Cycles {
        Cycles { tracker: Tracker::default(), estimator: Estimator::default(), mark, file }
    }

    /// # Panics
    /// If a handler's end was missed, an instruction is unknown, or nothing can be written: what was measured would
    /// be wrong.
    pub fn executed(
        &mut self,
        instruction: &Instruction,
        timed: Result<&instruction_timing::Instruction, &String>,
    ) {
        let was_handling = self.tracker.is_handling();
        let ended = match self.tracker.executed(instruction) {
            Ok(span) => span.is_some(),
            Err(why) => panic!("{why}"),
        };
        let exception = match (ended, was_handling, self.tracker.is_handling()) {
            (true, _, true) => Some(Exception::TailChain),
            (true, _, false) => Some(Exception::Return),
            (false, false, true) => Some(Exception::Entry),
            (false, _, _) => None,
        };
        if instruction.address == self.mark {
            writeln!(self.file, "{}", self.estimator.estimate()).expect("cycles can't be written");
        }
        match timed {
            Ok(timed) => self.estimator.executed(timed, exception),
            Err(why) => panic!("{why}"),
        }
    }
}
