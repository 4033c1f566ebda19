// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread's state.

use crate::frame::{Frame, OVERDUE, OWN_DEADLINE, Rights};
use crate::lease::{InForce, Lease};
use crate::time::{Deadline, NEVER};
use crate::wait::{Pending, Wait};
use core::marker::PhantomData;
use core::mem::offset_of;
use crossgate_abi::{CallError, MAX_CALL_DEPTH, ProcessId, Set, ThreadId, Word};
use crossgate_protection::{Span, Unit};

/// How many leases of a thread can be in force or suspended at a time, over all its calls.
pub const LEASES: usize = 4;

/// How many calls a thread has in flight, and what there is to look after when it makes one more.
// One comparison tells that there is a frame left and nothing to look after: it is at most `LAST`.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Calls(
    // How many bytes of frames are in use, and the flags.
    u32,
);

impl Calls {
    /// The size of a frame in bytes.
    pub const FRAME: u32 = size_of::<Frame>() as u32;
    /// The highest value with which one more call can be made without a look at anything else.
    pub const LAST: u32 = Self::FRAME * (MAX_CALL_DEPTH as u32 - 1);
    /// A flag: the thread holds leases.
    pub const LEASES: u32 = 1 << 31;
    /// A flag: the time for calls is over.
    const LATE: u32 = 1 << 30;

    const NONE: Calls = Calls(0);

    #[inline(always)]
    fn in_flight(self) -> u8 {
        ((self.0 & 0xffff) / Self::FRAME) as u8
    }

    /// Whether there is one in flight.
    #[inline(always)]
    fn are_some(self) -> bool {
        self.0 & 0xffff != 0
    }

    #[inline]
    fn flag(&mut self, flag: u32, is_set: bool) {
        self.0 = self.0 & !flag | if is_set { flag } else { 0 };
    }

    /// Whether one more call can be made without a look at anything else, as ports see it.
    #[cfg(test)]
    pub(crate) fn are_plain(self) -> bool {
        self.0 <= Self::LAST
    }
}

/// A thread.
// What is used most comes first: the CPU reaches it with shorter instructions.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
#[repr(C)]
pub struct Thread<U: Unit> {
    /// Where its stack starts, as the port wants it.
    pub(crate) stack_register: Word,
    pub(crate) rights: Rights,
    pub(crate) calls: Calls,
    /// Where its registers are saved while it doesn't run.
    pub stack_pointer: Word,
    pub(crate) stack: Span,
    /// Where its registers may be saved, as the port wants it.
    pub(crate) bounds: [Word; 2],
    pub(crate) id: ThreadId,
    pub(crate) base_priority: u8,
    pub(crate) priority: u8,
    pub(crate) blocked_on: Option<ThreadId>,
    /// How many waits are to fail, as a process that it is to come back to has gone down: one for each call that it is
    /// in from there on. (Who waits in spite of that may go on.)
    pub(crate) orphaned: u8,
    /// When the calls that it makes have to end.
    pub(crate) deadline: Deadline,
    /// When the innermost call that is late is killed.
    pub(crate) grace: Deadline,
    pub(crate) pending: Pending,
    pub(crate) wait: Wait,
    /// The threads that wait for something that it has.
    pub(crate) waiters: Set<ThreadId>,
    /// When it stops waiting, in µs since start.
    pub(crate) wake_at: u64,
    pub(crate) frames: [Frame; MAX_CALL_DEPTH],
    pub(crate) leases: [Lease<U::Lease>; LEASES],
}

/// Where a port's assembly finds what it loads of a thread, in bytes from the start. (First comes where its
/// stack starts, [as the port wants it](crate::port::Port::stack_register).)
pub struct Offset<U>(PhantomData<U>);

