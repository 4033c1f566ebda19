// SPDX-License-Identifier: MIT OR Apache-2.0
//! The output of an example. The head of the example quotes it, so that a reader need not run the example, and a test
//! compares it, so that the quote stays true.
//!
//! The quote is the block of the head that begins with `//! ```text`. It contains the output of the serial line without
//! the times, and with `0x...` in place of each hexadecimal number, because these numbers are addresses.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest time that a line may take to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The time for which no further line may come after the last.
const SILENCE: Duration = Duration::from_millis(200);

/// Runs an example, and compares its output with the quote in the head of its source. An example need not end by
/// itself: this function ends it when it has printed as many lines as the quote has, and no further line for a while.
///
/// # Errors
/// If the source can't be read, or has no quote; or if the program can't be run, or prints something else.
pub fn check(source: &Path, program: &mut Command) -> Result<()> {
    let file = || source.display().to_string();
    let head = fs::read_to_string(source).with_context(file)?;
    let quoted = quote(&head);
    ensure!(!quoted.is_empty(), "{}: no line of the head is `//! ```text`", file());
    let errors = tempfile::tempfile().context("no temporary file")?;
    let printed = lines_of(program.stderr(errors.try_clone()?), quoted.len())?;
    ensure!(
        printed == quoted,
        "{}{} prints, by {program:?}:\n{}\nand its head says that it prints:\n{}",
        crate::text(errors)?,
        file(),
        printed.join("\n"),
        quoted.join("\n")
    );
    Ok(())
}

/// Returns the lines that the head of a source quotes.
fn quote(source: &str) -> Vec<String> {
    let head = source.lines().map_while(|line| line.strip_prefix("//")).filter_map(|line| {
        let text = line.strip_prefix('!')?;
        Some(text.strip_prefix(' ').unwrap_or(text).to_owned())
    });
    head.skip_while(|line| line != "```text").skip(1).take_while(|line| line != "```").collect()
}

/// Returns the first lines that a program prints, in the form of the quote, and one more if it comes soon.
fn lines_of(program: &mut Command, count: usize) -> Result<Vec<String>> {
    program.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = program.spawn().with_context(|| format!("cannot run {program:?}"))?;
    let output = BufReader::new(child.stdout.take().context("it has no output")?);
    let (sender, receiver) = mpsc::channel();
    // The thread ends with the program.
    let reader = thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        lines.take_while(|line| sender.send(line.clone()).is_ok()).count()
    });
    let mut lines = Vec::new();
    while lines.len() <= count
        && let Ok(line) =
            receiver.recv_timeout(if lines.len() < count { PATIENCE } else { SILENCE })
    {
        lines.push(normal(&line));
    }
    // The program may have ended.
    let _ = child.kill();
    child.wait()?;
    let _ = reader.join();
    Ok(lines)
}

/// Returns a line of the log without the parts that differ from run to run: the time, and addresses.
fn normal(line: &str) -> String {
    let line = match line.split_once("] ") {
        Some((time, text)) if time.starts_with('[') => text,
        _ => line,
    };
    let mut parts = line.trim_end().split("0x");
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        normal += "0x...";
        normal += part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit());
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const HEAD: &str = "// SPDX-License-Identifier: none\n//! An example.\n//!\n//! ```text\n//! info  a: 1\n\
        //! fault b at 0x..., c\n//! ```\n//!\n//! ```sh\n//! run\n//! ```\nuse board;\n";

    /// Returns the result of a check of an example with this head and this output.
    fn checked(head: &str, printed: &str) -> Result<(), String> {
        let mut source = tempfile::NamedTempFile::new().unwrap();
        source.write_all(head.as_bytes()).unwrap();
        let mut program = Command::new("printf");
        let result = check(source.path(), program.args(["%s", printed]));
        result.map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn an_example_that_prints_its_quote_is_right() {
        let printed = "[    0.000014] info  a: 1\r\n[    1.200000] fault b at 0x00ff, c\r\n";
        assert_eq!(checked(HEAD, printed), Ok(()));
    }

    #[test]
    fn every_other_output_is_told() {
        for printed in [
            "",
            "[ 0.1] info  a: 1\n",
            "[ 0.1] info  a: 2\n[ 0.1] fault b at 0x1, c\n",
            "[ 0.1] info  a: 1\n[ 0.1] fault b at 0x1, d\n",
            "[ 0.1] info  a: 1\n[ 0.1] fault b at 0x1, c\n[ 0.1] info  a: 1\n",
        ] {
            let error = checked(HEAD, printed).unwrap_err();
            assert!(error.contains("its head says that it prints:\ninfo  a: 1\n"), "{error}");
        }
    }

    #[test]
    fn an_error_of_the_program_is_told() {
        let mut source = tempfile::NamedTempFile::new().unwrap();
        source.write_all(HEAD.as_bytes()).unwrap();
        let mut program = Command::new("sh");
        let result = check(source.path(), program.args(["-c", "echo no such machine >&2"]));
        assert!(result.unwrap_err().to_string().starts_with("no such machine\n"));
    }

    #[test]
    fn a_head_without_a_quote_is_refused() {
        let error = checked("//! An example.\n\n//! ```text\n//! no head\n", "").unwrap_err();
        assert!(error.contains("no line of the head"), "{error}");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let mut lines = Command::new("sh");
        let lines = lines_of(lines.args(["-c", "echo one; exec sleep 1000"]), 1).unwrap();
        assert_eq!(lines, ["one"]);
    }
}
