// SPDX-License-Identifier: MIT OR Apache-2.0
//! The check of the state when a slow path starts: the fast path that gave up must have changed nothing.

use super::super::arena::{Watch, arena};
use super::super::comparison::expect_unchanged;
use super::moment::{Moment, protect, unprotect};
use crate::arch::load;
use crate::report::{fail, say};
use crossgate_abi::number;

/// Runs at the start of the slow path of a system call: the state must be the same as before the fast path, which gave
/// up.
pub extern "C" fn look() {
    let Some(Watch { before, dead }) = arena().watch.take() else { return };
    unprotect();
    let mut now = Moment::take(&arena().cpu.at_slow);
    // The floats, if there are some, are saved by now.
    (now.registers.link, now.registers.floats) = (before.registers.link, before.registers.floats);
    // A return has its words in registers; other system calls find them in their frame. The other registers of a return
    // belong to no thread.
    let is_return = before.registers.scratch[4] == number::system_call(number::RETURN) as u32;
    if is_return {
        now.registers.saved = before.registers.saved;
    }
    let mut differences = before.differences(&now);
    for index in [0, 1, 2, 4] {
        let (one, other) = (before.registers.scratch[index], now.registers.scratch[index]);
        if one != other && (is_return || index == 4) {
            differences += 1;
            say(format_args!("scratch register {index}: {one:#010x} {other:#010x}"));
        }
    }
    expect_unchanged(differences, dead);
    protect();
}

/// Runs at the start of the slow path of an interrupt: the state must be the same as before, except for the mask of the
/// line. The registers of the thread are saved.
pub extern "C" fn look_at_interrupt() {
    let Some(Watch { before, dead }) = arena().watch.take() else { return };
    // Then the interrupt comes after a fault, which the core handles.
    if before.is_wild() {
        return;
    }
    unprotect();
    let mut now = Moment::take(&arena().cpu.at_slow);
    // The floats, if there are some, are saved by now.
    (now.registers.link, now.registers.floats) = (before.registers.link, before.registers.floats);
    now.interrupts |= arena().operation.and_then(|it| it.line).map_or(0, |line| 1 << line);
    let context = now.registers.scratch[0] as usize;
    if context != before.registers.process_stack - size_of_val(&now.registers.saved) {
        say(format_args!("the registers of the thread are saved at {context:#x}"));
        arena().tell();
        fail(format_args!("the fast path does not say where it has saved the registers"));
    }
    now.registers.saved = core::array::from_fn(|index| load(context + 4 * index));
    expect_unchanged(before.differences(&now), dead);
    protect();
}
