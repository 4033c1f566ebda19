// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's state of a thread.

use crate::frame::{Frame, OVERDUE, OWN_DEADLINE, Rights};
use crate::lease::{InForce, LEASES, Lease};
use crate::time::{Deadline, NEVER};
use crate::wait::{Pending, Wait};
use core::marker::PhantomData;
use core::mem::offset_of;
use crossgate_abi::{CallError, MAX_CALL_DEPTH, ProcessId, Set, ThreadId, Word};
use crossgate_protection::{Span, Unit};

/// The number of calls that a thread has in flight, and flags that say what else the next call has to check.
// One comparison tests that a frame is left and no flag is set: then the value is at most `LAST`.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Calls(
    // The number of bytes of frames in use, and the flags.
    u32,
);

impl Calls {
    /// The size of a frame in bytes.
    pub const FRAME: u32 = size_of::<Frame>() as u32;
    /// The highest value with which one more call can be made without any other check.
    pub const LAST: u32 = Self::FRAME * (MAX_CALL_DEPTH as u32 - 1);
    /// A flag: the thread holds leases.
    pub const LEASES: u32 = 1 << 31;
    /// A flag: the deadline of its calls has passed.
    const LATE: u32 = 1 << 30;

    const NONE: Calls = Calls(0);

    #[inline(always)]
    fn in_flight(self) -> u8 {
        ((self.0 & 0xffff) / Self::FRAME) as u8
    }

    /// Returns whether any call is in flight.
    #[inline(always)]
    pub(crate) fn are_some(self) -> bool {
        self.0 & 0xffff != 0
    }

    #[inline]
    fn flag(&mut self, flag: u32, is_set: bool) {
        self.0 = self.0 & !flag | if is_set { flag } else { 0 };
    }

    /// Returns whether one more call can be made without any other check, as ports see it.
    #[cfg(test)]
    pub(crate) fn are_plain(self) -> bool {
        self.0 <= Self::LAST
    }
}

/// A thread.
// The fields that are used most come first, because the CPU reaches them with shorter instructions.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
#[repr(C)]
pub struct Thread<U: Unit> {
    /// The start of its stack, in the form of the port.
    pub(crate) stack_register: Word,
    pub(crate) rights: Rights,
    pub(crate) calls: Calls,
    /// The address at which its registers are saved while it does not run.
    pub stack_pointer: Word,
    pub(crate) stack: Span,
    /// The bounds within which its registers may be saved, in the form of the port.
    pub(crate) bounds: [Word; 2],
    pub(crate) id: ThreadId,
    pub(crate) base_priority: u8,
    pub(crate) priority: u8,
    pub(crate) blocked_on: Option<ThreadId>,
    /// The deadline of the calls that it makes.
    pub(crate) deadline: Deadline,
    /// The time at which the method of the innermost late call is killed.
    pub(crate) grace: Deadline,
    /// The number of waits that still have to fail, because no caller waits for the result any more. It begins as the
    /// number of calls from the innermost one out to the outermost one that is in vain, both included. A call is in
    /// vain if its grant was revoked, or its caller is [gone](crate::frame::STALE). (After this many failures, waits
    /// succeed again. So a method that insists on waiting is not stopped.)
    pub(crate) orphaned: u8,
    /// True if it may be in a late call: set when a deadline passes or a late method is killed, and cleared by a wait
    /// that finds that the call is not late.
    pub(crate) may_be_late: bool,
    pub(crate) pending: Pending,
    pub(crate) wait: Wait,
    /// The threads that wait for something that this one holds.
    pub(crate) waiters: Set<ThreadId>,
    /// The time at which its wait ends, in µs since start.
    pub(crate) wake_at: u64,
    pub(crate) frames: [Frame; MAX_CALL_DEPTH],
    pub(crate) leases: [Lease<U::Lease>; LEASES],
}

/// The offsets of the fields of a thread that a port's assembly loads, in bytes from the start of the thread. (The
/// first field is the start of its stack, [in the form of the port](crate::port::Port::stack_register).)
pub struct Offset<U>(PhantomData<U>);

