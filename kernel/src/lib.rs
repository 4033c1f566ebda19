// SPDX-License-Identifier: MIT OR Apache-2.0
//! The portable core of the Crossgate microkernel.
//!
//! The core is a state machine. A port reports each event in plain values: a [call](Kernel::call) and its
//! [end](Kernel::leave), another [system call](Kernel::system_call), an [interrupt](Kernel::interrupt), the
//! [timer](Kernel::timer), or a [fault](Kernel::fault). The answer says what the CPU has to do next: it is an
//! [`Effect`], or the way [into](call::Enter) a method or [back](call::Return). The core touches no register, and no
//! memory but its own. So tests on a host run the code that ships.
//!
//! The core is also the specification. A port may carry out the most frequent actions by itself, in assembly, if it
//! leaves exactly the state that the core would have left. So everything that such a port reads and writes has a fixed
//! layout ([`Offsets`], [`thread::Offset`]). If the port can't finish an action, it changes nothing and leaves the
//! whole action to the core.
//!
//! The *wiring* is the constant part of a firmware: the tables of its processes, threads, services and rights. A thread
//! is *at home* while it is in no call. The glossary in `book/src/introduction.md` explains the other terms.
//!
//! # The map
//!
//! [`Kernel`] is one struct. Its methods are spread over files, each with one subject. A file uses only files above it
//! in this table (`xtask/src/layering.rs` checks it), so each file can be read without those below it.
//!
//! | file | subject |
//! |---|---|
//! | [`time`] | points in time, and how far away they are |
//! | [`effect`] | actions of the CPU after an event |
//! | [`lease`] | memory that a call may use while it runs |
//! | [`frame`] | records of calls in flight |
//! | [`wait`] | waits of threads and how they end: the states of a thread |
//! | [`thread`] | a thread |
//! | [`port`] | the interface to the hardware |
//! | [`threads`] | all threads, and which of them runs |
//! | [`process`] | the states of a process, and the wait before it restarts after a crash |
//! | [`notification`] | the state of notifications |
//! | [`note`] | notes of crashes, for processes that may inspect |
//! | [`usage`] | the run time of threads and processes |
//! | [`budget`] | limits of CPU time: budgets and time slices |
//! | [`power`] | how deep the CPU may sleep |
//! | [`optional`] | the parts of the kernel that only some firmware needs |
//! | [`schedule`] | the thread that runs next |
//! | [`preemption_point`] | preemption points, at which long operations stop for pending interrupts |
//! | [`work`] | the work that is deferred, and the threads and processes that it concerns |
//! | [`block`] | the start and the end of a wait, and priority inheritance |
//! | [`lock`] | locks of objects that admit one call at a time |
//! | [`mutex`] | the mutexes of user code |
//! | [`sleep`] | threads that sleep until a point in time |
//! | [`signal`] | signals, and waits for them |
//! | [`home`] | threads in no call: their start and restart |
//! | [`boot`] | the start of the threads |
//! | [`fault`] | records of faults, and the notification of the supervisor |
//! | [`interrupt`] | interrupts of devices |
//! | [`down`] | how a process is taken down |
//! | [`sweep`] | the worker, which does the deferred work a piece at a time |
//! | [`crash`] | crashes of processes, and decisions of the supervisor |
//! | [`gate`] | the service that a gate belongs to |
//! | [`lend`] | how a caller lends memory to a call |
//! | [`grant`] | rights to call a service that come from a handle, not from the wiring |
//! | [`restart`] | the start and restart of a process |
//! | [`call`] | a call and its return: the way into another process and back |
//! | [`deadline`] | deadlines of calls |
//! | [`account`] | accounting of CPU time |
//! | [`life`] | the lives of a process, numbered for the servers that the process calls |
//! | [`pool`] | threads that a process starts and ends at run time |
//! | [`inspect`] | inspection of threads and processes |
//! | [`idle`] | the sleep of the CPU while no thread is ready |
//! | [`choice`] | the choice of the optional parts that a firmware needs |
//! | [`timer`] | the interrupt of the timer |
//! | [`system_call`] | the dispatch of the system calls |
//! | `statics` | the kernel's memory, sized for a wiring |
//! | `dead` | the parts of the kernel's memory whose contents mean nothing at present, for a test |
//!
//! Every path is O(1), or visits each entry of some tables of the wiring once; longer work is split into
//! [pieces](work). No path can panic: an index into a table goes through `get` or is reduced below the length of the
//! table, and the thread table returns a thread for every index (see [`threads::Threads`]).
//!
//! # The invariants
//!
//! They hold after every event. Each has a function of its own in `tests/invariants.rs`, called after each step of the
//! random tests and in each state of the exhaustive search.
//!
//! | invariant | that is to say | checked by |
//! |---|---|---|
//! | **urgent** | the running thread is the first of the ready threads of the highest priority | `check_urgent` |
//! | **levels** | the list of each [priority](schedule::Ready) holds exactly the ready threads of that priority, each once | `check_levels` |
//! | **slots** | every thread is in its own [slot](threads::Threads), except for the current one, whose slot is empty | `check_slots` |
//! | **quick** | before a port makes a call by itself, it compares one [word](thread::Calls) with `LAST`. The word is at most `LAST` if and only if a frame is left, the thread holds no lease in any of its calls, and the deadline of its calls has not passed | `check_quick` |
//! | **rights** | a thread executes in the process that its calls have led to, with the rights that these calls gave it; of its stack, only the window of these rights is open | `check_rights` |
//! | **leases** | a call is lent only memory that its caller had the right to lend | `check_leases` |
//! | **inheritance** | the priority of a thread is at least its base priority, and at least that of each thread that waits for it. While it is higher than all of these, neither the thread itself nor a thread of the same or a lower priority runs before the worker has lowered it. Waits form no cycle | `check_priority` |
//! | **payers** | a thread that runs at a priority that is not its own has a [lender](budget): a thread that waits for the running thread, directly or not, and whose own priority this is. The budgets of both threads pay | `check_payers` |
//! | **waits** | every wait can end, and the thread then gets the right result | `check_wait` |
//! | **in vain** | if waits of a thread fail because no caller waits for the result, the thread is in a call that is refused, or whose caller is gone | `check_in_vain` |
//! | **one side** | a [notification](notification::Notification) has signals or waiters, but not both, unless the worker is about to wake all of its waiters | `check_one_side` |
//! | **swept** | after a crash, no thread that it may affect runs before that thread is [swept](sweep) | `check_work` |
//! | **locks** | a lock that is taken has one holder, which is inside the object | `check_locks` |
//! | **timers** | the port's timer is set to no later than the earliest time at which a thread has to wake | `check_timers` |
//! | **down** | when a process is down, the threads are swept, and the [clean-up](restart) is done, nothing is left of its last life | `check_down` |
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
pub mod down;
pub mod effect;
pub mod fault;
pub mod frame;
pub mod gate;
pub mod grant;
pub mod home;
pub mod idle;
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
pub mod power;
pub mod preemption_point;
pub mod process;
pub mod restart;
pub mod schedule;
pub mod signal;
pub mod sleep;
mod statics;
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
#[doc(hidden)]
pub use crossgate_abi as abi;
use crossgate_abi::table::{Gate, ProcessRow, Service, System};
use crossgate_abi::{ProcessId, Set};
use crossgate_protection::Span;
pub use effect::Effect;
use fault::Faults;
use grant::Grants;
use lock::Lock;
use notification::Notification;
use optional::{Deadlines, Optional};
use port::Port;
use schedule::Ready;
use thread::Thread;
use threads::{Slot, Threads};
use time::NEVER;
use work::Work;

