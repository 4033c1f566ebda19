// SPDX-License-Identifier: MIT OR Apache-2.0
//! A run of the kernel, along either path.

use super::super::arena::arena;
use super::super::kernel::who;
use super::super::operation::{CALL, Operation, Path};
use super::super::puppet::Referee;
use super::dead::{Saved, is_plain, is_spoilt, make_plain, spoil};
use super::look::{look, look_at_return};
use super::moment::{self, Moment};
use super::registers::{A0, A4, FREE, PROGRAM_COUNTER, RA, Registers, SP, T0, T1};
use super::thread::TIMER;
use super::{patch, processor};
use crate::report::{expect, expect_that, fail};
use board::port::{entry, handler};
use core::ops::Range;
use crossgate_abi::signature::Route;
use crossgate_abi::{SystemCall, number};

/// `mcause` at a breakpoint, and at an instruction that the protection unit does not let execute.
const BREAKPOINT: u32 = 3;
const CLOSED: u32 = 1;
/// The bits of `mstatus` with the mode that has trapped: 0 is user mode.
const MODE: u32 = 3 << 11;
/// The bit of `mstatus` that a trap of a thread sets.
const ENABLED_BEFORE: u32 = 1 << 7;
/// The values of registers that the slow path must not use.
const SPOILT: u32 = 0x5b5b_5b5b;

/// The divisor of the numbers of random operations and of searched states in `firmware.rs`.
pub const SHARE: usize = 4;
/// The thread in which a daily run tries every value. It has a large stack.
pub const SWEPT: [usize; 1] = [1];
/// The depths of calls at which a daily run does not try every value.
pub const SKIPPED: Range<u8> = 2..8;
/// The number of depths of calls at which all memory is lent. (The fast path lends memory only outside of calls.)
pub const LENDING: u8 = 2;

/// Returns whether operations of this kind have a fast path.
pub fn has_fast_path(kind: usize) -> bool {
    let call = SystemCall::ALL.iter().find(|&&call| call as usize == kind);
    call.map_or(kind == CALL, |call| call.signature().route == Route::Assembly)
}

impl Referee {
    /// Enters the kernel.
    pub(in super::super) fn enter(&mut self, operation: &Operation, path: Path) {
        let before = who();
        match path {
            Path::Fast => self.trap(),
            Path::Slow => self.enter_slow(operation),
        }
        if let Some(saved) = Saved::by(operation, before)
            && is_plain(saved.context)
        {
            spoil(&saved);
        }
        expect_that("a dead register of a context is not loaded", !is_spoilt(&self.registers));
    }

    /// Changes what the slow path has left to what the fast path leaves, where the port allows a difference. The fast
    /// path saves fewer registers of a thread that calls, or that another thread follows, and marks their context. If
    /// the thread goes on, or returns, the registers that a system call changes are clear.
    pub(in super::super) fn settle(&mut self, operation: &Operation, before: &Moment) {
        if let Some(saved) = Saved::by(operation, before.who) {
            return make_plain(&saved);
        }
        let words = &mut self.registers.words;
        for register in FREE.into_iter().chain([T0, T1]) {
            words[register] = 0;
        }
        if operation.kind() == number::RETURN && !is_plain(before.window().end) {
            (words[A0 + 3], words[A4]) = (0, 0);
        }
    }

    /// Lets the kernel read the time.
    pub fn timer(&mut self) {
        self.registers.cause = TIMER;
        self.trap();
    }

    /// Runs the kernel as if the current thread had trapped.
    fn trap(&mut self) {
        arena().cpu.left = None;
        moment::set_time(arena().time);
        let mut now = self.registers;
        (now.scratch, now.status) = (arena().main_stack as u32, ENABLED_BEFORE);
        processor::trap(&mut now);
        self.go_on(now);
    }

    /// Runs the slow path of an operation. (When a fast path gives up, it may have cleared registers that the slow path
    /// saves.)
    fn enter_slow(&mut self, operation: &Operation) {
        moment::set_time(arena().time);
        let mut now = self.registers;
        (now.scratch, now.status) = (0, ENABLED_BEFORE);
        now.words[SP] = arena().main_stack as u32;
        if operation.kind() == number::RETURN {
            for (register, word) in now.words.iter_mut().enumerate().skip(1) {
                if register != SP && !(A0..A0 + 3).contains(&register) {
                    *word = SPOILT;
                }
            }
            continue_return(&mut now);
        } else {
            now.words[T0] = self.registers.words[SP];
            if let Some(left) = arena().cpu.left {
                for (register, word) in FREE.into_iter().zip(left) {
                    now.words[register] = word;
                }
            }
            processor::continue_at(&mut now, patch::go_on as *const () as usize);
        }
        self.go_on(now);
    }

    /// Continues after each breakpoint, until the kernel returns to a thread. `now` are the registers when it stopped.
    fn go_on(&mut self, mut now: Registers) {
        while now.status & MODE != 0 {
            let place = now.words[PROGRAM_COUNTER] as usize;
            if now.cause != BREAKPOINT {
                arena().tell();
                fail(format_args!("a trap of the kernel: {now:x?}"));
            }
            let is_return = place == patch::slow_return();
            if is_return {
                look_at_return(&now);
            } else {
                expect("the place of a breakpoint", place, patch::slow());
                look(&now);
            }
            // The breakpoint has changed these.
            now.words[PROGRAM_COUNTER] = self.registers.words[PROGRAM_COUNTER];
            (now.cause, now.status) = (self.registers.cause, ENABLED_BEFORE);
            if is_return {
                continue_return(&mut now);
            } else {
                processor::continue_at(&mut now, patch::go_on as *const () as usize);
            }
        }
        expect("the cause for which the thread stops", now.cause, CLOSED);
        expect("the main stack", now.scratch as usize, arena().main_stack);
        self.registers = now;
    }
}

/// Continues with the slow path of a return after its first instruction, which is a call.
fn continue_return(registers: &mut Registers) {
    registers.words[RA] = entry::__crossgate_way_out as *const () as u32;
    processor::continue_at(registers, handler::leave as *const () as usize);
}