impl<U: Unit> Offset<U> {
    /// Its [rights](Thread::rights): as a little-endian word, the process in the lowest byte, then a byte that is 0 if
    /// it holds no [leases](InForce), and the window in the upper half.
    pub const RIGHTS: usize = offset_of!(Thread<U>, rights);
    /// Its [calls](Calls), right after its rights.
    pub const CALLS: usize = offset_of!(Thread<U>, calls);
    /// The address of its saved registers, right after its calls.
    pub const STACK_POINTER: usize = offset_of!(Thread<U>, stack_pointer);
    /// Two bytes: if a wait may have to fail, at least one of them is not 0.
    pub const MAY_FAIL: usize = offset_of!(Thread<U>, orphaned);
    /// Its priority: a byte.
    pub const PRIORITY: usize = offset_of!(Thread<U>, priority);
    /// The kind of its [wait](Wait): a byte.
    pub const WAIT: usize = offset_of!(Thread<U>, wait);
    /// The value of its wait: a word.
    pub const WAIT_VALUE: usize = Self::WAIT + 4;
    /// The kind of a wait whose value is a set of notifications.
    pub const WAITS_FOR_NOTIFICATIONS: u8 = 2;
    /// The time at which its wait ends: two words.
    pub const WAKE_AT: usize = offset_of!(Thread<U>, wake_at);
    /// The kind of a [reply](Pending::Reply) that is pending.
    pub const REPLY: u8 = 1;
    /// Its [stack](Thread::stack): two words.
    pub const STACK: usize = offset_of!(Thread<U>, stack);
    /// The bounds within which its registers [may be saved](crate::port::Port::bounds): two words.
    pub const BOUNDS: usize = offset_of!(Thread<U>, bounds);
    /// Its index: a byte.
    pub const ID: usize = offset_of!(Thread<U>, id);
    /// The threads that wait for something that this one holds: a word.
    pub const WAITERS: usize = offset_of!(Thread<U>, waiters);
    /// The first of its frames: the address of the caller's saved registers, then the caller's rights.
    pub const FRAMES: usize = offset_of!(Thread<U>, frames);
    /// In a frame: the leases that are in force for the caller (a byte); 0 if it holds none.
    pub const FRAME_LEASES: usize = offset_of!(Frame, rights) + offset_of!(Rights, leases);
    /// In a frame: the service (a byte).
    pub const FRAME_SERVICE: usize = offset_of!(Frame, service);
    /// In a frame: the duties of the return path (a byte).
    pub const FRAME_CARE: usize = offset_of!(Frame, care);
    /// Its [leases](Lease), those in force and those of its callers.
    pub const LEASES: usize = offset_of!(Thread<U>, leases);
    /// The kind of the work that is [pending](Thread::take_pending) for it: a byte.
    pub const PENDING: usize = offset_of!(Thread<U>, pending);
    /// The status of a reply that is pending: a byte.
    pub const PENDING_STATUS: usize = Self::PENDING + 1;
    /// The word of a reply that is pending.
    pub const PENDING_WORD: usize = Self::PENDING + size_of::<Word>();

    /// Returns whether the parts that a port's assembly loads together lie side by side.
    #[inline]
    pub(crate) const fn are_in_order() -> bool {
        offset_of!(Thread<U>, stack_register) == 0
            && Self::CALLS == Self::RIGHTS + 4
            && Self::STACK_POINTER == Self::CALLS + 4
            && offset_of!(Thread<U>, may_be_late) == Self::MAY_FAIL + 1
            && Self::MAY_FAIL.is_multiple_of(2)
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
        deadline: Deadline::NONE,
        grace: Deadline::NONE,
        orphaned: 0,
        may_be_late: false,
        pending: Pending::Nothing,
        wait: Wait::Nothing,
        waiters: Set::EMPTY,
        wake_at: NEVER,
        frames: [Frame::EMPTY; MAX_CALL_DEPTH],
        leases: [Lease::empty(U::NO_LEASE); LEASES],
    };

    /// Returns its rights.
    #[inline(always)]
    #[must_use]
    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// Returns its whole stack.
    #[inline(always)]
    #[must_use]
    pub fn stack(&self) -> Span {
        self.stack
    }

    /// Returns whether one of its calls is lent shared memory of `process`.
    #[inline]
    pub(crate) fn holds_memory_of(&self, process: ProcessId) -> bool {
        let held = self.leases.get(..self.rights.leases.count().into()).unwrap_or(&[]);
        held.iter().any(|lease| lease.is_of(process))
    }

    /// Returns whether it is in `process`, or will return there.
    #[inline]
    pub(crate) fn has_entered(&self, process: ProcessId) -> bool {
        let mut frames = self.frames.get(..self.depth().into()).unwrap_or(&[]).iter();
        self.rights.process == process || frames.any(|frame| frame.rights.process == process)
    }

    /// Returns the frame of the call that it is in, to change it.
    #[inline(always)]
    pub(crate) fn innermost_mut(&mut self) -> Option<&mut Frame> {
        let depth = self.depth();
        self.frames.get_mut(usize::from(depth).wrapping_sub(1))
    }

    /// Returns the deadline that was in force before the innermost call of the thread, or none if it is in no call.
    /// From now on the frame holds that deadline, so that the thread can set one of its own until the call returns.
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

