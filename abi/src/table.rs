// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wiring of a firmware, as `crossgate::system!` writes it into flash.
//!
//! The tables are the kernel's permission list: the kernel does nothing that they do not permit. All indices in them
//! are checked when the firmware compiles.
//!
//! The row of a process, of a thread or of a notification contains the wiring's description of it, and never changes.
//! The kernel keeps the changing state elsewhere.

use crate::message::{Number, fail};
use crate::{
    BudgetId, Kind, LockId, NotificationId, ProcessId, ServiceId, Set, Shape, ThreadId, Word,
};
use core::alloc::GlobalAlloc;
use core::any::TypeId;
use core::ops::Range;

/// A whole firmware.
pub struct System {
    /// The processes. Every permission names a process by its index here.
    pub processes: &'static [ProcessRow],
    /// The services.
    pub services: &'static [Service],
    /// The gates of all methods that can be called, one service after another. A handle holds the index of the first
    /// gate of its service.
    pub gates: &'static [Gate],
    /// The threads. The first is the idle thread, of priority 0.
    pub threads: &'static [ThreadRow],
    /// The notifications: all of the first process, then all of the second, and so on.
    pub notifications: &'static [NotificationRow],
    /// The interrupts that are bound to notifications, in the order of their notifications.
    pub interrupts: &'static [Interrupt],
    /// The notification of each interrupt line, or [`UNBOUND`], up to the last line that is bound.
    // A port's assembly reads it.
    pub lines: &'static [u8],
    /// The number of objects that admit only one call at a time. (Their locks are numbered from 0.)
    pub locks: usize,
    /// The processes that may limit the time of calls.
    pub deadlines: Set<ProcessId>,
    /// The processes that may inspect the others.
    pub inspectors: Set<ProcessId>,
    /// The processes that may read crash dumps.
    pub dumpers: Set<ProcessId>,
    /// The threads of pools, which their processes start and end at run time.
    pub pooled: Set<ThreadId>,
    /// The processes that may ask about lost clients, and the notifications by which they learn of them.
    pub lost_clients: &'static [LostClients],
    /// True if handles are passed on: some method takes or returns one.
    pub passes_handles: bool,
    /// The supervisor: the process that reads the records of faults.
    pub supervisor: Option<Supervisor>,
    /// The limits and the counting of the run time of threads, if the wiring has either.
    pub budgets: Option<&'static Budgets>,
    /// If the CPU may sleep [deeply](crate::power) while no thread is ready: the processes that may keep it from doing
    /// so.
    pub deep_sleep: Option<Set<ProcessId>>,
}

impl System {
    /// Returns whether some process may inspect the others, or read crash dumps.
    #[must_use]
    pub const fn is_inspected(&self) -> bool {
        !self.inspectors.is_empty() || !self.dumpers.is_empty()
    }

    /// Refuses interrupt lines that a board with this number of lines does not have. Constants call this function.
    ///
    /// # Panics
    /// If an interrupt is bound to such a line. The text names the line, and the notification that it is bound to.
    #[track_caller]
    pub const fn check_lines(&self, lines: u16) {
        let mut index = 0;
        while index < self.interrupts.len() {
            let Interrupt { line, notification, .. } = &self.interrupts[index];
            if *line >= lines {
                fail(&[
                    "interrupt line ",
                    Number::decimal(*line as usize).text(),
                    ", which is bound to `",
                    self.notifications[notification.index()].name,
                    "`, does not exist: the lines of this board are those below ",
                    Number::decimal(lines as usize).text(),
                ]);
            }
            index += 1;
        }
    }
}

/// The limits of the run time of threads.
pub struct Budgets {
    /// The budgets, at most 32.
    pub budgets: &'static [Budget],
    /// The budgets of each thread.
    pub of_threads: &'static [Set<BudgetId>],
    /// How long a thread runs before the next thread of its priority runs, in µs. 0: only threads in the background
    /// have a limit.
    pub time_slice: u32,
    /// True if the kernel counts how long each thread and each process has run.
    pub cpu_time: bool,
}

impl Budgets {
    /// No limits, and no count.
    pub const NONE: Budgets =
        Budgets { budgets: &[], of_threads: &[], time_slice: 0, cpu_time: false };

    /// Returns whether anything limits the run time.
    #[must_use]
    pub const fn are_some(&self) -> bool {
        !self.budgets.is_empty() || self.time_slice != 0
    }
}

/// The part of each period in which some threads may run at their priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The run time of these threads together, in µs.
    pub time: u32,
    /// The length of a period, in µs.
    pub period: u32,
    /// The threads.
    pub threads: Set<ThreadId>,
    /// The process of these threads.
    pub process: ProcessId,
}

