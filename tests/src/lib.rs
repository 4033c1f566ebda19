//! What the system tests share.
//!
//! Each test in `src/bin` is a firmware. Most have three parties: attackers, a [`victim`] and a
//! witness, an innocent process that goes on, is told of every fault, and says in the end that the
//! test has passed. Every test runs on both ports, each time in a process or a machine of its own:
//!
//! | where | all | one |
//! |---|---|---|
//! | as Linux programs | `cargo test -p system-tests` | `cargo run -p system-tests --bin NAME -- --semihosting --time virtual` |
//! | on the emulated board | `cargo xtask test` | `cargo run --release -p system-tests --target thumbv7m-none-eabi --bin NAME` |
//!
//! A line `//! Emulator: OPTIONS` in a test's source has it run with these options of the emulator on the
//! board (after `--`, if it is run alone), and several lines one run each; `//! Options: ` is the same for
//! the Linux program. A line `//! Status: NUMBER` says with which exit status that ends, if it is not 0. (The
//! emulator ends with success at a reset, if it has the option `-no-reboot`.)
//!
//! What only the one has is tested by programs of its own, in `cortex-m` and in `hosted`.
//!
//! Attackers are written as a real one would be: with `unsafe` code, raw system calls and
//! assembly. That they fail because of what is to stop them, `cargo xtask soak` shows: the patches
//! in `mutations` take that out of the kernel, a port or a stub, and the test has to fail.
#![cfg_attr(target_os = "none", no_std)]

pub mod arch;
pub mod dark;
pub mod fake;
pub mod probe;
pub mod random;
pub mod raw;
pub mod report;
pub mod screen;
pub mod victim;
pub mod watch;
