// SPDX-License-Identifier: MIT OR Apache-2.0
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
use crate::fault::Fault;
use crate::frame::{LIMITED, OVERDUE};
use crate::port::Port;
use crate::time::{FOR_EVER, Limit, Ticks, end_of, ticks};
use crate::wait::{Pending, Wait};
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, Cause, LIMIT_UNIT, LIMIT_WITHIN, Status, ThreadId, Word,
};

/// How long a method may go on after the end of its time, in µs. One that returns within it can't be killed
/// by an impatient caller.
pub const GRACE: u64 = 10_000;

/// What only a firmware needs in which some process may limit its calls. Others don't carry the code.
#[repr(C)]
pub(crate) struct Limits<P: Port> {
    /// The current thread limits the calls that it makes from where it is, or no longer does.
    // It comes first: a port's assembly calls it, too.
    pub set: extern "C" fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// Looks whether calls of a thread have taken too long. Tells whether they may.
    pub check: fn(&mut Kernel<P>, ThreadId, u64) -> bool,
}

impl<P: Port> Limits<P> {
    pub const ALL: &Limits<P> = &Limits { set: Kernel::limit, check: Kernel::check_limit };
}

impl<P: Port> Kernel<P> {
    extern "C" fn limit(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        if !self.may_limit() {
            CallError::NotPermitted.into()
        } else if words[0] & LIMIT_WITHIN == 0 {
            self.limit_until(words)
        } else {
            self.limit_within(words)
        }
    }

    /// The limit is this one, or that of the caller if it is nearer.
    #[inline(always)]
    fn limit_until(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let thread = self.threads.current();
        let limit = Limit(words[0] as Ticks);
        words[1] = thread.limit.0.into();
        let outer = thread.outer_limit();
        if (limit, outer) == (Limit::NONE, Limit::NONE) {
            // The time does not matter, and to read the clock takes long.
            thread.set_limit(limit);
        } else {
            let now = self.port.now();
            self.set_nearer_limit(limit, outer, now);
        }
        Status::OK
    }

    /// The limit is so far away, or the one in force if that is nearer. (That of the caller is not.)
    #[inline(never)]
    fn limit_within(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let thread = self.threads.current();
        let before = thread.limit;
        thread.outer_limit();
        let now = self.port.now();
        let limit = match words[0] as u32 & !(LIMIT_WITHIN as u32) {
            0 => Limit::OVER,
            time => Limit::not_before(now.wrapping_add(time.into())),
        };
        (words[1], words[2]) = (before.0.into(), (now / LIMIT_UNIT) as u32 as Word);
        self.set_nearer_limit(limit, before, now);
        Status::OK
    }

    /// Whether the current thread may limit its calls.
    #[inline(always)]
    fn may_limit(&mut self) -> bool {
        let process = self.threads.current().level.process;
        self.system.limiters.contains(process)
    }

    /// The calls that the current thread makes have to end at the nearer of two limits.
    #[inline(always)]
    fn set_nearer_limit(&mut self, limit: Limit, other: Limit, now: u64) {
        let ticks = ticks(now);
        let (mut limit, mut left, other_left) = (limit, limit.left(ticks), other.left(ticks));
        if other_left < left {
            (limit, left) = (other, other_left);
        }
        match left {
            0 => limit = Limit::OVER,
            FOR_EVER => {}
            left => self.want_timer(end_of(left, now)),
        }
        self.threads.current().set_limit(limit);
    }

    fn check_limit(&mut self, id: ThreadId, now: u64) -> bool {
        let thread = self.threads.get(id);
        if (thread.limit, thread.grace) == (Limit::NONE, Limit::NONE) {
            return false;
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
        self.look_again(next);
        let thread = self.threads.get_mut(id);
        // Sleeping and mutexes are the callee's own affair: they take as long as it has made them take.
        if is_late && matches!(thread.wait, Wait::Lock(_) | Wait::Notifications(_)) {
            thread.pending = Pending::status(CallError::DeadlineExceeded.into());
            self.interrupt_wait(id);
        }
        let service = killed.and_then(|service| self.services.get(service.index()));
        if let Some(service) = service {
            self.report(id, service.owner, &Fault::of(Cause::Deadline));
            self.crash(service.owner);
        }
        true
    }
}
