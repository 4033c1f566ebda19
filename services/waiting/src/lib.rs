// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting in a method of a service until another call changes the state of the service.
//!
//! The caller's own thread waits, in the process of the service, for a notification of that process. So a wait needs no
//! thread of the service, and the most urgent caller is woken first. Each reason to wait is a [`Waiters`] in the state,
//! with a notification of its own. One rule makes sure that no wake-up is lost: **a call that leaves a state in which a
//! waiting call can go on wakes that call**, even if the first call has not waited itself. An unnecessary wake-up costs
//! time and does no other harm.
//!
//! Use [`Waiters`] if all callers wait for the same kind of thing, and each caller takes one of these things. If one
//! change can wake several callers, or if callers wait for different things, use [`Places`]. In `Places`, each caller
//! has its own place with its own notification.
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
//!     drop(guard); // before a thread is woken that needs it
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

/// A timeout that never passes. Only a deadline of the caller ends such a wait.
pub const FOR_EVER: Duration = Duration::MAX;

/// The callers that wait for one thing.
#[derive(Debug)]
pub struct Waiters {
    woken_by: Notification,
    count: u16,
}

impl Waiters {
    /// Creates a set without callers. The process must use this notification for nothing else.
    #[must_use]
    pub const fn new(woken_by: Notification) -> Waiters {
        Waiters { woken_by, count: 0 }
    }

    /// Returns the notification that [wakes](wake) the most urgent caller; `None` if no caller waits.
    #[inline(always)]
    #[must_use]
    pub const fn first(&self) -> Option<Notification> {
        if self.count == 0 { None } else { Some(self.woken_by) }
    }

    /// Returns how many callers wait.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count
    }
}

/// Wakes one caller.
#[inline(always)]
pub fn wake(one: Option<Notification>) {
    if let Some(notification) = one {
        notification.signal();
    }
}

/// Waits as one of the `waiters` until `attempt` on the state returns a result, up to `timeout`. Before it calls this
/// function, the caller has to try `attempt` itself, with the same `guard`. It waits only if there was no result.
///
/// # Errors
/// [`TimedOut`] if there is no result before the timeout, or before the deadline of the thread's present call.
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
        // If the wait has failed, the client of this call may be gone, and an item that the call took now would be
        // lost. So there is no further attempt.
        woken?;
        if let Some(result) = attempt(&mut guard) {
            return Ok(result);
        }
    }
}

/// The end of a timeout.
//
// Its methods are not inlined: each service has its own instance of `wait`, but all of them share this code.
#[derive(Clone, Copy, Debug)]
pub struct Timer(Option<Instant>);

impl Timer {
    /// Starts the timeout now.
    #[inline(never)]
    #[must_use]
    pub fn start(time: Duration) -> Timer {
        // A wait without an end needs no clock.
        Timer((time != FOR_EVER).then(|| time::now() + time))
    }

    /// Waits for the notification until the end of the timeout.
    ///
    /// # Errors
    /// [`TimedOut`] if no signal came before the timeout, or before the deadline of the thread's present call.
    #[inline(never)]
    pub fn wait(self, notification: Notification) -> Result<(), TimedOut> {
        match self.0 {
            None => notification.wait_within_call(),
            Some(end) => notification.wait_until(end),
        }
    }
}