/// A process (a protection domain) in the tables of the wiring.
#[repr(C)]
pub struct ProcessRow {
    /// The name of the process in the wiring, which is the name of its crate.
    pub name: &'static str,
    /// The memory of the process; written by `crossgate-link`.
    pub memory: &'static ProcessMemory,
    /// The registers of the devices that the process owns, in at most [`MMIO_REGIONS`](crate::MMIO_REGIONS) regions.
    pub mmio: &'static [MmioRegion],
    /// The notifications that the process owns. Number 0 is the highest bit, because the CPU finds the highest set bit
    /// fastest.
    pub notifications: u32,
    /// The kernel's action when the process crashes.
    pub on_fault: OnFault,
    /// The index in the firmware of notification 0 of the process; the others follow.
    pub first_notification: NotificationId,
    /// The number of pieces of work before a restart that end what the kernel still holds for the life that has
    /// ended. A piece masks one interrupt, if it belongs to the process, and ends grants of [`CLEANED`] services.
    pub pieces: u8,
}

impl ProcessRow {
    /// Returns the number of [pieces](Self::pieces) for a process in a firmware with these numbers of interrupts and of
    /// services with grants. A process without interrupts counts none.
    #[must_use]
    pub const fn pieces(interrupts: usize, grants: usize) -> u8 {
        let of_grants = grants.div_ceil(CLEANED);
        if interrupts > of_grants { interrupts as u8 } else { of_grants as u8 }
    }

    /// Returns the set with only notification `number` of the process, counted from 0.
    #[inline(always)]
    #[must_use]
    pub const fn notification(number: usize) -> u32 {
        (1_u32 << 31).unbounded_shr(number as u32)
    }
}

/// The heap of a process, in a record that the linker (on a microcontroller) or the port (on a host) finds by its name:
/// `__crossgate_heap_of_` and the name of the process.
pub struct Heap {
    /// The allocator. Its state and its memory belong to the process.
    pub allocator: &'static (dyn GlobalAlloc + Sync),
    /// The text that the record of a crash has in place of a file's name if the memory is exhausted. In place of the
    /// line it has the number of bytes that were asked for.
    pub exhausted: &'static str,
}

/// The action after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFault {
    /// The process restarts: at once, or after a pause if it crashed shortly before.
    Restart {
        /// The number of crashes in a row after which the process still restarts. After one more crash, it stays
        /// stopped.
        limit: u8,
    },
    /// The process stays stopped.
    Stop,
}

impl OnFault {
    /// The action if the wiring names none.
    pub const DEFAULT: OnFault = OnFault::Restart { limit: 8 };
}

/// The RAM of a process, as `crossgate-link` laid it out. All addresses and lengths are in bytes. The memory is
/// `[shared][data][zeroed]` from `start`, then padding, then `[kept]` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct ProcessMemory {
    /// First byte of the region that the process may access.
    pub start: Word,
    /// First byte after the region. The memory protection unit can express `start..end` exactly.
    pub end: Word,
    /// First byte of the part that the process may lend (`shared!` statics).
    pub shared_start: Word,
    /// First byte after the part that the process may lend.
    pub shared_end: Word,
    /// Address in flash of the initial values of `start..data_end`.
    pub image: Word,
    /// First byte after the initialised statics. From here to `kept_start`, all bytes are zero at the start of the
    /// process.
    pub data_end: Word,
    /// First byte of the memory that a restart leaves as it is (`kept!` statics); `end` if the process has none.
    pub kept_start: Word,
}

impl ProcessMemory {
    /// The memory of a process without statics.
    pub const NONE: ProcessMemory = ProcessMemory {
        start: 0,
        end: 0,
        shared_start: 0,
        shared_end: 0,
        image: 0,
        data_end: 0,
        kept_start: 0,
    };
}

/// The device registers that one region of the protection unit opens: one range of the wiring or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct MmioRegion {
    /// Address of the first byte.
    pub start: Word,
    /// Length in bytes, up to the last byte that is open.
    pub size: Word,
    /// The closed parts inside of the region, as bits. Bit n stands for eighth n of the smallest aligned block of a
    /// power of two, at least 256 bytes, that holds the region. Eighths outside of the region have their bits set, too.
    pub closed: u8,
}

/// A range of device registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mmio {
    /// Address of the first byte, a multiple of `size`.
    pub start: Word,
    /// Length in bytes, a power of two of at least 32.
    pub size: Word,
}

/// The result of a thunk where it is an ordinary function (on a host). On a microcontroller a thunk leaves through the
/// kernel and never returns.
#[cfg(not(target_os = "none"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct RawReply {
    /// 0 or the number of [`CallError::BadArgument`](crate::CallError::BadArgument).
    pub status: Word,
    /// The words of the result.
    pub words: [Word; crate::RESULT_WORDS],
}

