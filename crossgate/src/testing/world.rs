// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads of a test and their kernel. Only one thread runs at a time: the kernel's current thread.

use super::machine::Machine;
use crossgate_abi::table::System;
use crossgate_abi::{ProcessId, Status, number};
use crossgate_kernel::Kernel;
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::vec::Vec;

/// The index of the test's own thread. (Index 0 is the idle thread.)
pub const TEST: usize = 1;

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
    /// A condition variable for each thread. It is notified when the thread may continue.
    turns: Vec<Condvar>,
    /// The processes that may crash.
    may_crash: u32,
}

impl World {
    /// Creates the world of a wiring. Its kernel has started already.
    pub fn new(system: &'static System, kernel: Kernel<Machine>, may_crash: u32) -> World {
        let core = Core { kernel, panic: None, running: 0, failure: None, ending: None };
        let turns = system.threads.iter().map(|_| Condvar::new()).collect();
        World { system, core: Mutex::new(core), turns, may_crash }
    }

    /// Locks the kernel. The calling thread must be the current thread.
    pub fn lock(&self) -> Guard<'_> {
        lock(&self.core)
    }

    /// Records the processes that went down since the last call. The processes in `pardoned` count as not crashed.
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
                    "process `{name}` crashed: {why} (if the test expects that, call `may_crash` of the process)"
                ));
            }
        }
        core.panic = None;
    }

    /// Waits until a thread is the current thread.
    ///
    /// # Errors
    /// If the thread has to end, because the test is over. If the test has failed, the error contains the reason.
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

    /// While no thread can run, does the work of the idle thread, and advances the time.
    fn idle(&self, core: &mut Core) {
        while core.kernel.thread_id() == 0 && core.failure.is_none() {
            let thread = core.kernel.current();
            let _ = thread.take_pending();
            let stack_pointer = thread.stack_pointer;
            let effect = core.kernel.system_call(stack_pointer, number::WORK, &mut [0; 4]);
            if effect.switch {
                core.kernel.reschedule();
                continue;
            }
            if effect.status() == Some(Status::OK) {
                continue;
            }
            if core.kernel.port.pass_time() {
                core.kernel.timer();
                core.kernel.reschedule();
                self.look(core, 0);
            } else {
                core.failure = Some(
                    "the test waits for ever: all threads wait, and no timeout wakes any of them"
                        .to_owned(),
                );
            }
        }
    }

    /// Ends a thread, and waits until it has ended.
    pub fn end(&self, id: usize, thread: JoinHandle<()>) {
        self.lock().ending = Some(id);
        self.turns[id].notify_one();
        // This can't fail, because the thread catches its own unwinding.
        let _ = thread.join();
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
