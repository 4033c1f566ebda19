// SPDX-License-Identifier: MIT OR Apache-2.0
//! A run of the kernel, along either path.

use super::super::arena::arena;
use super::super::operation::{CALL, INTERRUPT, Operation, Path};
use super::super::puppet::Referee;
use super::moment::{Moment, pend, protect, unprotect};
use super::registers::{TO_THREAD, TO_THREAD_WITH_FLOATS};
use super::{patch, processor};
use crate::arch::store;
use crate::report::expect;
use board::port::entry::CLEARS_WORDS;
use core::ops::Range;
use crossgate_abi::SystemCall;
use crossgate_abi::signature::Route;

/// The divisor of the numbers of random operations and of searched states in `firmware.rs`.
pub const SHARE: usize = 1;
/// The threads in which a daily run tries every value: one with a large stack, and one with a small stack.
pub const SWEPT: [usize; 2] = [1, 5];
/// The depths of calls at which a daily run does not try every value.
pub const SKIPPED: Range<u8> = 0..0;
/// The number of depths of calls at which all memory is lent. (The fast path handles leases only outside of calls.)
pub const LENDING: u8 = 2;

/// Returns whether operations of this kind have a fast path.
pub fn has_fast_path(kind: usize) -> bool {
    let call = SystemCall::ALL.iter().find(|&&call| call as usize == kind);
    call.map_or([CALL, INTERRUPT].contains(&kind), |call| call.signature().route == Route::Assembly)
}

impl Referee {
    /// Enters the kernel.
    pub(in super::super) fn enter(&mut self, operation: &Operation, path: Path) {
        match (operation.line, path) {
            (None, Path::Fast) => {
                if CLEARS_WORDS {
                    self.registers.scratch = Default::default();
                }
                self.run(arena().cpu.system_call);
            }
            (None, Path::Slow) if operation.floats.is_some() => {
                self.run(patch::slow_with_floats as *const () as usize)
            }
            (None, Path::Slow) => self.run(patch::slow_path()),
            (Some(line), Path::Fast) => self.interrupt(line),
            (Some(line), Path::Slow) => {
                arena().cpu.interrupt_path = patch::slow_interrupt as *const () as usize;
                self.interrupt(line);
                arena().cpu.interrupt_path = arena().cpu.interrupt;
            }
        }
    }

    /// Changes what the slow path has left to what the fast path leaves, where this port allows a difference: nowhere.
    pub(in super::super) fn settle(&mut self, _: &Operation, _: &Moment) {}

    fn interrupt(&mut self, line: u16) {
        pend(line);
        self.let_in();
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
}
