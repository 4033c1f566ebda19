//! A thread's state.

use crate::Reply;
use crate::call::Frame;
use crate::lease::Lease;
use crate::memory::Span;
use crate::port::Port;
use crossgate_abi::{MAX_CALL_DEPTH, Word, table};

/// How many leases of a thread can be in force or suspended at a time, over all its calls.
pub const LEASES: usize = 4;

/// The index of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(u8);

impl ThreadId {
    /// The thread that runs when no other can.
    pub const IDLE: ThreadId = ThreadId(0);

    /// The thread of this index in the wiring.
    #[must_use]
    pub const fn new(index: usize) -> ThreadId {
        ThreadId(index as u8)
    }

    /// Its index in the wiring.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its bit in a set of threads.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << (self.0 & 31)
    }
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: it is ready to run.
    Nothing,
    /// A time.
    Time,
    /// Any of a set of notifications (and perhaps a time).
    Notifications(u32),
    /// The lock of an object.
    Lock(u8),
    /// The mutex at this address.
    Mutex(Word),
    /// Nothing will wake it: it has ended.
    Ended,
}

/// What is left to do when a thread runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Nothing: it was preempted.
    Nothing,
    /// Its system call ends like this.
    Reply(Reply),
    /// Its system call is made again: what it waited for may have come.
    Retry,
}

/// A thread.
#[derive(Debug)]
pub struct Thread {
    /// Where its registers are saved while it doesn't run.
    pub stack_pointer: Word,
    pub(crate) stack: Span,
    pub(crate) frames: [Frame; MAX_CALL_DEPTH],
    pub(crate) depth: u8,
    pub(crate) process: u8,
    pub(crate) window: u16,
    pub(crate) lease_count: u8,
    pub(crate) leases: [Lease; LEASES],
    pub(crate) pending: Pending,
    pub(crate) wait: Wait,
    pub(crate) deadline: u64,
    pub(crate) base_priority: u8,
    pub(crate) priority: u8,
    pub(crate) blocked_on: Option<ThreadId>,
    pub(crate) next: ThreadId,
    pub(crate) previous: ThreadId,
    pub(crate) next_timer: Option<ThreadId>,
    pub(crate) timed: bool,
}

impl Thread {
    /// Memory for a thread; [`Kernel::new`](crate::Kernel::new) fills it.
    pub const EMPTY: Thread = Thread {
        stack_pointer: 0,
        stack: Span::EMPTY,
        frames: [Frame::EMPTY; MAX_CALL_DEPTH],
        depth: 0,
        process: 0,
        window: 0,
        lease_count: 0,
        leases: [Lease::EMPTY; LEASES],
        pending: Pending::Nothing,
        wait: Wait::Nothing,
        deadline: 0,
        base_priority: 0,
        priority: 0,
        blocked_on: None,
        next: ThreadId::IDLE,
        previous: ThreadId::IDLE,
        next_timer: None,
        timed: false,
    };

    pub(crate) fn new<P: Port>(wiring: &table::Thread) -> Thread {
        let start = wiring.stack.addr();
        let stack = Span { start, end: start + wiring.stack_size };
        Thread {
            stack,
            window: P::window(stack, stack.end).registers,
            process: wiring.process,
            base_priority: wiring.priority,
            priority: wiring.priority,
            ..Thread::EMPTY
        }
    }

    /// The process that it executes in.
    #[inline(always)]
    #[must_use]
    pub fn process(&self) -> u8 {
        self.process
    }

    /// Its whole stack.
    #[inline(always)]
    #[must_use]
    pub fn stack(&self) -> Span {
        self.stack
    }

    /// The frame of the call that it is in.
    #[inline(always)]
    pub(crate) fn innermost(&self) -> Option<&Frame> {
        self.frames.get(usize::from(self.depth).wrapping_sub(1))
    }

    /// The part of its stack that is open (its callers' part is closed), as the port wants it.
    #[inline(always)]
    #[must_use]
    pub fn window(&self) -> u16 {
        self.window
    }

    /// The first address of its stack that is closed.
    pub(crate) fn window_top<P: Port>(&self) -> Word {
        let pointer = self.innermost().map_or(self.stack.end, |frame| frame.stack_pointer);
        P::window(self.stack, pointer).top
    }

    /// Goes back to the caller of the innermost call. (What is saved there is the port's to load.)
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let depth = usize::from(self.depth).wrapping_sub(1);
        let frame = *self.frames.get(depth)?;
        self.depth = depth as u8;
        self.process = frame.process;
        self.window = frame.window;
        self.lease_count = frame.leases;
        Some(frame)
    }

    /// How many leases it holds over all its calls.
    #[inline(always)]
    #[must_use]
    pub fn lease_count(&self) -> u8 {
        self.lease_count
    }

    /// The leases that the call it is in may use.
    #[inline(always)]
    #[must_use]
    pub fn leases(&self) -> &[Lease] {
        let first = self.innermost().map_or(0, |frame| frame.leases);
        self.leases.get(usize::from(first)..usize::from(self.lease_count)).unwrap_or(&[])
    }

    /// What is left to do before it runs, which is then done.
    #[inline(always)]
    pub fn take_pending(&mut self) -> Pending {
        core::mem::replace(&mut self.pending, Pending::Nothing)
    }
}

/// The threads of the wiring.
///
/// The idle thread is kept apart: it answers for every index that is not another thread's, so that
/// a look-up is total and needs no panic.
pub struct Threads {
    idle: &'static mut Thread,
    others: &'static mut [Thread],
}

impl Threads {
    pub(crate) fn new(idle: &'static mut Thread, others: &'static mut [Thread]) -> Threads {
        Threads { idle, others }
    }

    /// The thread of this index.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, id: ThreadId) -> &Thread {
        self.others.get(id.index().wrapping_sub(1)).unwrap_or(self.idle)
    }

    /// The thread of this index, to change it.
    #[inline(always)]
    pub fn get_mut(&mut self, id: ThreadId) -> &mut Thread {
        self.others.get_mut(id.index().wrapping_sub(1)).unwrap_or(self.idle)
    }

    /// All but the idle thread, which calls nobody and waits for nothing.
    pub fn ids(&self) -> impl Iterator<Item = ThreadId> + use<> {
        (1..=self.others.len()).map(ThreadId::new)
    }
}
