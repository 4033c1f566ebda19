// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records the number of cycles that were executed up to each mark.

use handler_spans::{Instruction, Tracker};
use instruction_timing::{Estimator, Exception};
use std::fs::File;
use std::io::Write;

/// The cycles so far.
pub struct Cycles {
    tracker: Tracker,
    estimator: Estimator,
    /// The address of the instruction at which the cycles are recorded.
    mark: u32,
    file: File,
}

impl Cycles {
    pub fn new(mark: u32, file: File) -> Cycles {
        Cycles { tracker: Tracker::default(), estimator: Estimator::default(), mark, file }
    }

    /// Takes an instruction that is about to be executed.
    ///
    /// # Panics
    /// If a handler's end was missed, an instruction is unknown, or nothing can be written, because the measurement
    /// would be wrong.
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
