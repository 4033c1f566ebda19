// SPDX-License-Identifier: MIT OR Apache-2.0
//! The comparison of the two paths of a system call or an interrupt.

use super::arena::{Watch, arena};
use super::cpu::moment::{self, Moment};
use super::operation::{Operation, Path};
use super::puppet::Referee;
use super::slots::{AFTER_FAST, BEFORE};
use crate::report::{fail, say};
use crossgate_protection::Span;

impl Referee {
    /// Makes a system call, or lets an interrupt come, along both paths, and compares the results. Continues with the
    /// state that the slow path has left.
    pub fn compare(&mut self, operation: &Operation) -> Path {
        let world = arena().world();
        self.lay_down(operation);
        let before = self.take();
        world.save(BEFORE);
        let dead = world.below_stack_pointer(&before);
        arena().operation = Some(*operation);
        arena().number += 1;
        let is_wild = before.is_wild();
        arena().watch = Some(Watch { before, dead });
        self.enter(operation, Path::Fast);
        let is_done = arena().watch.take().is_some() && !operation.faults_at_once(is_wild);
        let path = if is_done { Path::Fast } else { Path::Slow };
        let after_fast = self.take();
        world.fill_dead(&after_fast, 0);
        world.save(AFTER_FAST);

        world.restore(BEFORE);
        self.restore(&before);
        // (Registers that the CPU saves may be in memory that is not compared.)
        self.lay_down(operation);
        world.fill_dead(&before, 0xa5);
        self.enter(operation, Path::Slow);
        if path == Path::Fast {
            self.settle(operation, &before);
        }
        let after_slow = self.take();
        world.fill_dead(&after_slow, 0);

        let mut differences = after_fast.differences(&after_slow);
        differences += world.differences(AFTER_FAST, Span::EMPTY);
        if differences > 0 {
            say(format_args!("these differ after the {path:?} path and after the slow path"));
            say(format_args!("thread, process, depth before: {:?}", before.who));
            arena().tell();
            fail(format_args!("the fast path is not equivalent"));
        }
        let counts = if path == Path::Fast { &mut self.fast } else { &mut self.slow };
        if let Some(count) = counts.get_mut(operation.kind()) {
            *count += 1;
        }
        path
    }

    /// Makes a system call, or lets an interrupt come, along the fast path only.
    pub fn perform(&mut self, operation: &Operation) {
        self.lay_down(operation);
        self.enter(operation, Path::Fast);
    }

    /// Returns the part of the stack that is open to the current thread.
    pub fn window(&self) -> Span {
        moment::window()
    }

    /// Returns the state outside of memory.
    pub fn take(&self) -> Moment {
        Moment::take(&self.registers)
    }

    /// Restores that state.
    pub fn restore(&mut self, moment: &Moment) {
        moment.restore();
        self.registers = moment.registers;
    }
}

/// Ends the test if there are differences in this state, or in the memory, from the state before the fast path.
pub(super) fn expect_unchanged(differences: usize, dead: Span) {
    if differences + arena().world().differences(BEFORE, dead) > 0 {
        say(format_args!("the fast path gave up, but has changed these"));
        arena().tell();
        fail(format_args!("the fast path has changed something before it gave up"));
    }
}