/// The result of a thunk: none, because it leaves through the kernel.
#[cfg(target_os = "none")]
pub type RawReply = core::convert::Infallible;

/// A thunk: the entry point of a method. It gets the object and the four argument words. (On a host a
/// panic unwinds through it.)
pub type Thunk = unsafe extern "C-unwind" fn(*mut (), Word, Word, Word, Word) -> RawReply;

/// A method of a service.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Method {
    /// The entry point of the method.
    pub entry: Thunk,
    /// The kinds of its argument words.
    pub arguments: Shape,
    /// The kinds of its result words.
    pub results: Shape,
}

impl Method {
    /// A bit of the [kinds](Shape::kinds) of the arguments: there are handles among the arguments or the results. (The
    /// first word is never a [`HandleIfTagIsZero`](crate::Kind::HandleIfTagIsZero), so its bit is free.)
    pub const HANDLES: u16 = crate::Kind::HandleIfTagIsZero as u16;

    /// Returns a method with these arguments and results.
    #[must_use]
    pub const fn new(entry: Thunk, mut arguments: Shape, results: Shape) -> Method {
        if arguments.has_handles() || results.has_handles() {
            arguments.kinds |= Self::HANDLES;
        }
        Method { entry, arguments, results }
    }
}

/// A method of a published object: everything that a call of the method needs, in four words.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Gate {
    /// The processes that may call the method.
    pub callers: Set<ProcessId>,
    /// The process that owns the object.
    pub owner: ProcessId,
    /// The service.
    pub service: ServiceId,
    /// The number of bytes that must be left of the caller's stack, less than 2^15. If the call needs more than a check
    /// of the stack, this is a code for the reason instead: one of the constants from
    /// [`LEASE_TO_READ`](Gate::LEASE_TO_READ) to [`CARE`](Gate::CARE).
    pub room: u16,
    /// The entry point of the method.
    pub entry: Thunk,
    /// The object.
    pub object: *mut (),
}

const READ: u16 = Kind::Read as u16;
const WRITE: u16 = Kind::Write as u16;

impl Gate {
    /// The room of a call whose first two words are memory to read, without other leases, handles or a lock.
    pub const LEASE_TO_READ: u16 = u16::MAX - 3;
    /// The room of a call whose first two words are memory to write, without other leases, handles or a lock.
    pub const LEASE_TO_WRITE: u16 = u16::MAX - 2;
    /// The room of a call that needs the lock of its object, and nothing else.
    pub const EXCLUSIVE: u16 = u16::MAX - 1;
    /// The room of every other call: a call with other leases or with handles among its words; a call with a lease and
    /// a lock; a call that needs 2^15 bytes of stack or more; and every call in a firmware that
    /// [counts](Budgets::cpu_time) the time of processes.
    pub const CARE: u16 = u16::MAX;
    /// The number of bytes of the callee's stack that the kernel uses to enter a method on a microcontroller.
    pub const ENTRY_SIZE: u16 = 136;

    /// Returns the gate of a method of a service.
    #[must_use]
    pub const fn new(number: ServiceId, service: &Service, method: &Method) -> Gate {
        let room = service.stack as u32 + Self::ENTRY_SIZE as u32;
        let kinds = method.arguments.kinds;
        Gate {
            callers: service.callers,
            owner: service.owner,
            service: number,
            room: match kinds {
                0 if service.has_lock() => Self::EXCLUSIVE,
                0 if room < 0x8000 => room as u16,
                READ if !service.has_lock() => Self::LEASE_TO_READ,
                WRITE if !service.has_lock() => Self::LEASE_TO_WRITE,
                _ => Self::CARE,
            },
            entry: method.entry,
            object: service.object,
        }
    }
}

#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Gate>() == 16, "a port's assembly reads it");

// SAFETY: as for `Service`.
unsafe impl Sync for Gate {}
// SAFETY: for the same reason as above.
unsafe impl Send for Gate {}

/// A published object.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Service {
    /// The object, in the memory of the process that owns it.
    pub object: *mut (),
    /// The methods of its interface.
    pub methods: &'static [Method],
    /// The processes that may call the service.
    pub callers: Set<ProcessId>,
    /// The name in the wiring.
    pub name: &'static str,
    /// Returns the identity of the interface, generic arguments included. (This is a function, because a `TypeId` can't
    /// be turned into a number when the firmware compiles.)
    pub interface: fn() -> TypeId,
    /// The number of bytes of stack that the methods need.
    pub stack: u16,
    /// The gate of the first method.
    pub gate: u16,
    /// The process that owns the object.
    pub owner: ProcessId,
    /// The lock of the object if only one call at a time may be in it, else [`NO_LOCK`].
    pub lock: LockId,
}

