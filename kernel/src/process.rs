//! The life of a process.
//!
//! A process goes down in a moment: from then on nothing enters it. What is left of it, its visitors and those who are
//! to come back to it, is [swept](crate::work) away in pieces, each thread before it runs again.
//!
//! A process begins with its memory being reset to its initial values, at boot and after each fault
//! alike. That is done in slices, by the threads that want it: by its own, each of which begins with a
//! [system call](crossgate_abi::number::BEGIN) that lets it go on when the memory is ready, and by
//! those that call one of its services. So interrupts are never held off for long, the work is done at
//! the priority of who needs it first, and no thread of the kernel's own is needed.
//!
//! ```text
//!          fault: policy restart              last slice
//! running ───────────────────────> resetting ───────────> running
//!    │                                 ^
//!    │ fault: policy stop or ask, or   │ the supervisor
//!    └─────── too many crashes ───> stopped
//! ```
//!
//! A process that crashes again soon waits before it begins anew, and longer each time. If the supervisor
//! crashes too often, nobody could decide any more: the system is reset.

use crate::Kernel;
use crate::effect::{Effect, Outcome};
use crate::port::Port;
use crate::thread::ThreadId;
use crate::wait::{Pending, Wait};
use crossgate_abi::table::OnFault;
use crossgate_abi::{CallError, Status, Word};

/// A crash this long after the one before, in µs, counts as the first.
pub(crate) const CALM: u64 = 10_000_000;
/// The wait after the second crash in a row, in µs; it doubles with each one more, ...
const BACK_OFF: u32 = 10_000;
/// ... so many times at most: it has to stay shorter than the calm.
const DOUBLINGS: u8 = 9;

/// What the kernel knows of a process besides its wiring.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// When it crashed last, in µs since start.
    pub(crate) crashed_at: u64,
    /// How far its memory has been reset, in bytes.
    pub(crate) reset: Word,
    /// How often it crashed in a row.
    pub(crate) crashes: u8,
    /// The threads up to this one hold none of its memory, since it went down.
    pub(crate) looked: u8,
    pub(crate) stopped: bool,
}

impl Process {
    /// A process that has not begun yet.
    pub const NEW: Process =
        Process { crashed_at: 0, reset: 0, crashes: 0, looked: 0, stopped: false };

    /// When it may begin, in µs since start.
    pub(crate) fn not_before(&self) -> u64 {
        match self.crashes {
            0 | 1 => 0,
            again => self.crashed_at + u64::from(BACK_OFF << (again - 2).min(DOUBLINGS)),
        }
    }
}

/// Whether a process can be entered.
pub(crate) enum Progress {
    /// It can.
    Running,
    /// There was something to do first: ask again.
    More,
    /// Not yet: it crashed too often.
    Early,
    /// Not before this thread gives back memory that it was lent.
    Lent(ThreadId),
    /// Not at all.
    Stopped,
}

impl<P: Port> Kernel<P> {
    /// Does a piece of what is to be done before a process can be entered, if it is not running and may begin.
    pub(crate) fn advance(&mut self, process: u8) -> Progress {
        if self.is_running(process) {
            return Progress::Running;
        }
        let index = usize::from(process);
        let (Some(state), Some(wiring)) = (self.states.get_mut(index), self.processes.get(index))
        else {
            return Progress::Stopped;
        };
        if state.stopped {
            return Progress::Stopped;
        }
        // (For whichever process: who holds memory is known when all threads are swept.)
        if self.work.unswept != 0 {
            self.piece();
            return Progress::More;
        }
        if state.reset == 0 {
            let not_before = state.not_before();
            if not_before != 0 && self.port.now() < not_before {
                return Progress::Early;
            }
            let lessees = self.work.lessees & (!1 << (state.looked & 31));
            if lessees != 0 {
                let id = ThreadId::new(lessees.trailing_zeros() as usize);
                if self.threads.get(id).holds_memory_of(process) {
                    return Progress::Lent(id);
                }
                state.looked = id.index() as u8;
                return Progress::More;
            }
        }
        let reset = self.port.reset(wiring.memory, state.reset);
        if let Some(state) = self.states.get_mut(index) {
            state.reset = reset.unwrap_or(0);
        }
        match reset {
            Some(_) => Progress::More,
            None => {
                self.running |= 1u32.rotate_left(process.into());
                Progress::Running
            }
        }
    }

