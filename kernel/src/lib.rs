//! The portable core of the Crossgate microkernel.
//!
//! It is a state machine: a port tells it what happened (a [call](Kernel::call), another
//! [system call](Kernel::system_call), an [interrupt](Kernel::interrupt), the
//! [timer](Kernel::timer), a [fault](Kernel::fault)) in plain values, and gets an [`Effect`] that
//! says what the CPU has to do next. It touches no register and no memory but its own, so the code
//! that ships is the code that is tested on a host.
//!
//! | file | noun |
//! |---|---|
//! | [`call`] | a call and its return: the way into another process and back |
//! | [`lease`] | memory that a call may use while it runs |
//! | [`lock`] | objects that one call at a time may be in, and mutexes |
//! | [`notification`] | signals, and who waits for them |
//! | [`time`] | who sleeps until when |
//! | [`schedule`] | who runs next |
//! | [`fault`] | what becomes of a process that crashed, and of its visitors |
//! | [`thread`] | a thread's state |
//! | [`port`] | what the core needs from the hardware |
//!
//! Every path is O(1) or bounded by the number of threads, and none can panic: tables are read
//! through `get`, and the thread table answers every index (see [`thread::Threads`]).
#![no_std]
#![forbid(unsafe_code)]

pub mod call;
pub mod fault;
pub mod lease;
pub mod lock;
pub mod memory;
pub mod notification;
pub mod port;
pub mod schedule;
mod system_call;
pub mod thread;
pub mod time;

#[cfg(test)]
mod tests;

use crossgate_abi::table::{Process, Service, System};
use crossgate_abi::{CallError, Status, Word};
use fault::Faults;
use lock::Lock;
use memory::Span;
use notification::Notification;
use port::Port;
use schedule::Ready;
use thread::{Pending, Thread, ThreadId, Threads};
use time::Timers;

/// What a system call brings back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// How it ended.
    pub status: Status,
    /// Its results.
    pub words: [Word; 2],
}

impl Reply {
    /// Success without a result.
    pub const OK: Reply = Reply::status(Status::OK);

    /// A status and no result.
    #[must_use]
    pub const fn status(status: Status) -> Reply {
        Reply { status, words: [0; 2] }
    }

    /// An error.
    #[must_use]
    pub fn error(error: CallError) -> Reply {
        Reply::status(error.into())
    }

    /// Success with one word of result.
    #[must_use]
    pub const fn word(word: Word) -> Reply {
        Reply { status: Status::OK, words: [word, 0] }
    }
}

/// What the CPU has to do after an event, unless the current thread [enters](call::Entry) or
/// [leaves](call::Exit) a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the kernel has decided; the CPU has to follow"]
pub enum Effect {
    /// Go on with the current thread, with these results of its system call.
    Resume(Reply),
    /// Go on with the current thread as if nothing had happened.
    Continue,
    /// Another thread (or another place of the same) is current now: load its saved context, and
    /// settle what is [pending](Thread::take_pending).
    Switch,
}

/// The state of the kernel.
pub struct Kernel<P: Port> {
    /// The hardware.
    pub port: P,
    pub(crate) current: ThreadId,
    pub(crate) threads: Threads,
    pub(crate) services: &'static [Service],
    pub(crate) ready: Ready,
    /// The processes that are not stopped: bit p is process p.
    pub(crate) running: u32,
    pub(crate) processes: &'static [Process],
    pub(crate) flash: Span,
    pub(crate) locks: &'static mut [Lock],
    pub(crate) notifications: &'static mut [Notification],
    pub(crate) timers: Timers,
    pub(crate) faults: Faults,
    pub(crate) system: &'static System,
}

/// The kernel's memory, as large as the wiring needs it.
pub struct Storage {
    /// The idle thread.
    pub idle: &'static mut Thread,
    /// The other threads of the wiring, in its order.
    pub threads: &'static mut [Thread],
    /// One lock per exclusive object.
    pub locks: &'static mut [Lock],
    /// One state per notification.
    pub notifications: &'static mut [Notification],
}

impl<P: Port> Kernel<P> {
    /// A kernel in which every thread is ready and the idle thread is current. `flash` is readable
    /// by every process.
    ///
    /// The port still has to [place](Self::place) a first context on every thread's stack.
    pub fn new(system: &'static System, storage: Storage, flash: Span, port: P) -> Kernel<P> {
        let mut kernel = Kernel {
            port,
            current: ThreadId::IDLE,
            threads: Threads::new(storage.idle, storage.threads),
            services: system.services,
            ready: Ready::new(),
            running: u32::MAX,
            processes: system.processes,
            flash,
            locks: storage.locks,
            notifications: storage.notifications,
            timers: Timers::new(),
            faults: Faults::new(),
            system,
        };
        for (index, wiring) in system.threads.iter().enumerate() {
            let id = ThreadId::new(index);
            *kernel.threads.get_mut(id) = Thread::new::<P>(wiring);
            kernel.ready.push(&mut kernel.threads, id);
        }
        kernel
    }

    /// The thread that runs.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread {
        self.threads.get_mut(self.current)
    }

    /// Sets the saved stack pointer of a thread that has not run yet.
    pub fn place(&mut self, thread: usize, stack_pointer: Word) {
        self.threads.get_mut(ThreadId::new(thread)).stack_pointer = stack_pointer;
    }

    /// Ends a system call of the current thread with `reply`, unless a more urgent thread is ready.
    #[inline]
    pub(crate) fn finish(&mut self, reply: Reply) -> Effect {
        let next = self.ready.first();
        if next == self.current {
            return Effect::Resume(reply);
        }
        self.current().pending = Pending::Reply(reply);
        self.current = next;
        Effect::Switch
    }

    /// Chooses the thread to run after something that is no system call of the current thread, or
    /// that made it wait.
    #[inline]
    pub(crate) fn reschedule(&mut self) -> Effect {
        let next = self.ready.first();
        if next == self.current {
            return Effect::Continue;
        }
        self.current = next;
        Effect::Switch
    }

    /// Whether `process` crashed and is stopped.
    pub(crate) fn is_stopped(&self, process: u8) -> bool {
        self.running >> (process & 31) & 1 == 0
    }
}