    /// Sets the deadline of the calls that it makes from now on.
    #[inline(always)]
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
        self.calls.flag(Calls::LATE, deadline == Deadline::OVER);
    }

    /// Returns whether its calls have to be checked, because they have a deadline, or a grace period runs.
    #[inline(always)]
    pub(crate) fn has_deadlines(&self) -> bool {
        (self.deadline, self.grace) != (Deadline::NONE, Deadline::NONE)
    }

    /// Adds a call in flight, in which the thread has these rights.
    #[inline]
    pub(crate) fn enter(&mut self, rights: Rights) {
        self.calls.0 = self.calls.0.wrapping_add(Calls::FRAME);
        self.use_rights(rights);
    }

    /// Removes a call in flight, after which the thread has these rights again.
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

    /// Returns the number of calls that it has in flight.
    #[inline(always)]
    #[must_use]
    pub fn depth(&self) -> u8 {
        self.calls.in_flight()
    }

    /// Returns whether it may be in one of these processes, or return there.
    #[inline(always)]
    pub(crate) fn is_concerned(&self, processes: Set<ProcessId>) -> bool {
        self.calls.0 as u16 != 0 || processes.contains(self.rights.process)
    }

    /// Returns the frames of its calls in flight, the outermost first.
    #[inline(always)]
    pub(crate) fn frames_in_use(&mut self) -> &mut [Frame] {
        let depth = self.depth();
        self.frames.get_mut(..depth.into()).unwrap_or(&mut [])
    }

    /// Returns the frames of its calls in flight, to look at them.
    #[inline(always)]
    pub(crate) fn frames(&self) -> &[Frame] {
        self.frames.get(..self.depth().into()).unwrap_or(&[])
    }

    /// Returns the number of calls from the innermost one to the outermost one for which `is_such` is true, both
    /// included; 0 if there is none. `is_such` is called for every call in flight.
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

    /// Returns the frame that its next call will have.
    #[inline]
    pub(crate) fn next_frame(&mut self) -> Option<&mut Frame> {
        let depth = self.depth();
        self.frames.get_mut(usize::from(depth))
    }

    /// Returns the frame of the call that it is in.
    #[inline(always)]
    pub(crate) fn innermost(&self) -> Option<&Frame> {
        self.frames.get(usize::from(self.depth()).wrapping_sub(1))
    }

    /// Returns the end of the open part of its stack.
    #[inline(always)]
    pub(crate) fn window_top(&self) -> Word {
        self.innermost()
            .map_or(self.stack.end, |frame| U::window(self.stack, frame.stack_pointer).top)
    }

    /// Returns to the caller of the innermost call. (The port loads the caller's saved registers.)
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

    /// Returns whether a wait of the thread has to fail, because no caller waits for the call that the thread is in. If
    /// so, counts this failure.
    #[inline(always)]
    pub(crate) fn gives_up(&mut self) -> bool {
        let gives_up = self.orphaned != 0;
        if gives_up {
            self.orphaned -= 1;
        }
        gives_up
    }

    /// Returns whether the thread waits for an object or a notification, although no caller waits for the call that it
    /// is in.
    #[inline(always)]
    pub(crate) fn is_in_vain(&self) -> bool {
        self.orphaned != 0 && matches!(self.wait, Wait::Lock(_) | Wait::Notifications(_))
    }

    /// If no caller waits for the call that the thread is in, makes its wait for an object or a notification fail.
    /// Returns whether the wait fails.
    #[inline(always)]
    pub(crate) fn waits_in_vain(&mut self) -> bool {
        let in_vain = self.is_in_vain();
        if in_vain {
            self.orphaned -= 1;
            self.pending = Pending::status(CallError::DeadlineExceeded.into());
        }
        in_vain
    }

    /// Leaves the process that the thread is in, because that process was taken down. On the way back, skips each
    /// caller that is [gone](crate::frame::STALE). The thread must not be waiting. Returns whether it is back at a
    /// caller; if not, it is at home.
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

    /// Makes the call of this frame fail, because the server crashed. The thread has just left the call.
    #[inline(always)]
    pub(crate) fn fail(&mut self, frame: &Frame) {
        self.stack_pointer = frame.stack_pointer;
        let is_overdue = frame.care & OVERDUE != 0;
        let error = if is_overdue { CallError::DeadlineExceeded } else { CallError::ServerFaulted };
        self.pending = Pending::status(error.into());
    }

    /// Returns the leases that the thread may use in its present call.
    #[inline]
    pub fn leases(&self) -> impl Iterator<Item = &Lease<U::Lease>> {
        self.leases_at(self.rights)
    }

    /// Returns the rights of its caller, if it is in a call.
    #[must_use]
    #[inline]
    pub fn caller(&self) -> Option<Rights> {
        self.innermost().map(|frame| frame.rights)
    }

    /// Returns the leases that it may use with `rights`, which are its present rights or those of one of its callers.
    #[inline]
    pub fn leases_at(&self, rights: Rights) -> impl Iterator<Item = &Lease<U::Lease>> {
        self.leases.get(rights.leases.places()).unwrap_or(&[]).iter()
    }

    /// Takes the work that the port has to do before the thread runs.
    #[inline(always)]
    pub fn take_pending(&mut self) -> Pending {
        core::mem::take(&mut self.pending)
    }
}
