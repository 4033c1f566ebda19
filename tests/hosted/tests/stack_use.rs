// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads that have used more stack than they declare are reported at the end.
#![cfg(target_os = "linux")]

use std::process::Command;

#[test]
fn threads_that_use_more_stack_than_they_declare_are_told_of() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deep"));
    let output =
        command.args(["--semihosting", "--time=virtual", "--serial1=null"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    let used = |thread: &str| -> Option<usize> {
        let start = format!("crossgate: thread {thread} of process {thread} has used ");
        let rest = text.lines().find_map(|line| line.strip_prefix(&start))?;
        let (used, rest) = rest.split_once(' ')?;
        assert_eq!(rest, "bytes of stack here, and declares 2048");
        used.parse().ok()
    };
    assert!(used("diver").is_some_and(|used| (20_000..26_000).contains(&used)), "{text}");
    // The gap between the caller's and the callee's part, which is larger, does not count.
    assert!(used("calls").is_some_and(|used| (4_000..7_000).contains(&used)), "{text}");
    assert!(!text.contains("modest"), "{text}");
    // The registers that interrupts save do not count as the thread's use.
    assert!(!text.contains("spins"), "{text}");
}
