// SPDX-License-Identifier: MIT OR Apache-2.0
//! The costs on this machine in nanoseconds, and for comparison the costs of requests between processes of Linux.

use super::operations::{OPERATIONS, Operation};
use super::results::{PACKAGE, PATIENCE, Results, expect_all, parse};
use crate::workspace::{self, Firmware, Profile};
use crate::{command, progress};
use anyhow::{Context, Result, bail, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use wait_timeout::ChildExt;
use workbench::board::Board;

/// The package that measures how processes of Linux can send requests to each other.
const LINUX_PACKAGE: &str = "bench-linux";
/// The measurements of this package, each with a name and a description.
const LINUX: [(&str, &str); 3] = [
    ("pipe", "Linux: pipes there and back, two processes"),
    ("socketpair", "Linux: a pair of sockets, two processes"),
    ("futex", "Linux: shared memory and a futex, two processes"),
];
/// The lower bound of a call with page tables: the time of the four changes of protection.
const PROTECT: &str = "mprotect";
/// The call that is compared with the requests of Linux.
const CALL: &str = "rpc_null_4_words";
/// The number of times that everything is measured. The median counts.
const TIMES: usize = 3;
/// The factor by which a call has to be faster than the fastest request of Linux.
const FACTOR: f64 = 1.2;

/// The explanation for readers who see the table for the first time.
const EXPLANATION: &str = "\
measured: the median of three runs, of each the median of eleven times 10,000 rounds (of notifications there and back,
  yields and crashes, one time), with protection keys if this CPU has them. by pages: without.
The rows of Linux: two processes on the same CPU, one asks with 16 bytes, the other answers with 4.";

/// The results of a measurement.
struct Measured {
    /// The results with the best protection of this CPU: protection keys, if it has them.
    best: Results,
    /// The results with page tables.
    pages: Results,
    linux: Results,
}

/// Measures, and prints the figures as a table or as JSON.
///
/// # Errors
/// If something can't be measured, or `check` is set and a call is too slow.
pub fn run(as_json: bool, check: bool) -> Result<()> {
    let measured = measure(TIMES)?;
    if as_json {
        print_json(&measured);
    } else {
        print_table(&measured);
    }
    let factor = measured.factor(&measured.best);
    if check && factor < FACTOR {
        bail!(
            "a call is {factor:.2} times as fast as the fastest that Linux has, not {FACTOR} times"
        );
    }
    Ok(())
}

/// Measures everything, as a test that it can be measured. (The speed of this machine is not tested.)
///
/// # Errors
/// If something can't be measured.
pub fn check() -> Result<()> {
    measure(1).map(|_| ())
}

/// Returns the operations that are measured: all except for interrupts, because their time depends on Linux.
fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(|operation| !operation.name.starts_with("interrupt_"))
}

fn measure(times: usize) -> Result<Measured> {
    let (crossgate, linux) = progress::step("building the benchmarks", || {
        let crossgate = workspace::build(PACKAGE, Board::Hosted, Profile::Release)?;
        Ok((crossgate, workspace::build(LINUX_PACKAGE, Board::Hosted, Profile::Release)?))
    })?;
    let all = sched_getaffinity(None).context("cannot tell the CPUs")?;
    stay_on_one_cpu(&all)?;
    let measured = measure_all(&crossgate, &linux, times);
    sched_setaffinity(None, &all).context("cannot choose the CPUs")?;
    let measured = measured?;
    let operations = || operations().map(|operation| operation.name);
    expect_all(&measured.best, operations())?;
    expect_all(&measured.pages, operations())?;
    expect_all(&measured.linux, LINUX.iter().map(|(name, _)| *name).chain([PROTECT]))?;
    Ok(measured)
}

fn measure_all(crossgate: &[Firmware], linux: &[Firmware], times: usize) -> Result<Measured> {
    let (mut best, mut pages, mut on_linux) =
        (Times::default(), Times::default(), Times::default());
    progress::step("running the benchmarks", || {
        for _ in 0..times {
            for program in crossgate {
                let file = &program.file;
                best.add(measure_one(file, &["--semihosting"])?);
                pages.add(measure_one(file, &["--semihosting", "--protection", "pages"])?);
            }
            for program in linux {
                on_linux.add(measure_one(&program.file, &[])?);
            }
        }
        Ok(())
    })?;
    Ok(Measured { best: best.medians(), pages: pages.medians(), linux: on_linux.medians() })
}

