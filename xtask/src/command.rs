//! Runs other programs, quietly while they succeed.

use anyhow::{Context, Result, bail};
use std::process::{Command, Output};

/// How many lines of a failed program's output are shown.
const TAIL: usize = 40;

/// Runs a program to its end, whatever that is.
///
/// # Errors
/// If it can't be started.
pub fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("cannot run `{}`", line(command)))
}

/// Runs a program that has to succeed.
///
/// # Errors
/// If it can't be started or fails, as [`check`] tells.
pub fn run(command: &mut Command) -> Result<Output> {
    let output = output(command)?;
    check(command, &output)?;
    Ok(output)
}

/// Checks that a program has succeeded.
///
/// # Errors
/// If not. The text has the end of its output and the command line.
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

/// Whether a program runs and succeeds.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// What a person would type to run it.
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

/// The end of what a program wrote: first the standard output, then the errors.
fn tail(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_shows_the_output() {
        let error = run(Command::new("sh").env("NAME", "a b").args(["-c", "echo seen; exit 3"]))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("seen\n"), "{error}");
        assert!(error.contains("`NAME='a b' sh -c 'echo seen; exit 3'` failed"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err().to_string();
        assert!(error.contains("no-such-program"), "{error}");
    }
}
