// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a method of a service waits for another call to change its state.
//!
//! The caller's own thread waits, in the process of the service, for a notification of that process. So whoever
//! waits needs no thread of the service, and the most urgent is woken first. Each reason to wait is a [`Waiters`] in
//! the state, with a notification of its own. One rule keeps every wake-up: **whoever leaves the state such that one
//! who waits can go on, wakes him**, be it a caller that never waited or one that was just woken himself. To wake
//! once too often costs time and nothing else.
//!
//! That is for those who wait for the same thing, of which each takes one. Where several are woken at once, or each
//! waits for something else, each has a place of its own: [`Places`].
//!
//! ```
//! use core::time::Duration;
//! use crossgate::notification::TimedOut;
//! use crossgate::sync::Mutex;
//! use crossgate::Notification;
//! use crossgate_waiting::{Waiters, wait};
//!
//! struct State { tokens: u32, takers: Waiters }
//!
//! fn put(state: &Mutex<State>) {
//!     let mut guard = state.lock();
//!     guard.tokens += 1;
//!     let taker = guard.takers.first();
//!     drop(guard); // before anybody is woken that needs it
//!     crossgate_waiting::wake(taker);
//! }
//! impl State {
//!     fn take(&mut self) -> Option<Option<Notification>> {
//!         self.tokens = self.tokens.checked_sub(1)?;
//!         Some(if self.tokens > 0 { self.takers.first() } else { None })
//!     }
//! }
//! fn take(state: &Mutex<State>, timeout: Duration) -> Result<(), TimedOut> {
//!     let mut guard = state.lock();
//!     let next = match guard.take() {
//!         Some(next) => next,
//!         None => wait(state, guard, |state| &mut state.takers, timeout, State::take)?,
//!     };
//!     crossgate_waiting::wake(next);
//!     Ok(())
//! }
//!
//! # use crossgate::testing::Wiring;
//! let wiring = Wiring::new();
//! let takers = Waiters::new(wiring.test().notification());
//! let state = Mutex::new(State { tokens: 0, takers });
//! wiring.run(|| {
//!     assert_eq!(take(&state, Duration::from_millis(1)), Err(TimedOut));
//!     put(&state);
//!     assert_eq!(take(&state, Duration::MAX), Ok(()));
//! });
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod places;

pub use places::{Places, Woken, wait_at};

use core::time::Duration;
use crossgate::Notification;
use crossgate::notification::TimedOut;
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::time::{self, Instant};

/// As long as it takes: only a deadline of the caller ends such a wait.
pub const FOR_EVER: Duration = Duration::MAX;

/// Those that wait for one thing.
#[derive(Debug)]
pub struct Waiters {
    woken_by: Notification,
    count: u16,
}

impl Waiters {
    /// Nobody yet. The notification is used for nothing else.
    #[must_use]
    pub const fn new(woken_by: Notification) -> Waiters {
        Waiters { woken_by, count: 0 }
    }

    /// What [wakes](wake) the most urgent of them; `None` if there is none.
    #[inline(always)]
    #[must_use]
    pub const fn first(&self) -> Option<Notification> {
        if self.count == 0 { None } else { Some(self.woken_by) }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count
    }
}

/// Wakes one that waits.
#[inline(always)]
pub fn wake(one: Option<Notification>) {
    if let Some(notification) = one {
        notification.signal();
    }
}

/// Waits as one of the `waiters` until `attempt` on the state gives something, up to `timeout`. It has been tried,
/// with this `guard`, and has given nothing.
///
/// # Errors
/// [`TimedOut`] if it still gives nothing when the time is over, or the deadline of the call that the thread is in.
#[cold]
#[inline(never)]
pub fn wait<'a, S, R>(
    state: &'a Mutex<S>,
    mut guard: MutexGuard<'a, S>,
    waiters: fn(&mut S) -> &mut Waiters,
    timeout: Duration,
    mut attempt: impl FnMut(&mut S) -> Option<R>,
) -> Result<R, TimedOut> {
    let timer = Timer::start(timeout);
    loop {
        let these = waiters(&mut guard);
        these.count += 1;
        let woken_by = these.woken_by;
        drop(guard);
        let woken = timer.wait(woken_by);
        guard = state.lock();
        waiters(&mut guard).count -= 1;
        // Whoever waits for this call may be gone: what it took now would be lost.
        woken?;
        if let Some(result) = attempt(&mut guard) {
            return Ok(result);
        }
    }
}

/// The end of a time.
//
// Not inlined: each service has a `wait` of its own, but this is the same for all.
#[derive(Clone, Copy, Debug)]
pub struct Timer(Option<Instant>);

impl Timer {
    /// It begins now.
    #[inline(never)]
    #[must_use]
    pub fn start(time: Duration) -> Timer {
        // What is for ever needs no clock.
        Timer((time != FOR_EVER).then(|| time::now() + time))
    }

    /// Waits for the notification until then.
    ///
    /// # Errors
    /// [`TimedOut`] if it did not come, or the deadline of the call that the thread is in is over.
    #[inline(never)]
    pub fn wait(self, notification: Notification) -> Result<(), TimedOut> {
        match self.0 {
            None => notification.wait_within_call(),
            Some(end) => notification.wait_timeout(end - time::now()),
        }
    }
}