/// Keeps this program and its children on one CPU. So the client and the server process run on the same CPU, as in
/// Crossgate.
fn stay_on_one_cpu(all: &CpuSet) -> Result<()> {
    let last = (0..CpuSet::MAX_CPU).rev().find(|&cpu| all.is_set(cpu));
    let mut one = CpuSet::new();
    one.set(last.context("there is no CPU")?);
    sched_setaffinity(None, &one).context("cannot choose the CPU")
}

/// Runs a program that prints results.
fn measure_one(program: &PathBuf, options: &[&str]) -> Result<Results> {
    let mut command = Command::new(program);
    command.args(options);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("the program does not start")?;
    let has_ended = child.wait_timeout(PATIENCE)?.is_some();
    if !has_ended {
        child.kill()?;
    }
    let output = child.wait_with_output()?;
    ensure!(has_ended, "`{}` did not end", command::line(&command));
    command::check(&command, &output)?;
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

/// The times of each operation.
#[derive(Default)]
struct Times(BTreeMap<String, Vec<u32>>);

impl Times {
    fn add(&mut self, results: Results) {
        for (name, time) in results {
            self.0.entry(name).or_default().push(time);
        }
    }

    fn medians(self) -> Results {
        let median = |mut times: Vec<u32>| {
            times.sort_unstable();
            times[times.len() / 2]
        };
        self.0.into_iter().map(|(name, times)| (name, median(times))).collect()
    }
}

impl Measured {
    /// Returns the factor by which a call is faster than the fastest request of Linux.
    fn factor(&self, results: &Results) -> f64 {
        let ways = LINUX.iter().filter_map(|(name, _)| self.linux.get(*name));
        let fastest = ways.min().copied().unwrap_or_default();
        f64::from(fastest) / f64::from(results.get(CALL).copied().unwrap_or_default())
    }
}

fn print_json(measured: &Measured) {
    let rows = |results: &Results| -> Map<String, Value> {
        results.iter().map(|(name, time)| (name.clone(), json!(time))).collect()
    };
    let mut all = rows(&measured.best);
    all.append(&mut rows(&measured.linux));
    let all = json!({
        "board": "hosted",
        "profile": "release",
        "unit": "ns",
        "results": all,
        "results_by_pages": rows(&measured.pages),
    });
    println!("{all}");
}

fn print_table(measured: &Measured) {
    println!("{:<48} {:>9} {:>9}", "operation (ns)", "measured", "by pages");
    for operation in operations() {
        let [best, pages] =
            [&measured.best, &measured.pages].map(|results| results[operation.name]);
        println!("{:<48} {best:>9} {pages:>9}", operation.text);
    }
    for (name, text) in LINUX {
        println!("{text:<48} {:>9}", measured.linux[name]);
    }
    let text = "Linux: four changes of protection, all by itself";
    println!("{text:<48} {:>9}", measured.linux[PROTECT]);
    let factor = measured.factor(&measured.best);
    let holds = if factor < FACTOR { "does not hold" } else { "holds" };
    println!(
        "\nA call of 4 words is {factor:.2} times as fast as the fastest that Linux has; the limit of {FACTOR} {holds}. By \
         pages it is {:.2} times as fast.\n{EXPLANATION}",
        measured.factor(&measured.pages)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_counts() {
        let mut times = Times::default();
        for output in ["result a 5\nresult b 3", "result a 4\nresult b 9", "result a 7\nresult b 1"]
        {
            times.add(parse(output));
        }
        assert_eq!(times.medians(), parse("result a 5\nresult b 3"));
    }

    #[test]
    fn calls_are_compared_with_the_fastest() {
        let best = parse("result rpc_null_4_words 1000");
        let linux = parse(
            "result pipe 5000\nresult socketpair 6000\nresult futex 1500\nresult mprotect 900",
        );
        let pages = parse("result rpc_null_4_words 3000");
        let measured = Measured { best, pages, linux };
        assert_eq!(measured.factor(&measured.best), 1.5);
        assert_eq!(measured.factor(&measured.pages), 0.5);
    }
}
