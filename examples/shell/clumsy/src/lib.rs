// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that crashes from time to time, so that the shell has a crash to show.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt::Write;
use core::time::Duration;
use crossgate::{Handle, time};
use crossgate_log::{Level, Line, Log};

/// The number of steps after which the process panics.
pub const STEPS: u32 = 30;
/// The time that a step takes.
pub const STEP: Duration = Duration::from_secs(1);

/// The process' thread. It logs each step.
///
/// # Panics
/// After [`STEPS`] steps.
pub fn main(log: Handle<dyn Log>) -> ! {
    for step in 1..=STEPS {
        let mut line = Line::new();
        // The process goes on even if the log fails.
        let _ = write!(line, "{step} step");
        let _ = log.write(Level::Info, line.text());
        time::sleep(STEP);
    }
    panic!("a clumsy process stumbles")
}
