// SPDX-License-Identifier: MIT OR Apache-2.0
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
//! [`thread::Offset`]), and is marked. What it can't do wholly, it leaves to the core, with nothing changed.
//!
//! # The map
//!
//! [`Kernel`] is one struct. Its methods are spread over files, each with one noun. A file uses only files above it in
//! this table (`xtask/src/rooms.rs` checks it), so that each can be read with no more than those in mind.
//!
//! | file | noun |
//! |---|---|
//! | [`time`] | points in time, and how far away they are |
//! | [`effect`] | what the CPU has to do after an event |
//! | [`lease`] | memory that a call may use while it runs |
//! | [`frame`] | what is remembered of a call in flight |
//! | [`wait`] | what a thread waits for, and what it gets then: the life of a thread |
//! | [`thread`] | a thread |
//! | [`port`] | what the core needs from the hardware |
//! | [`threads`] | all threads, and which of them runs |
//! | [`process`] | the life of a process |
//! | [`notification`] | what is kept of a notification |
//! | [`note`] | what is noted of crashes, for those that may inspect |
//! | [`usage`] | how long threads and processes have run |
//! | [`budget`] | how long threads may run |
//! | [`optional`] | what only some firmware needs |
//! | [`schedule`] | the thread that runs next |
//! | [`work`] | what is put off, to be done in pieces |
//! | [`block`] | how waits begin and end, and whose priority a thread has |
//! | [`lock`] | objects that one call at a time may be in |
//! | [`mutex`] | the mutexes of user code |
//! | [`sleep`] | threads that sleep until a point in time |
//! | [`signal`] | signals, and threads that wait for them |
//! | [`home`] | a thread in no call: how it starts, and starts over |
//! | [`boot`] | how everything starts |
//! | [`sweep`] | what was put off is done, a piece at a time |
//! | [`fault`] | what is recorded of a fault, and which process is told |
//! | [`interrupt`] | interrupts of devices |
//! | [`crash`] | how a process goes down |
//! | [`restart`] | how a process starts, and starts over |
//! | [`gate`] | what a handle names |
//! | [`lend`] | how a caller lends memory to a call |
//! | [`grant`] | calls that the wiring does not name, by handles passed on |
//! | [`call`] | a call and its return: the way into another process and back |
//! | [`deadline`] | how long calls may take |
//! | [`account`] | the time of each thread is counted, and bounded |
//! | [`life`] | which life of a process it is, for the servers that it calls |
//! | [`pool`] | threads that a process starts and ends while it runs |
//! | [`inspect`] | what threads and processes do, for those that may ask |
//! | [`choice`] | which of what is optional a firmware has |
//! | [`timer`] | the timer comes |
//! | [`system_call`] | the system calls, one after another |
//! | `dead` | which memory of the kernel means nothing now, for a test |
//!
//! Every path is O(1), or goes over the threads once; what needs more is done in [pieces](work). None can panic:
//! tables are read through `get`, and the thread table answers every index (see [`threads::Threads`]).
//!
//! # The invariants
//!
//! They hold after each event, whatever happened. Each has a function of its own in `tests/invariants.rs`, called after
//! each step of the random tests and in each state of the exhaustive search.
//!
//! | invariant | that is to say | checked by |
//! |---|---|---|
//! | **urgent** | the thread that runs is the first of the most urgent ready ones | `check_urgent` |
//! | **levels** | the list of each [priority](schedule::Ready) holds exactly the ready threads of that priority, each once | `check_levels` |
//! | **slots** | the [slot](threads::Threads) of every thread but the current one is taken, by that thread | `check_slots` |
//! | **quick** | the [word](thread::Calls) that a port compares before a quick call says if there is anything to look after | `check_quick` |
//! | **rights** | a thread executes where its calls led it, with what they gave it, and with no more of its stack open | `check_rights` |
//! | **leases** | what a call is lent was its caller's to lend | `check_leases` |
//! | **inheritance** | a thread has its own priority or the highest of those that wait for it, or is looked at before a thread runs that is not more urgent; waits form no circle | `check_priority` |
//! | **waits** | what a thread waits for can come, and what it gets then is the right thing | `check_wait` |
//! | **in vain** | waits fail only in calls whose results nobody waits for any more | `check_in_vain` |
//! | **one side** | a [notification](notification::Notification) has signals or waiters, never both | `check_one_side` |
//! | **swept** | no thread runs before what a crash left in it is [swept](sweep) away | `check_work` |
//! | **locks** | a lock has one holder, which is inside the object | `check_locks` |
//! | **timers** | the port was asked in time for each time at which a thread wakes | `check_timers` |
//! | **down** | nothing is left of the life of a process that is down | `check_down` |
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
pub mod deadline;
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
use crossgate_abi::{ProcessId, Set};
use crossgate_protection::Span;
use deadline::Deadlines;
pub use effect::Effect;
use fault::Faults;
use grant::Grants;
use lock::Lock;
use notification::Notification;
use optional::Optional;
use port::Port;
use schedule::Ready;
use thread::Thread;
use threads::{Slot, Threads};
use time::NEVER;
use work::Work;

