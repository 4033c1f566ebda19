//! Time: the host's, or virtual.
//!
//! Virtual time passes only when nothing is left to run, when it jumps to the next deadline; and by
//! a µs with each system call, so that a thread that waits for a time in a loop comes to an end. If a
//! thread computes on and on without a system call, a [tick](Clock::tick) of the host takes it there.

use crate::gate::{PENDING, TIMER};
use crate::host;
use core::sync::atomic::Ordering;
use crossgate_kernel::time::NEVER;

/// How often the host interrupts what runs in virtual time, in µs.
const TICK: u64 = 10_000;
/// How far the clock goes with a system call, in µs.
const SYSTEM_CALL: u64 = 1;

/// The time since start.
pub enum Clock {
    /// The host's.
    Real {
        /// When the program started, in µs of the host's clock.
        start: u64,
        /// Interrupts at the deadline.
        timer: host::Timer,
    },
    /// Time that is counted.
    Virtual {
        /// The present, in µs.
        now: u64,
        /// What was asked for.
        deadline: u64,
        /// When there was a tick last.
        ticked: u64,
    },
}

impl Clock {
    /// The host's time, from now on.
    ///
    /// # Errors
    /// The host has no timer left.
    pub fn real() -> Result<Clock, String> {
        Ok(Clock::Real { start: host::now(), timer: host::Timer::new()? })
    }

    /// Virtual time.
    ///
    /// # Errors
    /// The host has no timer left.
    pub fn counted() -> Result<Clock, String> {
        host::Timer::new()?.repeat(TICK);
        Ok(Clock::Virtual { now: 0, deadline: NEVER, ticked: 0 })
    }

    /// In µs since start.
    pub fn now(&self) -> u64 {
        match self {
            Clock::Real { start, .. } => host::now() - start,
            Clock::Virtual { now, .. } => *now,
        }
    }

    /// Asks for an interrupt.
    pub fn set_deadline(&mut self, time: u64) {
        match self {
            Clock::Real { start, timer } => {
                timer.set((time != NEVER).then(|| start.saturating_add(time)));
            }
            Clock::Virtual { deadline, .. } => *deadline = time,
        }
    }

    /// A thread has made a system call.
    pub fn count(&mut self) {
        if let Clock::Virtual { now, .. } = self {
            let time = *now + SYSTEM_CALL;
            self.advance(time);
        }
    }

    /// Nothing is left to run. Waits for an interrupt.
    pub fn idle(&mut self) {
        match *self {
            Clock::Real { .. } => host::wait_for_signal(|| PENDING.load(Ordering::Relaxed) != 0),
            Clock::Virtual { deadline: NEVER, .. } => {
                host::wait_for_signal(|| PENDING.load(Ordering::Relaxed) != 0);
            }
            Clock::Virtual { deadline, .. } => self.advance(deadline),
        }
    }

    /// The host's timer has interrupted.
    pub fn tick(&mut self) {
        if let Clock::Virtual { now, deadline, ticked } = self {
            let computes = now == ticked;
            *ticked = *now;
            if computes && *deadline != NEVER {
                let deadline = *deadline;
                self.advance(deadline);
            }
        }
    }

    fn advance(&mut self, time: u64) {
        if let Clock::Virtual { now, deadline, .. } = self {
            *now = time.max(*now);
            if *now >= *deadline {
                PENDING.fetch_or(TIMER, Ordering::Relaxed);
            }
        }
    }
}