/// The state of the kernel.
// The fields that are used most come first, because the CPU reaches them with shorter instructions.
#[repr(C)]
pub struct Kernel<P: Port> {
    // A port's assembly loads the fields before `port`, and the first two words of `port`, with one instruction. The
    // first word of `threads` is the address of the current thread.
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
    pub(crate) processes: &'static [ProcessRow],
    pub(crate) flash: Span,
    /// The next step of the timer's round of checks:
    /// - 0: no round has begun;
    /// - `account::BUDGETS`: a step of the check of budgets, which comes first;
    /// - the index of a thread: the check of the deadlines of this thread, then of the end of its wait;
    /// - the index plus `timer::DEADLINES_CHECKED`: only the check of the end of its wait is left.
    ///
    /// Unless this is 0, the port's timer is set to interrupt at once.
    pub(crate) checked: u8,
    /// True if the port's timer has to be set before any thread continues.
    pub(crate) rearms: bool,
    /// Between rounds of checks: the earliest time at which the port's timer has to interrupt, in µs since start.
    pub(crate) next_wake: u64,
    pub(crate) ready: Ready,
    /// The records of crashes, and separately the records of refused calls, so that a server that refuses calls can't
    /// overwrite the record of a crash.
    pub(crate) faults: [Faults; 2],
    pub(crate) states: &'static mut [process::Process],
    pub(crate) optional: Option<&'static mut Optional<P>>,
    pub(crate) deadlines: Option<&'static Deadlines<P>>,
    pub(crate) grants: Option<&'static Grants<P>>,
    /// For each service, the processes that may call it by a grant.
    pub(crate) granted: &'static mut [Set<ProcessId>],
    pub(crate) budgets: Option<&'static mut Budgets<P>>,
}

