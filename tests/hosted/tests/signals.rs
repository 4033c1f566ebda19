// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals that no part of a firmware has asked for.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

/// A firmware that has just started, and that runs for half a second or more, mostly computing.
struct Firmware {
    child: Child,
    errors: BufReader<ChildStderr>,
}

impl Firmware {
    fn start(options: &[&str]) -> Firmware {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undisturbed"));
        command.args(["--semihosting", "--serial1", "null"]).args(options);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Firmware { child, errors }
    }

    fn send(&self, signal: i32) {
        // SAFETY: the process is a child that has not been waited for.
        let result = unsafe { libc::kill(self.child.id().cast_signed(), signal) };
        assert_eq!(result, 0);
    }

    /// Returns the program's exit status and output.
    fn end(mut self) -> (ExitStatus, String) {
        let mut text = String::new();
        self.errors.read_to_string(&mut text).unwrap();
        (self.child.wait().unwrap(), text)
    }
}

/// The options for protection and blocking.
const WAYS: [&[&str]; 3] =
    [&["--protection", "pages"], &["--protection", "auto"], &["--block-system-calls"]];

#[test]
fn signals_that_nobody_waits_for_are_counted_told_and_harmless() {
    let strays = [
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGPROF,
        libc::SIGSTKFLT,
        libc::SIGPWR,
        libc::SIGRTMIN(),
        libc::SIGRTMAX(),
        // Linux also sends the following signals for faults that the CPU has found.
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGILL,
        libc::SIGFPE,
        libc::SIGTRAP,
        libc::SIGABRT,
        libc::SIGSYS,
    ];
    for way in WAYS {
        let firmware = Firmware::start(way);
        for _ in 0..3 {
            for signal in strays {
                firmware.send(signal);
                std::thread::sleep(Duration::from_millis(3));
            }
        }
        let sender = std::process::id();
        let (status, text) = firmware.end();
        assert!(status.success(), "{status}: {text}");
        let counts: Vec<_> = text.lines().filter_map(|line| count(line, sender)).collect();
        // The signals are reported twice. (Linux merges equal signals that are pending.)
        let [first, all] = counts[..] else { panic!("{text}") };
        assert!(first < all && (strays.len()..=3 * strays.len()).contains(&all), "{text}");
    }
}

/// Returns the number of signals that a line reports.
fn count(line: &str, sender: u32) -> Option<usize> {
    const START: &str = "crossgate: signals that nobody waits for, and that change nothing: ";
    let (count, last) = line.strip_prefix(START)?.split_once("; the last was signal ")?;
    assert!(last.ends_with(&format!(" of Linux process {sender}")), "{line}");
    count.parse().ok()
}

#[test]
fn signals_that_mean_something_else_are_harmless() {
    for way in WAYS {
        let firmware = Firmware::start(way);
        for signal in [
            libc::SIGALRM,
            libc::SIGVTALRM,
            libc::SIGIO,
            libc::SIGCHLD,
            libc::SIGPIPE,
            libc::SIGURG,
            libc::SIGWINCH,
            libc::SIGCONT,
        ] {
            firmware.send(signal);
            std::thread::sleep(Duration::from_millis(3));
        }
        let (status, text) = firmware.end();
        assert!(status.success() && !text.contains("nobody waits for"), "{status}: {text}");
    }
}

#[test]
fn who_wants_it_to_end_is_obeyed() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let firmware = Firmware::start(&[]);
        firmware.send(signal);
        let (status, text) = firmware.end();
        assert_eq!(status.code(), Some(128 + signal), "{text}");
    }
}

#[test]
fn a_signal_that_is_ignored_from_the_start_stays_so() {
    let mut command = Command::new("nohup");
    command.arg(env!("CARGO_BIN_EXE_undisturbed"));
    command.args(["--semihosting", "--serial1", "null"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while line != "ready\n" {
        line.clear();
        assert_ne!(errors.read_line(&mut line).unwrap(), 0);
    }
    let firmware = Firmware { child, errors };
    firmware.send(libc::SIGHUP);
    let (status, text) = firmware.end();
    assert!(status.success(), "{status}: {text}");
}