impl<U: Unit> Offset<U> {
    /// Its [rights](Thread::rights): as little-endian word, the process in the lowest byte, then one that is 0
    /// if it holds no [leases](InForce), the window in the upper half.
    pub const RIGHTS: usize = offset_of!(Thread<U>, rights);
    /// Its [calls](Calls), right after.
    pub const CALLS: usize = offset_of!(Thread<U>, calls);
    /// Where its registers are saved, right after.
    pub const STACK_POINTER: usize = offset_of!(Thread<U>, stack_pointer);
    /// How many waits are to fail: a byte.
    pub const ORPHANED: usize = offset_of!(Thread<U>, orphaned);
    /// Its priority: a byte.
    pub const PRIORITY: usize = offset_of!(Thread<U>, priority);
    /// What it [waits](Wait) for: a byte that says what kind, ...
    pub const WAIT: usize = offset_of!(Thread<U>, wait);
    /// ... and behind it a word, ...
    pub const WAIT_VALUE: usize = Self::WAIT + 4;
    /// ... with this kind a set of notifications.
    pub const WAITS_FOR_NOTIFICATIONS: u8 = 2;
    /// When it stops waiting: two words.
    pub const WAKE_AT: usize = offset_of!(Thread<U>, wake_at);
    /// A [reply](Pending::Reply) that is pending.
    pub const REPLY: u8 = 1;
    /// Its [stack](Thread::stack): two words.
    pub const STACK: usize = offset_of!(Thread<U>, stack);
    /// Where its registers [may be saved](crate::port::Port::bounds): two words.
    pub const BOUNDS: usize = offset_of!(Thread<U>, bounds);
    /// Its index: a byte.
    pub const ID: usize = offset_of!(Thread<U>, id);
    /// Who waits for something that it has: a word.
    pub const WAITERS: usize = offset_of!(Thread<U>, waiters);
    /// The first of its frames: where the caller's registers are saved, then the caller's rights.
    pub const FRAMES: usize = offset_of!(Thread<U>, frames);
    /// In a frame: which leases are in force for the caller (a byte), 0 if it holds none; ...
    pub const FRAME_LEASES: usize = offset_of!(Frame, rights) + offset_of!(Rights, leases);
    /// ... the service (a byte), ...
    pub const FRAME_SERVICE: usize = offset_of!(Frame, service);
    /// ... and what has to be taken care of when the call ends (a byte).
    pub const FRAME_CARE: usize = offset_of!(Frame, care);
    /// Its [leases](Lease), those in force and those of its callers.
    pub const LEASES: usize = offset_of!(Thread<U>, leases);
    /// What is [pending](Thread::take_pending) for it: a byte that says what, ...
    pub const PENDING: usize = offset_of!(Thread<U>, pending);
    /// ... the status if that is a reply (a byte), ...
    pub const PENDING_STATUS: usize = Self::PENDING + 1;
    /// ... and the word.
    pub const PENDING_WORD: usize = Self::PENDING + size_of::<Word>();

    /// Returns whether the parts that a port's assembly loads together lie side by side.
    #[inline]
    pub(crate) const fn are_in_order() -> bool {
        offset_of!(Thread<U>, stack_register) == 0
            && Self::CALLS == Self::RIGHTS + 4
            && Self::STACK_POINTER == Self::CALLS + 4
            && offset_of!(Frame, rights) == offset_of!(Frame, stack_pointer) + size_of::<Word>()
    }
}

impl<U: Unit> Thread<U> {
    /// Memory for a thread; [`Kernel::start`](crate::Kernel::start) fills it.
    pub const EMPTY: Thread<U> = Thread {
        stack_register: 0,
        rights: Rights::EMPTY,
        calls: Calls::NONE,
        stack_pointer: 0,
        stack: Span::EMPTY,
        bounds: [0; 2],
        id: ThreadId::IDLE,
        base_priority: 0,
        priority: 0,
        blocked_on: None,
        orphaned: 0,
        deadline: Deadline::NONE,
        grace: Deadline::NONE,
        pending: Pending::Nothing,
        wait: Wait::Nothing,
        waiters: Set::EMPTY,
        wake_at: NEVER,
        frames: [Frame::EMPTY; MAX_CALL_DEPTH],
        leases: [Lease::empty(U::NO_LEASE); LEASES],
    };

