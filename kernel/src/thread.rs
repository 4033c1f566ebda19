//! A thread's state.

use crate::call::{Frame, LIMITED};
use crate::lease::{InForce, Lease};
use crate::limit::Limit;
use crate::memory::Span;
use crate::port::Port;
use crate::time::NEVER;
use crossgate_abi::{LEASES_PER_CALL, MAX_CALL_DEPTH, MAX_THREADS, Status, Word, table};

/// How many leases of a thread can be in force or suspended at a time, over all its calls.
pub const LEASES: usize = 4;

/// The index of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
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
#[cfg_attr(test, derive(Hash))]
#[repr(u8)]
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
    /// Memory of its process that was lent to others.
    Memory,
    /// Nothing will wake it: it has ended.
    Ended,
}

/// What is left to do when a thread that waited runs next.
// A port's assembly settles it, so its layout is fixed (see `offset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(u8)]
pub enum Pending {
    /// Nothing.
    #[default]
    Nothing = 0,
    /// Its system call ends.
    Reply {
        /// How: a [`Status`] as a byte.
        status: u8,
        /// Its result.
        word: Word,
    } = 1,
    /// Its system call is made again: what it waited for may have come.
    Retry = 2,
}

impl Pending {
    /// The end of a system call without a result.
    pub const fn status(status: Status) -> Pending {
        Pending::Reply { status: status.0 as u8, word: 0 }
    }

    /// The end of a system call that has a result.
    pub const fn word(word: Word) -> Pending {
        Pending::Reply { status: Status::OK.0 as u8, word }
    }
}

/// What a thread may use between two calls: saved with each call, and restored after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(C, align(4))]
pub struct Level {
    /// The open part of its stack, as the port wants it.
    pub window: u16,
    /// The process that it executes in.
    pub process: u8,
    /// Which of its leases are in force.
    pub leases: InForce,
}

/// How many calls a thread has in flight, and whether it may make more.
// One load tells both.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(2))]
pub(crate) struct Calls([u8; 2]);

impl Calls {
    const NONE: Calls = Calls([0; 2]);

    #[inline(always)]
    pub fn in_flight(self) -> u8 {
        self.0[0]
    }

    /// The number of the frame that the next one gets; past all frames if there must be none.
    #[inline(always)]
    pub fn next(self) -> usize {
        u16::from_le_bytes(self.0).into()
    }

    /// The [next](Self::next) one is made.
    #[inline(always)]
    pub fn enter(&mut self, next: usize) {
        self.0 = (next as u16).wrapping_add(1).to_le_bytes();
    }

    /// The innermost one ends.
    #[inline(always)]
    pub fn leave(&mut self) {
        self.0[0] = self.0[0].wrapping_sub(1);
    }

    /// Lets no more be made, or lets them again.
    #[inline(always)]
    fn stop(&mut self, stop: bool) {
        self.0[1] = stop.into();
    }
}

/// A thread.
// What is used most comes first: the CPU reaches it with shorter instructions.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
#[repr(C)]
pub struct Thread {
    /// Where its registers are saved while it doesn't run.
    pub stack_pointer: Word,
    pub(crate) stack: Span,
    pub(crate) level: Level,
    pub(crate) calls: Calls,
    pub(crate) id: ThreadId,
    pub(crate) base_priority: u8,
    pub(crate) priority: u8,
    /// Others wait, or have waited, for a mutex that it holds.
    pub(crate) is_waited_for: bool,
    pub(crate) blocked_on: Option<ThreadId>,
    /// When the calls that it makes have to end.
    pub(crate) limit: Limit,
    /// When the innermost call that is late is killed.
    pub(crate) grace: Limit,
    pub(crate) pending: Pending,
    pub(crate) wait: Wait,
    /// When it stops waiting, in µs since start.
    pub(crate) deadline: u64,
    pub(crate) frames: [Frame; MAX_CALL_DEPTH],
    pub(crate) leases: [Lease; LEASES],
}

