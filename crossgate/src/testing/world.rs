// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads of a test and their kernel: one thread runs at a time, and hands over to the kernel's current thread.

use super::draft::{Draft, TEST};
use super::machine::{Machine, STACK_ALIGNMENT, STACK_SIZE, storage};
use super::thread::Me;
use crossgate_abi::table::System;
use crossgate_abi::{ProcessId, Status, Word, number};
use crossgate_kernel::Kernel;
use crossgate_protection::Span;
use std::borrow::ToOwned;
use std::cell::RefCell;
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::String;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::vec::Vec;

/// The kernel, and the state of the test.
pub struct Core {
    pub kernel: Kernel<Machine>,
    /// The text of a panic that has not been reported yet.
    pub panic: Option<String>,
    /// The processes that have started.
    running: u32,
    /// The reason why the test fails.
    failure: Option<String>,
    /// The thread that has to end now, because the test is over.
    ending: Option<usize>,
}

pub type Guard<'a> = MutexGuard<'a, Core>;

/// A test that is running.
pub struct World {
    pub system: &'static System,
    core: Mutex<Core>,
    /// One per thread: notified when the thread may continue.
    turns: Vec<Condvar>,
    /// The processes that may crash.
    may_crash: u32,
}

impl World {
    /// Locks the kernel. The calling thread is the current one.
    pub fn lock(&self) -> Guard<'_> {
        lock(&self.core)
    }

    /// Records the processes that were taken down since the last time. Those in `pardoned` have not crashed.
    pub fn look(&self, core: &mut Core, pardoned: u32) {
        for (process, wiring) in self.system.processes.iter().enumerate() {
            let bit = 1 << process;
            let runs = core.kernel.is_running(ProcessId::new(process));
            let has_crashed = core.running & bit != 0 && !runs;
            core.running = if runs { core.running | bit } else { core.running & !bit };
            if has_crashed && (self.may_crash | pardoned) & bit == 0 {
                let why = core.panic.take();
                let why = why.unwrap_or_else(|| "a call overran its deadline".to_owned());
                let name = wiring.name;
                core.failure.get_or_insert(format!(
                    "process `{name}` crashed: {why} (if that is what the test is about, say `may_crash` of the process)"
                ));
            }
        }
        core.panic = None;
    }

    /// Waits until a thread is the current one.
    ///
    /// # Errors
    /// If the thread has to end, because the test is over. The error is the reason if the test has failed.
    pub fn turn<'a>(&'a self, id: usize, mut core: Guard<'a>) -> Result<Guard<'a>, Option<String>> {
        loop {
            if core.failure.is_none() && core.ending.is_none() {
                self.idle(&mut core);
            }
            let next = match (core.ending, &core.failure) {
                (Some(ending), _) if ending == id => return Err(None),
                (Some(ending), _) => ending,
                (None, Some(failure)) if id == TEST => return Err(Some(failure.clone())),
                (None, Some(_)) => TEST,
                (None, None) => core.kernel.thread_id(),
            };
            if next == id {
                return Ok(core);
            }
            self.turns[next].notify_one();
            core = self.turns[id].wait(core).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// While no thread can run, does what the idle thread does, and lets time pass.
    fn idle(&self, core: &mut Core) {
        while core.kernel.thread_id() == 0 && core.failure.is_none() {
            let thread = core.kernel.current();
            let _ = thread.take_pending();
            let stack_pointer = thread.stack_pointer;
            let effect = core.kernel.system_call(stack_pointer, number::WORK, &mut [0; 4]);
            if effect.switch || effect.status() == Some(Status::OK) {
                continue;
            }
            if core.kernel.port.pass_time() {
                let _ = core.kernel.timer();
                self.look(core, 0);
            } else {
                core.failure = Some(
                    "the test waits for ever: so do all other threads, and no time-out wakes one of them"
                        .to_owned(),
                );
            }
        }
    }

    /// Ends a thread, and waits until it has ended.
    fn end(&self, id: usize, thread: JoinHandle<()>) {
        self.lock().ending = Some(id);
        self.turns[id].notify_one();
        // The thread has caught its own unwinding.
        let _ = thread.join();
    }
}

/// Tests whose objects are statics run one after the other.
static STATICS: Mutex<()> = Mutex::new(());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the threads of a wiring, and `body` as the thread of the test.
#[inline(never)]
pub fn run<R>(draft: &RefCell<Draft>, body: impl FnOnce() -> R) -> R {
    let (bodies, has_statics, may_crash) = {
        let mut draft = draft.borrow_mut();
        let has_run = core::mem::replace(&mut draft.has_run, true);
        assert!(!has_run, "a wiring runs once: its objects and threads are used up");
        (core::mem::take(&mut draft.bodies), draft.has_statics, draft.may_crash)
    };
    let _statics = has_statics.then(|| lock(&STATICS));

    // The stack of `body` is below this address.
    let anchor = 0_u64;
    let idle = [0_u64; 16];
    let mut stacks = Vec::new();
    stacks.push(((&raw const idle).addr(), size_of_val(&idle)));
    stacks.push(stack_below((&raw const anchor).addr(), TEST));
    let (to_test, places) = channel();
    let threads: Vec<_> = bodies
        .into_iter()
        .enumerate()
        .map(|(index, body)| {
            let id = TEST + 1 + index;
            let (to_thread, world) = channel::<Arc<World>>();
            let to_test = to_test.clone();
            let thread = std::thread::Builder::new().stack_size(2 * STACK_SIZE);
            let run = move || {
                let anchor = 0_u64;
                let _ = to_test.send((id, stack_below((&raw const anchor).addr(), id)));
                live(&world, id, body);
            };
            (to_thread, thread.spawn(run).expect("the host has room for one more thread"))
        })
        .collect();
    let mut of_threads: Vec<_> = places.iter().take(threads.len()).collect();
    of_threads.sort_unstable();
    stacks.extend(of_threads.into_iter().map(|(_, stack)| stack));

    let system = draft.borrow().tables(&stacks, shared());
    let mut kernel = Kernel::new(system, storage(system), Machine::default());
    kernel.start(constants());
    let core = Core { kernel, panic: None, running: 0, failure: None, ending: None };
    let world = Arc::new(World {
        system,
        core: Mutex::new(core),
        turns: system.threads.iter().map(|_| Condvar::new()).collect(),
        may_crash,
    });
    let threads: Vec<_> = threads
        .into_iter()
        .map(|(to_thread, thread)| {
            let _ = to_thread.send(Arc::clone(&world));
            thread
        })
        .collect();

    let me = Me::become_thread(Arc::clone(&world), TEST);
    let result = catch_unwind(AssertUnwindSafe(|| {
        me.begin();
        further_down(body)
    }));
    me.resign();
    for (index, thread) in threads.into_iter().enumerate() {
        world.end(TEST + 1 + index, thread);
    }
    result.unwrap_or_else(|payload| resume_unwind(payload))
}

/// Calls a function in a frame further down: everything that it has on the stack is below the data of the caller.
#[inline(never)]
fn further_down<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Makes a thread of the host a thread of the test, and runs it.
#[inline(never)]
fn live(world: &Receiver<Arc<World>>, id: usize, body: super::draft::Body) {
    // If no world comes, the test has failed before it started.
    if let Ok(world) = world.recv() {
        let me = Me::become_thread(world, id);
        me.live(body);
        me.resign();
    }
}

/// Returns start and length of the stack of a thread whose stack ends below an address.
fn stack_below(anchor: Word, id: usize) -> (Word, usize) {
    // Miri has no stack with addresses: each thread has a range of addresses that nothing else uses.
    let anchor = if cfg!(miri) { (1 + id) << 32 } else { anchor };
    ((anchor & !(STACK_ALIGNMENT - 1)) - STACK_SIZE, STACK_SIZE)
}

/// Returns the memory that each process may lend.
fn shared() -> [Word; 2] {
    // Without addresses of stacks, all memory may be lent.
    if cfg!(miri) { [0, Word::MAX] } else { [0, 0] }
}

/// Returns the memory that every process may lend for reading.
fn constants() -> Span {
    crate::fault::constants()
        .map_or(Span::EMPTY, |constants| Span { start: *constants.start(), end: *constants.end() })
}