    /// What it may use.
    #[inline(always)]
    #[must_use]
    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// Its whole stack.
    #[inline(always)]
    #[must_use]
    pub fn stack(&self) -> Span {
        self.stack
    }

    /// Whether one of its calls is lent shared memory of `process`.
    #[inline]
    pub(crate) fn holds_memory_of(&self, process: ProcessId) -> bool {
        let held = self.leases.get(..self.rights.leases.count().into()).unwrap_or(&[]);
        held.iter().any(|lease| lease.is_of(process))
    }

    /// Whether it is in `process`, or will come back there.
    #[inline]
    pub(crate) fn has_entered(&self, process: ProcessId) -> bool {
        let mut frames = self.frames.get(..self.depth().into()).unwrap_or(&[]).iter();
        self.rights.process == process || frames.any(|frame| frame.rights.process == process)
    }

    /// The frame of the call that it is in, to change it.
    #[inline(always)]
    pub(crate) fn innermost_mut(&mut self) -> Option<&mut Frame> {
        let depth = self.depth();
        self.frames.get_mut(usize::from(depth).wrapping_sub(1))
    }

    /// When the calls that its caller makes have to end, if it has one: its frame remembers that from now on.
    #[inline(always)]
    pub(crate) fn outer_deadline(&mut self) -> Deadline {
        if !self.calls.are_some() {
            return Deadline::NONE;
        }
        let deadline = self.deadline;
        if let Some(frame) = self.innermost_mut() {
            if frame.care & OWN_DEADLINE == 0 {
                frame.care |= OWN_DEADLINE;
                frame.deadline = deadline;
            }
            return frame.deadline;
        }
        Deadline::NONE
    }

