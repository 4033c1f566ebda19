// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ways in which processes of Linux ask each other: a pipe there and another one back, a pair of sockets, and
//! shared memory with a futex. It also measures the lower bound of a call by pages: four changes of protection.
//!
//! A question is four words, an answer is one. The other process is this same program, started with the
//! name of the way; its standard input and output are its ends. Each way is measured several times, and the
//! median counts, as for the operations of Crossgate.

mod futex;
mod protect;

use anyhow::{Context, Result, bail};
use std::env;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The number of questions in a measurement.
const ROUNDS: u32 = 10_000;
/// The number of measurements.
const TIMES: usize = 11;
/// A question.
const QUESTION: [u8; 16] = [7; 16];
/// An answer.
const ANSWER: [u8; 4] = [9; 4];

fn main() -> Result<()> {
    match env::args().nth(1).as_deref() {
        None => {
            measure("pipe", pipe)?;
            measure("socketpair", socket_pair)?;
            measure("futex", futex::ask)?;
            measure("mprotect", protect::open_and_close)
        }
        Some("pipe") => answer(end(&std::io::stdin())?, end(&std::io::stdout())?),
        Some("socketpair") => answer(end(&std::io::stdin())?, end(&std::io::stdin())?),
        Some("futex") => futex::answer(&end(&std::io::stdin())?),
        Some(other) => bail!("there is no way `{other}`"),
    }
}

/// Prints the time that a question and its answer take.
fn measure(name: &str, way: fn() -> Result<Duration>) -> Result<()> {
    let mut times = (0..TIMES).map(|_| way()).collect::<Result<Vec<Duration>>>()?;
    times.sort_unstable();
    println!("result {name} {}", (times[TIMES / 2] / ROUNDS).as_nanos());
    Ok(())
}

/// Returns the time that all rounds of `ask` take. (One more round comes before, because the other process may not have
/// started yet.)
fn rounds(mut ask: impl FnMut() -> Result<()>) -> Result<Duration> {
    ask()?;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        ask()?;
    }
    Ok(start.elapsed())
}

fn pipe() -> Result<Duration> {
    let mut other = other("pipe", Stdio::piped(), Stdio::piped())?;
    let mut to = other.stdin.take().context("no pipe")?;
    let mut from = other.stdout.take().context("no pipe")?;
    let time = rounds(|| ask(&mut from, &mut to))?;
    drop(to);
    other.wait()?;
    Ok(time)
}

fn socket_pair() -> Result<Duration> {
    let (mut from, its) = UnixStream::pair()?;
    let mut to = from.try_clone()?;
    let mut other = other("socketpair", OwnedFd::from(its).into(), Stdio::inherit())?;
    let time = rounds(|| ask(&mut from, &mut to))?;
    drop((from, to));
    other.wait()?;
    Ok(time)
}

/// Starts the process that answers.
fn other(way: &str, input: Stdio, output: Stdio) -> Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(way).stdin(input).stdout(output).spawn().context("the program cannot start itself")
}

fn ask(from: &mut impl Read, to: &mut impl Write) -> Result<()> {
    to.write_all(&QUESTION)?;
    let mut answer = [0; ANSWER.len()];
    from.read_exact(&mut answer)?;
    Ok(())
}

/// Answers until no process is left that asks.
fn answer(mut from: File, mut to: File) -> Result<()> {
    let mut question = [0; QUESTION.len()];
    while from.read_exact(&mut question).is_ok() {
        to.write_all(&ANSWER)?;
    }
    Ok(())
}

/// Returns the standard stream, without its buffer.
fn end(stream: &impl AsFd) -> Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}
