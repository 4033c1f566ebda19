// SPDX-License-Identifier: MIT OR Apache-2.0
//! Plays the recorded day to the thermostat.

use crate::chart::Chart;
use crate::expected::{self, Event};
use crate::machine::{self, Machine};
use crate::observed::{Observed, SENSOR};
use crate::recording;
use crate::view::{Plain, View};
use anyhow::{Result, bail, ensure};
use crossgate_abi::CallError;
use std::io::{IsTerminal, stdout};
use std::thread;
use std::time::{Duration, Instant};
use workbench::board::Board;
use workbench::{progress, setup};

/// The time in which the thermostat has to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The minute in which the sensor is made to crash.
const CRASH: usize = recording::MINUTES / 2;

/// The options of the demo.
pub struct Options {
    /// The board that the thermostat runs on.
    pub board: Board,
    /// Crash the sensor at noon.
    pub fault: bool,
    /// Plain lines even on a terminal.
    pub plain: bool,
    /// The duration of the day, in seconds.
    pub seconds: u32,
}

/// Installs what is missing, builds the thermostat, and shows one day of it.
///
/// # Errors
/// If a tool is missing, or if the thermostat does not do what is expected.
pub fn run(options: &Options) -> Result<()> {
    if let Some(row) = options.board.row() {
        setup::target_of(row)?;
        setup::emulator()?;
    }
    let board = options.board;
    progress::step("building the thermostat", || machine::build(board))?;
    let lines = recording::read()?;
    let mut view = choose(options.plain);
    let day = Duration::from_secs(options.seconds.into());
    let observed = play(board, &lines, options.fault, day, &mut *view);
    drop(view);
    let observed = observed?;
    summary(&observed);
    check(&observed, &lines, options.fault)
}

/// Returns a live chart if the terminal can show one, else plain lines.
fn choose(plain: bool) -> Box<dyn View> {
    if !plain
        && stdout().is_terminal()
        && let Ok(chart) = Chart::new()
    {
        return Box::new(chart);
    }
    println!("time   °C    fan");
    Box::new(Plain)
}

/// Sends the day's lines to the sensor. Each line is sent after the thermostat has handled the line before. All lines
/// together take at least the time `day`.
fn play(
    board: Board,
    lines: &[Vec<u8>],
    fault: bool,
    day: Duration,
    view: &mut dyn View,
) -> Result<Observed> {
    let mut run = Run { machine: Machine::start(board)?, observed: Observed::default(), view };
    let start = Instant::now();
    for (minute, line) in lines.iter().enumerate() {
        if fault && minute == CRASH {
            run.machine.send(SENSOR, b"crash\n")?;
            run.wait_for("the fault record and safe mode", |seen| {
                !seen.faults.is_empty() && !seen.safe_modes.is_empty() && seen.fan_is_on()
            })?;
        }
        run.machine.send(SENSOR, line)?;
        run.wait_for("the answer to a reading", |seen| seen.minutes > minute)?;
        run.view.minute(&run.observed);
        let next = start + day.mul_f64((minute + 1) as f64 / recording::MINUTES as f64);
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    run.wait_for("the last statistics", |seen| seen.calls.messages == lines.len())?;
    run.view.minute(&run.observed);
    Ok(run.observed)
}

/// A running thermostat, and the observations of it.
struct Run<'a> {
    machine: Machine,
    observed: Observed,
    view: &'a mut dyn View,
}

impl Run<'_> {
    fn wait_for(&mut self, what: &str, seen: impl Fn(&Observed) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !seen(&self.observed) {
            let patience = deadline.saturating_duration_since(Instant::now());
            let Some(line) = self.machine.receive(patience)? else {
                bail!(
                    "{what} did not come within {} s. The console's last lines:\n{}",
                    PATIENCE.as_secs(),
                    self.observed.last.join("\n")
                );
            };
            if let Some(line) = self.observed.take(line) {
                self.view.line(&line);
            }
        }
        Ok(())
    }
}

fn summary(observed: &Observed) {
    let count = |wanted: fn(&Event) -> bool| observed.events.iter().filter(|e| wanted(e)).count();
    println!();
    println!("readings   {:5}", observed.readings.len());
    println!("drop-outs  {:5}", count(|event| *event == Event::DropOut));
    println!("switches   {:5}", count(|event| matches!(event, Event::Fan { .. })));
    let calls = observed.calls.made + observed.lines_of_others;
    println!("calls      {calls:5}  (in the first {} minutes)", observed.calls.messages);
    println!("faults     {:5}", observed.faults.len());
    for record in &observed.faults {
        println!("           {record}");
    }
    for reason in &observed.safe_modes {
        println!("safe mode: {reason}; over when the sensor, restarted, sent a reading");
    }
}

/// Compares the observations with the expected events.
fn check(observed: &Observed, lines: &[Vec<u8>], fault: bool) -> Result<()> {
    let expected = expected::events(lines, fault.then_some(CRASH));
    for (index, event) in expected.iter().enumerate() {
        let seen = observed.events.get(index);
        ensure!(seen == Some(event), "expected {event:?} from the recording, saw {seen:?}");
    }
    ensure!(observed.events.len() == expected.len(), "more events than the recording has");
    let failed = observed.calls.failed;
    // It may also be 0 failed calls: then no thread was in the sensor's process when it crashed.
    ensure!(failed <= usize::from(fault), "{failed} calls failed");
    let commands: Vec<&str> = expected.iter().filter_map(Event::command).collect();
    if fault {
        check_fault(observed)?;
    } else {
        ensure!(observed.faults.is_empty(), "there was a fault: {}", observed.faults[0]);
    }
    ensure!(observed.commands == commands, "the fan was told {:?}", observed.commands);
    Ok(())
}

fn check_fault(observed: &Observed) -> Result<()> {
    let [record] = &observed.faults[..] else {
        bail!("expected one fault, saw {:?}", observed.faults);
    };
    ensure!(record.starts_with("process sensor: access"), "the fault is another: {record}");
    let reasons = [CallError::ServerFaulted.as_str()];
    ensure!(observed.safe_modes == reasons, "safe mode: {:?}", observed.safe_modes);
    Ok(())
}
