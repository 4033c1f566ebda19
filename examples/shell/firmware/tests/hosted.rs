//! The firmware as a program of this machine, whose first serial line is typed at.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::process::{Command, Stdio};

/// What the shell answers, without colours.
fn type_in(text: &str) -> String {
    let mut shell = Command::new(env!("CARGO_BIN_EXE_shell-example"))
        .args(["--time", "virtual", "--until", "100", "--serial0", "stdio", "--serial1", "null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let raw = String::from_utf8(output.stdout).unwrap();
    let mut plain = String::new();
    for (index, piece) in raw.split("\x1b[").enumerate() {
        let end = piece.find(|it: char| it.is_ascii_alphabetic()).map_or(0, |end| end + 1);
        plain.push_str(if index == 0 { piece } else { &piece[end..] });
    }
    plain.replace("\r\n", "\n")
}

#[test]
fn a_person_looks_around() {
    let text = type_in("threads\rservices\rrest\tcl\t\rprocesses\rstop pulse\rps\r");
    assert!(text.contains("4 processes, 3 threads, 1 services"), "{text}");
    let has = |words: &[&str]| {
        let line =
            |line: &str| line.split_ascii_whitespace().take(words.len()).eq(words.iter().copied());
        assert!(text.lines().any(line), "{words:?} in {text}");
    };
    has(&["walker", "clumsy", "2", "sleeps"]);
    has(&["main", "shell", "1", "runs"]);
    has(&["LIGHT", "light", "one", "pulse"]);
    has(&["clumsy", "begins", "anew"]);
    has(&["light", "running", "0", "never", "LIGHT"]);
    has(&["blinker", "pulse", "3", "ended"]);
}
