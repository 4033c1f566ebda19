// SPDX-License-Identifier: MIT OR Apache-2.0
//! The check of the state when a slow path starts: the fast path that gave up must have changed nothing.

use super::super::arena::{Watch, arena};
use super::super::comparison::expect_unchanged;
use super::moment::Moment;
use super::registers::{A0, FREE, PROGRAM_COUNTER, Registers, SP, T0, T1};
use crate::arch::load;
use crate::report::expect;
use crossgate_protection::Span;

/// Runs at the start of a slow path, with these registers. The state must be the same as before the fast path, which
/// gave up. Register t0 holds the thread's stack pointer; the thread's values of t0 and t1 are beside the bounds.
pub fn look(at: &Registers) {
    let Some((before, dead)) = expect_entered(at) else { return };
    let mut now = *at;
    now.words[SP] = at.words[T0];
    now.words[T0] = load(arena().main_stack + 8);
    now.words[T1] = load(arena().main_stack + 12);
    // After an attempt, these registers may be clear: the slow path saves them.
    arena().cpu.left = Some(FREE.map(|register| now.words[register]));
    for register in FREE {
        let own = before.registers.words[register];
        if now.words[register] != 0 {
            expect("a register that the slow path saves", now.words[register], own);
        }
        now.words[register] = own;
    }
    expect_same(&before, now, dead);
}

/// Runs at the start of the slow path of a return, with these registers. Only three of them have a meaning then.
pub fn look_at_return(at: &Registers) {
    let Some((before, dead)) = expect_entered(at) else { return };
    let mut now = before.registers;
    now.words[A0..A0 + 3].copy_from_slice(&at.words[A0..A0 + 3]);
    expect_same(&before, now, dead);
}

/// Expects that the kernel runs on its stack. Returns the state before, and the memory that may have changed, if the
/// operation is compared.
fn expect_entered(at: &Registers) -> Option<(Moment, Span)> {
    let Watch { before, dead } = arena().watch.take()?;
    expect("the kernel's stack", at.words[SP] as usize, arena().main_stack);
    expect("the mark of the kernel", at.scratch, 0);
    Some((before, dead))
}

fn expect_same(before: &Moment, mut now: Registers, dead: Span) {
    // The breakpoint has changed the others of machine mode, so they are not known here.
    let Registers { cause, scratch, status, .. } = before.registers;
    (now.cause, now.scratch, now.status) = (cause, scratch, status);
    now.words[PROGRAM_COUNTER] = before.registers.words[PROGRAM_COUNTER];
    expect_unchanged(before.differences(&Moment::take(&now)), dead);
}
