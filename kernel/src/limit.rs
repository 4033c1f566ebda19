//! How long calls may take.
//!
//! A thread can limit the calls that it makes from where it is. When the time is over, a wait for an
//! object or a notification in those calls fails with
//! [`DeadlineExceeded`](CallError::DeadlineExceeded), so that an orderly server gives up and returns. A
//! method that is still not done when a time of grace is over is killed,
//! which its process does not survive: its memory is as the method left it. So it goes on, inwards to
//! outwards, until the thread is back where the limit was set.
//!
//! A callee goes on under the limit of its caller. It can set one of its own, which can only be nearer;
//! that of the caller is kept in the frame of the call, and holds again after it.

use crate::Kernel;
use crate::call::{LIMITED, OVERDUE};
use crate::fault::Fault;
use crate::port::Port;
use crate::thread::{Pending, ThreadId, Wait};
use crate::time::NEVER;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, LIMIT_UNIT, Status, Word};

/// How long a method may go on after the end of its time, in units of [`LIMIT_UNIT`]. One that returns
/// within it can't be killed by an impatient caller.
pub const GRACE: u16 = 10;

/// The lower bits of a time since start in units of [`LIMIT_UNIT`].
type Ticks = u16;

/// At this time in µs since start.
fn ticks(time: u64) -> Ticks {
    (time / LIMIT_UNIT) as Ticks
}

/// When calls have to end, less than 2^15 ticks away; or 0 if there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(Ticks);

impl Limit {
    pub const NONE: Limit = Limit(0);

    /// How many ticks are left, if there is a limit.
    fn left(self, now: Ticks) -> Option<u16> {
        let distance = self.0.wrapping_sub(now) as i16;
        (self != Limit::NONE).then_some(distance.max(0) as u16)
    }

    fn is_over(self, now: Ticks) -> bool {
        self.left(now) == Some(0)
    }

    /// When it is over, in µs since start, if it is not now.
    pub fn end(self, now: u64) -> u64 {
        self.left(ticks(now)).map_or(NEVER, |left| now + u64::from(left) * LIMIT_UNIT)
    }
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
        let now = self.port.now();
        let thread = self.threads.current();
        if self.system.limiters.rotate_right(thread.level.process.into()) & 1 == 0 {
            return CallError::NotPermitted.into();
        }
        let before = thread.limit;
        words[1] = before.0.into();
        let mut left = Limit(words[0] as Ticks).left(ticks(now));
        if let Some(frame) = thread.frame(thread.depth.wrapping_sub(1)) {
            if frame.care & LIMITED == 0 {
                frame.care |= LIMITED;
                frame.limit = before;
            }
            if let Some(outer) = frame.limit.left(ticks(now)) {
                left = Some(left.map_or(outer, |left| left.min(outer)));
            }
        }
        thread.limit = Limit::NONE;
        if let Some(left) = left {
            // One that is long over would soon seem to be far away, so it is over just now.
            thread.limit = Limit(ticks(now).wrapping_add(left).max(1));
            self.want_timer(now + u64::from(left) * LIMIT_UNIT);
        }
        Status::OK
    }

    fn check_limit(&mut self, id: ThreadId, now: u64) -> u64 {
        if self.threads.get(id).limit.is_over(ticks(now)) {
            self.overrun(id, ticks(now));
        }
        self.threads.get(id).limit.end(now)
    }

    /// Calls of a thread have taken too long.
    fn overrun(&mut self, id: ThreadId, now: Ticks) {
        let thread = self.threads.get_mut(id);
        let mut limit = thread.limit;
        thread.limit = Limit(now.wrapping_add(GRACE).max(1));
        let mut is_late = matches!(thread.wait, Wait::Lock(_));
        let (mut killed, mut is_gone) = (None, false);
        let frames = thread.frames.get_mut(..thread.depth.into()).unwrap_or(&mut []);
        for frame in frames.iter_mut().rev() {
            if frame.care & LIMITED != 0 {
                limit = frame.limit;
            }
            if limit.is_over(now) {
                is_late = true;
                if frame.care & OVERDUE != 0 && !is_gone {
                    killed = killed.or(Some(frame.service));
                }
                frame.care |= OVERDUE;
            }
            is_gone = frame.is_stale();
        }
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
    }
}
