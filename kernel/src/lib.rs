//! The portable core of the Crossgate microkernel.
//!
//! It is a state machine: a port tells it what happened (a [call](Kernel::call) and its [end](Kernel::leave), another
//! [system call](Kernel::system_call), an [interrupt](Kernel::interrupt), the
//! [timer](Kernel::timer), a [fault](Kernel::fault)) in plain values, and gets an [`Effect`] that
//! says what the CPU has to do next. It touches no register and no memory but its own, so the code
//! that ships is the code that is tested on a host.
//!
//! It is the specification, too: a port may do by itself what is most frequent, in assembly, if it changes
//! what the core would change. So what such a port reads and writes has a fixed layout ([`Offsets`],
//! [`thread::offset`]), and is marked. What it can't do wholly, it leaves to the core, with nothing changed.
//!
//! | file | noun |
//! |---|---|
//! | [`call`] | a call and its return: the way into another process and back |
//! | [`lease`] | memory that a call may use while it runs |
//! | [`grant`] | who may call what the wiring does not name |
//! | [`limit`] | how long calls may take |
//! | [`budget`] | how long threads may run |
//! | [`usage`] | how long they have run, and where |
//! | [`lock`] | objects that one call at a time may be in, and mutexes |
//! | [`notification`] | signals, and who waits for them |
//! | [`time`] | who sleeps until when |
//! | [`schedule`] | who runs next |
//! | [`process`] | the life of a process: how it begins, goes down, begins anew |
//! | [`fault`] | what is noted of a crash, and who is told |
//! | [`life`] | which life of a process it is, for who serves it |
//! | [`pool`] | threads that a process begins and ends while it runs |
//! | [`inspect`] | what threads and processes do, for who may ask |
//! | [`optional`] | what only some firmwares need |
//! | [`work`] | what is put off, and done in pieces |
//! | [`thread`] | a thread's state |
//! | [`port`] | what the core needs from the hardware |
//!
//! Every path is O(1), or goes over the threads once; what needs more is done in [pieces](work). None can panic:
//! tables are read through `get`, and the thread table answers every index (see [`thread::Threads`]).
#![no_std]
#![forbid(unsafe_code)]

pub mod account;
pub mod block;
pub mod boot;
pub mod budget;
pub mod call;
pub mod choice;
pub mod crash;
#[cfg(target_pointer_width = "32")]
#[doc(hidden)]
pub mod dead;
pub mod effect;
pub mod fault;
pub mod frame;
pub mod gate;
pub mod grant;
pub mod home;
pub mod inspect;
pub mod interrupt;
pub mod lease;
pub mod lend;
pub mod life;
pub mod limit;
pub mod lock;
pub mod mutex;
pub mod note;
pub mod notification;
pub mod optional;
pub mod pool;
pub mod port;
pub mod process;
pub mod restart;
pub mod schedule;
pub mod signal;
pub mod sleep;
pub mod sweep;
pub mod system_call;
pub mod thread;
pub mod threads;
pub mod time;
pub mod timer;
pub mod usage;
pub mod wait;
pub mod work;

#[cfg(test)]
mod tests;

use budget::Budgets;
use crossgate_abi::table::{Gate, Process, Service, System};
use crossgate_protection::Span;
pub use effect::Effect;
use fault::Faults;
use grant::Grants;
use limit::Limits;
use lock::Lock;
use notification::Notification;
use optional::Optional;
use port::Port;
use schedule::Ready;
use thread::Thread;
use threads::{Place, Threads};
use time::NEVER;
use work::Work;

