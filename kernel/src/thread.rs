//! A thread's state.

use crate::call::Frame;
use crate::lease::{InForce, Lease};
use crate::memory::Span;
use crate::port::Port;
use crossgate_abi::{MAX_CALL_DEPTH, MAX_THREADS, Status, Word, table};

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

    /// Its place in a table of all threads that there can be.
    #[inline(always)]
    #[must_use]
    pub const fn place(self) -> usize {
        self.0 as usize % MAX_THREADS
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

/// What is left to do when a thread that waited runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Its system call ends like this, without a result.
    Status(Status),
    /// Its system call has this result.
    Word(Word),
    /// Its system call is made again: what it waited for may have come.
    Retry,
}

/// What a thread may use between two calls: saved with each call, and restored after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(4))]
pub struct Level {
    /// The open part of its stack, as the port wants it.
    pub window: u16,
    /// The process that it executes in.
    pub process: u8,
    /// Which of its leases are in force.
    pub leases: InForce,
}

/// A thread.
// What is used most comes first: the CPU reaches it with shorter instructions.
#[derive(Debug)]
#[repr(C)]
pub struct Thread {
    /// Where its registers are saved while it doesn't run.
    pub stack_pointer: Word,
    pub(crate) stack: Span,
    pub(crate) level: Level,
    pub(crate) depth: u8,
    pub(crate) id: ThreadId,
    pub(crate) base_priority: u8,
    pub(crate) priority: u8,
    pub(crate) blocked_on: Option<ThreadId>,
    pub(crate) next_timer: Option<ThreadId>,
    pub(crate) timed: bool,
    pub(crate) pending: Option<Pending>,
    pub(crate) wait: Wait,
    pub(crate) deadline: u64,
    pub(crate) frames: [Frame; MAX_CALL_DEPTH],
    pub(crate) leases: [Lease; LEASES],
}

impl Thread {
    /// Memory for a thread; [`Kernel::new`](crate::Kernel::new) fills it.
    pub const EMPTY: Thread = Thread {
        stack_pointer: 0,
        stack: Span::EMPTY,
        level: Level { window: 0, process: 0, leases: InForce::NONE },
        depth: 0,
        id: ThreadId::IDLE,
        base_priority: 0,
        priority: 0,
        blocked_on: None,
        next_timer: None,
        timed: false,
        pending: None,
        wait: Wait::Nothing,
        deadline: 0,
        frames: [Frame::EMPTY; MAX_CALL_DEPTH],
        leases: [Lease::EMPTY; LEASES],
    };

    pub(crate) fn new<P: Port>(id: ThreadId, wiring: &table::Thread) -> Thread {
        let start = wiring.stack.addr();
        let stack = Span { start, end: start + wiring.stack_size };
        let window = P::window(stack, stack.end).registers;
        Thread {
            id,
            stack,
            level: Level { window, process: wiring.process, leases: InForce::NONE },
            base_priority: wiring.priority,
            priority: wiring.priority,
            ..Thread::EMPTY
        }
    }

    /// What it may use.
    #[inline(always)]
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
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

    /// The first address of its stack that is closed.
    pub(crate) fn window_top<P: Port>(&self) -> Word {
        self.innermost()
            .map_or(self.stack.end, |frame| P::window(self.stack, frame.stack_pointer).top)
    }

    /// Goes back to the caller of the innermost call. (What is saved there is the port's to load.)
    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let frame = *self.innermost()?;
        self.depth -= 1;
        self.level = frame.level;
        Some(frame)
    }

    /// The leases that the call it is in may use.
    #[inline(always)]
    #[must_use]
    pub fn leases(&self) -> &[Lease] {
        let places = self.level.leases.places();
        self.leases.get(..places.end).and_then(|held| held.get(places.start..)).unwrap_or(&[])
    }

    /// Whether there is something left to do before it runs.
    #[inline(always)]
    #[must_use]
    pub fn has_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// What is left to do before it runs, which is then done.
    #[inline(always)]
    pub fn take_pending(&mut self) -> Option<Pending> {
        self.pending.take()
    }
}

/// The threads of the wiring.
///
/// The current one is kept apart, so that it is found at once; it also answers for every index that
/// is not another thread's, so that a look-up is total and needs no panic.
///
/// Invariant **places**: the place of every thread but the current one is taken, by that thread.
pub struct Threads {
    current: &'static mut Thread,
    places: [Option<&'static mut Thread>; MAX_THREADS],
    count: u8,
}

impl Threads {
    #[inline(always)]
    pub(crate) fn new(idle: &'static mut Thread, others: &'static mut [Thread]) -> Threads {
        let mut places = [const { None }; MAX_THREADS];
        let count = (1 + others.len()) as u8;
        for (place, thread) in places.iter_mut().skip(1).zip(others) {
            *place = Some(thread);
        }
        Threads { current: idle, places, count }
    }

    /// The index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn current_id(&self) -> ThreadId {
        self.current.id
    }

    /// The current thread.
    #[inline(always)]
    pub fn current(&mut self) -> &mut Thread {
        self.current
    }

    /// The thread of this index.
    #[inline]
    #[must_use]
    pub fn get(&self, id: ThreadId) -> &Thread {
        self.places[id.place()].as_deref().unwrap_or(self.current)
    }

    /// The thread of this index, to change it.
    #[inline]
    pub fn get_mut(&mut self, id: ThreadId) -> &mut Thread {
        self.places[id.place()].as_deref_mut().unwrap_or(self.current)
    }

    /// Makes a thread the current one. Tells whether it was not.
    #[inline(always)]
    pub(crate) fn switch_to(&mut self, id: ThreadId) -> bool {
        let Some(next) = self.places[id.place()].take() else {
            return false;
        };
        let previous = core::mem::replace(&mut self.current, next);
        let place = previous.id.place();
        self.places[place] = Some(previous);
        true
    }

    /// All but the idle thread, which calls nobody and waits for nothing.
    pub fn ids(&self) -> impl Iterator<Item = ThreadId> + use<> {
        (1..usize::from(self.count)).map(ThreadId::new)
    }
}
