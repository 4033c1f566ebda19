// SPDX-License-Identifier: MIT OR Apache-2.0
//! A referee between the fast paths of system calls and interrupts, and the slow ones, which are the specification.
//!
//! The referee is privileged code of a test. From the first system call on it never lets a thread run: it acts for the
//! threads itself, as [puppets](puppet). For each system call it sets up the state that a CPU would have (a frame on
//! the process stack, registers), and jumps to the address in the firmware's vector table. When the kernel returns to
//! the thread, an exception that was pended before gives the CPU back to the referee before the thread executes an
//! instruction. Then the same is done from the same state once more, but along the slow path. The contents of the
//! registers, of the memory and of the protection unit must be the same after both; and if the fast path gave up,
//! everything must have been unchanged when it did.
//!
//! So the instructions of the firmware itself run, on the CPU; only at the start of each slow path a branch is
//! [put](patch), to look at that moment.
//!
//! An interrupt is compared in the same way. The CPU takes it, when the referee has pended it and returns from its own
//! exception: so it has its number. On the slow path its registers are saved by the referee.
//!
//! | file | contents |
//! |---|---|
//! | `arena` | the memory of the referee, which is separate from the firmware's |
//! | `processor` | registers, and a run of the kernel with them |
//! | `patch` | the branches at the starts of the slow paths |
//! | `state` | everything that the kernel may change, and the differences |
//! | `puppet` | the actions of a thread, without the thread |
//! | `board` | the way in which the referee gets control |

mod arena;
pub mod board;
mod patch;
mod processor;
pub mod puppet;
pub mod random;
pub mod search;
mod state;
pub mod sweep;

pub use arena::{Arena, END, REST, arena};
pub use puppet::{Operation, Turn};
pub use state::{Moment, World};

use ::board::port::kernel::Kernel;
use ::board::port::machine;
use crossgate_abi::SystemCall;
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

/// The referee.
pub struct Referee {
    /// The registers with which the current thread would continue.
    registers: processor::Registers,
    /// The number of system calls that a fast path finished, by their number; then calls, and interrupts.
    pub fast: [usize; KINDS],
    /// The same numbers for the slow path.
    pub slow: [usize; KINDS],
}

/// The index at which system calls are counted that do not exist. Existing ones are counted by their numbers.
pub const UNKNOWN: usize = SystemCall::ALL.len();
/// The index at which calls are counted.
pub const CALL: usize = UNKNOWN + 1;
/// The index at which interrupts are counted.
pub const INTERRUPT: usize = UNKNOWN + 2;
/// The number of kinds of operations of the kernel.
pub const KINDS: usize = UNKNOWN + 3;

/// The slots in which the states of a comparison are kept.
const BEFORE: usize = 0;
const AFTER_FAST: usize = 1;
/// The first slot in which others may keep a state.
pub const FREE_SLOT: usize = 2;

impl Referee {
    fn new(process_stack: usize) -> Referee {
        let main_stack = arena().main_stack;
        let link = processor::TO_THREAD;
        let registers =
            processor::Registers { process_stack, main_stack, link, ..Default::default() };
        Referee { registers, fast: [0; KINDS], slow: [0; KINDS] }
    }

    /// Makes a system call, or lets an interrupt come, along both paths, and compares. Continues with the state that
    /// the slow path has left.
    pub fn compare(&mut self, operation: &Operation) -> Path {
        let world = arena().world();
        self.lay_down(operation);
        self.enable(operation);
        let before = self.take();
        world.save(BEFORE);
        let dead = world.below_stack_pointer(&before);
        arena().operation = Some(*operation);
        arena().number += 1;
        arena().watch = Some(state::Watch { before, dead, is_wild: world.is_wild(&before) });
        self.enter(operation, Path::Fast);
        let path = if arena().watch.take().is_some() { Path::Fast } else { Path::Slow };
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
            say(format_args!("that differs after the {path:?} path and after the slow one"));
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
            (None, Path::Slow) => self.run(patch::slow_path()),
            (Some(line), Path::Fast) => self.interrupt(line),
            (Some(line), Path::Slow) => {
                arena().interrupt_path = patch::slow_interrupt as *const () as usize;
                self.interrupt(line);
                arena().interrupt_path = arena().interrupt;
            }
        }
    }

    /// Makes the line enabled, if the operation is an interrupt.
    fn enable(&self, operation: &Operation) {
        if let Some(line) = operation.line {
            store(state::INTERRUPTS_ENABLED, 1 << line);
        }
    }

    fn interrupt(&mut self, line: u16) {
        store(state::INTERRUPTS_PENDING, 1 << line);
        self.let_in();
    }

    /// Returns `true` if this interrupt is enabled.
    pub fn is_enabled(&self, line: u16) -> bool {
        load(state::INTERRUPTS_ENABLED) >> line & 1 != 0
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
        state::protect();
        processor::run_interrupt(&mut self.registers);
        self.expect_return();
    }

    fn run(&mut self, target: usize) {
        self.registers.target = target;
        state::protect();
        processor::run(&mut self.registers);
        self.expect_return();
    }

    fn expect_return(&self) {
        state::unprotect();
        expect("returns to a thread", self.registers.link, processor::TO_THREAD);
        expect("the main stack", self.registers.main_stack, arena().main_stack);
    }

    /// Returns the part of the stack that is open to the current thread.
    pub fn window(&self) -> Span {
        state::window()
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

/// Returns the kernel, for reading.
pub fn kernel() -> &'static Kernel<machine::Machine> {
    let kernel = &raw const machine::__crossgate_kernel;
    // SAFETY: this is an exception of the one priority that all exceptions have.
    unsafe { &*kernel }
}
