// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sleeping threads and the timer.
//!
//! The kernel is tickless: the port is asked for an interrupt at the first such time only.

use crate::Kernel;
use crate::effect::Outcome;
use crate::port::Port;
use crate::wait::{Pending, Wait};
use crossgate_abi::Status;

impl<P: Port> Kernel<P> {
    /// The current thread sleeps until `wake_at` (µs since start).
    pub(crate) fn sleep_until(&mut self, wake_at: u64) -> Outcome {
        if wake_at <= self.port.now() {
            return Status::OK.into();
        }
        self.block(Wait::Time);
        self.time_out(wake_at, Status::OK);
        Outcome::NONE
    }

    /// The time so many µs from now, in µs since start.
    #[inline(never)]
    pub(crate) fn after(&mut self, duration: u64) -> u64 {
        self.port.now().saturating_add(duration)
    }

    /// The current thread, which waits, stops waiting at `wake_at`: then its system call ends like this.
    #[inline(never)]
    pub(crate) fn time_out(&mut self, wake_at: u64, end: Status) {
        let thread = self.threads.current();
        thread.pending = Pending::status(end);
        thread.wake_at = wake_at;
        self.want_timer(wake_at);
    }

    /// The port's timer will be wanted at this time, if not before.
    #[inline(always)]
    pub(crate) fn look_again(&mut self, wake_at: u64) {
        self.next_wake = self.next_wake.min(wake_at);
    }

    /// Has the port's timer come at this time, if not before.
    pub(crate) fn want_timer(&mut self, wake_at: u64) {
        if wake_at < self.next_wake {
            self.next_wake = wake_at;
            // While threads are left to be looked at, it comes anyway.
            if self.checked == 0 {
                self.port.set_timer(wake_at);
            }
        }
    }
}