    /// The current thread wants to begin.
    pub(crate) fn begin(&mut self) -> Outcome {
        let thread = self.threads.current();
        let (id, process) = (thread.id, thread.level.process);
        let wiring = self.system.threads.get(id.index());
        let (0, Some(wiring)) = (thread.depth(), wiring) else {
            return CallError::NotPermitted.into();
        };
        match self.advance(process) {
            Progress::Running => {
                let thread = self.threads.current();
                thread.stack_pointer = P::first_context(wiring.entry, thread.stack.end);
            }
            Progress::More => self.threads.current().pending = Pending::Retry,
            Progress::Early => {
                let state = self.states.get(usize::from(process));
                let _ = self.sleep_until(state.map_or(0, Process::not_before));
                self.threads.current().pending = Pending::Retry;
            }
            Progress::Lent(holder) => {
                let thread = self.threads.current();
                (thread.wait, thread.pending) = (Wait::Memory, Pending::Retry);
                self.block_on(holder);
            }
            Progress::Stopped => self.end(id),
        }
        Outcome::NONE
    }

    /// The current thread, whose registers are saved at `stack_pointer`, calls a service of a process
    /// that is not running: it helps it to begin, and tries again.
    pub(crate) fn call_later(&mut self, stack_pointer: Word, process: u8) -> Effect {
        match self.advance(process) {
            Progress::Running | Progress::More => {
                let thread = self.threads.current();
                thread.stack_pointer = stack_pointer;
                thread.pending = Pending::Retry;
                self.reload()
            }
            _ => Effect::error(CallError::ServerDown),
        }
    }

    /// What becomes of a process that crashed now, as the newest record says.
    pub(crate) fn crash(&mut self, process: u8) {
        let policy = self.processes.get(usize::from(process)).map(|wiring| wiring.on_fault);
        let Some(OnFault::Restart { limit }) = policy else { return self.take_down(process, true) };
        let now = self.port.now();
        let Some(state) = self.states.get_mut(usize::from(process)) else { return };
        if now - state.crashed_at > CALM {
            state.crashes = 0;
        }
        // Before it counts, as it may have the highest limit. (Then the count begins anew, which is of no account any more.)
        let stopped = state.crashes >= limit;
        state.crashes = state.crashes.wrapping_add(1);
        state.crashed_at = now;
        self.take_down(process, stopped);
        if stopped && self.supervisor() == Some(process) {
            self.port.reset_system();
        }
    }

    /// The process that decides about the others, and reads the records of faults.
    pub(crate) fn supervisor(&self) -> Option<u8> {
        self.system.fault_watch.as_ref().map(|watch| watch.process)
    }

    /// Takes a process down, whatever it does, to begin anew or to stay stopped. Its own threads go
    /// back to their beginning, or end; its visitors go back to their callers.
    pub(crate) fn take_down(&mut self, process: u8, stopped: bool) {
        let index = usize::from(process);
        let (Some(state), Some(wiring)) = (self.states.get_mut(index), self.processes.get(index))
        else {
            return;
        };
        state.stopped = stopped;
        (state.reset, state.looked) = (0, 0);
        self.running &= !1u32.rotate_left(process.into());
        if wiring.notifications != 0 {
            self.silence(wiring);
        }
        if let Some(optional) = &self.optional {
            (optional.end_life)(self, process);
        }
        self.sweep_all_for(process);
    }

    /// The supervisor has `process` begin anew, or stop.
    pub(crate) fn supervise(&mut self, process: Word, stopped: bool) -> Outcome {
        let current = self.current().level.process;
        let is_permitted = self.supervisor() == Some(current);
        let (true, Some(state)) = (is_permitted, self.states.get_mut(process)) else {
            return CallError::NotPermitted.into();
        };
        state.crashes = 0;
        self.take_down(process as u8, stopped);
        // If it is its own, it does not come back from this.
        if process == usize::from(current) { Outcome::NONE } else { Status::OK.into() }
    }

    /// A thread whose home has gone down is in no call any more: it begins anew, or ends.
    pub(crate) fn come_home(&mut self, id: ThreadId) {
        let thread = self.threads.get(id);
        let home = self.states.get(usize::from(thread.level.process));
        if home.is_some_and(|home| !home.stopped) {
            self.threads.get_mut(id).begin::<P>();
        } else {
            self.end(id);
        }
    }

    /// Whether `process` has its memory and can be entered.
    pub(crate) fn is_running(&self, process: u8) -> bool {
        self.running.rotate_right(process.into()) & 1 != 0
    }
}