/// The state of the kernel.
// The parts that are used most come first, because the CPU reaches them with shorter instructions.
#[repr(C)]
pub struct Kernel<P: Port> {
    // A port's assembly loads what comes before `services` at once, with the first two words of the port. The
    // first word is the address of the current thread.
    pub(crate) threads: Threads<P::Unit>,
    /// The processes that can be entered.
    pub(crate) running: Set<ProcessId>,
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
    pub(crate) next_wake: u64,
    /// ... if it is not wanted at once, because so many threads have been looked at, and others are to be.
    pub(crate) checked: u8,
    pub(crate) ready: Ready,
    pub(crate) faults: Faults,
    /// Refused calls, apart: a server that accuses others can't have the record of a crash overwritten.
    pub(crate) refusals: Faults,
    pub(crate) states: &'static mut [process::Process],
    pub(crate) optional: Option<&'static mut Optional<P>>,
    pub(crate) deadlines: Option<&'static Deadlines<P>>,
    pub(crate) grants: Option<&'static Grants<P>>,
    /// For each service the processes that may call it by grant.
    pub(crate) granted: &'static mut [Set<ProcessId>],
    pub(crate) budgets: Option<&'static mut Budgets<P>>,
}

/// The offsets of the parts of the [kernel](Kernel), in bytes.
#[expect(missing_docs, reason = "they are its fields")]
pub struct Offsets {
    pub services: usize,
    pub locks: usize,
    pub system: usize,
    pub processes: usize,
    pub notifications: usize,
    pub ready: usize,
    pub budgets: usize,
    pub deadlines: usize,
}

/// The kernel's memory, as large as the wiring needs it.
pub struct Storage<P: Port> {
    /// The idle thread.
    pub idle: &'static mut Thread<P::Unit>,
    /// A place for every thread of the wiring; that of the idle one is empty.
    pub threads: &'static mut [Slot<P::Unit>],
    /// One lock per exclusive object.
    pub locks: &'static mut [Lock],
    /// One state per notification.
    pub notifications: &'static mut [Notification],
    /// One set per service if handles are passed on.
    pub granted: &'static mut [Set<ProcessId>],
    /// One state per process.
    pub processes: &'static mut [process::Process],
    /// The accounts of threads, if something bounds their time.
    pub budgets: Option<&'static mut Budgets<P>>,
    /// The optional parts, if this firmware needs one.
    pub optional: Option<&'static mut Optional<P>>,
}

impl<P: Port> Kernel<P> {
    /// A kernel that has not [started](Self::start).
    pub const fn new(system: &'static System, storage: Storage<P>, port: P) -> Kernel<P> {
        const {
            assert!(core::mem::offset_of!(Self, threads) == 0, "a port's assembly finds it there");
            assert!(
                thread::Offset::<P::Unit>::are_in_order(),
                "a port's assembly loads them together"
            );
        };
        Kernel {
            port,
            threads: Threads::new(storage.idle, storage.threads),
            services: system.services,
            gates: system.gates,
            ready: Ready::new(),
            work: Work::NONE,
            running: Set::EMPTY,
            processes: system.processes,
            flash: Span::EMPTY,
            locks: storage.locks,
            notifications: storage.notifications,
            next_wake: NEVER,
            checked: 0,
            faults: Faults::NONE,
            refusals: Faults::NONE,
            states: storage.processes,
            deadlines: if !system.deadlines.is_empty() { Some(Deadlines::ALL) } else { None },
            grants: if system.passes_handles { Some(Grants::ALL) } else { None },
            granted: storage.granted,
            budgets: storage.budgets,
            optional: storage.optional,
            system,
        }
    }

    /// The offsets that a port's assembly needs.
    pub const OFFSETS: Offsets = Offsets {
        services: core::mem::offset_of!(Self, services),
        locks: core::mem::offset_of!(Self, locks),
        system: core::mem::offset_of!(Self, system),
        processes: core::mem::offset_of!(Self, processes),
        notifications: core::mem::offset_of!(Self, notifications),
        ready: core::mem::offset_of!(Self, ready),
        budgets: core::mem::offset_of!(Self, budgets),
        deadlines: core::mem::offset_of!(Self, deadlines),
    };
}
