// SPDX-License-Identifier: MIT OR Apache-2.0
//! The comparison of the two paths of a system call or an interrupt.

use super::arena::arena;
use super::moment::{
    self, INTERRUPTS_ENABLED, INTERRUPTS_PENDING, Moment, Watch, protect, unprotect,
};
use super::operation::{KINDS, Operation};
use super::puppet::Referee;
use super::registers::{Registers, TO_THREAD, TO_THREAD_WITH_FLOATS};
use super::slots::{AFTER_FAST, BEFORE};
use super::{patch, processor};
use crossgate_protection::Span;
use system_tests::arch::{load, store};
use system_tests::report::{expect, fail, say};

/// The path by which a system call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// A fast path.
    Fast,
    /// The slow path, because the fast path gave up.
    Slow,
}

impl Referee {
    pub(super) fn new(process_stack: usize) -> Referee {
        let main_stack = arena().main_stack;
        let link = TO_THREAD;
        let registers = Registers { process_stack, main_stack, link, ..Default::default() };
        Referee { registers, fast: [0; KINDS], slow: [0; KINDS] }
    }

    /// Makes a system call, or lets an interrupt come, along both paths, and compares the results. Continues with the
    /// state that the slow path has left.
    pub fn compare(&mut self, operation: &Operation) -> Path {
        let world = arena().world();
        self.lay_down(operation);
        self.enable(operation);
        let before = self.take();
        world.save(BEFORE);
        let dead = world.below_stack_pointer(&before);
        arena().operation = Some(*operation);
        arena().number += 1;
        arena().watch = Some(Watch { before, dead, is_wild: world.is_wild(&before) });
        self.enter(operation, Path::Fast);
        // (A thread with floats whose stack pointer is out of bounds faults at once.)
        let is_done = |watch: Watch| !watch.is_wild || operation.floats.is_none();
        let path = if arena().watch.take().is_some_and(is_done) { Path::Fast } else { Path::Slow };
        let after_fast = self.take();
        world.fill_dead(&after_fast, 0);
        world.save(AFTER_FAST);

        world.restore(BEFORE);
        self.restore(&before);
        // (The frame may be in memory that is not compared.)
        self.lay_down(operation);
        world.fill_dead(&before, 0xa5);
        self.enter(operation, Path::Slow);
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
        self.enable(operation);
        self.enter(operation, Path::Fast);
    }

    /// Enters the kernel.
    fn enter(&mut self, operation: &Operation, path: Path) {
        match (operation.line, path) {
            (None, Path::Fast) => self.run(arena().system_call),
            (None, Path::Slow) if operation.floats.is_some() => {
                self.run(patch::slow_with_floats as *const () as usize)
            }
            (None, Path::Slow) => self.run(patch::slow_path()),
            (Some(line), Path::Fast) => self.interrupt(line),
            (Some(line), Path::Slow) => {
                arena().interrupt_path = patch::slow_interrupt as *const () as usize;
                self.interrupt(line);
                arena().interrupt_path = arena().interrupt;
            }
        }
    }

    /// Enables the line, if the operation is an interrupt.
    fn enable(&self, operation: &Operation) {
        if let Some(line) = operation.line {
            store(INTERRUPTS_ENABLED, 1 << line);
        }
    }

    fn interrupt(&mut self, line: u16) {
        store(INTERRUPTS_PENDING, 1 << line);
        self.let_in();
    }

    /// Returns `true` if this interrupt is enabled.
    pub fn is_enabled(&self, line: u16) -> bool {
        load(INTERRUPTS_ENABLED) >> line & 1 != 0
    }

    /// Lets the kernel read the time.
    pub fn timer(&mut self) {
        const INTERRUPT_CONTROL: usize = 0xe000_ed04;
        const PEND_SYSTICK: u32 = 1 << 26;
        store(INTERRUPT_CONTROL, PEND_SYSTICK);
        self.let_in();
    }

    fn let_in(&mut self) {
        self.registers.target = processor::return_from_exception as *const () as usize;
        protect();
        processor::run_interrupt(&mut self.registers);
        self.expect_return();
    }

    fn run(&mut self, target: usize) {
        self.registers.target = target;
        protect();
        processor::run(&mut self.registers);
        self.expect_return();
    }

    fn expect_return(&self) {
        unprotect();
        let is_to_thread = [TO_THREAD, TO_THREAD_WITH_FLOATS].contains(&self.registers.link);
        expect("a return to a thread", is_to_thread, true);
        expect("the main stack", self.registers.main_stack, arena().main_stack);
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