    /// When the calls that it makes from now on have to end.
    #[inline(always)]
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
        self.calls.flag(Calls::LATE, deadline == Deadline::OVER);
    }

    /// Whether calls that it is in may have taken too long.
    #[inline(always)]
    pub(crate) fn has_deadlines(&self) -> bool {
        (self.deadline, self.grace) != (Deadline::NONE, Deadline::NONE)
    }

    /// It has one more call in flight, in which it may use this.
    #[inline]
    pub(crate) fn enter(&mut self, rights: Rights) {
        self.calls.0 = self.calls.0.wrapping_add(Calls::FRAME);
        self.use_rights(rights);
    }

    /// It has one call less in flight, and may use this again.
    #[inline(always)]
    pub(crate) fn leave(&mut self, rights: Rights) {
        self.calls.0 = self.calls.0.wrapping_sub(Calls::FRAME);
        self.use_rights(rights);
    }

    #[inline(always)]
    fn use_rights(&mut self, rights: Rights) {
        self.rights = rights;
        self.calls.flag(Calls::LEASES, rights.leases != InForce::NONE);
    }

    /// How many calls it has in flight.
    #[inline(always)]
    #[must_use]
    pub fn depth(&self) -> u8 {
        self.calls.in_flight()
    }

    /// Whether it may be in one of these processes, or come back there.
    #[inline(always)]
    pub(crate) fn is_concerned(&self, processes: Set<ProcessId>) -> bool {
        self.calls.0 as u16 != 0 || processes.contains(self.rights.process)
    }

    /// The frames of its calls in flight, the outermost first.
    #[inline(always)]
    pub(crate) fn frames_in_use(&mut self) -> &mut [Frame] {
        let depth = self.depth();
        self.frames.get_mut(..depth.into()).unwrap_or(&mut [])
    }

    /// The same, to look at.
    #[inline(always)]
    pub(crate) fn frames(&self) -> &[Frame] {
        self.frames.get(..self.depth().into()).unwrap_or(&[])
    }

    /// How many calls it is in, from the outermost one on that is such a call. (All are looked at.)
    // Each use has its own, as it would be if it were written there.
    #[inline(always)]
    pub(crate) fn calls_from(&mut self, mut is_such: impl FnMut(&mut Frame) -> bool) -> u8 {
        let (mut calls, mut from) = (0, 0);
        for frame in self.frames_in_use().iter_mut().rev() {
            calls += 1;
            if is_such(frame) {
                from = calls;
            }
        }
        from
    }

    /// The frame that its next call will have.
    #[inline]
    pub(crate) fn next_frame(&mut self) -> Option<&mut Frame> {
        let depth = self.depth();
        self.frames.get_mut(usize::from(depth))
    }

    /// The frame of the call that it is in.
    #[inline(always)]
    pub(crate) fn innermost(&self) -> Option<&Frame> {
        self.frames.get(usize::from(self.depth()).wrapping_sub(1))
    }

    /// The first address of its stack that is closed.
    #[inline(always)]
    pub(crate) fn window_top(&self) -> Word {
        self.innermost()
            .map_or(self.stack.end, |frame| U::window(self.stack, frame.stack_pointer).top)
    }

    /// Goes back to the caller of the innermost call. (What is saved there is the port's to load.)
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let place = self.innermost_mut()?;
        let frame = *place;
        place.care = 0;
        self.leave(frame.rights);
        if frame.care & OWN_DEADLINE != 0 {
            self.set_deadline(frame.deadline);
        }
        Some(frame)
    }

    /// Whether a wait fails, as nobody waits for the call that it is in.
    #[inline(always)]
    pub(crate) fn gives_up(&mut self) -> bool {
        let gives_up = self.orphaned != 0;
        if gives_up {
            self.orphaned -= 1;
        }
        gives_up
    }

    /// Whether it waits for an object or a notification, for whom nobody waits any more: then its wait fails.
    #[inline(always)]
    pub(crate) fn waits_in_vain(&mut self) -> bool {
        let waits = matches!(self.wait, Wait::Lock(_) | Wait::Notifications(_));
        let in_vain = waits && self.gives_up();
        if in_vain {
            self.pending = Pending::status(CallError::DeadlineExceeded.into());
        }
        in_vain
    }

    /// Leaves the process that it is in, which went down, and those on its way back that did; it waits for nothing.
    /// Tells whether it is back at a caller.
    #[inline]
    pub(crate) fn unwind(&mut self) -> bool {
        self.orphaned = 0;
        while let Some(frame) = self.pop() {
            if !frame.is_stale() {
                self.fail(&frame);
                return true;
            }
        }
        false
    }

    /// The call that it has left, whose frame this was, failed: its server went down.
    #[inline(always)]
    pub(crate) fn fail(&mut self, frame: &Frame) {
        self.stack_pointer = frame.stack_pointer;
        let is_overdue = frame.care & OVERDUE != 0;
        let error = if is_overdue { CallError::DeadlineExceeded } else { CallError::ServerFaulted };
        self.pending = Pending::status(error.into());
    }

    /// The leases that the call it is in may use.
    #[inline]
    pub fn leases(&self) -> impl Iterator<Item = &Lease<U::Lease>> {
        self.leases_at(self.rights)
    }

    /// What its caller may use, if it is in a call.
    #[must_use]
    #[inline]
    pub fn caller(&self) -> Option<Rights> {
        self.innermost().map(|frame| frame.rights)
    }

    /// The leases that it may use with some rights, its present one or that of one of its callers.
    #[inline]
    pub fn leases_at(&self, rights: Rights) -> impl Iterator<Item = &Lease<U::Lease>> {
        self.leases.get(rights.leases.places()).unwrap_or(&[]).iter()
    }

    /// What is left to do before it runs, which is then done.
    #[inline(always)]
    pub fn take_pending(&mut self) -> Pending {
        core::mem::take(&mut self.pending)
    }
}