/// Where a port's assembly finds what it loads of a thread, in bytes from the start. (Its stack
/// pointer comes first.)
pub mod offset {
    use super::Thread;
    use core::mem::offset_of;

    const _: () = assert!(offset_of!(Thread, stack_pointer) == 0);

    /// Its [stack](Thread::stack): two words.
    pub const STACK: usize = offset_of!(Thread, stack);
    /// Its [level](Thread::level): as little-endian word, the window in the lower half, then the
    /// process, then 0 in the upper byte if it holds no [leases](super::InForce).
    pub const LEVEL: usize = offset_of!(Thread, level);
    /// Its [leases](super::Lease), those in force and those of its callers.
    pub const LEASES: usize = offset_of!(Thread, leases);
    /// What is [pending](Thread::take_pending) for it: a byte that says what, ...
    pub const PENDING: usize = offset_of!(Thread, pending);
    /// ... the status if that is a reply (a byte), ...
    pub const PENDING_STATUS: usize = PENDING + 1;
    /// ... and the word.
    pub const PENDING_WORD: usize = PENDING + size_of::<crossgate_abi::Word>();
}

impl Thread {
    /// Memory for a thread; [`Kernel::start`](crate::Kernel::start) fills it.
    pub const EMPTY: Thread = Thread {
        stack_pointer: 0,
        stack: Span::EMPTY,
        level: Level { window: 0, process: 0, leases: InForce::NONE },
        calls: Calls::NONE,
        id: ThreadId::IDLE,
        base_priority: 0,
        priority: 0,
        is_waited_for: false,
        blocked_on: None,
        limit: Limit::NONE,
        grace: Limit::NONE,
        pending: Pending::Nothing,
        wait: Wait::Nothing,
        deadline: NEVER,
        frames: [Frame::EMPTY; MAX_CALL_DEPTH],
        leases: [Lease::EMPTY; LEASES],
    };

    /// It is thread `id` of the wiring, and begins.
    pub(crate) fn place<P: Port>(&mut self, id: ThreadId, wiring: &table::Thread) {
        let start = wiring.stack.addr();
        self.id = id;
        self.stack = Span { start, end: start + wiring.stack_size };
        self.base_priority = wiring.priority;
        self.priority = wiring.priority;
        self.level.process = wiring.process;
        self.level.window = P::window(self.stack, self.stack.end).registers;
        self.begin::<P>();
    }

    /// It is at home, and runs next from its beginning.
    pub(crate) fn begin<P: Port>(&mut self) {
        self.pending = Pending::Nothing;
        self.set_limit(Limit::NONE);
        self.grace = Limit::NONE;
        self.stack_pointer = P::first_context(P::BEGIN, self.stack.end);
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

    /// Whether one of its calls is lent shared memory of `process`.
    pub(crate) fn holds_memory_of(&self, process: u8) -> bool {
        let held = self.leases.get(..self.level.leases.count().into()).unwrap_or(&[]);
        held.iter().any(|lease| lease.is_of(process))
    }

    /// Whether it is in `process`, or will come back there.
    pub(crate) fn has_entered(&self, process: u8) -> bool {
        let mut frames = self.frames.get(..self.depth().into()).unwrap_or(&[]).iter();
        self.level.process == process || frames.any(|frame| frame.level.process == process)
    }

    /// The frame of its call number `index`, the outermost being 0.
    pub(crate) fn frame(&mut self, index: u8) -> Option<&mut Frame> {
        if index < self.depth() { self.frames.get_mut(usize::from(index)) } else { None }
    }

    /// When the calls that it makes from now on have to end.
    #[inline(always)]
    pub(crate) fn set_limit(&mut self, limit: Limit) {
        self.limit = limit;
        self.calls.stop(limit == Limit::OVER);
    }

    /// How many calls it has in flight.
    #[inline(always)]
    #[must_use]
    pub fn depth(&self) -> u8 {
        self.calls.in_flight()
    }

    /// The frame that its next call will have.
    pub(crate) fn next_frame(&mut self) -> Option<&mut Frame> {
        self.frames.get_mut(usize::from(self.calls.in_flight()))
    }

    /// The frame of the call that it is in.
    #[inline(always)]
    pub(crate) fn innermost(&self) -> Option<&Frame> {
        self.frames.get(usize::from(self.depth()).wrapping_sub(1))
    }

    /// The first address of its stack that is closed.
    #[inline(always)]
    pub(crate) fn window_top<P: Port>(&self) -> Word {
        self.innermost()
            .map_or(self.stack.end, |frame| P::window(self.stack, frame.stack_pointer).top)
    }

    /// Goes back to the caller of the innermost call. (What is saved there is the port's to load.)
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let place = self.frames.get_mut(usize::from(self.calls.in_flight()).wrapping_sub(1))?;
        let frame = *place;
        place.care = 0;
        self.calls.leave();
        self.level = frame.level;
        if frame.care & LIMITED != 0 {
            self.set_limit(frame.limit);
        }
        Some(frame)
    }

