//! What the system tests share.
//!
//! Each test in `src/bin` is a firmware. Most have three parties: attackers, a [`victim`] and a
//! witness, an innocent process that goes on, is told of every fault, and says in the end that the
//! test has passed. `cargo xtask test` runs them all; one of them runs by
//! `cargo run --release -p system-tests --target thumbv7m-none-eabi --bin NAME`.
//!
//! Attackers are written as a real one would be: with `unsafe` code, raw system calls and
//! assembly. Their comments say `Mutation:` and name the line of the kernel or the port without
//! which the test was seen to fail.
#![no_std]
#![cfg(target_os = "none")]

pub mod probe;
pub mod raw;
pub mod report;
pub mod victim;
pub mod watch;
