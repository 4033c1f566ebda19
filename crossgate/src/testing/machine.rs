// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine of a test, for the kernel core. Its stacks are the stacks of threads of the host, and its time passes
//! only when the test advances it.

use crossgate_abi::inspect::dump;
use crossgate_abi::power::Depth;
use crossgate_abi::table::{ProcessMemory, System};
use crossgate_abi::{Set, Word};
use crossgate_kernel::note::{Crashes, Inspection};
use crossgate_kernel::optional::{Optional, is_needed};
use crossgate_kernel::port::Port;
use crossgate_kernel::power::Power;
use crossgate_kernel::thread::Thread;
use crossgate_kernel::threads::Slot;
use crossgate_kernel::time::NEVER;
use crossgate_kernel::{Storage, lock::Lock, notification::Notification, process};
use crossgate_protection::Span;
use crossgate_protection::armv8m::ArmV8M;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

/// The end of each stack is a multiple of this, so the lower bits of a stack pointer are free for a mark.
pub const STACK_ALIGNMENT: Word = 64;
/// The number of bytes of its stack that a thread may use. The stack of each thread of the host is at least this long.
pub const STACK_SIZE: usize = 0x10_0000;

/// The mark in the stack pointer of a thread that has not started: the thread starts with the system call `BEGIN`.
const AT_BEGINNING: Word = 1;
/// The other such mark: the thread starts with its body.
const AT_ENTRY: Word = 2;
/// The mask of both marks.
const BEGINS: Word = 3;

/// The point at which a thread continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// After its last system call.
    Here,
    /// With the system call `BEGIN`.
    Beginning,
    /// With its body.
    Entry,
}

/// Returns the point at which a thread with this stack pointer continues.
pub fn resume(stack_pointer: Word) -> Resume {
    match stack_pointer & BEGINS {
        AT_BEGINNING => Resume::Beginning,
        AT_ENTRY => Resume::Entry,
        _ => Resume::Here,
    }
}

/// If a thread makes this number of system calls while no time passes, it is polling.
const PATIENCE: u32 = 10_000;

/// The machine of a test.
#[derive(Default)]
pub struct Machine {
    /// The time in µs since start.
    now: u64,
    /// The time at which the core wants a timer interrupt, if it wants one.
    timer: Option<u64>,
    /// The number of system calls since time has passed.
    calls: u32,
}

impl Machine {
    /// Advances the time to the time of the timer, because all threads wait. Returns `true` if the timer has a time.
    pub fn pass_time(&mut self) -> bool {
        self.calls = 0;
        let Some(at) = self.timer else { return false };
        self.now = self.now.max(at);
        true
    }

    /// Counts a system call. If there were very many, advances the time and returns `true`.
    pub fn count(&mut self) -> bool {
        self.calls = self.calls.saturating_add(1);
        if self.calls < PATIENCE {
            return false;
        }
        self.now += 1;
        self.timer.is_some_and(|at| at <= self.now)
    }
}

impl Port for Machine {
    type Unit = ArmV8M;

    // Code of a host needs more stack than a wiring has, because wirings are written for microcontrollers.
    const ENTRY_SIZE: Word = 0x1_0000;

    // The registers are saved in frames of this library, below what can be lent.
    fn context_end(stack_pointer: Word) -> Word {
        stack_pointer
    }

    fn stack_register(start: Word) -> Word {
        start
    }

    fn bounds(stack: Span) -> [Word; 2] {
        [stack.start, stack.end]
    }

    const BEGIN: extern "C" fn() -> ! = begin;

    // The objects of a test are values, which have no initial image.
    fn reset(&mut self, _: &ProcessMemory, _: Word) -> Option<Word> {
        None
    }

    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word {
        let is_beginning = core::ptr::fn_addr_eq(entry, Self::BEGIN);
        stack_end | if is_beginning { AT_BEGINNING } else { AT_ENTRY }
    }

    fn reset_system(&mut self) {
        unreachable!("the process of the test, which supervises, does not restart")
    }

    fn now(&mut self) -> u64 {
        self.now
    }

    fn set_timer(&mut self, at: u64) {
        self.timer = (at != NEVER).then_some(at);
    }

    fn interrupt_is_pending(&self) -> bool {
        false
    }

    fn sleep(&mut self, _: Depth, _: u64) -> Depth {
        unreachable!("a test has no idle thread")
    }

    fn read_word(&mut self, address: Word) -> Word {
        // SAFETY: the current thread has passed this address. It is the address of a mutex, or of the state of a pool's
        // thread. The threads that use this word don't run now.
        unsafe { core::ptr::with_exposed_provenance::<Word>(address).read_volatile() }
    }

    fn write_word(&mut self, address: Word, value: Word) {
        // SAFETY: as in `read_word`.
        unsafe { core::ptr::with_exposed_provenance_mut::<Word>(address).write_volatile(value) }
    }

    fn stack_use(&mut self, _: Span, _: Word) -> [Word; 2] {
        [0, 0]
    }

    fn dump(
        &mut self,
        _: &Thread<ArmV8M>,
        _: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
    ) -> Word {
        registers.fill(0);
        0
    }

    fn stack_word(&mut self, _: Span, _: Word) -> Word {
        unreachable!("no stack pointer of a thread is known")
    }

    fn mask(&mut self, _: u16, _: bool) {}
}

/// The code at which every thread starts.
extern "C" fn begin() -> ! {
    unreachable!("a thread of a test makes the system call `BEGIN` itself")
}

/// The code at which a thread continues.
pub extern "C" fn entry() -> ! {
    unreachable!("a thread of a test runs its body itself")
}

/// The idle thread of a wiring. It never runs, because the kernel of a test has another idle thread.
#[doc(hidden)]
pub extern "C" fn idle() -> ! {
    unreachable!("a test has no idle thread: when all wait, time passes")
}

/// Returns the kernel's memory.
pub fn storage(system: &System) -> Storage<Machine> {
    let others = system.threads.len().saturating_sub(1);
    let threads = (0..others).map(|_| Some(&mut *Box::leak(Box::new(Thread::EMPTY))));
    let slots: Vec<Slot<ArmV8M>> = core::iter::once(None).chain(threads).collect();
    let granted = if system.passes_handles { system.services.len() } else { 0 };
    let told = if system.lost_clients.is_empty() { 0 } else { system.processes.len() };
    Storage {
        idle: Box::leak(Box::new(Thread::EMPTY)),
        threads: slots.leak(),
        locks: vec![Lock::FREE; system.locks].leak(),
        notifications: vec![Notification::QUIET; system.notifications.len()].leak(),
        granted: vec![Set::EMPTY; granted].leak(),
        processes: vec![process::Process::NEW; system.processes.len()].leak(),
        budgets: None,
        optional: is_needed(system).then(|| {
            let crashes = vec![Crashes::NONE; system.processes.len()].leak();
            let inspection = Box::leak(Box::new(Inspection::new(crashes, None)));
            let ended = vec![0; told].leak();
            let power = Box::leak(Box::new(Power::new(system)));
            let optional = Optional::new(system, ended, Some(inspection), Some(power));
            &mut *Box::leak(Box::new(optional))
        }),
    }
}