impl Service {
    /// Returns whether only one call at a time may be in the object.
    #[inline(always)]
    #[must_use]
    pub const fn has_lock(&self) -> bool {
        self.lock.number() != NO_LOCK.number()
    }
}

#[cfg(target_pointer_width = "32")]
const _: () = assert!(
    size_of::<ProcessRow>() == 28 && size_of::<Service>() == 36 && size_of::<Method>() == 12,
    "the memory map of `crossgate-link` reads them"
);

/// The lock of an object that any number of threads may be in.
pub const NO_LOCK: LockId = LockId::new(u8::MAX as usize);

// SAFETY: the pointer is only an address for the kernel. The object at this address is `Sync`, or only one call at a
// time accesses it; `crossgate::system!` ensures this.
unsafe impl Sync for Service {}
// SAFETY: for the same reason as above.
unsafe impl Send for Service {}

/// A thread in the tables of the wiring.
pub struct ThreadRow {
    /// The name in the wiring.
    pub name: &'static str,
    /// The entry point.
    pub entry: extern "C" fn() -> !,
    /// The lowest address of its stack.
    pub stack: *const u8,
    /// The length of its stack in bytes.
    pub stack_size: usize,
    /// Its home process.
    pub process: ProcessId,
    /// 0 (only the idle thread) to [`PRIORITIES`](crate::PRIORITIES)` - 1` (the most urgent).
    pub priority: u8,
}

impl ThreadRow {
    /// The addresses of its stack.
    #[inline(always)]
    #[must_use]
    pub fn stack_range(&self) -> Range<usize> {
        let start = self.stack.addr();
        start..start + self.stack_size
    }
}

// SAFETY: the pointer is only an address for the kernel; nothing in Rust refers to a stack.
unsafe impl Sync for ThreadRow {}

/// A notification in the tables of the wiring.
// A port's assembly reads it.
#[repr(C)]
pub struct NotificationRow {
    /// The name in the wiring.
    pub name: &'static str,
    /// The processes that may signal it.
    pub signallers: Set<ProcessId>,
    /// The process that owns the notification: its threads may wait for it and acknowledge its interrupts.
    pub owner: ProcessId,
    /// True if every signal counts; else the signals that arrive before a wait count as one.
    pub counting: bool,
    /// The index in the firmware of the first interrupt of the notification; its others follow.
    pub first_interrupt: u8,
}

/// An interrupt line bound to a notification.
pub struct Interrupt {
    /// The number of the line in the interrupt controller.
    pub line: u16,
    /// The notification that it signals.
    pub notification: NotificationId,
    /// The process that owns the notification.
    pub owner: ProcessId,
}

/// The entry of [`System::lines`] for a line that is bound to no notification. (There is no notification of this
/// number.)
pub const UNBOUND: u8 = u8::MAX;

/// The number of services whose grants end in one piece of the work before a restart.
pub const CLEANED: usize = 8;

impl Interrupt {
    /// Returns the length of [`System::lines`] for these interrupts.
    #[must_use]
    pub const fn line_count(all: &[Interrupt]) -> usize {
        let (mut count, mut index) = (0, 0);
        while index < all.len() {
            let end = all[index].line as usize + 1;
            if end > count {
                count = end;
            }
            index += 1;
        }
        count
    }

    /// Returns the content of [`System::lines`] for these interrupts. `COUNT` is their
    /// [`line_count`](Self::line_count).
    #[must_use]
    pub const fn lines<const COUNT: usize>(all: &[Interrupt]) -> [u8; COUNT] {
        let (mut lines, mut index) = ([UNBOUND; COUNT], 0);
        while index < all.len() {
            lines[all[index].line as usize] = all[index].notification.number();
            index += 1;
        }
        lines
    }

    /// Returns the index of the first of these interrupts that is bound to this notification, or to one of a higher
    /// number. The interrupts are in the order of their notifications.
    #[must_use]
    pub const fn first_of(all: &[Interrupt], notification: NotificationId) -> u8 {
        let mut index = 0;
        while index < all.len() && all[index].notification.index() < notification.index() {
            index += 1;
        }
        index as u8
    }
}

/// The process that may read fault records, and the notification by which the process learns of a new record.
#[derive(Clone, Copy)]
pub struct Supervisor {
    /// The process.
    pub process: ProcessId,
    /// The notification, which this process owns.
    pub notification: NotificationId,
}

/// A process that may ask for the numbers of lives of other processes, and the notification by which it learns that a
/// life has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostClients {
    /// The process.
    pub process: ProcessId,
    /// The notification that is signalled for a lost client, if the wiring names one. The process owns this
    /// notification.
    pub notification: Option<NotificationId>,
    /// The processes that may call this process.
    pub clients: Set<ProcessId>,
}
