// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows the progress of the tools: a spinner on a terminal, and plain lines elsewhere. All of this is written to the
//! standard error, so that the real output can be piped.

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The spinners of steps that run at the same time. Each spinner has its own line.
static SPINNERS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Runs `work`. Shows `name` while it runs, and the result at the end.
///
/// # Errors
/// The errors of `work`.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let spinner = spinner(name);
    let result = work();
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    let mark = if result.is_ok() { "done" } else { "FAILED" };
    let line = format!("{name}: {mark} ({:.1} s)", start.elapsed().as_secs_f32());
    SPINNERS.suspend(|| eprintln!("{line}"));
    result
}

fn spinner(name: &str) -> Option<ProgressBar> {
    if !stderr().is_terminal() {
        eprintln!("{name} ...");
        return None;
    }
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
    let bar = SPINNERS.add(ProgressBar::new_spinner().with_message(name.to_owned()));
    let bar = style.map_or(bar.clone(), |style| bar.with_style(style));
    bar.enable_steady_tick(Duration::from_millis(100));
    Some(bar)
}
