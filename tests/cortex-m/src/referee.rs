// SPDX-License-Identifier: MIT OR Apache-2.0
//! A referee between the fast paths of system calls and interrupts, and the slow ones, which are the specification.
//!
//! It is privileged code of a test. From the first system call on it never lets a thread run: it does the
//! threads' part itself, as [puppets](puppet). For each system call it lays down what a CPU would have (a frame
//! on the process stack, registers), and goes to where the vector table of the firmware goes. When the kernel
//! returns to the thread, an exception that was pended before gives the CPU back to the referee before the
//! thread executes an instruction. Then the same is done from the same state once more, but along the slow path. What
//! is in the registers, in the memory and in the protection unit must be the same after both; and if the fast
//! path gave up, everything must have been as at the beginning when it did.
//!
//! So what runs are the very instructions of the firmware, on the CPU; only at the beginning of each slow path a
//! branch is [put](patch), to look at that moment.
//!
//! An interrupt is compared in the same way. It is the CPU that takes it, when the referee has pended it and returns
//! from its own exception: so it has its number. On the slow path its registers are saved by the referee.
//!
//! | file | what |
//! |---|---|
//! | `arena` | the memory of the referee, which is not the firmware's |
//! | `processor` | registers, and a run of the kernel with them |
//! | `patch` | the branches at the beginnings of the slow paths |
//! | `state` | all that the kernel may change, and the differences |
//! | `puppet` | what a thread does, without the thread |
//! | `board` | how it comes to power |

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

/// How a system call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// By a fast path.
    Fast,
    /// The fast path gave up.
    Slow,
}

/// The referee.
pub struct Referee {
    /// The registers with which the thread that is current would go on.
    registers: processor::Registers,
    /// How many system calls a fast path finished, by their number; then calls, and interrupts.
    pub fast: [usize; KINDS],
    /// The same for the slow path.
    pub slow: [usize; KINDS],
}

/// Where system calls are counted that there are not. Those that there are, are counted by their numbers.
pub const UNKNOWN: usize = SystemCall::ALL.len();
/// Where calls are counted.
pub const CALL: usize = UNKNOWN + 1;
/// Where interrupts are counted.
pub const INTERRUPT: usize = UNKNOWN + 2;
/// The number of kinds of what the kernel does.
pub const KINDS: usize = UNKNOWN + 3;

/// Where the states of a comparison are kept.
const BEFORE: usize = 0;
const AFTER_FAST: usize = 1;
/// The first slot where others may keep a state.
pub const FREE_SLOT: usize = 2;

impl Referee {
    fn new(process_stack: usize) -> Referee {
        let main_stack = arena().main_stack;
        let link = processor::TO_THREAD;
        let registers =
            processor::Registers { process_stack, main_stack, link, ..Default::default() };
        Referee { registers, fast: [0; KINDS], slow: [0; KINDS] }
    }

    /// Makes a system call, or lets an interrupt come, along both paths, and compares. Goes on from what the slow one
    /// has left.
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
        // (It may be in memory that is not compared.)
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

    /// Has the line enabled, if it is an interrupt.
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

    /// Lets the kernel look at the time.
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

    /// The part of the stack that is open to the current thread.
    pub fn window(&self) -> Span {
        state::window()
    }

    /// What is no memory.
    pub fn take(&self) -> Moment {
        Moment::take(&self.registers)
    }

    /// Makes it so again.
    pub fn restore(&mut self, moment: &Moment) {
        moment.restore();
        self.registers = moment.registers;
    }
}

/// The kernel, to look at.
pub fn kernel() -> &'static Kernel<machine::Machine> {
    let kernel = &raw const machine::__crossgate_kernel;
    // SAFETY: this is an exception of the one priority that all have.
    unsafe { &*kernel }
}
