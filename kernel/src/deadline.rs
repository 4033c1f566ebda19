// SPDX-License-Identifier: MIT OR Apache-2.0
//! Deadlines of calls.
//!
//! A thread can set a deadline for the calls that it makes in its present method, or at home (outside any call). After
//! the deadline, the thread enters no further call. In the calls in flight, the present wait and all later waits for an
//! object or a notification fail, so that an orderly server gives up and returns. A method that has not returned after
//! a [grace period](GRACE) is killed. Its process crashes with it, because the method may have left the memory half
//! changed. If the method that called it does not return either, that method is killed after a grace period of its
//! own, and so on, until the thread is back where the deadline was set.
//!
//! A callee runs under the deadline of its caller. The callee can set a deadline of its own, but only a nearer one.
//! Meanwhile the frame of the call keeps the caller's deadline, which is in force again after the call.

use crate::Kernel;
use crate::fault::who;
use crate::frame::{OVERDUE, OWN_DEADLINE};
use crate::optional::Deadlines;
use crate::port::Port;
use crate::time::{Deadline, FOR_EVER, Ticks, end_of, ticks};
use crate::wait::{Pending, Wait};
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, Cause, DEADLINE_UNIT, DEADLINE_WITHIN, Status, ThreadId, Word,
};

/// The time for which a method may continue after its deadline, in µs. A caller with a deadline that is too short can't
/// crash a server whose methods return within this time.
pub const GRACE: u64 = 10_000;

impl<P: Port> Deadlines<P> {
    pub const ALL: &Deadlines<P> = &Deadlines {
        set: Kernel::set_deadline,
        check: Kernel::check_deadline,
        is_late: Kernel::is_late,
    };
}

impl<P: Port> Kernel<P> {
    #[inline]
    extern "C" fn set_deadline(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        if !self.may_set_deadline() {
            CallError::NotPermitted.into()
        } else if words[0] & DEADLINE_WITHIN == 0 {
            self.set_deadline_until(words)
        } else {
            self.set_deadline_within(words)
        }
    }

    /// Sets the deadline in the first word, or the caller's deadline if that is nearer.
    #[inline(always)]
    fn set_deadline_until(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let thread = self.threads.current();
        let deadline = Deadline(words[0] as Ticks);
        words[1] = thread.deadline.0.into();
        let outer = thread.outer_deadline();
        if (deadline, outer) == (Deadline::NONE, Deadline::NONE) {
            // Without deadlines there is nothing to compare. The clock is not read, because that takes long.
            thread.set_deadline(deadline);
        } else {
            let now = self.port.now();
            self.set_nearer_deadline(deadline, outer, now);
        }
        Status::OK
    }

    /// Sets a deadline that is as far away as the first word says, unless the deadline in force is nearer. (The
    /// caller's deadline is never nearer than the one in force.)
    #[inline]
    fn set_deadline_within(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let thread = self.threads.current();
        let before = thread.deadline;
        thread.outer_deadline();
        let now = self.port.now();
        let deadline = match words[0] as u32 & !(DEADLINE_WITHIN as u32) {
            0 => Deadline::OVER,
            time => Deadline::not_before(now.wrapping_add(time.into())),
        };
        (words[1], words[2]) = (before.0.into(), (now / DEADLINE_UNIT) as u32 as Word);
        self.set_nearer_deadline(deadline, before, now);
        Status::OK
    }

    /// Returns whether the current thread may set deadlines for its calls.
    #[inline(always)]
    fn may_set_deadline(&mut self) -> bool {
        let process = self.threads.current().rights.process;
        self.system.deadlines.contains(process)
    }

    /// Sets the nearer of two deadlines for the calls that the current thread makes.
    #[inline(always)]
    fn set_nearer_deadline(&mut self, deadline: Deadline, other: Deadline, now: u64) {
        let ticks = ticks(now);
        let (mut deadline, mut left, other_left) =
            (deadline, deadline.left(ticks), other.left(ticks));
        if other_left < left {
            (deadline, left) = (other, other_left);
        }
        match left {
            0 => deadline = Deadline::OVER,
            FOR_EVER => {}
            left => self.want_timer(end_of(left, now)),
        }
        self.threads.current().set_deadline(deadline);
    }