/// The offsets of parts of the [kernel](Kernel), in bytes from its start.
#[expect(missing_docs, reason = "most are its fields")]
pub struct Offsets {
    pub services: usize,
    pub locks: usize,
    pub system: usize,
    pub processes: usize,
    pub notifications: usize,
    pub ready: usize,
    pub budgets: usize,
    pub deadlines: usize,
    /// A word: the threads that the worker is about to wake, of which thread t is bit t.
    pub waking: usize,
    /// A byte: 1 if the port's timer has to be [set](Kernel::rearm), otherwise 0.
    pub rearms: usize,
}

/// The kernel's memory, sized for the wiring.
pub struct Storage<P: Port> {
    /// The idle thread.
    pub idle: &'static mut Thread<P::Unit>,
    /// A slot for every thread of the wiring; the slot of the idle thread is empty.
    pub threads: &'static mut [Slot<P::Unit>],
    /// One lock per exclusive object.
    pub locks: &'static mut [Lock],
    /// One state per notification.
    pub notifications: &'static mut [Notification],
    /// One set of processes per service if handles are passed on, otherwise none.
    pub granted: &'static mut [Set<ProcessId>],
    /// One state per process.
    pub processes: &'static mut [process::Process],
    /// The accounts of the run time of threads, if the wiring limits or counts it.
    pub budgets: Option<&'static mut Budgets<P>>,
    /// The optional parts of the kernel, if this firmware needs any.
    pub optional: Option<&'static mut Optional<P>>,
}

impl<P: Port> Kernel<P> {
    /// Returns a kernel that has not [started](Self::start).
    #[inline]
    pub const fn new(system: &'static System, storage: Storage<P>, port: P) -> Kernel<P> {
        const {
            assert!(
                core::mem::offset_of!(Self, threads) == 0,
                "a port's assembly expects the threads at the start"
            );
            assert!(
                thread::Offset::<P::Unit>::are_in_order(),
                "a port's assembly loads these fields together"
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
            rearms: false,
            faults: [Faults::NONE; 2],
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
        waking: core::mem::offset_of!(Self, work.waking),
        rearms: core::mem::offset_of!(Self, rearms),
    };
}
