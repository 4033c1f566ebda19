//! How long calls may take.
//!
//! A thread can limit the calls that it makes from where it is. When the time is over, no further call is
//! entered, and a wait for an object or a notification in those in flight fails with
//! [`DeadlineExceeded`](CallError::DeadlineExceeded), so that an orderly server gives up and returns. A
//! method that is still not done when a time of [grace](GRACE) is over is killed,
//! which its process does not survive: its memory is as the method left it. So it goes on, inwards to
//! outwards, each with a time of grace of its own, until the thread is back where the limit was set.
//!
//! A callee goes on under the limit of its caller. It can set one of its own, which can only be nearer;
//! that of the caller is kept in the frame of the call, and holds again after it.

use crate::Kernel;
use crate::call::{LIMITED, OVERDUE};
use crate::fault::Fault;
use crate::port::Port;
use crate::thread::{Pending, ThreadId, Wait};
use crate::time::NEVER;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, LIMIT_OVER, LIMIT_UNIT, Status, Word};

/// How long a method may go on after the end of its time, in µs. One that returns within it can't be killed
/// by an impatient caller.
pub const GRACE: u64 = 10_000;

/// The lower bits of a time since start in units of [`LIMIT_UNIT`].
type Ticks = u16;

/// At this time in µs since start.
#[inline]
fn ticks(now: u64) -> Ticks {
    (now / LIMIT_UNIT) as Ticks
}

/// When calls have to end: less than 2^15 units of [`LIMIT_UNIT`] away, or [over](Limit::OVER), or
/// [never](Limit::NONE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(Ticks);

impl Limit {
    pub const NONE: Limit = Limit(0);
    /// The time is over. (A time that has passed would seem to come, once it is long ago.)
    pub const OVER: Limit = Limit(LIMIT_OVER);

    /// The first end of a unit that is not before `time`, in µs since start.
    fn not_before(time: u64) -> Limit {
        match time.div_ceil(LIMIT_UNIT) as Ticks {
            0 | LIMIT_OVER => Limit(1),
            ticks => Limit(ticks),
        }
    }

    /// How many units are left, if there is a limit.
    fn left(self, now: Ticks) -> Option<u16> {
        match self {
            Limit::NONE => None,
            Limit::OVER => Some(0),
            Limit(end) => Some((end.wrapping_sub(now) as i16).max(0) as u16),
        }
    }

    /// Whether it is over, for the first time or [since long](Limit::OVER).
    fn is_over(self, now: u64) -> bool {
        self.left(ticks(now)) == Some(0)
    }

    /// When it will be over, in µs since start.
    pub fn end(self, now: u64) -> u64 {
        self.left(ticks(now)).map_or(NEVER, |left| end_of(left, now))
    }
}

/// When so many units have ended, in µs since start; never if they are none.
fn end_of(left: u16, now: u64) -> u64 {
    if left == 0 { NEVER } else { now - now % LIMIT_UNIT + u64::from(left) * LIMIT_UNIT }
}

/// What only a firmware needs in which some process may limit its calls. Others don't carry the code.
pub(crate) struct Limits<P: Port> {
    /// The current thread limits the calls that it makes from where it is, or no longer does.
    pub set: fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// Looks whether calls of a thread have taken too long. Tells when to look again.
    pub check: fn(&mut Kernel<P>, ThreadId, u64) -> u64,
}

impl<P: Port> Limits<P> {
    pub const ALL: &Limits<P> = &Limits { set: Kernel::set_limit, check: Kernel::check_limit };
}

impl<P: Port> Kernel<P> {
    fn set_limit(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let thread = self.threads.current();
        if self.system.limiters.rotate_right(thread.level.process.into()) & 1 == 0 {
            return CallError::NotPermitted.into();
        }
        let before = thread.limit;
        words[1] = before.0.into();
        let mut limit = Limit(words[0] as Ticks);
        let mut outer = Limit::NONE;
        let depth = thread.depth();
        if depth != 0
            && let Some(frame) = thread.frame(depth - 1)
        {
            if frame.care & LIMITED == 0 {
                frame.care |= LIMITED;
                frame.limit = before;
            }
            outer = frame.limit;
        }
        // Without a limit the time does not matter, and to read the clock takes long.
        if (limit, outer) != (Limit::NONE, Limit::NONE) {
            let now = self.port.now();
            let ticks = ticks(now);
            let mut left = limit.left(ticks);
            // That of the caller holds as well.
            let outer_left = outer.left(ticks);
            if outer_left.is_some_and(|outer| left.is_none_or(|left| outer < left)) {
                (limit, left) = (outer, outer_left);
            }
            match left {
                Some(0) => limit = Limit::OVER,
                Some(left) => self.want_timer(end_of(left, now)),
                None => {}
            }
        }
        self.threads.current().set_limit(limit);
        Status::OK
    }

    fn check_limit(&mut self, id: ThreadId, now: u64) -> u64 {
        let thread = self.threads.get(id);
        if (thread.limit, thread.grace) == (Limit::NONE, Limit::NONE) {
            return NEVER;
        }
        let thread = self.threads.get_mut(id);
        if thread.limit.is_over(now) {
            thread.set_limit(Limit::OVER);
        }
        let grace_is_over = thread.grace.is_over(now);
        let mut limit = thread.limit;
        let mut is_late = limit == Limit::OVER && matches!(thread.wait, Wait::Lock(_));
        let (mut is_newly_late, mut killed, mut is_gone) = (false, None, false);
        // Limits further out are over later, if at all.
        let mut next = limit.end(now);
        for frame in thread.frames_in_use().iter_mut().rev() {
            if frame.care & LIMITED != 0 {
                limit = frame.limit;
                if limit.is_over(now) {
                    (limit, frame.limit) = (Limit::OVER, Limit::OVER);
                }
            }
            if limit != Limit::OVER {
                next = next.min(limit.end(now));
                break;
            }
            is_late = true;
            if frame.care & OVERDUE == 0 {
                frame.care |= OVERDUE;
                is_newly_late = true;
            } else if grace_is_over && !is_gone {
                killed = killed.or(Some(frame.service));
            }
            is_gone = frame.is_stale();
        }
        if is_newly_late || killed.is_some() {
            thread.grace = Limit::not_before(now + GRACE);
        } else if grace_is_over {
            thread.grace = Limit::NONE;
        }
        next = next.min(thread.grace.end(now));
        // Sleeping and mutexes are the callee's own affair: they take as long as it has made them take.
        if is_late && matches!(thread.wait, Wait::Lock(_) | Wait::Notifications(_)) {
            thread.pending = Pending::status(CallError::DeadlineExceeded.into());
            self.interrupt_wait(id);
        }
        let service = killed.and_then(|service| self.services.get(usize::from(service)));
        if let Some(service) = service {
            self.report(id, service.owner, &Fault::of(Cause::Deadline));
            self.crash(service.owner);
        }
        next
    }
}
