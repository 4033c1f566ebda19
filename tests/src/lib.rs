// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shared parts of the system tests.
//!
//! Each test in `src/bin` is a firmware. Most have three parties: attackers, a [`victim`] and a witness. The witness is
//! an innocent process that is not affected. It is notified of every fault, and reports at the end that the test has
//! passed. Every test runs as a Linux program and on emulated boards, each time in a process or a machine of its own:
//!
//! | place | all tests | one test |
//! |---|---|---|
//! | as Linux programs | `cargo test -p system-tests` | `cargo run -p system-tests --bin NAME -- --semihosting --time virtual` |
//! | on the emulated board | `cargo xtask test` | `cargo run --release -p system-tests --target thumbv7m-none-eabi --bin NAME` |
//!
//! A new test starts as a copy of `src/bin/template.rs`, which says how to do this. Lines at the top of a test's source
//! give the options of its run. `harness/src/flags.rs` lists these lines. The tests lie in folders by topic, and the
//! table in `book/src/security.md` says which of them show a property:
//!
//! | folder of `src/bin` | topic | properties |
//! |---|---|---|
//! | `isolation` | memory, stacks, registers, code | P1, P4, P5, P9 |
//! | `calls` | calls, handles, system calls, and the rights to make them | P2, P6, P9 |
//! | `leases` | lent memory | P3, P7 |
//! | `failure` | crashes, restarts, supervisors, records | P8 |
//! | `time` | priorities, deadlines, budgets, clocks | P12 |
//! | `waiting` | notifications, locks, pools | P10, P11 |
//! | `services` | queues and the like, log and shell | |
//! | `devices` | interrupts and drivers | |
//!
//! Features of only one port have their own programs, in `cortex-m`, `riscv` and `hosted`.
//!
//! Attackers are written like real ones: with `unsafe` code, raw system calls and assembly. `cargo xtask soak` shows
//! that the right mechanism stops them: the patches in `mutations` take this mechanism out of the kernel, a port or a
//! stub, and the test has to fail.
#![cfg_attr(target_os = "none", no_std)]

pub mod arch;
pub mod card;
pub mod dark;
pub mod fake;
pub mod frame;
pub mod host;
pub mod hostile;
pub mod owner;
pub mod probe;
pub mod random;
pub mod raw;
// (There are no fast paths on ARMv6-M and ARMv8-M Baseline.)
#[cfg(all(target_os = "none", not(baseline)))]
pub mod referee;
mod reply;
pub mod report;
pub mod restarts;
pub mod screen;
mod setting;
pub mod usb_bus;
pub mod victim;
pub mod watch;
