// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs other programs, quietly while they succeed.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Output, Stdio, exit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wait_timeout::ChildExt;

/// The number of lines of a failed program's output that are shown.
const TAIL: usize = 40;

/// Runs a program to its end. It may succeed or fail.
///
/// # Errors
/// If it can't be started.
pub fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("cannot run `{}`", line(command)))
}

/// Runs a program that has to succeed.
///
/// # Errors
/// If it can't be started or fails, as [`check`] reports.
pub fn run(command: &mut Command) -> Result<Output> {
    let output = output(command)?;
    check(command, &output)?;
    Ok(output)
}

/// Checks that a program has succeeded.
///
/// # Errors
/// If it has not. The text has the end of its output and the command line.
pub fn check(command: &Command, output: &Output) -> Result<()> {
    if !output.status.success() {
        bail!(
            "{}\n\n`{}` failed ({}). To see all of it, run that command.",
            tail(output),
            line(command),
            output.status
        );
    }
    Ok(())
}

/// Returns `true` if a program runs and succeeds.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The end of a program that was given a time limit.
pub struct Bounded {
    /// The status of the program; `None` if the time limit was reached.
    pub status: Option<ExitStatus>,
    /// The output.
    pub text: String,
}

/// Runs a program, and the programs that it starts, for at most `patience`.
///
/// # Errors
/// If it can't be started.
pub fn bounded(command: &mut Command, patience: Duration) -> Result<Bounded> {
    let mut output = tempfile::tempfile().context("cannot make a temporary file")?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?);
    let mut group = Group::start(command)?;
    let status = group.leader.wait_timeout(patience)?;
    drop(group);
    let mut bytes = Vec::new();
    output.rewind()?;
    output.read_to_end(&mut bytes)?;
    Ok(Bounded { status, text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Makes Ctrl-C also end programs in their own process groups. The terminal sends no signal to these groups.
///
/// # Errors
/// If that is not possible.
pub fn end_all_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| {
        groups().iter().for_each(|&group| end(group));
        exit(130);
    })
    .context("cannot react to Ctrl-C")
}

/// A program and all programs that it starts. When this value is dropped, they are ended.
struct Group {
    leader: Child,
}

impl Group {
    fn start(command: &mut Command) -> Result<Group> {
        let mut groups = groups();
        let leader = command.process_group(0).spawn();
        let group =
            Group { leader: leader.with_context(|| format!("cannot run `{}`", line(command)))? };
        groups.push(Pid::from_child(&group.leader));
        Ok(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.leader);
        end(group);
        groups().retain(|&other| other != group);
        // This can't block, because the program has ended or was killed.
        let _ = self.leader.wait();
    }
}

fn end(group: Pid) {
    // The group may be empty.
    let _ = kill_process_group(group, Signal::KILL);
}

/// Returns the running groups.
fn groups() -> MutexGuard<'static, Vec<Pid>> {
    static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the command line that a user would type to run this command.
pub fn line(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.to_string_lossy(), quoted(&value.to_string_lossy())));
        }
    }
    words.push(command.get_program().to_string_lossy().into_owned());
    words.extend(command.get_args().map(|word| quoted(&word.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    if word.contains([' ', '"', '$', '*', '\\', '\'']) { format!("'{word}'") } else { word.into() }
}

/// Returns the end of a program's output: first the standard output, then the errors.
fn tail(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_failure_names_the_command_and_shows_the_output() {
        let error = run(Command::new("sh").env("NAME", "a b").args(["-c", "echo seen; exit 3"]))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("seen\n"), "{error}");
        assert!(error.contains("`NAME='a b' sh -c 'echo seen; exit 3'` failed"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_that_takes_too_long_is_ended_with_all_that_it_has_started() {
        let script = "echo $$; sleep 1000 & echo $!; wait";
        let mut command = Command::new("sh");
        let output = bounded(command.args(["-c", script]), Duration::from_secs(2)).unwrap();
        assert_eq!(output.status, None);
        let programs: Vec<_> = output.text.lines().collect();
        assert_eq!(programs.len(), 2, "{}", output.text);
        // An ended program exists as a zombie until its parent waits for it.
        let goes_on = |program: &&str| {
            let stat = std::fs::read_to_string(format!("/proc/{program}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        let end = Instant::now() + Duration::from_secs(10);
        while programs.iter().any(goes_on) {
            assert!(Instant::now() < end, "a program goes on");
        }
    }

    #[test]
    fn a_program_in_time_tells_its_end() {
        let mut command = Command::new("sh");
        let output = bounded(command.args(["-c", "echo seen; exit 3"]), Duration::from_secs(60));
        let output = output.unwrap();
        assert_eq!(output.status.unwrap().code(), Some(3));
        assert_eq!(output.text, "seen\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err().to_string();
        assert!(error.contains("no-such-program"), "{error}");
    }
}
