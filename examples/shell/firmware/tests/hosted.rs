// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the firmware as a Linux program. The tests type on its first serial line.
#![cfg(target_os = "linux")]

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Returns the answer of the shell, without colours.
fn type_in(text: &str) -> String {
    let mut shell = Command::new(env!("CARGO_BIN_EXE_shell-example"))
        .args(["--time", "virtual", "--until", "100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    without_colours(&String::from_utf8(output.stdout).unwrap())
}

fn without_colours(raw: &str) -> String {
    let mut plain = String::new();
    for (index, piece) in raw.split("\x1b[").enumerate() {
        let end = piece.find(|it: char| it.is_ascii_alphabetic()).map_or(0, |end| end + 1);
        plain.push_str(if index == 0 { piece } else { &piece[end..] });
    }
    plain.replace("\r\n", "\n")
}

#[test]
fn a_person_looks_around() {
    let text = type_in(
        "threads\rservices\rlog\rrest\tcl\t\rprocesses\rstop pulse\rps\rlevel log warn\rlevels\r",
    );
    assert!(text.contains("5 processes, 4 threads, 4 services"), "{text}");
    let has = |words: &[&str]| {
        let line =
            |line: &str| line.split_ascii_whitespace().take(words.len()).eq(words.iter().copied());
        assert!(text.lines().any(line), "{words:?} in {text}");
    };
    has(&["walker", "clumsy", "2", "0.0%", "sleeps"]);
    has(&["main", "shell", "1"]);
    has(&["LIGHT", "light", "one", "pulse"]);
    has(&["clumsy", "restarts"]);
    has(&["light", "running", "0.0%", "0", "0", "never", "LIGHT"]);
    has(&["log", "warn"]);
    assert!(text.contains("info  clumsy: 1 step"), "{text}");
    has(&["blinker", "pulse", "3", "0.0%", "ended"]);
}

/// A pseudo terminal with a simulated user.
struct Person {
    terminal: File,
    read: String,
}

impl Person {
    fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads until this text has come.
    fn reads(&mut self, text: &str) {
        self.read.clear();
        let mut bytes = [0; 1024];
        while !without_colours(&self.read).contains(text) {
            let count = self.terminal.read(&mut bytes).unwrap();
            self.read.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }
}

/// Returns the settings of the terminal.
fn modes(terminal: &File) -> (LocalModes, String) {
    let modes: Termios = tcgetattr(terminal).unwrap();
    (modes.local_modes, format!("{modes:?}"))
}

/// Without options the terminal is the first serial line, and each key is sent at once. At the end the terminal has its
/// old settings again.
#[test]
fn a_person_sits_at_the_terminal() {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, vec![]).unwrap().into_string().unwrap();
    let end = File::options().read(true).write(true).open(name).unwrap();
    let before = modes(&end);
    assert!(before.0.contains(LocalModes::ICANON | LocalModes::ECHO));
    let mut shell = Command::new(env!("CARGO_BIN_EXE_shell-example"))
        .stdin(end.try_clone().unwrap())
        .stdout(end.try_clone().unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut person = Person { terminal: terminal.into(), read: String::new() };
    person.reads("lists the commands.\r\n> ");
    let (now, _) = modes(&end);
    assert!(
        !now.intersects(LocalModes::ICANON | LocalModes::ECHO) && now.contains(LocalModes::ISIG)
    );
    person.types("upt\t\r");
    person.reads("> uptime \r\n00:00:");
    person.types("\x1b[A");
    person.reads("> uptime ");
    person.types("\x15top\r");
    person.reads("any key ends it");
    person.reads("any key ends it");
    let pid = Pid::from_child(&shell);
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(shell.wait().unwrap().code(), Some(130));
    assert_eq!(modes(&end), before);
}