    /// Lease `index` of those that the call it is in may use.
    #[inline(always)]
    #[must_use]
    pub fn lease(&self, index: usize) -> Option<&Lease> {
        let places = self.level.leases.places();
        let place = places.start + index;
        if place < places.end { self.leases.get(place) } else { None }
    }

    /// The leases that the call it is in may use.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        (0..LEASES_PER_CALL).filter_map(|index| self.lease(index))
    }

    /// What its caller may use, if it is in a call.
    #[must_use]
    pub fn caller(&self) -> Option<Level> {
        self.innermost().map(|frame| frame.level)
    }

    /// The leases that it may use at a level, its present one or that of one of its callers.
    pub fn leases_at(&self, level: Level) -> impl Iterator<Item = &Lease> {
        self.leases.get(level.leases.places()).unwrap_or(&[]).iter()
    }

    /// What is left to do before it runs, which is then done.
    #[inline(always)]
    pub fn take_pending(&mut self) -> Pending {
        core::mem::take(&mut self.pending)
    }
}

/// The threads of the wiring.
///
/// The current one is kept apart, so that it is found at once; it also answers for every index that
/// is not another thread's, so that a look-up is total and needs no panic.
///
/// Invariant **places**: the place of every thread but the current one is taken, by that thread.
#[repr(C)]
pub struct Threads {
    current: &'static mut Thread,
    places: &'static mut [Place],
}

/// Where a thread is while it is not the current one: its index is that of the thread.
pub type Place = Option<&'static mut Thread>;

impl Threads {
    /// All threads, each in its place but the idle one, which is current.
    pub(crate) const fn new(idle: &'static mut Thread, places: &'static mut [Place]) -> Threads {
        Threads { current: idle, places }
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
        self.places.get(id.index()).and_then(Option::as_deref).unwrap_or(self.current)
    }

    /// The thread of this index, to change it.
    #[inline]
    pub fn get_mut(&mut self, id: ThreadId) -> &mut Thread {
        match self.places.get_mut(id.index()) {
            Some(Some(thread)) => thread,
            _ => self.current,
        }
    }

    /// Makes a thread the current one. Tells whether it was not.
    #[inline(always)]
    pub(crate) fn switch_to(&mut self, id: ThreadId) -> bool {
        let Some(next) = self.places.get_mut(id.index()).and_then(Option::take) else {
            return false;
        };
        let previous = core::mem::replace(&mut self.current, next);
        let place = previous.id.index();
        if let Some(place) = self.places.get_mut(place) {
            *place = Some(previous);
        }
        true
    }

    /// The thread after this one, if there is one.
    #[inline(always)]
    pub(crate) fn after(&self, id: ThreadId) -> Option<ThreadId> {
        (id.index() + 1 < self.places.len()).then_some(ThreadId(id.0 + 1))
    }

    /// All but the idle thread, which calls nobody and waits for nothing.
    #[inline(always)]
    pub fn ids(&self) -> impl Iterator<Item = ThreadId> + use<> {
        (1..self.places.len()).map(ThreadId::new)
    }
}
