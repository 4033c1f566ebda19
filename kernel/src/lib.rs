//! The portable core of the Crossgate microkernel.
//!
//! It is a state machine: a port tells it what happened (a [call](Kernel::call) and its [end](Kernel::leave), another
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
pub mod system_call;
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
use thread::{Thread, ThreadId, Threads};
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
pub struct Effect {
    /// How the system call of the thread that made it ends, if it does now.
    pub reply: Option<Reply>,
    /// Whether another thread (or another place of the same) is current now: then its saved context
    /// is to be loaded, and what is [pending](Thread::take_pending) for it to be settled.
    pub switch: bool,
}

impl Effect {
    /// Go on as if nothing had happened.
    pub const CONTINUE: Effect = Effect { reply: None, switch: false };
    /// Go on with the thread that is current now.
    pub const SWITCH: Effect = Effect { reply: None, switch: true };

    /// Go on with the same thread.
    pub const fn resume(reply: Reply) -> Effect {
        Effect { reply: Some(reply), switch: false }
    }
}

/// The state of the kernel.
// What is used most comes first: the CPU reaches it with shorter instructions.
#[repr(C)]
pub struct Kernel<P: Port> {
    // The first word is the address of the current thread.
    pub(crate) threads: Threads,
    pub(crate) services: &'static [Service],
    /// The processes that are not stopped: bit p is process p.
    pub(crate) running: u32,
    pub(crate) notifications: &'static mut [Notification],
    /// The notifications that have signals: bit n is notification n.
    pub(crate) signalled: u32,
    pub(crate) system: &'static System,
    pub(crate) locks: &'static mut [Lock],
    pub(crate) flash: Span,
    pub(crate) processes: &'static [Process],
    pub(crate) timers: Timers,
    /// The hardware.
    pub port: P,
    pub(crate) ready: Ready,
    pub(crate) faults: Faults,
}

/// The kernel's memory, as large as the wiring needs it.
pub struct Storage {
    /// The idle thread.
    pub idle: &'static mut Thread,
    /// The other threads of the wiring.
    pub threads: &'static mut [Thread],
    /// One lock per exclusive object.
    pub locks: &'static mut [Lock],
    /// One state per notification.
    pub notifications: &'static mut [Notification],
}

impl<P: Port> Kernel<P> {
    /// A kernel that has not [started](Self::start).
    pub const fn new(system: &'static System, storage: Storage, port: P) -> Kernel<P> {
        Kernel {
            port,
            threads: Threads::new(storage.idle, storage.threads),
            services: system.services,
            ready: Ready::new(),
            running: u32::MAX,
            processes: system.processes,
            flash: Span::EMPTY,
            locks: storage.locks,
            notifications: storage.notifications,
            signalled: 0,
            timers: Timers::new(),
            faults: Faults::new(),
            system,
        }
    }

    /// The thread that runs.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread {
        self.threads.current()
    }

    /// Makes every thread ready to start; the idle thread is current. `flash` is readable by every
    /// process.
    pub fn start(&mut self, flash: Span) {
        self.flash = flash;
        for (index, wiring) in self.system.threads.iter().enumerate() {
            let thread = self.threads.get_mut(ThreadId::new(index));
            thread.id = ThreadId::new(index);
            thread.begin::<P>(wiring);
            self.ready.push(thread);
        }
    }

    /// Goes on with the most urgent thread, after something that is no system call of the current
    /// one, or that made it wait.
    #[inline(never)]
    pub fn reschedule(&mut self) -> Effect {
        Effect { reply: None, switch: self.switch() }
    }

    /// Makes the most urgent thread current. Tells whether it was not.
    #[inline(always)]
    pub(crate) fn switch(&mut self) -> bool {
        self.threads.switch_to(self.ready.first())
    }

    /// Whether `process` crashed and is stopped.
    pub(crate) fn is_stopped(&self, process: u8) -> bool {
        self.running >> (process & 31) & 1 == 0
    }
}