    fn is_late(&mut self) -> bool {
        let thread = self.threads.current();
        thread.may_be_late = thread.innermost().is_some_and(|frame| frame.care & OVERDUE != 0);
        thread.may_be_late
    }

    /// Marks the calls of a thread whose deadlines have passed as late, and makes the wait of a late call fail. If a
    /// call has been late for a grace period, the next check of the thread kills its method.
    #[inline]
    fn check_deadline(&mut self, id: ThreadId, now: u64) {
        let thread = self.threads.get_mut(id);
        // An earlier step of the round has found that the grace period is over.
        if thread.grace == Deadline::OVER {
            return self.kill(id, now);
        }
        if thread.deadline.is_over(now) {
            thread.set_deadline(Deadline::OVER);
        }
        let grace_is_over = thread.grace.is_over(now);
        let mut deadline = thread.deadline;
        // A thread that waits for a lock has no frame yet for the call that it makes, so here its deadline alone says
        // if that call is late.
        let mut is_late = deadline == Deadline::OVER && matches!(thread.wait, Wait::Lock(_));
        let (mut is_newly_late, mut is_overdue) = (false, false);
        let mut next = deadline.end(now);
        // From the innermost call outwards, `deadline` is the one of the frame's call. The loop ends at the first call
        // that is not late: the deadlines further out pass no earlier, because a callee can only set a nearer one.
        for frame in thread.frames_in_use().iter_mut().rev() {
            if frame.care & OWN_DEADLINE != 0 {
                deadline = frame.deadline;
                if deadline.is_over(now) {
                    (deadline, frame.deadline) = (Deadline::OVER, Deadline::OVER);
                }
            }
            if deadline != Deadline::OVER {
                next = next.min(deadline.end(now));
                break;
            }
            is_late = true;
            is_newly_late |= frame.care & OVERDUE == 0;
            is_overdue |= frame.care & OVERDUE != 0;
            frame.care |= OVERDUE;
        }
        if is_newly_late {
            // (This also puts off the kill of a method further in that has been late for longer.)
            thread.grace = Deadline::not_before(now + GRACE);
            // If the method is not waiting now, its next wait fails.
            thread.may_be_late = true;
        } else if is_overdue && grace_is_over {
            // A kill takes long, so the next step of the round does it: without `DEADLINES_CHECKED`, that step checks
            // this thread once more.
            thread.grace = Deadline::OVER;
            self.checked = id.number();
        } else if grace_is_over {
            thread.grace = Deadline::NONE;
        }
        // Only waits that other processes can prolong fail. The length of any other wait depends only on the process
        // that the thread is in.
        if is_late && matches!(thread.wait, Wait::Lock(_) | Wait::Notifications(_)) {
            thread.pending = Pending::status(CallError::DeadlineExceeded.into());
            // The next step of the round wakes the thread.
            thread.wake_at = now;
        }
        next = next.min(thread.grace.end(now));
        self.look_again(next);
    }

    /// Kills the innermost late method: the process of this method crashes. Then a new grace period begins, because a
    /// method further out may be late as well.
    #[inline]
    fn kill(&mut self, id: ThreadId, now: u64) {
        let thread = self.threads.get_mut(id);
        thread.grace = Deadline::not_before(now + GRACE);
        thread.may_be_late = true;
        let next = thread.grace.end(now);
        // The method of a call is gone if the call that it has made is stale. Such a method can't be killed.
        let mut is_gone = false;
        let overdue = thread.frames_in_use().iter().rev().find(|frame| {
            let is_first = frame.care & OVERDUE != 0 && !is_gone;
            is_gone = frame.is_stale();
            is_first
        });
        let service = overdue.and_then(|frame| self.services.get(frame.service.index()));
        self.look_again(next);
        // (A process that has already been taken down does not crash again, because the worker takes its threads out
        // anyway.)
        if let Some(service) = service
            && self.is_running(service.owner)
        {
            self.record(who(service.owner, id, Cause::Deadline), 0, 0);
            self.crash(service.owner);
        }
    }
}
