// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sleep, timeouts and the hardware timer.
//!
//! The kernel is tickless: the core asks the port for one interrupt, at the earliest time at which a thread wakes.

use crate::Kernel;
use crate::effect::Outcome;
use crate::port::Port;
use crate::wait::{Pending, Wait};
use crossgate_abi::Status;

impl<P: Port> Kernel<P> {
    /// Makes the current thread sleep until `wake_at` (µs since start).
    #[inline]
    pub(crate) fn sleep_until(&mut self, wake_at: u64) -> Outcome {
        if wake_at <= self.port.now() {
            return Status::OK.into();
        }
        self.block(Wait::Time);
        self.threads.current().pending = Pending::status(Status::OK);
        self.time_out(wake_at);
        Outcome::NONE
    }

    /// Returns the time that is `duration` µs from now, in µs since start.
    #[inline]
    pub(crate) fn after(&mut self, duration: u64) -> u64 {
        self.port.now().saturating_add(duration)
    }

    /// Limits the wait of the current thread: at `wake_at` it becomes ready, and its system call ends with the pending
    /// reply.
    #[inline]
    pub(crate) fn time_out(&mut self, wake_at: u64) {
        self.threads.current().wake_at = wake_at;
        if self.needs_timer(wake_at) {
            self.rearms = true;
        }
    }

    /// Requests a round of checks at this time or earlier. Returns whether the port's timer has to be set to this time.
    #[inline(always)]
    fn needs_timer(&mut self, wake_at: u64) -> bool {
        let is_earlier = wake_at < self.next_wake;
        self.look_again(wake_at);
        // (While threads are left to be looked at, the timer interrupts anyway.)
        is_earlier && self.checked == 0
    }

    /// Requests a round of checks at this time or earlier. The port's timer is set later, when the present step of a
    /// round ends.
    #[inline(always)]
    pub(crate) fn look_again(&mut self, wake_at: u64) {
        self.next_wake = self.next_wake.min(wake_at);
    }

    /// Sets the port's timer to this time at once, unless it is set to an earlier one. The timer has to be set at once
    /// because no [`reschedule`](Self::reschedule) follows.
    #[inline]
    pub(crate) fn want_timer(&mut self, wake_at: u64) {
        if self.needs_timer(wake_at) {
            self.port.set_timer(wake_at);
        }
    }
}