/// The state of the kernel.
// What is used most comes first: the CPU reaches it with shorter instructions.
#[repr(C)]
pub struct Kernel<P: Port> {
    // A port's assembly loads what comes before `services` at once, with the first two words of the port. The
    // first word is the address of the current thread.
    pub(crate) threads: Threads,
    /// The processes that can be entered: bit p is process p.
    pub(crate) running: u32,
    pub(crate) gates: &'static [Gate],
    /// The hardware.
    pub port: P,
    pub(crate) services: &'static [Service],
    pub(crate) notifications: &'static mut [Notification],
    pub(crate) system: &'static System,
    pub(crate) locks: &'static mut [Lock],
    pub(crate) work: Work,
    pub(crate) processes: &'static [Process],
    pub(crate) flash: Span,
    /// The earliest time at which the port's timer is wanted, in µs since start, ...
    pub(crate) next_deadline: u64,
    /// ... if it is not wanted at once, because so many threads have been looked at, and others are to be.
    pub(crate) checked: u8,
    pub(crate) ready: Ready,
    pub(crate) faults: Faults,
    /// Refused calls, apart: a server that accuses others can't have the record of a crash overwritten.
    pub(crate) refusals: Faults,
    pub(crate) states: &'static mut [process::Process],
    pub(crate) optional: Option<&'static mut Optional<P>>,
    pub(crate) limits: Option<&'static Limits<P>>,
    pub(crate) grants: Option<&'static Grants<P>>,
    /// For each service the processes that may call it by grant: bit p is process p.
    pub(crate) granted: &'static mut [u32],
    pub(crate) budgets: Option<&'static mut Budgets<P>>,
}

/// Where the [kernel](Kernel) has what, in bytes from its start.
#[expect(missing_docs, reason = "they are its fields")]
pub struct Offsets {
    pub services: usize,
    pub locks: usize,
    pub system: usize,
    pub processes: usize,
    pub notifications: usize,
    pub ready: usize,
    pub budgets: usize,
    pub limits: usize,
}

/// The kernel's memory, as large as the wiring needs it.
pub struct Storage<P: Port> {
    /// The idle thread.
    pub idle: &'static mut Thread,
    /// A place for every thread of the wiring; that of the idle one is empty.
    pub threads: &'static mut [Place],
    /// One lock per exclusive object.
    pub locks: &'static mut [Lock],
    /// One state per notification.
    pub notifications: &'static mut [Notification],
    /// One word per service if handles are passed on.
    pub granted: &'static mut [u32],
    /// One state per process.
    pub processes: &'static mut [process::Process],
    /// What counts the time of threads, if something bounds it.
    pub budgets: Option<&'static mut Budgets<P>>,
    /// What few firmwares need, if this one does.
    pub optional: Option<&'static mut Optional<P>>,
}

impl<P: Port> Kernel<P> {
    /// A kernel that has not [started](Self::start).
    pub const fn new(system: &'static System, storage: Storage<P>, port: P) -> Kernel<P> {
        const { assert!(core::mem::offset_of!(Self, threads) == 0, "a port's assembly finds it there") };
        Kernel {
            port,
            threads: Threads::new(storage.idle, storage.threads),
            services: system.services,
            gates: system.gates,
            ready: Ready::new(),
            work: Work::NONE,
            running: 0,
            processes: system.processes,
            flash: Span::EMPTY,
            locks: storage.locks,
            notifications: storage.notifications,
            next_deadline: NEVER,
            checked: 0,
            faults: Faults::NONE,
            refusals: Faults::NONE,
            states: storage.processes,
            limits: if system.limiters != 0 { Some(Limits::ALL) } else { None },
            grants: if system.passes_handles { Some(Grants::ALL) } else { None },
            granted: storage.granted,
            budgets: storage.budgets,
            optional: storage.optional,
            system,
        }
    }

    /// Where a port's assembly finds what it needs.
    pub const OFFSETS: Offsets = Offsets {
        services: core::mem::offset_of!(Self, services),
        locks: core::mem::offset_of!(Self, locks),
        system: core::mem::offset_of!(Self, system),
        processes: core::mem::offset_of!(Self, processes),
        notifications: core::mem::offset_of!(Self, notifications),
        ready: core::mem::offset_of!(Self, ready),
        budgets: core::mem::offset_of!(Self, budgets),
        limits: core::mem::offset_of!(Self, limits),
    };
}
