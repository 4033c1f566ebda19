// SPDX-License-Identifier: MIT OR Apache-2.0
//! Single steps, which a program can't make for itself on this CPU: only a debugger can (Arm ARM, D2.11).

use crate::context::Context;
use crate::registers::Registers;
use core::ffi::c_int;
use crossgate_protection::Span;

/// Returns an error if this CPU can't make single steps.
///
/// # Errors
/// Always, on this CPU.
pub fn check() -> Result<(), String> {
    Err("a seed needs single steps, which a program cannot make on aarch64".to_owned())
}

/// Is never called, because no [schedule](crate::schedule) asks for it.
pub fn begin(_: &Context, _: Span, _: u32) {}

/// Returns `false`: no thread is single-stepped.
pub fn is_going_on() -> bool {
    false
}

/// Returns `None`: no signal is a step.
pub fn on_signal(_: c_int, _: c_int, _: &mut Registers) -> Option<bool> {
    None
}

/// Records that a thread has entered the kernel.
pub fn arrived() {}
